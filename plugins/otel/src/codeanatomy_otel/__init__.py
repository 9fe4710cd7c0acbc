"""A listener that makes spans and measurements of a run's events."""

import threading
from collections.abc import Callable

from opentelemetry import context, metrics, trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, StatusCode

from codeanatomy.engine.events import Event

NAME = "codeanatomy"


def listener() -> Callable[[Event], None]:
    """A listener for one run; spans go to the providers that are set when it is made."""
    tracer, meter = trace.get_tracer(NAME), metrics.get_meter(NAME)
    took = meter.create_histogram(f"{NAME}.task.ms", "ms", "wall time of a task")
    made = meter.create_histogram(f"{NAME}.task.rows", "{row}", "rows that a task made")
    spans: dict[str, Span] = {}
    within: list[Context] = [context.get_current()]
    one_at_a_time = threading.Lock()  # tasks tell from threads of their own

    def hear(event: Event) -> None:
        kind, _, what = event.kind.rpartition(" ")
        name = f"{kind or 'task'} {event.subject}"
        with one_at_a_time:
            if what == "started":
                spans[name] = tracer.start_span(name, within[-1])
                if kind == "phase":
                    within.append(trace.set_span_in_context(spans[name], within[0]))
            elif what in ("finished", "failed") and name in spans:
                span = spans.pop(name)
                if what == "failed":
                    span.set_status(StatusCode.ERROR)
                for key, number in event.numbers.items():
                    span.set_attribute(f"{NAME}.{key.replace(' ', '_')}", number)
                span.end()
                if kind == "phase":
                    within.pop()
        if not kind and what == "finished":
            took.record(event.numbers["milliseconds"], {"view": event.subject})
            made.record(event.numbers["rows"], {"view": event.subject})

    return hear
