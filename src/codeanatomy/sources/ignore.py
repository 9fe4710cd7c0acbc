"""What a list of gitignore patterns says about a path.

Translation of a pattern into a regular expression is pathspec's. Two things are added: a pattern
speaks about the thing it names alone (folders are left out as a whole while walking, so what is
below them is never asked), and the expression is made linear, because scanned repositories are
hostile.
"""

import re
import warnings
from collections.abc import Iterable, Sequence
from itertools import repeat
from operator import itemgetter

import msgspec

MAX_BYTES = 1 << 20  # a longer ignore file is cut off there
MAX_LINES = 20_000

_STARS = "[^/]*"  # how pathspec writes `*` ...
_FOLDERS = "(?:/.+)?"  # ... `/**` between names ...
_ABOVE = "^(?:.+/)?"  # ... and `**/` in front
_FOLDER_MARK = "ps_d"  # its group around the slash after a folder's name
_OPEN_END = re.compile(r"/\*\*(/?)$")


class Rule(msgspec.Struct, frozen=True):
    """One pattern: as written, its expression, and whether it takes paths back in (`!pattern`)."""

    text: str
    regex: re.Pattern[str]
    negative: bool


class Rules:
    """The patterns of one file, in order; the last one that names a path decides.

    Patterns without a slash ask for the last name of a path only, so their verdicts are remembered
    per name.
    """

    def __init__(
        self, lines: Iterable[str], source: str = "", base: str = "", above: str = ""
    ) -> None:
        """Patterns are relative to the folder `base`, or to one from which `above` leads down to
        the repository; both are '' or end in a slash. `source` names the file in explanations."""
        self.source = source
        self.base = base
        self.above = above
        self.invalid: list[str] = []
        self._named: list[tuple[int, Rule]] = []
        self._placed: list[tuple[int, Rule]] = []
        self._verdicts: dict[str, tuple[int, Rule | None]] = {}
        for index, line in enumerate(map(str.rstrip, lines, repeat("\r\n"))):
            try:
                rule = _rule(line) if index < MAX_LINES else None
            except (ValueError, re.error):
                self.invalid.append(line)
                continue
            if rule is not None:
                placed = "/" in line.strip().removeprefix("!").rstrip("/")
                (self._placed if placed else self._named).append((index, rule))

    def __bool__(self) -> bool:
        return bool(self._named or self._placed)

    def deciding(self, path: str, folder: bool) -> Rule | None:
        """The rule that decides about the path (relative to the repository), if any names it."""
        if not self:
            return None
        below = self.above + path[len(self.base) :]
        name = below.rpartition("/")[2]
        if folder:
            below, name = below + "/", name + "/"
        if name not in self._verdicts:
            self._verdicts[name] = _last(self._named, name)
        return max(self._verdicts[name], _last(self._placed, below), key=itemgetter(0))[1]


def _last(rules: Sequence[tuple[int, Rule]], subject: str) -> tuple[int, Rule | None]:
    """The last of the rules that names the subject itself, not a folder above it, and its line."""
    for index, rule in reversed(rules):
        match = rule.regex.search(subject)
        if match is not None:
            mark = _FOLDER_MARK in rule.regex.groupindex
            if not mark or match.end(_FOLDER_MARK) in (-1, len(subject)):
                return index, rule
    return -1, None


def _rule(line: str) -> Rule | None:
    """The line's rule; None for blank lines and comments. ValueError or re.error if invalid."""
    # start-up time: a repository without patterns needs no translation of them
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    if not line.endswith("\\ "):
        line = line.rstrip()
    regex, include = GitIgnoreSpecPattern.pattern_to_regex(_OPEN_END.sub(r"/**/*\1", line))
    if regex is None or include is None:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `[[` in a pattern
        return Rule(line, re.compile(_linear(regex), re.DOTALL), not include)


def _linear(regex: str) -> str:
    """An equal expression without repeated backtracking: each wildcard but the last takes the first
    place where what follows it fits, and keeps it."""
    above = regex.startswith(_ABOVE)
    chunks = [_linear_stars(c) for c in regex.removeprefix(_ABOVE).split(_FOLDERS)]
    if len(chunks) + above < 3:
        return (_ABOVE if above else "") + _FOLDERS.join(chunks)
    first, *middle, last = chunks
    head = f"^(?>(?:.+?/)??{first}(?=/))" if above else first
    return head + "".join(f"(?>(?:/.+?)??{c}(?=/))" for c in middle) + _FOLDERS + last


def _linear_stars(chunk: str) -> str:
    parts = chunk.split(_STARS)
    if len(parts) < 3:
        return chunk
    first, *middle, last = parts
    return first + "".join(f"(?>[^/]*?{part})" for part in middle) + _STARS + last
