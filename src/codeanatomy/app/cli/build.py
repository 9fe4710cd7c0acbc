"""`codeanatomy build`: makes the graph of a repository."""

import contextlib
import ctypes
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from codeanatomy.app.cli.main import KEPT, LARGE
from codeanatomy.app.cli.options import asked_options, format_option
from codeanatomy.app.cli.output import print_told

if TYPE_CHECKING:
    from codeanatomy.report import BuildReport

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # parameters of mallopt


@click.command("build")
@click.argument("repo", type=click.Path(path_type=Path), default=".", metavar="[REPO]")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the graph is stored. Default: REPO/.codeanatomy.",
)
@click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="DIR",
    help="A folder that module names start from; may be repeated. Default: found by itself.",
)
@click.option("--include", multiple=True, metavar="GLOB", help="Read only matching paths.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave matching paths out.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes that read files. Default: one per processor.",
)
@click.option(
    "--memory",
    type=click.IntRange(min=1),
    metavar="MIB",
    help="Mebibytes to get along with: what does not fit is kept on disk, and less runs at once. "
    "Default: most of what the machine or its control group has.",
)
@click.option(
    "--validation",
    type=click.Choice(["off", "warn", "error"]),
    default="warn",
    help="What stops the build: errors in schemas, joins and policy (warn, the default), warnings "
    "as well (error), nothing (off). What is found: `codeanatomy show validation`.",
)
@click.option("--no-cache", is_flag=True, help="Read every file anew.")
@asked_options
@format_option("text", "json")
def command(
    *, no_cache: bool, memory: int | None, form: str, **asked: Any
) -> None:  # Any: what `build` takes
    """Build the graph of a repository (default: the current folder).

    Nothing of the repository is imported or run. An unchanged tree gives no new snapshot. Files
    that cannot be read are problems in the graph (`codeanatomy show problems`), not errors.

    \b
    Example:
      codeanatomy build ~/src/flask --exclude 'tests/*'
    """
    from codeanatomy.build import build

    with contextlib.suppress(AttributeError, OSError):  # as glibc has it; a twentieth of the CPU
        for parameter, value in ((TRIM_THRESHOLD, KEPT), (MMAP_THRESHOLD, LARGE)):
            ctypes.CDLL(None).mallopt(parameter, value)
    with Phases() as phases:
        room = memory << 20 if memory else None
        report = build(**asked, memory=room, cache=not no_cache, on_progress=phases)
    print_told(report, form, summary(report))


class Phases(contextlib.ExitStack):
    """Tells on stderr what a build is doing: a live bar on a terminal, else a line per phase.

    A listener for `build`: call it with phase, done and total; use it in a `with`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._phase = ""
        self._live = sys.stderr.isatty()
        if self._live:
            import rich.console
            import rich.progress as bar

            bars = bar.Progress(
                bar.TextColumn("{task.description:<10}"),
                bar.BarColumn(),
                bar.MofNCompleteColumn(),
                bar.TimeElapsedColumn(),
                console=rich.console.Console(stderr=True),
                transient=True,
            )
            self._bars = self.enter_context(bars)

    def __call__(self, phase: str, done: int, total: int) -> None:
        """One step of a phase; total 0 when it cannot be counted."""
        begun = phase != self._phase
        self._phase = phase
        if self._live:
            if begun:
                self._task = self._bars.add_task(phase, total=total or None)
            self._bars.update(self._task, completed=done, total=total or None)
        elif begun:
            click.echo(f"{phase} ...", err=True)
        elif total and done == total:
            click.echo(f"{phase} {done} of {total}", err=True)


def summary(report: "BuildReport") -> list[str]:
    """The closing summary, line by line."""
    calls = report.call_sites
    kept = "new snapshot" if report.new_snapshot else "nothing changed: snapshot kept"
    return [
        f"repository  {Path(report.store, report.repository).resolve()} ({_ref(report)})",
        f"snapshot    {report.snapshot} in {report.store} ({kept})",
        f"files       {report.files} ({report.extracted} read, {report.cached} from cache, "
        f"{report.skipped} left out)",
        *_counted("nodes", report.nodes),
        *_counted("edges", report.edges),
        f"call sites  {calls.total}: {calls.certain} certain, {calls.possible} possible, "
        f"{calls.unresolved} unresolved"
        if calls
        else "call sites  not asked for",
        *_counted("problems", report.problems),
        *(f"event       {event}" for event in report.events),
        f"time        {report.seconds:.2f} s",
        f"peak memory {report.peak_memory / 2**20:.0f} MiB",
    ]


def _counted(what: str, counts: dict[str, int]) -> list[str]:
    """The total and then each kind, most first."""
    head = f"{what:<11} {sum(counts.values())}"
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [head, *(f"  {kind:<21} {count:>9}" for kind, count in ordered)]


def _ref(report: "BuildReport") -> str:
    if report.ref is None and report.commit is None:
        return "a plain folder"
    commit = (report.commit or "no commit")[:10]
    dirty = ", with uncommitted changes" if report.dirty else ""
    return f"{report.ref or 'detached'}@{commit}{dirty}"
