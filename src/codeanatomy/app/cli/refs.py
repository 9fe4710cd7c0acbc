"""`codeanatomy refs`: where a thing is used."""

from codeanatomy.app.cli import options


@options.question(options.name_argument, options.certain_option)
def command(graph: options.OpenGraph, **asked: options.Asked) -> options.Answer:
    """Names, attributes and imports that mean NAME.

    \b
    Example:
      codeanatomy refs flask.globals.current_app --format csv
    """
    return graph.refs(**asked), ("place", "name", "target", "inside", "certainty")
