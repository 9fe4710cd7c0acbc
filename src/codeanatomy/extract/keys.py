"""Node keys of a batch of files: path-free, local to the file, made with one recipe.

A named thing's key is the hash of its construct and local qualified name. An unnamed thing's key
mixes its owner's key (the innermost definition whose subtree it stands in), its construct and its
number among that owner's own things of the construct, in source order.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from codeanatomy.facts.ids import BODY, FIELD, LOCAL, MODULE_KEY, Ids, hash_text, hash_texts, mix

Rows = npt.NDArray[np.int64]
_COMMENT = hash_text("Comment")
BODY_CONSTRUCTS = ("Module", "ClassDef")  # definitions whose body is a METHOD of its own


def named_key(construct: str, qualname: str) -> int:
    """Key of a definition; of the file's module for construct `Module`."""
    return MODULE_KEY if construct == "Module" else hash_text(f"{construct}:{qualname}")


def qualnames(scopes: Sequence[int], names: Sequence[str | None]) -> list[str]:
    """Local qualified names of the definitions of one batch, in source order.

    `scopes[i]` is the index of the definition whose scope holds definition i (before it in the
    list), or -1 for a module. A lambda has no name: it is numbered in its scope. A second thing of
    the same qualified name gets `#2`.
    """
    found: list[str] = []
    seen: dict[str, int] = {}
    lambdas: dict[int, int] = {}
    for scope, name in zip(scopes, names, strict=True):
        if scope < 0:
            seen = {}
            found.append("")
            continue
        if name is None:
            lambdas[scope] = lambdas.get(scope, 0) + 1
            name = f"<lambda{lambdas[scope]}>"
        outer = found[scope]
        qualname = f"{outer}.{name}" if outer else name
        number = seen[qualname] = seen.get(qualname, 0) + 1
        found.append(qualname if number == 1 else f"{qualname}#{number}")
    return found


def ordinals(groups: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    """For each row, how many earlier rows have the same group (non-negative, below 2**31)."""
    rows, starts, sizes = _runs(groups)
    result = np.empty(len(groups), np.int32)
    result[rows] = np.arange(len(groups), dtype=np.int32) - np.repeat(starts, sizes)
    return result


def _runs(groups: npt.NDArray[np.integer]) -> tuple[Rows, Rows, Rows]:
    """The rows ordered by group, then row; where each group starts among them, and its size."""
    count = len(groups)
    packed = np.sort((groups.astype(np.int64) << 32) | np.arange(count, dtype=np.int64))
    group = packed >> 32
    starts = np.append(0, np.flatnonzero(group[1:] != group[:-1]) + 1)[:count]
    return packed & 0xFFFFFFFF, starts, np.diff(np.append(starts, count))


def grouped(values: Ids) -> tuple[Ids, Rows, Rows]:
    """The distinct values in order, where each occurs first, and the number of each row's value."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    new = np.ones(len(values), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    group = np.empty(len(values), np.int64)
    group[order] = np.cumsum(new) - 1
    return ordered[new], order[new], group


def unnamed_keys(
    owners: Rows, owner_keys: Ids, constructs: npt.NDArray[np.uint8], names: Sequence[str]
) -> Ids:
    """Keys of unnamed things in source order: `owners` are numbers of definitions (below 2**23),
    `owner_keys` their keys per row, `constructs` index into `names`."""
    rows, starts, sizes = _runs((owners.astype(np.int64) << 8) | constructs)
    first = rows[starts]
    group_keys = mix(owner_keys[first], hash_texts(names)[constructs[first]])
    numbers = np.arange(len(rows)) - np.repeat(starts, sizes)
    keys = np.empty(len(rows), np.int64)
    keys[rows] = mix(np.repeat(group_keys, sizes), numbers)
    return keys


def comment_keys(owners: Rows, owner_keys: Ids, texts: Sequence[str]) -> Ids:
    """Keys of comments by owner, text and number among the owner's equal texts: a comment put
    before others changes none of theirs."""
    distinct = list(dict.fromkeys(texts))
    code = {text: i for i, text in enumerate(distinct)}
    codes = np.fromiter((code[text] for text in texts), np.int64, len(texts))
    pairs = grouped(owners * max(len(distinct), 1) + codes)[2]
    number = ordinals(pairs).astype(np.int64)
    return mix(mix(mix(owner_keys, _COMMENT), hash_texts(distinct)[codes]), number)


def body_keys(keys: Ids) -> Ids:
    """Keys of the bodies (METHOD) of modules and classes."""
    return mix(keys, BODY)


def field_keys(keys: Ids) -> Ids:
    """Keys of the field identifiers of attribute accesses."""
    return mix(keys, FIELD)


def variable_keys(scope_keys: Ids, name_hashes: Ids) -> Ids:
    """Keys of variables by the key of their scope's definition (or comprehension) and name."""
    return mix(mix(scope_keys, LOCAL), name_hashes)
