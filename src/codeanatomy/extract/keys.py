"""Node keys of a batch of files: path-free, local to the file, made with one recipe.

A named thing's key is the hash of its construct and local qualified name. An unnamed thing's key
mixes its owner's key (the innermost definition whose subtree it stands in), its construct and its
number among that owner's own things of the construct, in source order.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from codeanatomy.facts.ids import Ids, hash_text, hash_texts, mix

_COMMENT = hash_text("Comment")
BODY_CONSTRUCTS = ("Module", "ClassDef")  # definitions whose body is a METHOD of its own


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
    number = np.arange(len(groups))
    packed = np.sort((groups.astype(np.int64) << 32) | number)
    new = np.diff(packed >> 32, prepend=-1) != 0
    result = np.empty(len(groups), np.int32)
    result[packed & 0xFFFFFFFF] = number - np.maximum.accumulate(np.where(new, number, 0))
    return result


def unnamed_keys(
    owners: Ids, owner_keys: Ids, constructs: npt.NDArray[np.uint8], names: Sequence[str]
) -> Ids:
    """Keys of unnamed things in source order: `owners` are numbers of definitions (below 2**23),
    `owner_keys` their keys per row, `constructs` index into `names`."""
    numbers = ordinals((owners.astype(np.int64) << 8) | constructs).astype(np.int64)
    return mix(mix(owner_keys, hash_texts(names)[constructs]), numbers)


def comment_keys(owners: Ids, owner_keys: Ids, texts: Sequence[str]) -> Ids:
    """Keys of comments by owner, text and number among the owner's equal texts: a comment put
    before others changes none of theirs."""
    code: dict[str, int] = {}
    codes = np.array([code.setdefault(text, len(code)) for text in texts], np.int64)
    pairs = np.unique(owners * max(len(code), 1) + codes, return_inverse=True)[1]
    number = ordinals(pairs).astype(np.int64)
    return mix(mix(mix(owner_keys, _COMMENT), hash_texts(code)[codes]), number)
