"""`codeanatomy export`: the graph in the shape of other tools."""

from pathlib import Path

import click

from codeanatomy.app.cli import options
from codeanatomy.app.cli.output import print_object


@click.command("export")
@click.argument("what", type=click.Choice(["callgraph"]))
@options.certain_option
@options.graph_option
@options.format_option("json")
def command(what: str, certain: bool, folder: Path | None, form: str) -> None:
    """Export the call graph as {caller: [callees]}, in the conventions of the public benchmarks.

    A module's body is named as the module; class bodies belong to the scope around them; calling a
    class is an edge to its __init__; builtins are <builtin>.len, methods of literals <str>.join.

    \b
    Example:
      codeanatomy export callgraph > callgraph.json
    """
    with options.opened(folder) as graph:
        print_object(graph.callgraph(certain=certain))
        options.print_statement(graph, graph.statement(), form)
