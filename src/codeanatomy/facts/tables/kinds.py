"""The table of constructs: which node kind and name an ast class has."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class ConstructKind(msgspec.Struct, frozen=True):
    """Node kind and name of one syntax construct."""

    construct: Annotated[str, t.CODED, t.CONSTRUCT]
    kind: Annotated[str, t.CODED, t.KIND]
    name: Annotated[str | None, t.CODED, t.NAME, "null: the node's own name"]
