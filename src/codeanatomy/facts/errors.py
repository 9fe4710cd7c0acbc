"""Errors of misuse: each names the thing and the next step. Data trouble is a Problem row."""

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the known name that is most like it, else nothing."""
    found = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {found[0]!r}?" if found else ""


class CodeAnatomyError(Exception):
    """Misuse or a failed precondition; the message names the thing and the next step."""


class UsageError(CodeAnatomyError):
    """A wrong argument, path, name or query. Exit code 2."""


class DeclarationError(CodeAnatomyError):
    """A declaration (table, entity, relation, view, output) that cannot mean anything."""


class StoreError(CodeAnatomyError):
    """The store is absent, locked, of another format version, or damaged."""


class PlanError(CodeAnatomyError):
    """A plan that cannot be made, read or turned into a policy."""


class EngineError(CodeAnatomyError):
    """The engine failed while running a task; names the task."""


class GraphError(CodeAnatomyError):
    """A finished graph that breaks a law (dangling edge, unknown kind); nothing is published."""
