"""How two tables join: keys and strategy inferred from the semantic types of their columns.

Candidates come from the compatibility groups alone. Each has a raw confidence that depends on what
kind of evidence the pair is; the best wins, the others are kept with the reason why not. A tie is
an error that names what would decide it.
"""

import msgspec
import pyarrow as pa

from codeanatomy.facts.errors import DeclarationError
from codeanatomy.facts.schema import columns_of, semantic_type
from codeanatomy.facts.types import BEND, BSTART, FILE, TYPES, SemanticType

# raw confidence by (role on the left, role on the right) of a pair in one group
_ROLES = {
    ("ref", "key"): (0.95, "foreign key"),
    ("key", "key"): (0.97, "same identity"),
    ("key", "ref"): (0.60, "referenced by"),
    ("ref", "ref"): (0.40, "both refer to the same"),
    ("owner", "owner"): (0.30, "same file"),
    ("ref", "owner"): (0.50, "file referred to"),
}
_EXACT_SPAN = 0.80
_SYMBOL = 0.70
_VALUE_GROUPS = ("symbol", "qualified", "module", "construct", "content")  # texts that identify


class Pair(msgspec.Struct, frozen=True):
    """Two columns that must be equal."""

    left: str
    right: str


class Candidate(msgspec.Struct, frozen=True):
    """One way to join: strategy, equal columns, confidence and the evidence for it."""

    strategy: str  # foreign key | same identity | exact span | symbol | same file ...
    keys: tuple[Pair, ...]
    confidence: float
    evidence: str


class JoinDecision(msgspec.Struct, frozen=True):
    """The chosen way to join two tables, and what was refused."""

    left: str
    right: str
    chosen: Candidate
    refused: tuple[Candidate, ...]


def infer_join(
    left_name: str,
    left: pa.Schema,
    right_name: str,
    right: pa.Schema,
    on: SemanticType | None = None,
) -> JoinDecision:
    """The best join of two annotated schemas; `on` restricts the left key to columns of that type.

    Raises DeclarationError when nothing fits or when two ways are equally good.
    """
    found = [c for a in left for b in right if (c := _pair(left, right, a, b, on))]
    spans = [[columns_of(s, m) for m in (FILE, BSTART, BEND)] for s in (left, right)]
    if on is None and all(len(names) == 1 for side in spans for names in side):
        keys = tuple(Pair(a, b) for (a,), (b,) in zip(*spans, strict=True))
        found.append(Candidate("exact span", keys, _EXACT_SPAN, "same file, start and end"))
    found.sort(key=lambda c: (-c.confidence, [(k.left, k.right) for k in c.keys]))
    if not found:
        raise DeclarationError(
            f"nothing joins {left_name} with {right_name}: no columns of one group"
        )
    if len(found) > 1 and found[1].confidence == found[0].confidence:
        ways = " or ".join(str([(k.left, k.right) for k in c.keys]) for c in found[:2])
        raise DeclarationError(f"{left_name} joins {right_name} by {ways}: say which with `on`")
    return JoinDecision(left_name, right_name, found[0], tuple(found[1:]))


def _pair(
    left: pa.Schema, right: pa.Schema, a: pa.Field, b: pa.Field, on: SemanticType | None
) -> Candidate | None:
    mine, other = semantic_type(a), semantic_type(b)
    if mine is None or other is None or mine.group != other.group or on not in (None, mine):
        return None
    why = f"{mine.name} = {other.name} (group {mine.group})"
    if mine.group in _VALUE_GROUPS:
        return Candidate("symbol", (Pair(a.name, b.name),), _SYMBOL, why)
    if (mine.role, other.role) not in _ROLES:
        return None
    confidence, strategy = _ROLES[mine.role, other.role]
    scope = []
    if mine.within or other.within:  # keys inside a file mean nothing without the file
        if not (mine.within and other.within):
            return None
        own, their = columns_of(left, TYPES[mine.within]), columns_of(right, TYPES[other.within])
        if len(own) != 1 or len(their) != 1:
            return None
        scope = [Pair(own[0], their[0])]
        why += f" within {mine.within} = {other.within}"
    return Candidate(strategy, (*scope, Pair(a.name, b.name)), confidence, why)
