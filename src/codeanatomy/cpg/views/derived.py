"""Rows made out of other rows. What a row of a view says, and its SQL, stand in `sql/NAME.sql`;
`node_id(file, key)` there is the id of a node, by the recipe of `facts.ids`."""

import re
from pathlib import Path

import msgspec

from codeanatomy.facts.ids import sql_node_id
from codeanatomy.facts.schema import structs_of
from codeanatomy.facts.tables import graph, views
from codeanatomy.semantic.declare import View

_STRUCTS: dict[str, type[msgspec.Struct]] = {
    "body": views.Body,
    "exit": views.Exit,
    "module": views.Module,
    "file_span": views.FileSpan,
    "used": views.Link,
    "bound": views.Link,
    "filled": views.Link,
    "unpacked": views.Link,
    "received": views.Link,
    "tested": views.Link,
    "problem_rows": graph.Problem,
    "unresolved_rows": graph.Unresolved,
    "dropped_rows": graph.Dropped,
}
_SQL = Path(__file__).with_name("sql")
_NODE_ID = re.compile(r"node_id\(([^,]+), ([^)]+)\)")


def _query(name: str) -> str:
    text = (_SQL / f"{name}.sql").read_text("utf-8").partition("\n")[2]
    return _NODE_ID.sub(lambda of: sql_node_id(*of.groups()), text)


VIEWS = tuple(
    View(
        name=name,
        sql=_query(name),
        struct=struct,
        diagnostic=struct in structs_of(graph),
    )
    for name, struct in _STRUCTS.items()
)
