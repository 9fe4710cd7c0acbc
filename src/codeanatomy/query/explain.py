"""Why is an edge, or a node, believed? Evidence, rule, the terms of the score, what speaks against
it, and the line of source, all as the build recorded them."""

import itertools
from collections.abc import Sequence
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

_EDGE = "t.kind, t.src, t.dst, t.ordinal, t.site, t.origin, t.certainty, t.confidence, t.score"
_EPSILON = 1e-5
Row: TypeAlias = dict[str, Any]  # of an engine's answer


class End(msgspec.Struct, frozen=True):
    """A node: what it is and where it stands (`path:line`; "" outside), with that line."""

    name: str
    kind: str
    place: str
    text: str
    node_id: str


class Term(msgspec.Struct, frozen=True):
    """What a relation adds to the score: trust in it, times its confidence. The confidence of one
    whose word did not count most is not kept: its term is what is left of the score."""

    relation: str
    trust: float
    confidence: float | None
    term: float
    joins: tuple[str, ...]


class Other(msgspec.Struct, frozen=True):
    """Something else that the same site may mean."""

    name: str
    certainty: str
    score: float
    evidence: tuple[str, ...]


class Explained(msgspec.Struct, frozen=True):
    """One edge and the reasons for it."""

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
    terms: tuple[Term, ...]
    disputed: bool
    doubt: str
    alternatives: tuple[Other, ...]


class ExplainedNode(msgspec.Struct, frozen=True):
    """One node and where it comes from."""

    node: End
    qualified_name: str
    evidence: tuple[str, ...]
    properties: dict[str, object]
    edges_out: dict[str, int]
    edges_in: dict[str, int]
    unresolved: dict[str, int]  # sites inside without a target, by the reason
    problems: tuple[str, ...]  # of its file


def explain_edges(
    tables: Tables, edges: Sequence[Row], relations: Sequence[Declared]
) -> list[Explained]:
    """Why the edges that `between` found are believed."""
    sites = distinct(np.array([e["src"] for e in edges], np.int64))
    around = tables.lookup("edges", "src", sites, f"{_EDGE}, t.evidence").to_pylist()
    ids = [e[end] for e in (*edges, *around) for end in ("src", "dst", "site")]
    known = _ends(tables, distinct(np.array(ids, np.int64)))
    doubts = _properties(tables, [e["edge"] for e in edges])
    disputed = set()
    if "conflicts" in tables.names:
        found = tables.lookup("conflicts", "site", sites, "t.kind, t.site").to_pylist()
        disputed = {(row["kind"], row["site"]) for row in found}
    explained = []
    for edge in edges:
        same = [
            Other(known[o["dst"]].name, o["certainty"], o["score"], _words(o))
            for o in sorted(around, key=lambda o: (-o["score"], o["dst"]))
            if (o["kind"], o["src"]) == (edge["kind"], edge["src"]) and o["dst"] != edge["dst"]
        ]
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
            evidence=_words(edge),
            terms=_terms(edge, relations, disputed=(edge["kind"], edge["site"]) in disputed),
            disputed=(edge["kind"], edge["site"]) in disputed,
            doubt=str(doubts.get(edge["edge"], {}).get("DOUBT", "")),
            alternatives=tuple(same),
        )
        explained.append(one)
    return sorted(explained, key=lambda x: (x.site.place, x.kind, -x.score, x.target.name))


