"""A build as a trace: a span per phase, and one per task inside `execute`."""

from pathlib import Path

import pytest

import codeanatomy
from codeanatomy.engine.events import Event

pytest.importorskip("opentelemetry.sdk")
pytest.importorskip("codeanatomy_otel")

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from codeanatomy_otel import listener


def test_a_build_is_a_trace(tmp_path: Path) -> None:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))
    (tmp_path / "m.py").write_text("def f(): return 1\nf()\n")
    codeanatomy.build(tmp_path, workers=1, cache=False)
    spans = {span.name: span for span in exporter.get_finished_spans()}
    assert {
        f"phase {p}" for p in ("scan", "compile", "extract", "execute", "store")
    } <= spans.keys()
    edges, execute = spans["task edges"], spans["phase execute"]
    assert edges.parent is not None and edges.parent.span_id == execute.context.span_id
    assert edges.attributes is not None and edges.attributes["codeanatomy.rows"] > 10
    told = reader.get_metrics_data()
    assert told is not None
    names = {m.name for r in told.resource_metrics for s in r.scope_metrics for m in s.metrics}
    assert names == {"codeanatomy.task.ms", "codeanatomy.task.rows"}


def test_what_never_began_and_what_failed_leave_no_open_span(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    hear = listener()
    hear(Event("phase finished", "nothing", {"milliseconds": 1.0}))
    hear(Event("started", "v"))
    hear(Event("failed", "v"))
    [span] = exporter.get_finished_spans()
    assert (span.name, span.status.is_ok) == ("task v", False)
