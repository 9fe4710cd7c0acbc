"""All tables by name."""

import msgspec
import pyarrow as pa

from codeanatomy.facts.schema import schema_from_struct, structs_of, table_name
from codeanatomy.facts.tables import (
    constraints,
    flow,
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
    table_name(struct): struct
    for one in (source, syntax, names, flow, constraints, resolution, trouble, kinds, views, graph)
    for struct in structs_of(one)
}
SCHEMAS: dict[str, pa.Schema] = {n: schema_from_struct(s) for n, s in STRUCTS.items()}
