"""`codeanatomy replay`: repeats a stored run and compares what it gives."""

from pathlib import Path

import click

from codeanatomy.app.cli import options
from codeanatomy.app.cli.build import Phases
from codeanatomy.app.cli.output import print_told
from codeanatomy.facts.errors import UsageError


@click.command("replay")
@click.option("--package", default="", metavar="ID", help="Which one; default: the current graph.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="SECTION.SUBJECT=VALUE",
    help="Decide this otherwise (`codeanatomy show policy`), e.g. workload.run=compile_replay; may "
    "be repeated.",
)
@click.option("--no-cache", is_flag=True, help="Read every file anew.")
@options.graph_option
@options.format_option("text", "json")
def command(
    package: str, changes: tuple[str, ...], no_cache: bool, folder: Path | None, form: str
) -> None:
    """Repeat the run that made a graph, and compare.

    It runs from what the store holds, by the policy that the store holds, in scratch space: the
    repository is not read and the graph is not touched. Exit code 1 when a table differs.

    \b
    Example:
      codeanatomy replay --set cache.syntax_norm=staging
    """
    from codeanatomy.replay import replay

    with Phases() as phases:
        found = replay(
            options.store_folder(folder),
            package=package,
            changes=dict(map(_change, changes)),
            cache=not no_cache,
            on_progress=phases,
        )
    lines = [f"{'equal' if t.equal else 'DIFFERS':<8} {t.table}" for t in found.tables]
    changed = "" if found.policy == found.followed else f", followed as {found.followed[:12]}"
    lines.append(f"package {found.package}; policy {found.policy[:12]}{changed}")
    lines += [f"{name:<8} {seconds:.2f} s" for name, seconds in found.phases.items()]
    print_told(found, form, lines)
    click.get_current_context().exit(0 if found.equal else 1)


def _change(text: str) -> tuple[tuple[str, str], str]:
    named, equals, value = text.partition("=")
    section, dot, subject = named.partition(".")
    if not (equals and dot):
        raise UsageError(f"--set {text!r} is not of the form SECTION.SUBJECT=VALUE")
    return (section, subject), value
