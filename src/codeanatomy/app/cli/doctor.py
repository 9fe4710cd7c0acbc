"""`codeanatomy doctor`: what this installation and machine can do."""

import click

from codeanatomy.app.cli.options import format_option
from codeanatomy.app.cli.output import print_rows


@click.command("doctor")
@format_option()
def command(form: str) -> None:
    """Print versions, capabilities and what follows where one is missing; what is slow here.

    \b
    Example:
      codeanatomy doctor --format json
    """
    from codeanatomy.doctor import examine

    print_rows(examine(), form)
