"""`codeanatomy callers`: who calls a function, method or class."""

from codeanatomy.app.cli import options


@options.question(options.name_argument, options.steps_option, options.certain_option)
def command(graph: options.OpenGraph, *, depth: int, **asked: options.Asked) -> options.Answer:
    """Call sites of NAME: where, in which function, and how sure.

    NAME is a qualified name or a unique dotted end of one; `f#2` is the second definition of `f` in
    its file, `path/file.py:f` looks in one file. A class is called where it is constructed.

    \b
    Example:
      codeanatomy callers Flask.dispatch_request --depth 2
    """
    return graph.callers(depth=depth, **asked), options.call_columns(depth)
