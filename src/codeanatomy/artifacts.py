"""Front door: what a run says of itself, as tables that are kept with its snapshot."""

from collections.abc import Sequence

import msgspec
import pyarrow as pa

from codeanatomy.compiled import Compiled
from codeanatomy.engine.capabilities import capabilities, decisive
from codeanatomy.facts.canonical import fingerprint
from codeanatomy.facts.errors import DeclarationError
from codeanatomy.facts.schema import schema_from_struct
from codeanatomy.facts.tables.artifacts import (
    Decision,
    Finding,
    Input,
    Lineage,
    Measurement,
    Part,
    Plan,
)
from codeanatomy.planned import Planned
from codeanatomy.planning.package import ExecutionPackage
from codeanatomy.report import Run
from codeanatomy.sources.scan import Repository

SHAPES: dict[str, type[msgspec.Struct]] = {
    "decisions": Decision,
    "findings": Finding,
    "inputs": Input,
    "lineage": Lineage,
    "measurements": Measurement,
    "parts": Part,
    "plans": Plan,
}


def recorded(
    compiled: Compiled,
    planned: Planned,
    run: Run,
    scanned: Repository,
    told: Sequence[Finding | Measurement],
) -> dict[str, pa.Table]:
    """The tables of all shapes, filled by this run; `told` is what its steps found and measured."""
    views = sorted(compiled.facts.items())
    lineage = [
        Lineage(view, column, source)
        for view, facts in views
        for column, sources in (*facts.lineage.items(), ("", facts.influence))
        for source in sources
    ]
    parts = [Part("manifest", view, facts.fingerprint) for view, facts in views]
    parts += [
        Part("plan", view, text, what)
        for view, f in views
        for what, texts in (
            ("join", map(", ".join, f.joins)),
            ("sort", f.sorts),
            ("filter", (f"{table}: {text}" for table, on in f.filters.items() for text in on)),
        )
        for text in texts
    ]
    sizes = planned.known.sizes.items()
    measured = [
        *planned.expected(),
        *(Measurement("table", n, w, float(v)) for n, s in sizes
          for w, v in (("rows", s.rows), ("bytes", s.bytes))),
        *(one for one in told if isinstance(one, Measurement)),
        *run.recorder.measured,
        *(Measurement("phase", name, "seconds", took) for name, took in run.phases.items()),
        Measurement("run", "run", "peak bytes", float(run.memory.now())),
    ]  # fmt: skip
    scan = msgspec.structs.asdict(scanned).items()
    inputs = [Input(name, _stream(part)) for name, part in scan if isinstance(part, pa.Table)]
    return {
        "decisions": filled("decisions", planned.policy.decisions),
        "findings": filled("findings", [one for one in told if isinstance(one, Finding)]),
        "inputs": filled("inputs", inputs),
        "lineage": filled("lineage", lineage),
        "measurements": filled("measurements", measured),
        "parts": filled("parts", [*parts, *capabilities()]),
        "plans": filled("plans", [Plan(*one) for one in sorted(planned.plans.items())]),
    }


def filled(name: str, rows: Sequence[msgspec.Struct]) -> pa.Table:
    """The rows as the table of that name. DeclarationError for a name that is not in the catalogue
    or a row of another shape."""
    if name not in SHAPES:
        raise DeclarationError(f"no artifact is stored as {name!r}; see SHAPES in artifacts.py")
    try:
        plain = msgspec.to_builtins(rows, builtin_types=(bytes,))
        for row in plain:
            msgspec.convert(row, SHAPES[name])
    except (msgspec.ValidationError, TypeError) as error:
        raise DeclarationError(f"{name}: not of its shape: {error}") from error
    return pa.Table.from_pylist(plain, schema_from_struct(SHAPES[name]))


def _stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def package_facts(compiled: Compiled, planned: Planned, inputs: str) -> dict[str, object]:
    """What a snapshot says of the package that it was made from."""
    made = ExecutionPackage(
        manifest=compiled.manifest,
        policy=planned.policy.fingerprint,
        capabilities=fingerprint(decisive()),
        plans=fingerprint(planned.policy.plans),
        session=fingerprint(planned.policy.section("session")),
        inputs=inputs,
    )
    return {"policy": made.policy, "package": msgspec.to_builtins(made)}
