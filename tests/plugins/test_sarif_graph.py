"""What a SARIF file adds to the graph: findings, each at the narrowest node around its region."""

from pathlib import Path

import codeanatomy
from codeanatomy.report import BuildReport

from .sarif_log import Json, at, log, run

SHOP = '''"""A shop."""
import os


def price(name, tax=lambda: eval("1")):
    total = eval(name)  # here
    if total:
        return f"{os.system(name)}"
    return total


price("2")
'''


def build(root: Path, data: bytes, files: dict[str, str]) -> BuildReport:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "found.sarif").write_bytes(data)
    asked = {"sarif": str(root / "found.sarif")}
    return codeanatomy.build(root, witnesses=asked, workers=1, cache=False)


FLAGGED = """
    SELECT f.name AS rule, n.kind, n.name, n.line, p.string_value AS tool, e.certainty, e.evidence
    FROM cpg_nodes f JOIN edges e ON e.src = f.node_id AND e.kind = 'FLAGS'
    JOIN cpg_nodes n ON n.node_id = e.dst JOIN props p ON p.id = f.node_id AND p.key = 'TOOL'
    WHERE f.kind = 'FINDING' ORDER BY rule
"""


def whole(line: int, start: str, end: str | None = None) -> Json:
    """The region of a text in a line of the shop."""
    column = SHOP.splitlines()[line - 1].index(start) + 1
    return {"startLine": line, "startColumn": column, "endColumn": column + len(end or start)}


def test_a_finding_flags_the_narrowest_node_around_it(tmp_path: Path) -> None:
    results = [
        at("shop.py", "an expression", **whole(6, "eval(name)")),
        at("shop.py", "part of a statement", **whole(6, "total = e")),
        at("shop.py", "a def by its line", startLine=5),
        at("shop.py", "a def by its name", **whole(5, "price")),
        at("shop.py", "a default", **whole(5, 'eval("1")')),
        at("shop.py", "a parameter", **whole(5, "tax")),
        at("shop.py", "a literal", **whole(12, '"2"')),
        at("shop.py", "an import", **whole(2, "os")),
        at("shop.py", "an attribute", **whole(8, "system")),
        at("shop.py", "a formatted string", **whole(8, 'f"{os.system(name)}"')),
        at("shop.py", "a comment", **whole(6, "# here")),
        at("shop.py", "a keyword", **whole(7, "if")),
        at("shop.py", "lines of a body", startLine=6, endLine=9),
        at("shop.py", "between statements", startLine=3),
        at("shop.py", "the file"),
    ]
    other = at("shop.py", "of another tool", **whole(6, "eval(name)"))
    build(tmp_path, log(run(*results), run(other, name="Other")), {"shop.py": SHOP})
    with codeanatomy.open_graph(tmp_path) as graph:
        found = {row["rule"]: row for row in graph.sql(FLAGGED).to_pylist()}
        problems = graph.sql("SELECT * FROM problems").to_pylist()
        said = graph.sql("SELECT string_value AS v FROM props WHERE key = 'LEVEL'").to_pylist()
    assert not problems
    assert {row["v"] for row in said} == {"warning"}
    assert {row["evidence"] for row in found.values()} == {"sarif"}
    assert {rule: (row["kind"], row["name"], row["line"]) for rule, row in found.items()} == {
        "an expression": ("CALL", "eval", 6),
        "part of a statement": ("CALL", "<operator>.assignment", 6),
        "a def by its line": ("METHOD", "price", 5),
        "a def by its name": ("METHOD", "price", 5),
        "a default": ("CALL", "eval", 5),
        "a parameter": ("METHOD_PARAMETER_IN", "tax", 5),
        "a literal": ("LITERAL", None, 12),
        "an import": ("IMPORT", "os", 2),
        "an attribute": ("FIELD_IDENTIFIER", "system", 8),
        "a formatted string": ("CALL", "<operator>.formatString", 8),
        "a comment": ("COMMENT", None, 6),
        "a keyword": ("CONTROL_STRUCTURE", "IF", 7),
        "lines of a body": ("METHOD", "price", 5),
        "between statements": ("NAMESPACE_BLOCK", "shop", 1),
        "the file": ("NAMESPACE_BLOCK", "shop", 1),
        "of another tool": ("CALL", "eval", 6),
    }
    assert {rule for rule, row in found.items() if row["tool"] == "Other"} == {"of another tool"}


def test_files_that_python_refuses_have_findings_too(tmp_path: Path) -> None:
    files = {"bad.py": "def f():\n    eval(1)\nx = (\n", "empty.py": ""}
    results = [at("bad.py", "a", startLine=2), at("bad.py", "b"), at("empty.py", "c", startLine=1)]
    build(tmp_path, log(run(*results)), files)
    with codeanatomy.open_graph(tmp_path) as graph:
        found = {row["rule"]: row["kind"] for row in graph.sql(FLAGGED).to_pylist()}
    assert found == {"a": "CALL", "b": "NAMESPACE_BLOCK", "c": "NAMESPACE_BLOCK"}


def test_a_build_speaks_of_findings_only_when_asked(tmp_path: Path) -> None:
    given = build(tmp_path, log(run(at("shop.py"))), {"shop.py": SHOP})
    without = codeanatomy.build(tmp_path, workers=1, cache=False)
    counted = {**given.nodes, **given.edges}
    assert counted.pop("FINDING") == counted.pop("FLAGS") == 1
    assert counted == {**without.nodes, **without.edges}


def test_the_query_of_the_readme_says_who_calls_flagged_code(tmp_path: Path) -> None:
    readme = Path(__file__).parents[2] / "plugins/sarif/README.md"
    query = readme.read_text("utf-8").partition("```sql\n")[2].partition("```")[0]
    results = [at("shop.py", "R", **whole(6, "eval(name)")), at("shop.py", "S", startLine=5)]
    build(tmp_path, log(run(*results, at("shop.py", "T", startLine=12))), {"shop.py": SHOP})
    with codeanatomy.open_graph(tmp_path) as graph:
        found = [tuple(row.values()) for row in graph.sql(query).to_pylist()]
    assert found == [
        ("S", "shop.py", 5, "shop.price", "shop.<module>", "certain"),
        ("R", "shop.py", 6, "shop.price", "shop.<module>", "certain"),
        ("T", "shop.py", 12, "shop.<module>", None, None),
    ]
