"""`codeanatomy defs`: where a name is defined."""

from codeanatomy.app.cli import options


@options.question(options.name_argument)
def command(graph: options.OpenGraph, **asked: options.Asked) -> options.Answer:
    """Where NAME is defined: function, class, module, variable, parameter or external thing.

    \b
    Example:
      codeanatomy defs Scaffold.route
    """
    return graph.defs(**asked), ("place", "kind", "name")
