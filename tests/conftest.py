"""What tests share: `cpg(source)` gives the graph of a snippet, to be asked a question."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import codeanatomy

if TYPE_CHECKING:
    from codeanatomy.query.graph import Graph


sys.path.append(str(Path(__file__).parents[1] / "bench"))  # its scripts are tested and used


@pytest.fixture
def cpg(tmp_path: Path) -> Callable[..., Graph]:
    """`cpg("def f(): g()")`, or `cpg(a="...", b="...")` for several modules: their graph."""

    def build(source: str = "", **modules: str) -> Graph:
        repo = tmp_path / "repo"
        repo.mkdir(exist_ok=True)
        for name, text in (({"main": source} if source else {}) | modules).items():
            (repo / f"{name}.py").write_text(text, encoding="utf-8")
        codeanatomy.build(repo, out=tmp_path / "graph", workers=1, cache=False)
        return codeanatomy.open_graph(tmp_path / "graph")

    return build
