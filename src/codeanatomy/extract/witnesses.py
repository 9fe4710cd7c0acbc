"""All witnesses: the Extractor values of the modules `from_*` of this room, by rank; and what the
rows of a file depend on other than its bytes."""

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from codeanatomy import extract
from codeanatomy.extract.batch import tables_of
from codeanatomy.extract.messages import Limits
from codeanatomy.extract.witness import Extractor, Survey, Wanted, packed_schema
from codeanatomy.facts.canonical import code_digest, digest, fingerprint
from codeanatomy.facts.collect import declared, plugins
from codeanatomy.facts.errors import DeclarationError

_ROOMS = ("extract", "facts")  # whose code makes the rows


def witnesses() -> dict[str, Extractor | Survey]:
    """All witnesses by name: our own and those of plug-ins. DeclarationError where two share a
    name."""
    names = (module.name for module in pkgutil.iter_modules(extract.__path__))
    own = [f"{extract.__name__}.{name}" for name in names if name.startswith("from_")]
    modules = [*map(importlib.import_module, own), *plugins()[0]]
    found, surveys = declared(Extractor, modules), declared(Survey, modules)
    if twice := found.keys() & surveys.keys():
        raise DeclarationError(f"two witnesses are called {min(twice)!r}")
    return {**found, **surveys}


def by_rank(witnesses: Iterable[Extractor | Survey]) -> tuple[Extractor, ...]:
    """The extractors among them, in the order in which they are asked."""
    found = [one for one in witnesses if isinstance(one, Extractor)]
    return tuple(sorted(found, key=lambda e: (e.rank, e.name)))


def standing_in(modules: Iterable[str]) -> tuple[Extractor, ...]:
    """Extractors at the top of the modules, by rank."""
    return by_rank(declared(Extractor, map(importlib.import_module, modules)).values())


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


def evidence_fingerprint(extractors: Sequence[Extractor], limits: Limits, wanted: Wanted) -> str:
    """One key for everything that shapes rows: extractors with their versions, schemas, what is
    wanted, limits, the interpreter (its grammar is what files are parsed by), and the code itself,
    so that rows of an edited extractor are never mistaken for its own."""
    schemas = {n: packed_schema(struct) for n, struct in tables_of(extractors).items()}
    package = Path(__file__).parents[1]
    code = {path for room in _ROOMS for path in (package / room).rglob("*.py")}
    code |= {Path(file) for e in extractors if (file := sys.modules[e.open.__module__].__file__)}
    return fingerprint(
        {
            "extractors": sorted((e.name, e.version, e.rank) for e in extractors),
            "tables": {name: digest(s.serialize().to_pybytes()) for name, s in schemas.items()},
            "wanted": {name: sorted(columns) for name, columns in wanted.items()},
            "limits": limits,
            "interpreter": [sys.implementation.name, sys.version],
            "code": code_digest(*sorted(code)),
        }
    )
