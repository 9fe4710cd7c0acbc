"""What a list of gitignore patterns says about a path.

Translation of a pattern into a regular expression is pathspec's. Two things are added: a pattern
speaks about the thing it names alone (folders are left out as a whole while walking, so what is
below them is never asked), and the expression is made linear, because scanned repositories are
hostile.
"""

import re
import warnings
from collections.abc import Iterable

import msgspec

MAX_BYTES = 1 << 20  # a longer ignore file is cut off there
MAX_PATTERNS = 10_000

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
        self._rules: list[Rule] = []
        self._named: list[int] = []
        self._placed: list[int] = []
        self._verdicts: dict[str, int] = {}
        for line in lines:
            if len(self._rules) < MAX_PATTERNS:
                self._add(line.rstrip("\r\n"))

    def _add(self, line: str) -> None:
        try:
            rule = _rule(line)
        except (ValueError, re.error):
            self.invalid.append(line)
            return
        if rule is not None:
            placed = "/" in rule.text.strip().removeprefix("!").rstrip("/")
            (self._placed if placed else self._named).append(len(self._rules))
            self._rules.append(rule)

    def __bool__(self) -> bool:
        return bool(self._rules)

    def deciding(self, path: str, folder: bool) -> Rule | None:
        """The rule that decides about the path (relative to the repository), if any names it."""
        if not self._rules:
            return None
        below = self.above + path[len(self.base) :]
        name = below.rpartition("/")[2]
        if folder:
            below, name = below + "/", name + "/"
        last = self._verdicts.get(name)
        if last is None:
            last = self._verdicts[name] = self._last(self._named, name, -1)
        last = self._last(self._placed, below, last)
        return None if last < 0 else self._rules[last]

    def _last(self, indexes: list[int], subject: str, least: int) -> int:
        """Index of the last of these rules that names the subject, or `least` if that is later."""
        for index in reversed(indexes):
            if index < least:
                break
            match = self._rules[index].regex.search(subject)
            if match is not None and _whole(match):
                return index
        return least


def _whole(match: re.Match[str]) -> bool:
    """The match names the subject itself, not a folder above it."""
    mark = match.re.groupindex.get(_FOLDER_MARK)
    end = match.end(mark) if mark else -1
    return end < 0 or end == len(match.string)


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
