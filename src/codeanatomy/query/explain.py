"""Why is an edge, or a node, believed? Evidence, rule, trust, what speaks against it, and the line
of source, all as the build recorded them."""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from codeanatomy.cpg.kinds import RULES
from codeanatomy.facts.errors import UsageError
from codeanatomy.facts.ids import Ids, distinct
from codeanatomy.query.about import Declared
from codeanatomy.query.at import file_of, lines_of
from codeanatomy.query.resolve_name import ends_as, listed
from codeanatomy.query.tables import Tables, edges_with_ids, held_edges, id_table, quoted


class End(msgspec.Struct, frozen=True):
    """A node: what it is and where it stands (`path:line`; "" outside), with that line."""

    name: str
    kind: str
    place: str
    text: str
    node_id: str


class Other(msgspec.Struct, frozen=True):
    """Something else that the same site may mean."""

    name: str
    certainty: str
    score: float
    evidence: tuple[str, ...]


class Dropped(msgspec.Struct, frozen=True):
    """Something that the site may mean but that was left out of the graph, and why."""

    name: str
    reason: str


class Explained(msgspec.Struct, frozen=True):
    """One edge and the reasons for it. Its score is 1 - product of (1 - trust x confidence) over
    the relations that give it (of those that add the same words one does), halved if disputed;
    `confidence` is that of the surest."""

    kind: str
    source: End
    target: End
    site: End
    certainty: str
    confidence: float
    score: float
    rule: str
    rule_means: str
    evidence: tuple[str, ...]
    relations: tuple[Declared, ...]
    disputed: bool
    doubt: str
    alternatives: tuple[Other, ...]
    dropped: tuple[Dropped, ...]


class ExplainedNode(msgspec.Struct, frozen=True):
    """One node and where it comes from."""

    node: End
    evidence: tuple[str, ...]
    properties: dict[str, object]
    edges_out: dict[str, int]
    edges_in: dict[str, int]
    unresolved: dict[str, int]  # sites inside without a target, by the reason


def between(tables: Tables, sources: Ids, targets: Ids, near: Ids, kind: str = "") -> pa.Table:
    """The edges from the first ids, or from what the METHODs `near` evaluate, to the others, in the
    order of their sources."""
    wanted = np.concatenate([sources, near])
    given = {"wanted": wanted, "targets": targets, "near": near}
    return tables.asked(
        "between",
        {name: id_table(ids) for name, ids in given.items()},
        edges=edges_with_ids("among(edges.src, starts.id)", "among(nodes.node_id, targets.id)"),
        of_kind=f"kind = {quoted(kind)}" if kind else "true",
    )


def explain_edges(tables: Tables, edges: pa.Table, known: Sequence[Declared]) -> list[Explained]:
    """Why the edges that `between` found are believed."""
    rows = tables.asked("explained", {"found": edges}).to_pylist()
    ends = _ends(tables, [row[end] for row in rows for end in ("src", "dst", "site")])
    for row in rows:
        row["source"], row["target"] = ends[row["src"]], ends[row["dst"]]
        row["site"], row["rule_means"] = ends[row["site"]], RULES.get(row["rule"], "")
        givers = [] if row["held"] else [r for r in known if r.kind == row["kind"]]
        words = {"", *row["evidence"]}
        row["relations"] = [r for r in givers if words.issuperset(r.adds.split("+"))]
    explained = msgspec.convert(rows, list[Explained])
    return sorted(explained, key=lambda x: (x.site.place, x.kind, -x.score, x.target.name))


def explain_nodes(tables: Tables, ids: Ids) -> list[ExplainedNode]:
    """What is known of each node."""
    asked = {"asked": id_table(ids)}
    told: dict[int, dict[str, Any]] = {}
    for number, end in _ends(tables, ids.tolist()).items():
        told[number] = {"node": end, "evidence": end["evidence"]}
        told[number] |= {name: {} for name in ("properties", "edges_out", "edges_in", "unresolved")}
    held = held_edges("among(nodes.node_id, asked.id)")
    for row in tables.asked("counted", asked, held=held).to_pylist():
        told[row["node"]][row["way"]][row["what"]] = row["count"]
    properties = tables.sql_with(asked, "SELECT * FROM among(props.id, asked.id) ORDER BY key")
    for row in properties.to_pylist():
        told[row["id"]]["properties"][row["key"]] = row[f"{row['value_type']}_value"]
    return msgspec.convert([*told.values()], list[ExplainedNode])


def unexplained(tables: Tables, source: str, target: str, near: Ids) -> UsageError:
    """That there is no such edge, and the unresolved sites that might have been one."""
    last = target.rpartition(".")[2].partition("#")[0]
    named = ends_as("text", last, ".")
    lines = tables.asked("missed", {"near": id_table(near)}, named=named)["told"].to_pylist()
    head = f"there is no edge from {source!r} to {target!r} in this graph"
    if not lines:
        return UsageError(f"{head}; `codeanatomy callees {source}` tells what it calls")
    return UsageError(listed(f"{head}, but sites of that name in it are unresolved:", lines))


def starting_at(tables: Tables, path: str, line: int) -> Ids:
    """The nodes that start on a line."""
    file_id = file_of(tables, path)[0]
    rows = tables.sql(f"SELECT node_id FROM spans WHERE file_id = {file_id} AND line = {line}")
    if not rows.num_rows:
        raise UsageError(f"nothing starts at {path}:{line}; ask for another line")
    return distinct(rows["node_id"].to_numpy())


def _ends(tables: Tables, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The nodes with their places and lines of source, in the order of their places."""
    rows = tables.asked("ends", {"asked": id_table(np.array(ids, np.int64))})
    texts = lines_of(tables, rows)
    return {
        row["node_id"]: row | {"text": text, "node_id": str(row["node_id"])}
        for row, text in zip(rows.to_pylist(), texts, strict=True)
    }
