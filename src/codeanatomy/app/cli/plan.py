"""`codeanatomy plan`: what a build would do, without running it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from codeanatomy.app.cli.options import asked_options, format_option
from codeanatomy.app.cli.output import print_told
from codeanatomy.facts.errors import UsageError

if TYPE_CHECKING:
    from codeanatomy.planned import Phases, Plan


@click.command("plan")
@click.argument(
    "repo",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=".",
    metavar="[REPO]",
)
@asked_options
@click.option("--ir", is_flag=True, help="What each phase of the compiler makes, instead.")
@format_option("text", "json", "dot")
def command(
    *, repo: Path, layers: list[str], witnesses: dict[str, str], ir: bool, form: str
) -> None:
    """Witnesses, views, the tables and columns that each reads, tasks and their order.

    Nothing is run. The plan follows from what is declared and asked for, and from what the last
    build of the repository measured, if there was one: rows, milliseconds, the critical path.

    \b
    Example:
      codeanatomy plan --format dot | dot -Tsvg > plan.svg
    """
    from codeanatomy.planned import phases, plan

    if ir and form == "dot":
        raise UsageError("--ir has no drawing; ask for text or json")
    if ir:
        made = phases(layers, witnesses)
        print_told(made, form, ir_text(made))
    else:
        planned = plan(repo, layers, witnesses)
        print_told(planned, form, dot(planned) if form == "dot" else text(planned))


def text(planned: "Plan") -> list[str]:
    """Generation by generation, each view with what it reads."""
    lines = [f"witnesses: {', '.join(planned.witnesses)}", f"tables: {', '.join(planned.tables)}"]
    generation = -1
    for view in planned.views:
        if view.generation != generation:
            generation = view.generation
            lines += ["", f"generation {generation}"]
        expected = []
        if view.rows is not None:
            critical = ", on the critical path" if view.critical else ""
            expected = [f"    expected {view.rows} rows in {view.milliseconds:.0f} ms{critical}"]
        lines += [
            f"  {view.view}  ({view.kind}, kept: {view.cache}, because {view.reason})",
            *expected,
            f"    grain {view.grain}: {view.grain_reason}",
            *(f"    reads {read}: {', '.join(columns)}" for read, columns in view.reads.items()),
            *(f"    joins {join}" for join in view.joins),
        ]
    if planned.critical_path:
        lines += ["", f"critical path: {' -> '.join(planned.critical_path)}"]
    return [*lines, "", f"{planned.workload}: {len(planned.views)} tasks; policy {planned.policy}"]


def ir_text(made: "Phases") -> list[str]:
    """Phase by phase, one line for each thing that it makes."""
    lines = ["compile"]
    lines += [f"  {v}  ({kind})  <- {', '.join(read)}" for v, (kind, read) in made.compiled.items()]
    lines.append("infer")
    for view, joins in made.inferred.items():
        for chosen, *refused in joins:
            lines += [f"  {view} joins {chosen}", *(f"    refuses {way}" for way in refused)]
    lines.append("optimize")
    left_out = made.optimized.items()
    lines += [f"  {rule} leaves out {', '.join(v) or 'nothing'}" for rule, v in left_out]
    lines.append("emit")
    return lines + [f"  {name}: {' '.join(sql.split())}" for name, sql in made.emitted.items()]


def dot(planned: "Plan") -> list[str]:
    """The task graph for Graphviz: tables as boxes, views as ellipses."""
    tables = [f"  {_quoted(name)} [shape=box];" for name in planned.tables]
    views = [f"  {_quoted(v.view)} [tooltip={_quoted(v.reason)}];" for v in planned.views]
    arrows = [
        f"  {_quoted(read)} -> {_quoted(v.view)} [tooltip={_quoted(', '.join(columns))}];"
        for v in planned.views
        for read, columns in v.reads.items()
    ]
    return ["digraph plan {", "  rankdir=LR;", *tables, *views, *arrows, "}"]


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
