"""Problems as extractors report them: path-free, like every evidence row."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class FileProblem(msgspec.Struct, frozen=True):
    """Trouble with one file, reported by a witness or by the runner."""

    file_id: Annotated[int, t.FILE]
    witness: Annotated[str, t.CODED, t.ORIGIN]
    code: Annotated[str, t.CODED, t.CODE]
    severity: Annotated[str, t.CODED, t.SEVERITY]
    message: Annotated[str, t.TEXT]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
    line: Annotated[int, t.INT32, t.LINE]
