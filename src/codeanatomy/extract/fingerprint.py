"""What, other than its bytes, do the rows of a file depend on?"""

import sys
from collections.abc import Sequence
from pathlib import Path

from codeanatomy.extract.batch import tables_of
from codeanatomy.extract.limits import Limits
from codeanatomy.extract.witness import Extractor, packed_schema
from codeanatomy.facts.canonical import code_digest, digest, fingerprint

_ROOMS = ("extract", "facts")  # whose code makes the rows


def evidence_fingerprint(extractors: Sequence[Extractor], limits: Limits) -> str:
    """One key for everything that shapes rows: extractors with their versions, schemas, limits, the
    interpreter (its grammar is what files are parsed by), and the code itself, so that rows of an
    edited extractor are never mistaken for its own."""
    schemas = {n: packed_schema(struct) for n, struct in tables_of(extractors).items()}
    return fingerprint(
        {
            "extractors": sorted((e.name, e.version, e.rank) for e in extractors),
            "tables": {name: digest(s.serialize().to_pybytes()) for name, s in schemas.items()},
            "limits": limits,
            "interpreter": [sys.implementation.name, sys.version],
            "code": code_digest(*_code(extractors)),
        }
    )


def _code(extractors: Sequence[Extractor]) -> tuple[Path, ...]:
    package = Path(__file__).parents[1]
    own = [path for room in _ROOMS for path in (package / room).rglob("*.py")]
    origins = (sys.modules[extractor.open.__module__].__file__ for extractor in extractors)
    return tuple(sorted({*own, *(Path(origin) for origin in origins if origin)}))
