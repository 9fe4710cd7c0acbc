"""What of a repository is in, what is out, and why."""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from codeanatomy.facts.errors import UsageError
from codeanatomy.sources.git import Git
from codeanatomy.sources.ignore import MAX_BYTES, Rules
from codeanatomy.sources.reading import head, text

SUFFIXES = (".py", ".pyi", ".pyw")
STORE = ".codeanatomy"
CACHES = frozenset(
    {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".pytype", ".tox"}
    | {".nox", ".eggs", ".ipynb_checkpoints", "node_modules", ".git", ".hg", ".svn"}
)
BUILDS = frozenset(("build", "dist"))
PROJECTS = frozenset(("pyproject.toml", "setup.py", "setup.cfg"))
INITS = frozenset("__init__" + suffix for suffix in SUFFIXES)
SHEBANG_BYTES = 128

_SHEBANG = re.compile(
    rb"#!\s*(?:\S*/)?(?:env(?:[ \t]+(?:-\S+|\S+=\S*))*[ \t]+(?:\S*/)?)?"
    rb"(?:(?:python|pypy)[0-9.]*w?|uv[ \t]([^\n]*[ \t])?run)(?=\s|$)"
)


class LeftOut(msgspec.Struct, frozen=True):
    """Why a file or folder is not read."""

    reason: str
    detail: str


class Place(msgspec.Struct, frozen=True):
    """A folder that is walked: its path, the ignore rules that hold in it, innermost last, and what
    holds for all of it: it is wanted, what is untracked is ignored."""

    path: str
    rules: tuple[Rules, ...]
    wanted: bool
    ignored: LeftOut | None = None

    def below(self, name: str) -> str:
        """Path of an entry of the folder."""
        return f"{self.path}/{name}" if self.path else name


class Scope:
    """The scope of one scan: what the user named, what git tracks, where the store lies."""

    def __init__(
        self,
        root: Path,
        git: Git | None,
        include: Sequence[str],
        exclude: Sequence[str],
        out: Path | None,
    ) -> None:
        self.root = root
        self.git = git
        self.include = _user_rules("--include", include)
        self.exclude = _user_rules("--exclude", exclude)
        self.out = _inside(root, out)

    def start(self) -> Place:
        """The repository's own folder, with the rules that hold from outside of it."""
        rules: list[Rules] = []
        if self.git is not None:
            rest, excluded = self.git.above, self.git.common / "info" / "exclude"
            rules.append(_read_rules(excluded, ".git/info/exclude", "", rest))
            while rest:
                above = self.root.parents[rest.count("/") - 1] / ".gitignore"
                rules.append(_read_rules(above, "a .gitignore above", "", rest))
                rest = rest.partition("/")[2]
        return Place("", tuple(filter(None, rules)), not self.include)

    def entered(self, place: Place, names: frozenset[str]) -> Place:
        """The place with the rules of its own .gitignore."""
        if ".gitignore" not in names:
            return place
        path = place.below(".gitignore")
        rules = _read_rules(self.root / path, path, path.removesuffix(".gitignore"), "")
        return msgspec.structs.replace(place, rules=(*place.rules, rules)) if rules else place

    def folder(
        self, place: Place, name: str, beside: frozenset[str], names: frozenset[str]
    ) -> Place | LeftOut | None:
        """The folder as a place to walk, or why it is left out; None for one that we wrote, which
        says nothing of theirs, there or not. `names` are its own entries' names, `beside` those of
        the folder that it lies in."""
        path = place.below(name)
        if name == STORE or path == self.out:
            return None
        if name in CACHES:
            return LeftOut("cache", f"{name} is no source")
        if "pyvenv.cfg" in names:
            return LeftOut("virtualenv", "holds pyvenv.cfg")
        build = path in BUILDS and beside & PROJECTS and not names & INITS
        if build and not (self.git and path in self.git.holding):
            return LeftOut("build", "output beside a project file")
        return self._judged(place, path, True)

    def file(self, place: Place, name: str) -> LeftOut | None:
        """Why a Python file is left out; None when it is read."""
        verdict = self._judged(place, place.below(name), False)
        if isinstance(verdict, LeftOut):
            return verdict
        return None if verdict.wanted else LeftOut("excluded", "no --include names it")

    def _judged(self, place: Place, path: str, folder: bool) -> Place | LeftOut:
        """Why the patterns leave it out, or what they say holds there."""
        rule = self.exclude.deciding(path, folder)
        if rule is not None and not rule.negative:
            return LeftOut("excluded", f"--exclude {rule.text}")
        ignored = place.ignored or _ignored(place, path, folder)
        if ignored is not None:
            git = self.git
            if git is None or path not in (git.holding if folder else git.tracked):
                return ignored
        rule = self.include.deciding(path, folder)
        wanted = place.wanted if rule is None else not rule.negative
        return Place(path, place.rules, wanted, ignored)


def is_python(path: str, name: str) -> bool:
    """Whether a file is Python by its suffix or, without one, its shebang. OSError as it comes."""
    if name.endswith(SUFFIXES):
        return True
    return "." not in name.lstrip(".") and runs_python(head(path, SHEBANG_BYTES))


def runs_python(start: bytes) -> bool:
    """Whether a file that starts like this is a script for a Python interpreter."""
    return _SHEBANG.match(start) is not None


def _ignored(place: Place, path: str, folder: bool) -> LeftOut | None:
    for rules in reversed(place.rules):
        rule = rules.deciding(path, folder)
        if rule is not None:
            return None if rule.negative else LeftOut("gitignore", f"{rule.text} ({rules.source})")
    return None


def _read_rules(path: Path, source: str, base: str, above: str) -> Rules:
    return Rules((text(path, MAX_BYTES) or "").split("\n"), source, base, above)


def _user_rules(option: str, patterns: Sequence[str]) -> Rules:
    rules = Rules(patterns)
    if rules.invalid:
        raise UsageError(f"{option} {rules.invalid[0]!r} is no pattern; write it as in .gitignore")
    return rules


def _inside(root: Path, out: Path | None) -> str | None:
    """Path of the store below the repository; None where it lies elsewhere."""
    if out is None:
        return None
    place = out.resolve()
    below = place.relative_to(root).as_posix() if place.is_relative_to(root) else "."
    return None if below == "." else below
