"""Evidence of syntax: every node of a file is a row of exactly one of these tables.

Node keys are file-local 63-bit integers. A named thing's key is `hash_text(construct + ":" + local
qualified name with #n)`; an unnamed one's is `mix(mix(key of its innermost named thing,
hash_text(construct)), ordinal among that thing's own nodes of the construct, in source order)`; a
comment's is by its text and its number among equal texts, so that a new comment moves no other.
"""

from typing import Annotated

from codeanatomy.facts import types as t
from codeanatomy.facts.tables import Evaluated, Located


class Syntax(Evaluated, frozen=True):
    """Expressions and statements that no other table holds; expression statements are folded into
    their expression, `arguments` and `withitem` into their owner."""

    name: Annotated[str | None, t.CODED, t.NAME, "identifier, attribute or keyword; a call's last"]
    context: Annotated[str, t.CODED, "load, store or del for targets; '' elsewhere"]


class Literal(Evaluated, frozen=True):
    """Constants."""

    type: Annotated[str, t.CODED, "str, bytes, int, float, complex, bool, None, Ellipsis"]
    value: Annotated[str, t.TEXT, "repr, at most 200 characters"]


class Definition(Evaluated, frozen=True):
    """Modules, classes, functions, lambdas: the named things that own others."""

    name: Annotated[str, t.CODED, t.NAME, "'' for a module, <lambda1> for a lambda"]
    qualname: Annotated[str, t.QUALNAME, "dotted in the file, #2 for a second; '' for a module"]
    body: Annotated[int, t.OWNER, "key of its body: the function itself, or a body METHOD"]
    exit: Annotated[int, t.VALUE, "key of the node where its body is left"]
    exit_dominator: Annotated[int | None, "key of the exit's dominator"]
    asynchronous: Annotated[bool, t.FLAG]
    generator: Annotated[bool, t.FLAG]
    signature: Annotated[
        str | None, t.TEXT, "parameters as written, without annotations of the body"
    ]
    docstring: Annotated[str | None, t.TEXT]
    name_bstart: Annotated[int, "start byte of the name token (of the thing where it has none)"]


class Parameter(Located, frozen=True):
    """Parameters of functions and lambdas; position is the index in the signature."""

    name: Annotated[str, t.CODED, t.NAME]
    function: Annotated[int, t.FUNCTION]
    passing: Annotated[str, t.CODED, "positional_only, positional, vararg, keyword_only, kwarg"]


class ImportAlias(Located, frozen=True):
    """One row per imported name."""

    name: Annotated[str, t.CODED, t.NAME, "name that the import binds, * for a star import"]
    module: Annotated[str, t.CODED, "module as written, without leading dots"]
    level: Annotated[int, t.INT32, "number of leading dots"]
    imported: Annotated[str | None, t.CODED, "name taken from the module; null for `import m`"]
    statement: Annotated[int | None, t.STATEMENT]
    renamed: Annotated[bool, t.FLAG, "has an `as`"]


class Variable(Located, frozen=True):
    """A name of a scope that is neither just a parameter, one def or class, nor just imports;
    placed at its first binding. parent is the scope's body or function."""

    name: Annotated[str, t.CODED, t.NAME]
    qualname: Annotated[str, t.QUALNAME, "dotted inside the file"]
    scope: Annotated[int, t.SCOPE, "key of the definition that owns the scope"]


class Member(Variable, frozen=True):
    """An attribute that methods of a class set on their receiver and its body does not bind; placed
    where it is first set. parent is the class's body, scope the class."""


class Field(Located, frozen=True):
    """The `b` of `a.b`; parent is the attribute access."""

    name: Annotated[str, t.CODED, t.NAME]


class Decorator(Located, frozen=True):
    """Decorators; parent is the decorated definition."""

    name: Annotated[str, t.CODED, t.NAME, "dotted text without arguments"]
    decorated: Annotated[int, t.DECORATED]


class Comment(Located, frozen=True):
    """Comments; parent is the innermost definition's body around them."""

    text: Annotated[str, t.TEXT]
