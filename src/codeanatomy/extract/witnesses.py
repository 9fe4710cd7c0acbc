"""All witnesses: the Extractor values of the modules `from_*` of this room, by rank."""

import importlib
import pkgutil

from codeanatomy import extract
from codeanatomy.extract.witness import Extractor
from codeanatomy.facts.errors import DeclarationError


def witnesses() -> tuple[Extractor, ...]:
    """The extractors, in the order in which they are asked. DeclarationError: two of one name."""
    found: dict[str, Extractor] = {}
    for module in pkgutil.iter_modules(extract.__path__):
        if not module.name.startswith("from_"):
            continue
        values = vars(importlib.import_module(f"{extract.__name__}.{module.name}")).values()
        for value in values:
            if isinstance(value, Extractor) and found.setdefault(value.name, value) is not value:
                raise DeclarationError(f"two extractors are called {value.name!r}")
    return tuple(sorted(found.values(), key=lambda e: (e.rank, e.name)))
