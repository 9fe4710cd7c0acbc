"""How a build tells on stderr what it is doing: a live bar on a terminal, else a line per phase."""

import sys
from types import TracebackType

import click


class Phases:
    """A listener for `build`: call it with phase, done and total; use it in a `with`."""

    def __init__(self) -> None:
        self._phase = ""
        self._live = sys.stderr.isatty()

    def __enter__(self) -> "Phases":
        if self._live:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                TextColumn,
                TimeElapsedColumn,
            )

            self._bars = Progress(
                TextColumn("{task.description:<10}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._bars.stop()

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