def explain_nodes(tables: Tables, ids: Ids) -> list[ExplainedNode]:
    """What is known of each node."""
    held = ", ".join(f"t.{column}" for column, *_ in COLUMNS.values())
    rows = tables.lookup(
        "nodes", "node_id", ids, f"t.node_id, t.qualified_name, t.evidence, {held}"
    )
    properties, known = _properties(tables, ids.tolist()), _ends(tables, ids)
    counted = [
        _counts(tables.lookup(table, key, ids, f"t.{key} AS node, t.kind").to_pylist())
        for table, key in (("edges", "src"), ("edges_by_dst", "dst"))
    ]
    inner = tables.lookup("nodes", "container", ids, "t.node_id, t.container AS node").to_pylist()
    inside = {row["node_id"]: row["node"] for row in inner}
    lost = tables.lookup(
        "unresolved", "node_id", np.array([*inside], np.int64), "t.node_id, t.reason AS kind"
    ).to_pylist()
    reasons = _counts([{"node": inside[row["node_id"]], "kind": row["kind"]} for row in lost])
    told = []
    for row in sorted(rows.to_pylist(), key=lambda row: known[row["node_id"]].place):
        number = row["node_id"]
        path = known[number].place.rpartition(":")[0]
        trouble = tables.sql(
            f"SELECT line, code, message FROM problems WHERE path = {quoted(path)} ORDER BY line"
        ).to_pylist()
        by_column = {k: 1 for k, (column, *_) in COLUMNS.items() if row[column] is not None}
        one = ExplainedNode(
            node=known[number],
            qualified_name=row["qualified_name"] or "",
            evidence=_words(row),
            properties=properties.get(number, {}),
            edges_out=counted[0].get(number, {}),
            edges_in=by_column | counted[1].get(number, {}),
            unresolved=reasons.get(number, {}),
            problems=tuple(f"line {t['line']}: {t['code']}: {t['message']}" for t in trouble),
        )
        told.append(one)
    return told


def unexplained(tables: Tables, names: tuple[str, str], last: str, near: Ids) -> UsageError:
    """That there is no such edge, and the unresolved sites that might have been one."""
    inner = tables.lookup("nodes", "container", near, "t.node_id")["node_id"].to_numpy()
    sites = tables.lookup(
        *("unresolved", "node_id", inner, "t.path, t.line, t.what, t.text, t.reason"),
        f"(t.text = {quoted(last)} OR ends_with(t.text, {quoted('.' + last)}))",
    ).to_pylist()
    head = f"there is no edge from {names[0]!r} to {names[1]!r} in this graph"
    if not sites:
        return UsageError(f"{head}; `codeanatomy callees {names[0]}` tells what it calls")
    rows = sorted({(s["path"], s["line"], s["what"], s["text"], s["reason"]) for s in sites})
    lines = [f"{path}:{line}  {what} {text}: {why}" for path, line, what, text, why in rows]
    return UsageError(listed(f"{head}, but sites of that name in it are unresolved:", lines))


def starting_at(tables: Tables, path: str, line: int) -> Ids:
    """The nodes that start on a line."""
    file_id = file_of(tables, path)[0]
    rows = tables.sql(f"SELECT node_id FROM spans WHERE file_id = {file_id} AND line = {line}")
    if not rows.num_rows:
        raise UsageError(f"nothing starts at {path}:{line}; ask for another line")
    return distinct(rows["node_id"].to_numpy())


def between(tables: Tables, sources: Ids, targets: Ids, near: Ids, kind: str = "") -> list[Row]:
    """The edges from the first ids, or from what the METHODs `near` evaluate, to the others: rows
    with the edge's own id, in the order of their sources."""
    only = f"t.kind = {quoted(kind)}" if kind else "true"
    ways = tables.lookup("edges_by_dst", "dst", targets, "t.src", only)["src"].to_numpy()
    owners = tables.lookup("nodes", "node_id", ways, "t.node_id, t.container").to_pylist()
    around = set(near.tolist())
    wanted = around.union(sources.tolist())
    chosen = [o["node_id"] for o in owners if o["node_id"] in wanted or o["container"] in around]
    found = tables.lookup(
        "edges", "src", np.array(chosen, np.int64), f"{_EDGE}, t.evidence", only
    ).to_pylist()
    found = [edge for edge in found if edge["dst"] in set(targets.tolist())]
    held = ", ".join(f"t.{column}" for column, *_ in COLUMNS.values())
    ends = tables.lookup("nodes", "node_id", targets, f"t.node_id, t.evidence, {held}").to_pylist()
    for (name, (column, origin, trust)), end in itertools.product(COLUMNS.items(), ends):
        if end[column] in wanted and kind in ("", name):
            told = (name, end[column], end["node_id"], 0, end["node_id"], origin, "certain")
            names = ("kind", "src", "dst", "ordinal", "site", "origin", "certainty")
            edge = dict(zip(names, told, strict=True))
            found.append(edge | {"confidence": 1.0, "score": trust, "evidence": end["evidence"]})
    found.sort(key=lambda e: (e["src"], e["kind"], e["dst"], e["ordinal"]))
    for edge in found:
        halves = mix(hash_text(edge["kind"]), edge["src"]), mix(edge["dst"], edge["ordinal"])
        edge["edge"] = int(mix(*halves))
    return found


