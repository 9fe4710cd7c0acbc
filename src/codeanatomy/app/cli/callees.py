"""`codeanatomy callees`: what a function, class or module calls."""

from codeanatomy.app.cli import options


@options.question(options.name_argument, options.steps_option, options.certain_option)
def command(graph: options.OpenGraph, *, depth: int, **asked: options.Asked) -> options.Answer:
    """Calls that NAME makes: where, what is called, and how sure.

    A function or method means its own body; a class or module means all code in it. Only its own
    statements: `pkg.mod.<module>`, `pkg.mod.Class.<body>`.

    \b
    Example:
      codeanatomy callees Flask.wsgi_app
    """
    return graph.callees(depth=depth, **asked), options.call_columns(depth)
