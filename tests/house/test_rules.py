"""The rules that a reader of the source can check, each shown to fail on a made-up module."""

import ast
from collections.abc import Callable

import pytest

from tests.house import checks, lists
from tests.house.source import TOP, Module, imports, module, modules

FOUND = modules()


def no(findings: list[str]) -> None:
    assert not findings, "\n" + "\n".join(findings)


@pytest.mark.parametrize(
    "check",
    [
        checks.ladder,
        checks.cycles,
        checks.late_imports,
        checks.carriers,
        checks.broad_excepts,
        checks.long_files,
        checks.long_functions,
        checks.undocumented,
        checks.powers,
    ],
    ids=lambda check: check.__name__,
)
def test_holds(check: Callable[[list[Module]], list[str]]) -> None:
    no(check(FOUND))


def test_package_stays_small() -> None:
    assert sum(one.text.count("\n") for one in FOUND) < 20_000


def test_every_dependency_has_a_reason() -> None:
    no(checks.bare_dependencies((TOP / "pyproject.toml").read_text()))


def test_the_lock_pins_every_dependency() -> None:
    lock = (TOP / "requirements.lock").read_text()
    no(checks.unpinned((TOP / "pyproject.toml").read_text(), lock))


def test_every_exception_has_a_reason() -> None:
    for allowed in (
        lists.LATE_IMPORTS,
        lists.CARRIERS_ALLOWED,
        lists.BROAD_EXCEPTS,
        lists.LONG_FILES,
        lists.POWERS,
        lists.LITERALS,
    ):
        assert all(len(reason.split()) >= 3 for reason in allowed.values()), allowed


def fails(check: Callable[[list[Module]], list[str]], text: str, name: str) -> bool:
    return any(name.rpartition(".")[2] in line for line in check([module(name, text)]))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("from codeanatomy.engine import store", "codeanatomy.facts.xx"),
        ("def f():\n    import codeanatomy.engine.store", "codeanatomy.facts.xx"),
        ("if TYPE_CHECKING:\n    from codeanatomy import build", "codeanatomy.engine.xx"),
        ("from ..engine import session", "codeanatomy.cpg.xx"),
        ("from codeanatomy.planning import compile", "codeanatomy.engine.xx"),
        ("import codeanatomy.query", "codeanatomy.build.xx"),
        ("x = 1", "codeanatomy.helpers.xx"),
    ],
)
def test_ladder_can_fail(text: str, name: str) -> None:
    assert fails(checks.ladder, text, name)


def test_ladder_allows_what_the_table_says() -> None:
    assert not fails(checks.ladder, "from codeanatomy.facts import types", "codeanatomy.cpg.xx")


def test_relative_imports_are_resolved() -> None:
    one = module("codeanatomy.cpg.views.x", "from ...facts import ids\nfrom . import y\n")
    known = frozenset({"codeanatomy.facts.ids"})
    assert [i.target for i in imports(one, known)] == [
        "codeanatomy.facts.ids",
        "codeanatomy.cpg.views",
    ]


def test_cycle_can_fail() -> None:
    a = module("codeanatomy.facts.aa", "from codeanatomy.facts import bb")
    b = module("codeanatomy.facts.bb", "def f():\n    import codeanatomy.facts.aa")
    assert checks.cycles([a, b]) == ["codeanatomy.facts.aa <-> codeanatomy.facts.bb"]


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (checks.late_imports, '"""Doc."""\ndef f():\n    import json\n'),
        (checks.carriers, '"""Doc."""\nclass BuildContext: ...\n'),
        (checks.broad_excepts, "def f():\n    try: g()\n    except Exception: pass\n"),
        (checks.broad_excepts, "try: g()\nexcept (KeyError, BaseException) as e: raise X from e\n"),
        (checks.broad_excepts, "try: g()\nexcept: pass\n"),
        (checks.long_files, "x = 1\n" * 401),
        (checks.long_functions, "def f():\n" + "    x = 1\n" * 60),
        (checks.undocumented, "import ast\n"),
        (checks.undocumented, '"""half a sentence"""\n'),
        (checks.powers, "exec(text)"),
        (checks.powers, "import subprocess as s"),
        (checks.powers, "from os import execv"),
        (checks.powers, "import os\nos.system('git')"),
        (checks.powers, "run = eval\n"),
        (checks.powers, "from importlib import import_module"),
    ],
)
def test_check_can_fail(check: Callable[[list[Module]], list[str]], text: str) -> None:
    assert fails(check, text, "codeanatomy.facts.made_up")


def test_reraising_is_not_swallowing() -> None:
    text = "try: g()\nexcept BaseException:\n    clean()\n    raise\n"
    assert not fails(checks.broad_excepts, text, "codeanatomy.facts.made_up")


def test_listed_exception_must_exist() -> None:
    empty = [Module("codeanatomy.x", "x.py", "", ast.parse(""))]
    assert any("facts/collect.py" in line for line in checks.powers(empty))


def test_lock_check_can_fail() -> None:
    text = '[project]\ndependencies = ["a==1", "b>=2,<3"]\n'
    assert checks.unpinned(text, "# core\na==1\nb==2.5\n") == []
    assert checks.unpinned(text, "a==1\nb==3.0\n") == ["b>=2,<3: the lock says 3.0"]
    assert checks.unpinned(text, "a==1\n") == ["b>=2,<3: the lock says nothing"]


def test_dependency_check_can_fail() -> None:
    text = '[project]\ndependencies = [\n "a==1", # reads the tables\n "b==2",\n]\n'
    assert checks.bare_dependencies(text) == ["b==2: no reason beside it"]