def _terms(edge: Row, relations: Sequence[Declared], *, disputed: bool) -> tuple[Term, ...]:
    """The terms of the score, the one whose word counts first."""
    words, score = set(_words(edge)), edge["score"] * (2 if disputed else 1)
    givers = [
        r
        for r in relations
        if r.kind == edge["kind"] and words.issuperset(filter(None, r.adds.split("+")))
    ]
    first = next((r for r in givers if abs(r.trust * edge["confidence"] - score) < _EPSILON), None)
    best = first or max(givers, key=lambda r: r.trust, default=None)
    if best is None:
        return (Term(edge["origin"], edge["score"], edge["confidence"], edge["score"], ()),)
    own = best.trust * edge["confidence"]
    found = [Term(best.name, best.trust, edge["confidence"], own, best.joins)]
    rest = 1 - (1 - score) / (1 - own)
    others = [r for r in givers if r is not best and first is None]
    if others and rest > _EPSILON:
        name, joins = (
            " and ".join(r.name for r in others),
            tuple(j for r in others for j in r.joins),
        )
        found.append(Term(name, max(r.trust for r in others), None, round(rest, 6), joins))
    return tuple(found)


def _ends(tables: Tables, ids: Ids) -> dict[int, End]:
    """The nodes with their places and lines of source."""
    columns = "t.node_id, t.kind, coalesce(t.qualified_name, t.name, '') AS name"
    nodes = tables.lookup("nodes", "node_id", ids, columns).to_pylist()
    spans = {row["node_id"]: row for row in places(tables, ids).to_pylist()}
    files = distinct(np.array([row["file_id"] for row in spans.values()], np.int64))
    rows = tables.lookup("files", "file_id", files, "t.file_id, t.path, t.content").to_pylist()
    paths = {row["file_id"]: row["path"] for row in rows}
    lines = {r["file_id"]: source_of(tables, r["content"]).splitlines() for r in rows}
    found = {}
    for node in nodes:
        span = spans.get(node["node_id"])
        place = text = ""
        if span is not None and span["file_id"] in paths:
            place = f"{paths[span['file_id']]}:{span['line']}"
            there = lines[span["file_id"]][span["line"] - 1 : span["line"]]
            text = b"".join(there).decode("utf-8", "replace").strip()
        found[node["node_id"]] = End(node["name"], node["kind"], place, text, str(node["node_id"]))
    return found


def _properties(tables: Tables, ids: Sequence[int]) -> dict[int, dict[str, object]]:
    rows = tables.lookup(
        *("props", "id", np.array(ids, np.int64)),
        "t.id, t.key, t.string_value, t.int_value, t.float_value, t.bool_value",
    )
    found: dict[int, dict[str, object]] = {}
    for row in sorted(rows.to_pylist(), key=lambda row: row["key"]):
        values = (row[f"{kind}_value"] for kind in ("string", "int", "float", "bool"))
        found.setdefault(row["id"], {})[row["key"]] = next(v for v in values if v is not None)
    return found


def _counts(rows: Sequence[Row]) -> dict[int, dict[str, int]]:
    """How many rows of each kind, by node; the most first."""
    keys = sorted((row["node"], row["kind"]) for row in rows)
    grouped = [(key, len([*same])) for key, same in itertools.groupby(keys)]
    found: dict[int, dict[str, int]] = {}
    for (node, kind), count in sorted(grouped, key=lambda x: (-x[1], x[0])):
        found.setdefault(node, {})[kind] = count
    return found


def _words(row: Row) -> tuple[str, ...]:
    return tuple(str(row["evidence"]).split("+"))
