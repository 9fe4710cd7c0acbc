"""All tables by name."""

import msgspec
import pyarrow as pa

from codeanatomy.facts.schema import schema_from_struct, table_name
from codeanatomy.facts.tables import (
    constraints,
    graph,
    kinds,
    names,
    resolution,
    source,
    syntax,
    trouble,
    views,
)

STRUCTS: dict[str, type[msgspec.Struct]] = {
    table_name(value): value
    for module in (source, syntax, names, constraints, resolution, trouble, kinds, views, graph)
    for value in vars(module).values()
    if isinstance(value, type)
    and issubclass(value, msgspec.Struct)
    and value.__module__ == module.__name__
    and value is not syntax.Located
}
SCHEMAS: dict[str, pa.Schema] = {n: schema_from_struct(s) for n, s in STRUCTS.items()}
