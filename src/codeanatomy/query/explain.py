"""Why is an edge, or a node, believed? Evidence, rule, trust, what speaks against it, and the line
of source, all as the build recorded them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, TypeAlias

import msgspec
import numpy as np

from codeanatomy.cpg.kinds import COLUMNS, RULES
from codeanatomy.facts.errors import UsageError
from codeanatomy.facts.ids import Ids, distinct, hash_text, mix
from codeanatomy.query.about import Declared
from codeanatomy.query.at import file_of, source_of
from codeanatomy.query.resolve_name import listed
from codeanatomy.query.tables import Tables, quoted
from codeanatomy.query.walk import places

Row: TypeAlias = dict[str, Any]  # of an engine's answer
_HELD = "t.node_id, t.evidence, " + ", ".join(f"t.{column}" for column, *_ in COLUMNS.values())
_EDGE = "t.kind, t.src, t.dst, t.ordinal, t.site, t.origin, t.certainty, t.confidence, t.score"


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


class ExplainedNode(msgspec.Struct, frozen=True):
    """One node and where it comes from."""

    node: End
    evidence: tuple[str, ...]
    properties: dict[str, object]
    edges_out: dict[str, int]
    edges_in: dict[str, int]
    unresolved: dict[str, int]  # sites inside without a target, by the reason


def between(tables: Tables, sources: Ids, targets: Ids, near: Ids, kind: str = "") -> list[Row]:
    """The edges from the first ids, or from what the METHODs `near` evaluate, to the others: rows
    with the edge's own id, in the order of their sources."""
    only = f"t.kind = {quoted(kind)}" if kind else "true"
    ways = tables.lookup("edges_by_dst", "dst", targets, "t.src", only)["src"].to_numpy()
    owners = tables.lookup("nodes", "node_id", ways, "t.node_id, t.container").to_pylist()
    around, ends = set(near.tolist()), set(targets.tolist())
    wanted = around.union(sources.tolist())
    chosen = [o["node_id"] for o in owners if o["node_id"] in wanted or o["container"] in around]
    starts = np.array(chosen, np.int64)
    edges = tables.lookup("edges", "src", starts, f"{_EDGE}, t.evidence", only).to_pylist()
    found = [edge for edge in edges if edge["dst"] in ends]
    for end in tables.lookup("nodes", "node_id", targets, _HELD).to_pylist():
        for name, (column, origin, trust) in COLUMNS.items():
            if end[column] in wanted and kind in ("", name):
                told = {"kind": name, "src": end[column], "dst": end["node_id"], "ordinal": 0}
                told |= {"site": end["node_id"], "origin": origin, "evidence": end["evidence"]}
                told |= {"certainty": "certain", "confidence": 1.0, "score": trust}
                found.append(told | {"held": True})  # by a node, so that no relation gives it
    for edge in found:
        halves = mix(hash_text(edge["kind"]), edge["src"]), mix(edge["dst"], edge["ordinal"])
        edge["edge"] = int(mix(*halves))
    return sorted(found, key=lambda e: (e["src"], e["kind"], e["dst"], e["ordinal"]))


def explain_edges(
    tables: Tables, edges: Sequence[Row], relations: Sequence[Declared]
) -> list[Explained]:
    """Why the edges that `between` found are believed."""
    sites = distinct(np.array([e["src"] for e in edges], np.int64))
    around = tables.lookup("edges", "src", sites, f"{_EDGE}, t.evidence").to_pylist()
    around.sort(key=lambda o: (-o["score"], o["dst"]))
    known = _ends(tables, [e[end] for e in (*edges, *around) for end in ("src", "dst", "site")])
    doubts = _properties(tables, [e["edge"] for e in edges])
    places = np.array([e["site"] for e in edges], np.int64)
    found = tables.lookup("conflicts", "site", places, "t.kind, t.site").to_pylist()
    disputed = {(row["kind"], row["site"]) for row in found}
    explained = []
    same = itemgetter("kind", "src", "site", "ordinal")
    for edge in edges:
        words, doubted = _words(edge), (edge["kind"], edge["site"]) in disputed
        one = Explained(
            kind=edge["kind"],
            source=known[edge["src"]],
            target=known[edge["dst"]],
            site=known[edge["site"]],
            certainty=edge["certainty"],
            confidence=edge["confidence"],
            score=edge["score"],
            rule=edge["origin"],
            rule_means=RULES.get(edge["origin"], ""),
            evidence=words,
            relations=tuple(
                r
                for r in relations
                if r.kind == edge["kind"] and "held" not in edge
                if {*words}.issuperset(filter(None, r.adds.split("+")))
            ),
            disputed=doubted,
            doubt=str(doubts[edge["edge"]].get("DOUBT", "")),
            alternatives=tuple(
                Other(known[o["dst"]].name, o["certainty"], o["score"], _words(o))
                for o in around
                if same(o) == same(edge) and o["dst"] != edge["dst"]
                if doubted or "possible" in (o["certainty"], edge["certainty"])
            ),
        )
        explained.append(one)
    return sorted(explained, key=lambda x: (x.site.place, x.kind, -x.score, x.target.name))


