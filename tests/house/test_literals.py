"""Routing asks semantic types: compiler, planning and engine know no column or view by its name."""

import importlib
import pkgutil

import msgspec

from codeanatomy.facts.tables.all import SCHEMAS
from tests.house import checks
from tests.house.source import module, modules

BLIND_ROOMS = ("semantic", "planning", "engine")


def declared_names() -> frozenset[str]:
    """Tables and columns of facts, and the `name` of every declaration in cpg's modules."""
    found = {*SCHEMAS, *(column for schema in SCHEMAS.values() for column in schema.names)}
    cpg = importlib.import_module("codeanatomy.cpg")
    for info in pkgutil.walk_packages(cpg.__path__, "codeanatomy.cpg."):
        for value in vars(importlib.import_module(info.name)).values():
            for item in value if isinstance(value, tuple) else (value,):
                if isinstance(item, msgspec.Struct) and isinstance(
                    getattr(item, "name", None), str
                ):
                    found.add(item.name)
    return frozenset(name for name in found if len(name) > 1)  # operands a, b, c, d: also aliases


def test_no_literal_is_a_declared_name() -> None:
    blind = [one for one in modules() if one.room in BLIND_ROOMS]
    findings = checks.literals(blind, declared_names())
    assert not findings, "\n" + "\n".join(findings)


def test_the_declarations_are_seen() -> None:
    assert {"call_site", "file_id", "bstart"} < declared_names()
    assert len(declared_names()) > 100


def test_lint_can_fail() -> None:
    one = module("codeanatomy.engine.x", 'def f(t):\n    """bstart"""\n    return t["bstart"]\n')
    assert checks.literals([one], declared_names())[0] == "engine/x.py:3: 'bstart'"
