"""All witnesses: the Extractor values of the modules `from_*` of this room, by rank; and what the
rows of a file depend on other than its bytes."""

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from codeanatomy import extract
from codeanatomy.extract.batch import tables_of
from codeanatomy.extract.limits import Limits
from codeanatomy.extract.witness import Extractor, packed_schema
from codeanatomy.facts.canonical import code_digest, digest, fingerprint
from codeanatomy.facts.errors import DeclarationError

_ROOMS = ("extract", "facts")  # whose code makes the rows


def witnesses() -> tuple[Extractor, ...]:
    """The extractors, in the order in which they are asked."""
    names = (module.name for module in pkgutil.iter_modules(extract.__path__))
    return declared(f"{extract.__name__}.{name}" for name in names if name.startswith("from_"))


def declared(modules: Iterable[str]) -> tuple[Extractor, ...]:
    """Extractors at the top of the modules, by rank."""
    values = (v for m in modules for v in vars(importlib.import_module(m)).values())
    found = {id(value): value for value in values if isinstance(value, Extractor)}
    return tuple(sorted(found.values(), key=lambda e: (e.rank, e.name)))


def homes(extractors: Sequence[Extractor]) -> list[str]:
    """The modules in which workers find the extractors: those of their collectors.

    Raises DeclarationError for an extractor that does not stand at the top of that module, and
    where two share a name.
    """
    names = [extractor.name for extractor in extractors]
    modules = [extractor.open.__module__ for extractor in extractors]
    for extractor, module in zip(extractors, modules, strict=True):
        if names.count(extractor.name) > 1:
            raise DeclarationError(f"two extractors are called {extractor.name!r}")
        top = vars(sys.modules[module]).values()
        if module == "__main__" or not any(value is extractor for value in top):
            raise DeclarationError(
                f"extractor {extractor.name!r} must stand at the top of its collector's module"
            )
    return sorted(set(modules))


def evidence_fingerprint(extractors: Sequence[Extractor], limits: Limits) -> str:
    """One key for everything that shapes rows: extractors with their versions, schemas, limits, the
    interpreter (its grammar is what files are parsed by), and the code itself, so that rows of an
    edited extractor are never mistaken for its own."""
    schemas = {n: packed_schema(struct) for n, struct in tables_of(extractors).items()}
    package = Path(__file__).parents[1]
    code = {path for room in _ROOMS for path in (package / room).rglob("*.py")}
    code |= {Path(file) for e in extractors if (file := sys.modules[e.open.__module__].__file__)}
    return fingerprint(
        {
            "extractors": sorted((e.name, e.version, e.rank) for e in extractors),
            "tables": {name: digest(s.serialize().to_pybytes()) for name, s in schemas.items()},
            "limits": limits,
            "interpreter": [sys.implementation.name, sys.version],
            "code": code_digest(*sorted(code)),
        }
    )
