"""Exit codes, messages and help of the command line."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from codeanatomy.app.cli import callers
from codeanatomy.app.cli.main import cli
from codeanatomy.query import graph as graph_module
from tests.golden import check_golden
from tests.query.handmade import Handmade

COMMANDS = cli.list_commands(click.Context(cli))


def test_commands() -> None:
    assert set(COMMANDS) >= {
        *("build", "plan", "query", "callers", "callees", "defs", "refs", "at", "show", "export")
    }


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help(name: str) -> None:
    done = CliRunner().invoke(cli, [*name.split(), "--help"], terminal_width=100)
    assert done.exit_code == 0
    assert not name or "Example:\n    codeanatomy " in done.stdout
    check_golden(f"cli/help_{name or 'codeanatomy'}.txt", done.stdout)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["callers", "lod"], "shop.load"),
        (["callers", "load", "--depth", "0"], "--depth"),
        (["callers"], "NAME"),
        (["query", "DROP TABLE nodes"], "read-only"),
        (["query", "SELECT * FROM nothing"], "no table 'nothing'"),
        (["at", "shop.py"], "FILE:LINE"),
        (["at", "shop.py:99"], "no line 99"),
        (["show", "everything"], "everything"),
        (["frobnicate"], "frobnicate"),
        (["query", "SELECT 1", "--format", "xml"], "xml"),
    ],
)
def test_misuse(shop: Handmade, words: list[str], told: str) -> None:
    done = CliRunner().invoke(cli, [*words, "--graph", str(shop.store)])
    assert done.exit_code == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_no_store(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["callers", "f", "--graph", str(tmp_path / "none")])
    assert done.exit_code == 2
    assert "codeanatomy build" in done.stderr


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (RuntimeError("odd"), 101, "internal error: RuntimeError: odd"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_errors_of_ours(
    monkeypatch: pytest.MonkeyPatch, shop: Handmade, error: BaseException, code: int, told: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(graph_module.Graph, "callers", fail)
    done = CliRunner().invoke(cli, ["callers", "load", "--graph", str(shop.store)])
    assert (done.exit_code, told in done.stderr) == (code, True)
    assert "Traceback" not in done.stderr


def test_debug_shows_the_error(monkeypatch: pytest.MonkeyPatch, shop: Handmade) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr(graph_module.Graph, "callers", fail)
    words = ["callers", "load", "--graph", str(shop.store)]
    for debug in (["--debug", *words], words):
        if debug is words:
            monkeypatch.setenv("CODEANATOMY_DEBUG", "1")
        assert isinstance(CliRunner().invoke(cli, debug).exception, RuntimeError)


def test_quiet_when_nobody_reads(shop: Handmade) -> None:
    program = "from codeanatomy.app.cli.main import main; main()"
    query = "SELECT value FROM generate_series(1, 300000)"
    words = ["query", query, "--format", "jsonl", "--graph", str(shop.store)]
    with subprocess.Popen(
        [sys.executable, "-c", program, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        stderr = process.stderr.read().decode()
    assert process.returncode == 0
    assert "Error" not in stderr


def test_a_command_is_its_file() -> None:
    assert callers.command.name == "callers"
