"""Documentation that fails the build: generated pages are current, nothing is left out."""

import importlib.util
import re
from types import ModuleType

import click
import pytest

from codeanatomy.app.cli.main import cli
from tests.house.source import TOP

REFERENCE = TOP / "docs" / "reference"


def generator() -> ModuleType:
    path = TOP / "docs" / "generate.py"
    plan = importlib.util.spec_from_file_location("generate", path)
    assert plan is not None and plan.loader is not None
    module = importlib.util.module_from_spec(plan)
    plan.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    generated: dict[str, str] = generator().pages()
    return generated


def test_reference_is_generated(pages: dict[str, str]) -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.md")}
    assert written == pages, "run `make docs`"


def test_every_command_and_option_is_explained(pages: dict[str, str]) -> None:
    missing = []
    for path, command in commands():
        if not command.help:
            missing.append(f"{path}: no help")
        if f"## `{path}`\n" not in pages["commands.md"]:
            missing.append(f"{path}: not in the reference")
        options = [option for option in command.params if isinstance(option, click.Option)]
        missing += [f"{path} {option.opts[0]}: no help" for option in options if not option.help]
    assert not missing, "\n" + "\n".join(missing)
    assert len(commands()) > 9


def test_links_lead_somewhere() -> None:
    broken = []
    for page in (*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md")):
        targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        inside = [target for target in targets if "://" not in target]
        broken += [
            f"{page.name}: {target}" for target in inside if not (page.parent / target).exists()
        ]
    assert not broken, broken


def test_house_page_names_every_room() -> None:
    page = (TOP / "docs" / "house.md").read_text(encoding="utf-8")
    package = TOP / "src" / "codeanatomy"
    rooms = [path.name for path in package.iterdir() if (path / "__init__.py").exists()]
    doors = [path.name for path in package.glob("*.py") if path.name != "__init__.py"]
    assert [name for name in (*rooms, *doors) if f"`{name}" not in page] == []


def commands() -> list[tuple[str, click.Command]]:
    """Every command of the command line by the words that call it, groups first."""
    found: list[tuple[str, click.Command]] = []
    todo: list[tuple[str, click.Command]] = [("codeanatomy", cli)]
    while todo:
        path, command = todo.pop()
        found.append((path, command))
        if isinstance(command, click.Group):
            context = click.Context(command)
            inner = [(n, command.get_command(context, n)) for n in command.list_commands(context)]
            todo += [(f"{path} {name}", c) for name, c in inner if c is not None and not c.hidden]
    return found
