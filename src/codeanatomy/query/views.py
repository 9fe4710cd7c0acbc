"""The public views: the SQL that turns stored tables into what people and agents ask.

Stored tables hold ids and spans apart, so that a thing that only moved changes one table; the views
join them again. One file each in `sql/`: what a row says on its first line, then the query.
"""

from pathlib import Path

import msgspec

from codeanatomy.cpg.kinds import COLUMNS, EDGE_KINDS
from codeanatomy.facts.ids import hash_text, sql_mix


class View(msgspec.Struct, frozen=True):
    """A public view: its name, what a row of it says, and its SQL over stored tables."""

    name: str
    meaning: str
    sql: str


def edges_with_ids() -> str:
    """SQL of a query: all columns of the table `edges`, and `edge_id`; also what `nodes` holds.

    The recipe is that of `facts.ids.sql_edge_id`, one mix per level: nested, its text would grow
    eightfold with every mix.
    """
    every = "SELECT * FROM edges" + "".join(
        f" UNION ALL SELECT '{kind}' AS kind, {column} AS src, node_id AS dst, "
        f"arrow_cast(0, 'Int32') AS ordinal, file_id, node_id AS site, '{origin}' AS origin, "
        "'certain' AS certainty, 1.0 AS confidence, 1.0 AS score, evidence "
        f"FROM nodes WHERE {column} IS NOT NULL"
        for kind, (column, origin) in COLUMNS.items()
    )
    kinds = " ".join(f"WHEN '{k.kind}' THEN {hash_text(k.kind)}" for k in EDGE_KINDS)
    hashed = f"SELECT *, CASE kind {kinds} END AS kind_hash FROM ({every})"
    halves = (
        f"SELECT *, {sql_mix('kind_hash', 'src')} AS begins, {sql_mix('dst', 'ordinal')} AS ends "
        f"FROM ({hashed})"
    )
    return f"SELECT *, {sql_mix('begins', 'ends')} AS edge_id FROM ({halves})"


def _read(path: Path) -> View:
    meaning, _, sql = path.read_text("utf-8").removeprefix("-- ").partition("\n")
    return View(path.stem, meaning, sql.replace("{edges_with_ids}", f"({edges_with_ids()})"))


VIEWS = tuple(map(_read, sorted(Path(__file__).with_name("sql").glob("*.sql"))))
