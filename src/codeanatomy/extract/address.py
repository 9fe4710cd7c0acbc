"""How does an extractor travel to a worker? As the place it is imported from."""

import importlib
import sys
from collections.abc import Sequence

from codeanatomy.extract.witness import Extractor
from codeanatomy.facts.errors import DeclarationError


def address(extractor: Extractor) -> str:
    """`module:name` under which a worker finds the extractor.

    Raises DeclarationError for one that does not stand at the top of an importable module.
    """
    for name in (extractor.open.__module__, *sorted(sys.modules)):
        module = sys.modules.get(name)
        if module is None or name == "__main__":
            continue
        for key, value in list(vars(module).items()):
            if value is extractor:
                return f"{name}:{key}"
    raise DeclarationError(
        f"extractor {extractor.name!r} must stand at the top of a module that workers can import"
    )


def find(place: str) -> Extractor:
    """The extractor at an address."""
    module, _, name = place.partition(":")
    found = getattr(importlib.import_module(module), name)
    if not isinstance(found, Extractor):
        raise DeclarationError(f"{place} is not an extractor")
    return found


def check(extractors: Sequence[Extractor]) -> None:
    """Raises DeclarationError where two extractors share a name or one is not for single files."""
    names = [extractor.name for extractor in extractors]
    for extractor in extractors:
        if names.count(extractor.name) > 1:
            raise DeclarationError(f"two extractors are called {extractor.name!r}")
        if extractor.grain != "file":
            raise DeclarationError(f"extractor {extractor.name!r} does not work file by file")
