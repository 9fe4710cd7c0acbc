"""What the interpreter takes of a file: its own warnings are nobody's, its refusal is a problem."""

import warnings
from collections.abc import Callable
from typing import TypeVar

from codeanatomy.extract.parse import REFUSALS, refusal
from codeanatomy.extract.witness import Source
from codeanatomy.facts.tables.trouble import FileProblem

Made = TypeVar("Made")


def taken(make: Callable[[], Made], source: Source, witness: str) -> Made | FileProblem:
    """What `make` gives, or the problem where it refuses the source."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make()
    except REFUSALS as error:
        return refusal(error, source, witness)
