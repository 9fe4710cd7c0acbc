"""Rows made out of other rows. What a row of a view says, and its SQL, stand in `sql/NAME.sql`."""

from pathlib import Path

import msgspec

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
}
_SQL = Path(__file__).with_name("sql")
VIEWS = tuple(
    View(
        name=name,
        sql=(_SQL / f"{name}.sql").read_text("utf-8").partition("\n")[2],
        struct=struct,
        diagnostic=struct is graph.Problem,
    )
    for name, struct in _STRUCTS.items()
)
