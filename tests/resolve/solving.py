"""Asking the solver about sources held in strings."""

import ast

import msgspec
import numpy as np
import pyarrow as pa

from codeanatomy.extract.emission import constraint_tables, emit
from codeanatomy.facts.ids import (
    ANNOTATION,
    EXTERNAL_FILE,
    FIELD,
    LOCAL,
    MODULE_KEY,
    file_id,
    hash_text,
)
from codeanatomy.facts.schema import schema_from_struct
from codeanatomy.facts.tables.source import SourceFile
from codeanatomy.resolve.solve import solve
from tests.extract.evidence import mix_one

SPACE = 1 << 20  # keys of different files differ, so that a mix-up shows


class Solved(msgspec.Struct):
    """A solved repository: parsed trees by module, and the answers by (file, site, what)."""

    trees: dict[str, ast.Module]
    texts: dict[str, str]
    tables: dict[str, pa.Table]
    effort: dict[str, int]
    found: dict[tuple[int, int, str], list[dict[str, object]]]
    reasons: dict[tuple[int, int, str], str]
    labels: dict[tuple[int, int], str]

    def ask(self, text: str, what: str = "call", module: str = "main", nth: int = 0) -> list[str]:
        """What the nth expression with this source text means, sorted; `!` marks certain targets.
        Where there is none: `? reason`."""
        site = (file_id(module), self._site(text, what, module, nth), what)
        rows = self.found.get(site, [])
        if not rows:
            return ["? " + self.reasons[site]] if site in self.reasons else []
        return sorted(
            self.labels[row["target_file"], row["target"]]
            + ("!" if row["certainty"] == "certain" else "")
            for row in rows
        )

    def _site(self, text: str, what: str, module: str, nth: int) -> int:
        kinds = {
            "call": ast.Call,
            "name": ast.Name,
            "attribute": ast.Attribute,
            "import": ast.alias,
        }
        nodes = [
            n
            for n in ast.walk(self.trees[module])
            if isinstance(n, kinds.get(what, ast.expr))
            and ast.get_source_segment(self.texts[module], n) == text
        ]
        nodes.sort(key=lambda n: (n.lineno, n.col_offset))
        key = nodes[nth].node_key
        part = {"attribute": FIELD, "decorator": ANNOTATION}.get(what)
        return mix_one(key, part) if part else key


def solved(main: str | None = None, /, packages: tuple[str, ...] = (), **modules: str) -> Solved:
    """Solves modules given by dotted name (with `__` for a dot); the first is `main`."""
    texts = {"main": main} if main is not None else {}
    texts |= {name.replace("__", "."): text for name, text in modules.items()}
    return solve_texts(dict(sorted(texts.items())), packages)


def solve_texts(texts: dict[str, str], packages: tuple[str, ...] = ()) -> Solved:
    """Solves modules by dotted name; a package is one that another's name starts with, or given."""
    inside = {m for m in texts if any(x.startswith(m + ".") for x in texts)} | set(packages)
    trees, emitted, keys, labels = {}, [], [], {}
    for ordinal, (module, text) in enumerate(texts.items()):
        tree = ast.parse(text)
        for row, node in enumerate(ast.walk(tree)):
            node.row = len(keys)
            node.node_key = ordinal * SPACE + row if row else MODULE_KEY
            keys.append(node.node_key)
        trees[module] = tree
        emitted.append((ordinal, emit(tree)))
        _label(labels, module, tree)
    files = files_table(list(texts), inside)
    tables = constraint_tables(emitted, np.array(keys, np.int64))
    ids = files["file_id"].to_numpy()
    tables = {
        name: t.set_column(0, "file_id", pa.array(ids[t["file"].to_numpy()]))
        for name, t in tables.items()
    }
    answers, effort = solve(tables, files)
    external = answers["external"].to_pylist()
    labels |= {(EXTERNAL_FILE, row["node"]): row["symbol"] for row in external}
    found: dict[tuple[int, int, str], list[dict[str, object]]] = {}
    for row in answers["target"].to_pylist():
        found.setdefault((row["file_id"], row["site"], row["what"]), []).append(row)
    reasons = {
        (row["file_id"], row["site"], row["what"]): row["reason"]
        for row in answers["unanswered"].to_pylist()
    }
    return Solved(trees, texts, answers, effort, found, reasons, labels)


def files_table(modules: list[str], packages: set[str]) -> pa.Table:
    """A `source_file` table for modules by name."""
    rows = [
        {
            "file_id": file_id(m),
            "path": m.replace(".", "/") + ("/__init__.py" if m in packages else ".py"),
            "module": m,
            "package": m in packages,
            "stub": False,
            "root": "",
            "content": "",
            "size": 0,
            "lines": 0,
        }
        for m in modules
    ]
    return pa.Table.from_pylist(rows, schema=schema_from_struct(SourceFile))


def _label(labels: dict[tuple[int, int], str], module: str, tree: ast.Module) -> None:
    file = file_id(module)
    todo: list[tuple[ast.AST, str, int]] = [(tree, module, MODULE_KEY)]
    labels[file, MODULE_KEY] = module
    while todo:
        node, prefix, scope = todo.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                label = f"{prefix}.{child.name}"
                taken = sum(x.split("#")[0] == label for x in labels.values())
                labels[file, child.node_key] = f"{label}#{taken + 1}" if taken else label
                todo.append((child, label, child.node_key))
                if isinstance(child, ast.ClassDef):
                    for inner in ast.walk(child):
                        if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store):
                            key = mix_one(mix_one(child.node_key, LOCAL), hash_text(inner.attr))
                            labels.setdefault((file, key), f"{label}:{inner.attr}")
            elif isinstance(child, ast.Lambda):
                labels[file, child.node_key] = f"{prefix}.<lambda>"
                todo.append((child, f"{prefix}.<lambda>", child.node_key))
            else:
                if isinstance(child, ast.Name):
                    key = mix_one(mix_one(scope, LOCAL), hash_text(child.id))
                    labels.setdefault((file, key), f"{prefix}:{child.id}")
                todo.append((child, prefix, scope))
