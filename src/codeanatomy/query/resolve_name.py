"""Which nodes a NAME means: exactly, else as a unique dotted suffix, else the candidates are told.

`pkg.mod.f` and `f` mean every definition of that name; `f#2` only the second one in its file, `f#1`
only the first. `path/to/file.py:f` looks in one file. Things of the repository come before its
variables, and these before external things: a name of a nearer rank hides equal ones further away.
"""

import re

import msgspec
import pyarrow as pa

from codeanatomy.facts.errors import UsageError
from codeanatomy.facts.ids import MODULE_KEY, sql_node_id
from codeanatomy.query.tables import Tables, quoted

DEFINITIONS = ("METHOD", "TYPE_DECL")  # modules are found in the table of files
VARIABLES = ("LOCAL", "METHOD_PARAMETER_IN", "TYPE_PARAMETER", "MEMBER")
MOST = 10  # candidates that a message lists
_NUMBER = re.compile(r"#(\d+)(?=\.|$)")


class Symbol(msgspec.Struct, frozen=True, order=True):
    """A named node; rank 0: definition of the repository, 1: variable, 2: external."""

    rank: int
    qualified_name: str
    kind: str
    path: str
    module: str
    node_id: int
    file_id: int
    plain: str  # the name without `#n`


class UnknownNameError(UsageError):
    """No such name, or several: the message lists what was probably meant."""


def resolve(tables: Tables, name: str, *, variables: bool = False) -> list[Symbol]:
    """The nodes that NAME means, all of one qualified name, sorted; never empty.

    Variables and parameters are looked at only when asked for. Raises UnknownNameError.
    """
    asked, path = _split(tables, name)
    if not asked:
        told = "an empty name means nothing; give a name such as pkg.module.function"
        raise UnknownNameError(told)
    plain = _plain(asked)
    rows = tables.asked(
        "candidates",
        {},
        last=quoted(plain.rpartition(".")[2]),
        asked=quoted(asked),
        variables=quoted(*VARIABLES),
        kinds=quoted(*DEFINITIONS, "EXTERNAL", *(VARIABLES if variables else ())),
        module_id=sql_node_id("f.file_id", str(MODULE_KEY)),
        place=ends_as("f.path", path) if path else "true",
    )  # what has that last name, and modules whose name ends with it
    found = msgspec.convert(rows.to_pylist(), list[Symbol])
    chosen = [s for s in found if s.plain in (plain, f"{s.module}.{plain}" if path else plain)]
    near = [s for s in found if f".{s.plain}".endswith(f".{plain}")]
    best = min((s.rank for s in near), default=0)
    chosen = chosen or [s for s in near if s.rank == best]
    if any("#" in part for part in asked.split(".")):
        chosen = [s for s in chosen if _same_numbers(s.qualified_name, asked)]
    if not chosen:
        raise UnknownNameError(_unknown(tables, name, asked, variables))
    if len({(s.plain, s.path if path else "") for s in chosen}) > 1:
        given = {"near": pa.Table.from_pylist(msgspec.to_builtins(near))}
        lines = tables.asked("ambiguous", given)["told"].to_pylist()
        head = f"{name!r} may mean any of {len(lines)}, most used first; ask by a longer name:"
        raise UnknownNameError(listed(head, lines))
    return sorted(chosen)


def _split(tables: Tables, name: str) -> tuple[str, str]:
    """The name and the path before it, if there is one; `a/b.py` alone means its module."""
    if ":" in name:
        path, _, asked = name.rpartition(":")
        return asked, path.removeprefix("./")
    if not name.endswith((".py", ".pyi", ".pyw")):
        return name, ""
    path = name.removeprefix("./")
    files = tables.sql(f"SELECT module FROM files WHERE {ends_as('path', path)}")
    modules = files["module"].to_pylist()
    return (modules[0], path) if len(modules) == 1 else (name, "")


def _unknown(tables: Tables, name: str, asked: str, variables: bool) -> str:
    """That there is no such name, and names that differ least from it, nearest first."""
    plain = _plain(asked).lower()
    last = plain.rpartition(".")[2]
    kinds = DEFINITIONS + (VARIABLES if variables else ())
    rows = tables.asked("near", {}, last=quoted(last), plain=quoted(plain), kinds=quoted(*kinds))
    near = rows["qualified_name"].to_pylist()
    hint = listed("the nearest are:", near) if near else "nothing is near it"
    return f"no {name!r} in this graph; {hint}"


def listed(head: str, lines: list[str]) -> str:
    """The head with at most MOST lines below it, and how many more there are."""
    more = [f"... and {len(lines) - MOST} more"] if len(lines) > MOST else []
    return "\n  ".join([head, *(line.rstrip() for line in lines[:MOST]), *more])


def _plain(name: str) -> str:
    """The name without `#n`."""
    return _NUMBER.sub("", name)


def _same_numbers(qualified_name: str, asked: str) -> bool:
    """Whether every part that was asked with a number has that number; no number counts as #1."""
    parts = zip(qualified_name.split(".")[::-1], asked.split(".")[::-1], strict=False)
    numbers = ((_NUMBER.search(part), _NUMBER.search(wanted)) for part, wanted in parts)
    return all(wanted is None or (held or ["", "1"])[1] == wanted[1] for held, wanted in numbers)


def ends_as(column: str, text: str, mark: str = "/") -> str:
    """SQL condition: the column is the text, or ends with it after the mark."""
    return f"({column} = {quoted(text)} OR ends_with({column}, {quoted(mark + text)}))"
