"""The one id recipe, the same from numpy, plain Python and SQL.

Distinct texts are hashed once (`hash_text`: blake2b, 8 bytes, top bit cleared); everything else
mixes integers. A node's id keeps 20 bits of its file's id on top, so all nodes of a file are
neighbours in id order: tables sorted by id are clustered by file, and a point lookup touches one
row group. The lower 43 bits come from mixing the file's id with the node's key. Chance that any two
of 5,000 nodes of one file collide: about 1e-6; a collision is found, and ends the build.
"""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Ids = npt.NDArray[np.int64]

_A = -7046029254386353131  # odd constants with well spread bits, as signed 64-bit integers
_B = -4658895280553007687
LOW_BITS = 43
LOW_MASK = (1 << LOW_BITS) - 1
HIGH_MASK = ((1 << 63) - 1) ^ LOW_MASK
_MASK63 = (1 << 63) - 1
_HALF = (1 << 32) - 1


def hash_text(text: str | bytes) -> int:
    """63-bit hash of a text (blake2b, big endian, top bit cleared)."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big") & ~(1 << 63)


def hash_texts(texts: Iterable[str | bytes]) -> Ids:
    """`hash_text` of each, as int64. Give distinct texts: the cost is about 1 us each."""
    return np.fromiter((hash_text(t) for t in texts), np.int64)


def mix(a: Ids | int, b: Ids | int) -> Ids:
    """Order-dependent 63-bit mix of two integer columns; never negative.

    `x = (a * A + b) * B`, then the high half folded onto the low one. One fold is enough because
    one side is always a hash already, and it is what keeps `mix(mix(k, a), b)` from being linear,
    so that exchanged ends of an edge do not meet. More folds cost the planner more than they give.
    """
    with np.errstate(over="ignore"):
        x = (np.asarray(a, np.int64) * np.int64(_A) + np.asarray(b, np.int64)) * np.int64(_B)
    return (x ^ ((x >> np.int64(32)) & np.int64(_HALF))) & np.int64(_MASK63)


def node_id(file: Ids | int, key: Ids | int) -> Ids:
    """Graph-wide id of the node `key` of the file `file`."""
    high = np.asarray(file, np.int64) & np.int64(HIGH_MASK)
    return high | (mix(file, key) & np.int64(LOW_MASK))


def sql_mix(a: str, b: str) -> str:
    """SQL text of `mix` over two bigint expressions (each occurs twice)."""
    x = f"((({a}) * ({_A}) + ({b})) * ({_B}))"
    return f"(({x} ^ (({x} >> 32) & {_HALF})) & {_MASK63})"


def sql_node_id(file: str, key: str) -> str:
    """SQL text of `node_id` over two bigint expressions."""
    return f"((({file}) & {HIGH_MASK}) | ({sql_mix(file, key)} & {LOW_MASK}))"


EXTERNAL_FILE = hash_text("external:") & HIGH_MASK  # the pseudo file of all external symbols
MODULE_KEY = hash_text("module:")  # key of a file's module node (NAMESPACE_BLOCK)
BODY = hash_text("body:")  # mix(key of module or class, BODY): its body, a METHOD
EXIT = hash_text("exit:")  # mix(key of a METHOD, EXIT): where it is left, a METHOD_RETURN
FIELD = hash_text("field:")  # mix(key of an attribute access, FIELD): its field identifier
LOCAL = hash_text("local:")  # mix(mix(scope key, LOCAL), hash_text(name)): a local variable
PARAMETER = hash_text("arg")  # mix(mix(function key, PARAMETER), place in the signature)
ANNOTATION = hash_text("annotation:")  # mix(key of a decorator's expression, ANNOTATION)


def file_id(module: str) -> int:
    """Id of a file, from its unique module name; also the node id of its FILE node."""
    return hash_text("file:" + module)


def external_key(symbol: str) -> int:
    """Node key, inside `EXTERNAL_FILE`, of an external symbol by its dotted name."""
    return hash_text("ext:" + symbol)


def sql_edge_id(kind: str, src: str, dst: str, ordinal: str) -> str:
    """SQL text of an edge's id; kind is a bigint expression (`hash_text` of the kind)."""
    return sql_mix(sql_mix(kind, src), sql_mix(dst, ordinal))


def distinct(values: Ids) -> Ids:
    """The values sorted, each once; np.unique would import numpy.ma, a tenth of a look-up."""
    values = np.sort(values)
    keep = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=keep[1:])
    return values[keep]


def expand(low: Ids, high: Ids) -> tuple[Ids, Ids]:
    """Positions inside the ranges low..high, and for each the number of its range."""
    size = high - low
    total = int(size.sum())
    if not total:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    which = np.repeat(np.arange(len(size), dtype=np.int64), size)
    first = np.cumsum(size) - size
    return np.arange(total, dtype=np.int64) - first[which] + low[which], which


def grouped(pairs: Iterable[Sequence[int]]) -> dict[int, list[int]]:
    """The second numbers of the pairs by their first."""
    found: dict[int, list[int]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
