"""Problems as extractors report them: path-free, like every evidence row."""

from typing import Annotated

from codeanatomy.facts import types as t
from codeanatomy.facts.tables import OfFile


class FileProblem(OfFile, frozen=True):
    """Trouble with one file, reported by a witness or by the runner."""

    witness: Annotated[str, t.CODED, t.ORIGIN]
    code: Annotated[str, t.CODED, t.CODE]
    severity: Annotated[str, t.CODED, t.SEVERITY]
    message: Annotated[str, t.TEXT]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
    line: Annotated[int, t.INT32, t.LINE]
