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
    count = len(groups)
    result = np.empty(count, np.int32)
    if not count:
        return result
    packed = np.sort((groups.astype(np.int64) << 32) | np.arange(count, dtype=np.int64))
    rows = packed & 0xFFFFFFFF
    group = packed >> 32
    first = np.append(True, group[1:] != group[:-1])
    index = np.arange(count)
    result[rows] = index - np.maximum.accumulate(np.where(first, index, 0))
    return result


def unnamed_keys(
    owners: Rows, owner_keys: Ids, constructs: npt.NDArray[np.uint8], names: Sequence[str]
) -> Ids:
    """Keys of unnamed things in source order: `owners` are numbers of definitions (below 2**23),
    `owner_keys` their keys per row, `constructs` index into `names`."""
    number = ordinals((owners.astype(np.int64) << 8) | constructs)
    return mix(mix(owner_keys, hash_texts(names)[constructs]), number.astype(np.int64))


def comment_keys(owners: Rows, owner_keys: Ids, texts: Sequence[str]) -> Ids:
    """Keys of comments by owner, text and number among the owner's equal texts: a comment put
    before others changes none of theirs."""
    distinct = list(dict.fromkeys(texts))
    code = {text: i for i, text in enumerate(distinct)}
    codes = np.fromiter((code[text] for text in texts), np.int64, len(texts))
    pairs = np.unique(owners * max(len(distinct), 1) + codes, return_inverse=True)[1]
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
