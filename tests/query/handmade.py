"""A graph written by hand, for questions whose answer must not depend on how graphs are made."""

import hashlib
from pathlib import Path

import msgspec
import pyarrow as pa

from codeanatomy.engine.store import Store
from codeanatomy.facts import ids
from codeanatomy.facts.schema import schema_from_struct
from codeanatomy.facts.tables import graph, source
from codeanatomy.query.graph import Graph, open_graph

STRUCTS: dict[str, type[msgspec.Struct]] = {
    "nodes": graph.Node,
    "spans": graph.Span,
    "edges": graph.Edge,
    "edges_by_dst": graph.EdgeByTarget,
    "props": graph.Prop,
    "conflicts": graph.Conflict,
    "dropped": graph.Dropped,
    "problems": graph.Problem,
    "unresolved": graph.Unresolved,
    "files": source.SourceFile,
    "skipped": source.SkippedFile,
    "roots": source.SourceRoot,
    "texts": source.SourceText,
}
SORT = {
    "nodes": ["node_id"],
    "spans": ["node_id"],
    "edges": ["src"],
    "edges_by_dst": ["dst"],
    "unresolved": ["node_id"],
}


class Handmade:
    """Collects files, things and edges; `open` stores them and opens the graph."""

    def __init__(self, folder: Path) -> None:
        self.repo = folder / "repo"
        self.store = folder / "store"
        self.rows: dict[str, list[tuple[object, ...]]] = {name: [] for name in STRUCTS}
        self._texts: dict[str, str] = {}

    def file(self, path: str, text: str) -> int:
        """A file with its module; the id of the module's body."""
        self._texts[path] = text
        (self.repo / path).parent.mkdir(parents=True, exist_ok=True)
        (self.repo / path).write_text(text, encoding="utf-8")
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        raw = text.encode()
        content = hashlib.blake2b(raw, digest_size=16).hexdigest()
        package = path.endswith("__init__.py")
        lines = text.count("\n")
        row = (ids.file_id(module), path, module, package, False, "", content, len(raw), lines)
        self.rows["files"].append(row)
        self.rows["texts"].append((content, raw))
        node = int(ids.node_id(ids.file_id(module), ids.MODULE_KEY))
        block = (node, "NAMESPACE_BLOCK", "", module, row[0], 0, False, "ast", None, None)
        self.rows["nodes"].append(block)
        self.rows["spans"].append((node, ids.file_id(module), 0, len(raw), 1))
        return self._node("METHOD", "<module>", f"{module}.<module>", f"{path}:1", text)

    def define(
        self, kind: str, name: str, place: str, text: str = "", inside: int | None = None
    ) -> int:
        """A named thing at `path:line`, standing at the text; its id."""
        last = name.rpartition(".")[2].partition("#")[0]
        node = self._node(kind, last, name, place, text or last)
        if inside is not None:
            self._contain(inside, node)
        return node

    def external(self, name: str) -> int:
        """An external thing; its id."""
        node = int(ids.node_id(ids.EXTERNAL_FILE, ids.external_key(name)))
        last = name.rpartition(".")[2]
        row = (node, "EXTERNAL", last, name, ids.EXTERNAL_FILE, 0, True, "resolve", None, None)
        self.rows["nodes"].append(row)
        return node

    def call(
        self, inside: int, place: str, text: str, *targets: int, certainty: str = "certain"
    ) -> int:
        """A call site in a function, with an edge to each target; without one it is unresolved."""
        name = text.partition("(")[0].rpartition(".")[2]
        site = self._node("CALL", name, None, place, text)
        self._contain(inside, site)
        for target in targets:
            self.edge("CALL", site, target, certainty=certainty)
        if not targets:
            span = next(s for s in self.rows["spans"] if s[0] == site)
            where = (place.rpartition(":")[0], *span[2:5])
            self.rows["unresolved"].append((site, *where, "call", name, "unknown receiver"))
        return site

    def ref(
        self, inside: int, place: str, text: str, target: int, *, certainty: str = "certain"
    ) -> int:
        """A name in a function that means the target."""
        site = self._node("IDENTIFIER", text, None, place, text)
        self._contain(inside, site)
        self.edge("REF", site, target, certainty=certainty)
        return site

    def edge(self, kind: str, src: int, dst: int, *, certainty: str = "certain") -> None:
        """An edge."""
        confidence = 1.0 if certainty == "certain" else 0.5
        file = next(row[4] for row in self.rows["nodes"] if row[0] == src)
        row = (kind, src, dst, 0, file, src, "hand", certainty, confidence, confidence, "ast+hand")
        self.rows["edges"].append(row)
        self.rows["edges_by_dst"].append((dst, src, kind, 0))

    def commit(self) -> None:
        """Stores the graph as the next snapshot."""
        tables = {}
        for name, struct in STRUCTS.items():
            schema = schema_from_struct(struct)
            # columns that a row does not reach are null
            rows = [dict(zip(schema.names, row, strict=False)) for row in self.rows[name]]
            tables[name] = pa.Table.from_pylist(rows, schema=schema)
        unresolved = len(self.rows["unresolved"])
        possible = sum(e[0] == "CALL" and e[7] == "possible" for e in self.rows["edges"])
        facts = {
            "repository": "../repo",
            "ref": "main",
            "commit": "0123456789abcdef",
            "dirty": True,
            "scope": {"roots": [], "include": [], "exclude": []},
            "call_sites": {"certain": 0, "possible": possible, "unresolved": unresolved},
            "relations": [
                {"name": name, "kind": "CALL", "tables": ["hand"], "adds": adds, "trust": 0.9}
                for name, adds in (("rel_hand", "hand"), ("rel_other", "hand"), ("rel_far", "far"))
            ],
        }
        store = Store(self.store).create()
        with store.lock():
            store.commit(tables, facts, SORT)

    def open(self) -> Graph:
        """The stored graph, open for questions."""
        self.commit()
        return open_graph(self.store)

    def _contain(self, container: int, node: int) -> None:
        """The node stands in the container."""
        place = next(i for i, row in enumerate(self.rows["nodes"]) if row[0] == node)
        self.rows["nodes"][place] = (*self.rows["nodes"][place][:-1], container)

    def _node(self, kind: str, name: str, qualified: str | None, place: str, text: str) -> int:
        path, _, number = place.rpartition(":")
        line = int(number)
        file = next(row[0] for row in self.rows["files"] if row[1] == path)
        assert isinstance(file, int)
        lines = self._texts[path].splitlines(keepends=True)
        start = len("".join(lines[: line - 1]).encode())
        offset = "".join(lines[line - 1 :]).find(text)
        assert offset >= 0, f"{path}:{line} has no {text!r}"
        start += len("".join(lines[line - 1 :])[:offset].encode())
        end = start + len(text.encode())
        key = ids.hash_text(f"{kind}:{qualified or name}:{start}:{end}")
        node = int(ids.node_id(file, key))
        row = (node, kind, name, qualified, file, 0, False, "ast", None, None)
        self.rows["nodes"].append(row)
        self.rows["spans"].append((node, file, start, end, line))
        return node
