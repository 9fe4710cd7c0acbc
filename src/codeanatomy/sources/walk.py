"""Which Python files are in scope, what do they hold, what is left out and why? Which of them
changed since their contents were recorded?"""

import os
import re
from collections.abc import Mapping, Sequence
from operator import attrgetter
from pathlib import Path

import msgspec

from codeanatomy.facts.errors import CodeAnatomyError, UsageError
from codeanatomy.sources.git import Git, git_of
from codeanatomy.sources.ignore import MAX_BYTES, Rules
from codeanatomy.sources.reading import Digest, digest, head, text

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
SHEBANG = re.compile(
    rb"#!\s*(?:\S*/)?(?:env(?:[ \t]+(?:-\S+|\S+=\S*))*[ \t]+(?:\S*/)?)?"
    rb"(?:(?:python|pypy)[0-9.]*w?|uv[ \t]([^\n]*[ \t])?run)(?=\s|$)"
)
_SURROGATE = re.compile("[\ud800-\udfff]")  # a byte of a name that is no UTF-8


class LeftOut(Exception):
    """Why a file or folder is not read."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail


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


class Walk:
    """Goes through the folders once; collects Python files and everything that was left out."""

    def __init__(
        self,
        root: Path,
        git: Git | None,
        include: Sequence[str],
        exclude: Sequence[str],
        out: Path | None,
    ) -> None:
        self.root, self.git = root, git
        self.include = _user_rules("--include", include)
        self.exclude = _user_rules("--exclude", exclude)
        # no path below the root where it lies elsewhere
        self.store = out and os.path.relpath(out.resolve(), root)
        self.base = f"{root}/".replace("//", "/")
        self.found: dict[str, bool] = {}  # path -> it is a link
        self.out: dict[str, LeftOut] = {}
        self.packages: set[str] = set()
        self.projects: list[str] = []
        self.trouble: list[tuple[str, str, str]] = []
        self._stack: list[tuple[Place, list[os.DirEntry[str]]]] = []

    def read(self, blob: bool) -> dict[str, Digest]:
        """Hashes of all Python files in scope, by path; `blob`: their ids as git blobs, too."""
        rules: list[Rules] = []  # that hold from outside of the repository's own folder
        if self.git is not None:
            rest, excluded = self.git.above, self.git.common / "info" / "exclude"
            rules.append(self._rules(excluded, ".git/info/exclude", "", rest))
            while rest:
                above = self.root.parents[rest.count("/") - 1] / ".gitignore"
                rules.append(self._rules(above, "a .gitignore above", "", rest))
                rest = rest.partition("/")[2]
        start = Place("", tuple(filter(None, rules)), not self.include)
        self._stack.append((start, self._entries("")))
        while self._stack:
            self._visit(*self._stack.pop())
        digests = {}
        for path, link in sorted(self.found.items()):
            try:
                digests[path] = digest(self.base + path, blob, follow=link)
            except OSError as error:
                self._unreadable(path, error)
        return digests

    def _visit(self, place: Place, entries: list[os.DirEntry[str]]) -> None:
        names = frozenset(e.name for e in entries)
        if ".gitignore" in names:
            path = place.below(".gitignore")
            rules = self._rules(self.root / path, path, path.removesuffix(".gitignore"), "")
            if rules:
                place = msgspec.structs.replace(place, rules=(*place.rules, rules))
        if names & INITS:
            self.packages.add(place.path)
        self.projects += [place.below(name) for name in names & PROJECTS]
        for entry in entries:
            path = place.below(entry.name)
            try:
                if not entry.name.isascii() and _SURROGATE.search(entry.name):
                    path = os.fsencode(path).decode("utf-8", "backslashreplace")
                    raise LeftOut("name", "its name is no UTF-8")
                elif entry.is_symlink():
                    self._link(place, entry.name, path)
                elif entry.is_dir(follow_symlinks=False):
                    self._folder(place, entry.name, path, names)
                elif entry.is_file(follow_symlinks=False):
                    self._file(place, entry.name, path)
                elif entry.name.endswith(SUFFIXES):
                    raise LeftOut("special", "no regular file")
            except LeftOut as out:
                self.out[path] = out.with_traceback(None)
            except OSError as error:
                self._unreadable(path, error)

    def _folder(self, place: Place, name: str, path: str, beside: frozenset[str]) -> None:
        if name == STORE or path == self.store:
            return  # we wrote it: it says nothing of theirs, there or not
        entries, failed = list[os.DirEntry[str]](), None
        try:
            entries = self._entries(path)
        except OSError as error:
            failed = error
        names = frozenset(e.name for e in entries)
        build = path in BUILDS and beside & PROJECTS and not names & INITS
        if name in CACHES:
            raise LeftOut("cache", f"{name} is no source")
        if "pyvenv.cfg" in names:
            raise LeftOut("virtualenv", "holds pyvenv.cfg")
        if build and not (self.git and path in self.git.holding):
            raise LeftOut("build", "output beside a project file")
        judged = self._judged(place, path, True)
        if failed is not None:
            raise failed
        self._stack.append((judged, entries))

    def _file(self, place: Place, name: str, path: str, link: bool = False) -> None:
        if not name.endswith(SUFFIXES) and (
            "." in name.lstrip(".") or not SHEBANG.match(head(self.base + path, SHEBANG_BYTES))
        ):
            return
        if not self._judged(place, path, False).wanted:
            raise LeftOut("excluded", "no --include names it")
        self.found[path] = link

    def _judged(self, place: Place, path: str, folder: bool) -> Place:
        """What the patterns say holds there; LeftOut where they leave it out."""
        rule = self.exclude.deciding(path, folder)
        if rule is not None and not rule.startswith("!"):
            raise LeftOut("excluded", f"--exclude {rule}")
        ignored = place.ignored or _ignored(place, path, folder)
        if ignored is not None:
            git = self.git
            if git is None or path not in (git.holding if folder else git.tracked):
                raise ignored
        rule = self.include.deciding(path, folder)
        wanted = place.wanted if rule is None else not rule.startswith("!")
        return Place(path, place.rules, wanted, ignored)

    def _link(self, place: Place, name: str, path: str) -> None:
        """Follows links to Python files inside the repository; a folder is read where it lies."""
        target, python = Path(os.path.realpath(self.base + path)), name.endswith(SUFFIXES)
        inside = target.is_relative_to(self.root)
        if target.is_symlink() or (self.root / place.path).is_relative_to(target):
            back = "leads back to itself or a folder above it"
            self.trouble.append((path, "link-loop", f"the link {back}"))
            raise LeftOut("link", back)
        if target.is_dir() or (python and not (inside and target.exists())):
            why = "leads to a folder, read where it lies" if target.exists() else "leads nowhere"
            raise LeftOut("link", why if inside else "leads out of the repository")
        if python and not target.is_file():
            raise LeftOut("special", "no regular file")
        if python:
            self._file(place, name, path, link=True)

    def _entries(self, path: str) -> list[os.DirEntry[str]]:
        with os.scandir(self.base + path) as entries:
            return sorted(entries, key=attrgetter("name"))

    def _rules(self, path: Path, source: str, base: str, above: str) -> Rules:
        written = text(path, MAX_BYTES)
        if written is None and path.exists():
            why = f"its patterns are not kept: no readable file of at most {MAX_BYTES:,} bytes"
            self.trouble.append((source, "unreadable", why))
        return Rules((written or "").split("\n"), source, base, above)

    def _unreadable(self, path: str, error: OSError) -> None:
        why = error.strerror or str(error)
        self.out[path] = LeftOut("unreadable", why)
        self.trouble.append((path, "unreadable", why))


def folder_of(repo: Path) -> Path:
    """The folder, resolved. UsageError where it is none that can be read."""
    if not repo.is_dir():
        wrong = "is no folder" if repo.exists() else "does not exist"
        raise UsageError(f"{repo} {wrong}; name the folder of a repository")
    root = repo.resolve()
    try:
        with os.scandir(root):
            return root
    except OSError as error:
        raise UsageError(f"{repo} cannot be read: {error.strerror}") from error


class Changes(msgspec.Struct, frozen=True):
    """Paths, each sorted; `unknown` says why nobody can tell."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unknown: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """All differing paths, sorted."""
        return tuple(sorted({*self.added, *self.changed, *self.deleted}))

    def __bool__(self) -> bool:
        return bool(self.unknown or self.paths)


def changes(
    repo: Path,
    recorded: Mapping[str, str],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    out: Path | None = None,
) -> Changes:
    """Scans again and compares content hashes with the recorded ones (path to hash).

    Every file is read: times and sizes are never trusted.
    """
    if not repo.is_dir():
        return Changes(unknown=f"the repository is no longer at {repo}")
    try:
        root = folder_of(repo)
        walk = Walk(root, git_of(root)[0], include, exclude, out)
        now = {path: digest.content for path, digest in walk.read(blob=False).items()}
    except (CodeAnatomyError, OSError) as error:
        return Changes(unknown=f"the repository cannot be scanned: {error}")
    return Changes(
        added=tuple(sorted(now.keys() - recorded.keys())),
        changed=tuple(sorted(p for p, c in now.items() if recorded.get(p, c) != c)),
        deleted=tuple(sorted(recorded.keys() - now.keys())),
    )


def _ignored(place: Place, path: str, folder: bool) -> LeftOut | None:
    for rules in reversed(place.rules):
        rule = rules.deciding(path, folder)
        if rule is not None:
            back = rule.startswith("!")
            return None if back else LeftOut("gitignore", f"{rule} ({rules.source})")
    return None


def _user_rules(option: str, patterns: Sequence[str]) -> Rules:
    rules = Rules(patterns)
    if rules.invalid:
        raise UsageError(f"{option} {rules.invalid[0]!r} is no pattern; write it as in .gitignore")
    return rules
