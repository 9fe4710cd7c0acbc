"""How a build tells on stderr what it is doing: a live bar on a terminal, else a line per phase."""

import contextlib
import sys

import click


class Phases(contextlib.ExitStack):
    """A listener for `build`: call it with phase, done and total; use it in a `with`."""

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
