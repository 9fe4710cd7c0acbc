"""What a list of gitignore patterns says about a path.

Translation of a pattern into a regular expression is pathspec's, matching RE2's: in linear time,
because scanned repositories are hostile. A pattern speaks about the thing it names alone, because
folders are left out as a whole while walking.
"""

import os
import re
from collections.abc import Iterable

MAX_BYTES = 1 << 18  # a longer ignore file is not read
MAX_LINES = 20_000
MAX_MEMORY = 1 << 28  # of RE2 for the patterns of one file

_OPEN_END = re.compile(r"/\*\*(/?)$")
# how pathspec ends a pattern for what lies in a folder, too, and how it spells [[:alpha:]]
_RESPELLED = {"(?:(?P<ps_d>/)|$)": "/?$", "(?P<ps_d>/)": "/$", r":]\]": ":]]"}


class Rules:
    """The patterns of one file, in order; the last one that names a path decides."""

    def __init__(
        self, lines: Iterable[str], source: str = "", base: str = "", above: str = ""
    ) -> None:
        """Patterns are relative to the folder `base`, or to one from which `above` leads down to
        the repository; both are '' or end in a slash. `source` names the file in explanations."""
        self.source = source
        self.base = base
        self.above = above
        self.invalid: list[str] = []
        self._rules: list[str] = []
        written = [line for line in lines if line.strip()][:MAX_LINES]
        if not written:
            return
        # start-up time: a repository without patterns needs neither
        import re2
        from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

        options = re2.Options()
        options.dot_nl, options.log_errors, options.max_mem = True, False, MAX_MEMORY
        self._set = re2.Set.SearchSet(options)
        for line in (line.rstrip("\r\n") for line in written):
            text = line if line.endswith("\\ ") else line.rstrip()
            try:
                regex, _ = GitIgnoreSpecPattern.pattern_to_regex(_OPEN_END.sub(r"/**/*\1", text))
                for theirs, ours in _RESPELLED.items() if regex else ():
                    regex = regex.replace(theirs, ours)
                if regex:
                    self._set.Add(regex)
                    self._rules.append(text)
            except (ValueError, re2.error):
                self.invalid.append(line)
        try:
            self._set.Compile()
        except re2.error:  # more than fits into the memory
            self.invalid, self._rules = written, []

    def __bool__(self) -> bool:
        return bool(self._rules)

    def deciding(self, path: str, folder: bool) -> str | None:
        """The pattern that decides about the path (relative to the repository), if any names it;
        one with a `!` takes the path back in."""
        if not self:
            return None
        below = self.above + path[len(self.base) :] + "/" * folder
        found = self._set.Match(os.fsencode(below))
        return self._rules[max(found)] if found else None
