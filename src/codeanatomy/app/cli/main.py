"""The command line: finds the command, and turns every outcome into an exit code.

0 done, 1 findings, 2 misuse, 101 an error of ours, 130 interrupted. A command is a file of this
folder with a click command called `command`; only the one that is asked for is imported.
"""

import atexit
import contextlib
import importlib
import os
import pkgutil
import sys
from typing import NoReturn

import click

from codeanatomy.facts.errors import CodeAnatomyError

PLUMBING = frozenset({"main", "options", "output"})
KEPT, LARGE = 1 << 30, 1 << 25  # bytes: freed memory that is kept, blocks mapped one by one
MISUSE, INTERNAL, INTERRUPTED = 2, 101, 130
FAULT = """codeanatomy: internal error: {}
a fault of codeanatomy: please run the same as `codeanatomy --debug ...` and report what it prints \
to the project's issue tracker"""


class Commands(click.Group):
    """All commands of the folder."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, sorted."""
        folder = [os.path.dirname(__file__)]
        return sorted(m.name for m in pkgutil.iter_modules(folder) if m.name not in PLUMBING)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"codeanatomy.app.cli.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Runs the command; an error becomes a message and an exit code."""
        debug = ctx.params["debug"] or bool(os.environ.get("CODEANATOMY_DEBUG"))
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (click.Abort, KeyboardInterrupt):
            message, code = "interrupted", INTERRUPTED
        except CodeAnatomyError as error:
            if debug:
                raise
            message, code = f"codeanatomy: {error}", MISUSE
        except Exception as error:  # the last of the five places: nobody is left to handle it
            if debug:
                raise
            message, code = FAULT.format(f"{type(error).__name__}: {error}"), INTERNAL
        click.echo(message, err=True)
        ctx.exit(code)


@click.group(
    "codeanatomy",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with `codeanatomy build`, then ask: `codeanatomy callers NAME`.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(
    None, package_name="codeanatomy", message="codeanatomy %(version)s", help="Show it."
)
def cli(debug: bool) -> None:
    """A Python repository as a graph that people and agents can query. Never runs what it reads."""


def main() -> NoReturn:
    """Entry point of the `codeanatomy` command; ends the process."""
    # Arrow's own allocator returns and retakes memory all the time: on a large build that costs two
    # CPU seconds of page faults, and a higher peak. Arrow reads this once, when it is loaded.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    # and glibc's, too: what workers of a build read when they start; see build.py for this process
    os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(KEPT))
    os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(LARGE))
    with contextlib.suppress(OSError), open("/proc/cpuinfo", "rb") as file:
        if b"AuthenticAMD" in file.read(256):  # AVX512 makes numpy's sorts four times slower there
            os.environ.setdefault("NPY_DISABLE_CPU_FEATURES", "X86_V4")
    try:
        cli.main(prog_name="codeanatomy")
    except SystemExit as end:
        # not by way of taking every module down: of a short question's CPU time that is a tenth
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)
    raise SystemExit  # never reached: main exits