def explain_nodes(tables: Tables, ids: Ids) -> list[ExplainedNode]:
    """What is known of each node."""
    rows = tables.lookup("nodes", "node_id", ids, _HELD).to_pylist()
    properties, known = _properties(tables, ids.tolist()), _ends(tables, ids.tolist())
    out, into, lost = (defaultdict[int, Counter[str]](Counter) for _ in range(3))
    for counts, table, key in ((out, "edges", "src"), (into, "edges_by_dst", "dst")):
        for row in tables.lookup(table, key, ids, f"t.{key} AS node, t.kind").to_pylist():
            counts[row["node"]][row["kind"]] += 1
    inner = tables.lookup("nodes", "container", ids, "t.node_id, t.container AS node").to_pylist()
    inside = {row["node_id"]: row["node"] for row in inner}
    sites = np.array([*inside], np.int64)
    for row in tables.lookup("unresolved", "node_id", sites, "t.node_id, t.reason").to_pylist():
        lost[inside[row["node_id"]]][row["reason"]] += 1
    for row in rows:
        into[row["node_id"]].update(k for k, (c, *_) in COLUMNS.items() if row[c] is not None)
    return [
        ExplainedNode(known[n], _words(row), properties[n], *map(_most, (out[n], into[n], lost[n])))
        for row in sorted(rows, key=lambda row: known[row["node_id"]].place)
        for n in [row["node_id"]]
    ]


def unexplained(tables: Tables, source: str, target: str, near: Ids) -> UsageError:
    """That there is no such edge, and the unresolved sites that might have been one."""
    inner = tables.lookup("nodes", "container", near, "t.node_id")["node_id"].to_numpy()
    last = target.rpartition(".")[2].partition("#")[0]
    named = f"(t.text = {quoted(last)} OR ends_with(t.text, {quoted('.' + last)}))"
    columns = "t.path, t.line, t.what, t.text, t.reason"
    sites = tables.lookup("unresolved", "node_id", inner, columns, named).to_pylist()
    head = f"there is no edge from {source!r} to {target!r} in this graph"
    if not sites:
        return UsageError(f"{head}; `codeanatomy callees {source}` tells what it calls")
    lines = sorted({"{path}:{line}  {what} {text}: {reason}".format(**site) for site in sites})
    return UsageError(listed(f"{head}, but sites of that name in it are unresolved:", lines))


def starting_at(tables: Tables, path: str, line: int) -> Ids:
    """The nodes that start on a line."""
    file_id = file_of(tables, path)[0]
    rows = tables.sql(f"SELECT node_id FROM spans WHERE file_id = {file_id} AND line = {line}")
    if not rows.num_rows:
        raise UsageError(f"nothing starts at {path}:{line}; ask for another line")
    return distinct(rows["node_id"].to_numpy())


def _ends(tables: Tables, numbers: Sequence[int]) -> dict[int, End]:
    """The nodes with their places and lines of source."""
    ids = distinct(np.array(numbers, np.int64))
    columns = "t.node_id, t.kind, coalesce(t.qualified_name, t.name, '') AS name"
    spans = {row["node_id"]: row for row in places(tables, ids).to_pylist()}
    files = np.array([row["file_id"] for row in spans.values()], np.int64)
    rows = tables.lookup("files", "file_id", files, "t.file_id, t.path, t.content").to_pylist()
    known = {r["file_id"]: (r["path"], source_of(tables, r["content"]).splitlines()) for r in rows}
    found = {}
    for node in tables.lookup("nodes", "node_id", ids, columns).to_pylist():
        span, place, text = spans.get(node["node_id"], {}), "", b""
        if span.get("file_id") in known:
            path, lines = known[span["file_id"]]
            place, text = f"{path}:{span['line']}", b"".join(lines[span["line"] - 1 :][:1])
        told = (place, text.decode("utf-8", "replace").strip(), str(node["node_id"]))
        found[node["node_id"]] = End(node["name"], node["kind"], *told)
    return found


def _properties(tables: Tables, ids: Sequence[int]) -> dict[int, dict[str, object]]:
    """The properties of each id of a node or edge."""
    rows = tables.lookup("props", "id", np.array(ids, np.int64), "t.*").to_pylist()
    found: dict[int, dict[str, object]] = {number: {} for number in ids}
    for row in sorted(rows, key=lambda row: row["key"]):
        found[row["id"]][row["key"]] = row[f"{row['value_type']}_value"]
    return found


def _most(counts: Counter[str]) -> dict[str, int]:
    """The counts, the largest first."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _words(row: Row) -> tuple[str, ...]:
    return tuple(row["evidence"].split("+"))
