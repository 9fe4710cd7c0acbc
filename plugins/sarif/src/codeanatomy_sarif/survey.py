"""The SARIF witness: what other analysers found in the scanned files."""

import codecs
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from codeanatomy.extract.witness import Survey, Surveyed, Trouble
from codeanatomy.facts.ids import Ids, hash_texts, mix
from codeanatomy.facts.schema import table_of
from codeanatomy.sources.reading import as_scanned, head
from codeanatomy_sarif.log import (
    NULL,
    Artifact,
    ArtifactLocation,
    Log,
    Region,
    Result,
    Run,
    Tool,
    begins,
    by_name,
    decoded,
    members,
)
from codeanatomy_sarif.places import BYTES, POINTS, UTF16, Files, Text
from codeanatomy_sarif.tables import Finding
from codeanatomy_sarif.tools import NAMED, Rules, Told, holds

LARGEST = 256 << 20  # bytes of a file
MOST = 16 << 20  # commas in it: so many values may take a gigabyte
MANY = 20_000  # results of one file: each is compared with every node of the file
HEAD = 200  # bytes of the flagged text that tell a key
# What columns count where the file does not say: UTF-16 by the standard, but these do otherwise, as
# seen of bandit 1.9.4 and ruff 0.17.6.
UNITS = {"bandit": BYTES, "ruff": POINTS}
# why what is left out, and the code of that problem
FOREIGN = "results are of no scanned file"
CHANGED = "results are of a file that changed since it was scanned"
OUTSIDE = "results have a region that is not in their file's text"
CROWDED = f"results are more than the first {MANY:,} of their file"
NOWHERE = "results have no location"
BROKEN, BROKEN_RUN = "results are not as SARIF has them", "runs are not as SARIF has them"
Held = tuple[Region | None, str, Told]  # a result: its region, and in which unit


def read(repo: Path, files: pa.Table, roots: Sequence[str], asked: str) -> Surveyed:
    """What the SARIF file `asked` says of the files."""
    reader = Reader(repo, files)
    wrong = "name a file: --with sarif=FILE" if not asked else ""
    try:
        if asked and not reader.read(_text(Path(asked))):
            wrong = f"{Path(asked).name!r} is no SARIF 2.1.0 file"
    except OSError as error:
        wrong = f"{Path(asked).name!r}: {error.strerror or type(error).__name__}"
    except ValueError:
        wrong = f"{asked[:NAMED]!r} cannot be read"
    rows = sorted(row for path, held in reader.found.items() for row in reader.rows(path, held))
    problems = [Trouble("tool-failed", wrong)] if wrong else []
    return Surveyed({"finding": table_of(Finding, rows)}, (*problems, *reader.problems()))


def _text(path: Path) -> bytes:
    """The file's text in UTF-8 without a byte order mark; OSError for what is too much."""
    data = head(path, LARGEST + 1, follow=True)
    if len(data) > LARGEST:
        raise OSError(0, f"it has more than {LARGEST:,} bytes")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        data = data.decode("utf-16").encode()
    if data.count(b",") > MOST:
        raise OSError(0, f"it has more than {MOST:,} values")
    return data.removeprefix(codecs.BOM_UTF8)


class Reader:
    """Reads the results run by run, and keeps those of scanned files."""

    def __init__(self, repo: Path, files: pa.Table) -> None:
        columns = (files[name].to_pylist() for name in ("path", "file_id", "size", "content"))
        self._files = {path: rest for path, *rest in zip(*columns, strict=True)}
        self._repo = repo
        self._left_out: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self.found: dict[str, list[Held]] = {}

    def read(self, data: bytes) -> bool:
        """Takes all results; False where the text is no such file."""
        log = decoded(data, Log)
        if log is None or not (log.version or "").startswith("2.1.") or log.runs is None:
            return False
        for number, text in enumerate(log.runs):
            run = decoded(text, Run)
            if run is None or not begins(run.results, b"[", NULL):
                self._leave(BROKEN_RUN, f"number {number + 1}")
            else:
                self._run(run)
        return True

    def _run(self, run: Run) -> None:
        rules = Rules(decoded(run.tool, Tool) or Tool())
        unit = run.column_kind if run.column_kind in (POINTS, UTF16) else None
        unit = unit or UNITS.get(rules.tool.lower(), UTF16)
        bases = by_name(run.original_uri_base_ids, ArtifactLocation)
        artifacts = [one.location if one else None for one in members(run.artifacts, Artifact)]
        files = Files(self._repo, self._files, bases, artifacts)
        for result in members(run.results, Result):
            if result is None:
                self._leave(BROKEN, rules.tool)
            elif holds(result):
                self._result(result, rules.told(result), unit, files)

    def _result(self, result: Result, told: Told, unit: str, files: Files) -> None:
        place = next((one.physical_location for one in result.locations or ()), None)
        if place is None or place.artifact_location is None:
            self._leave(NOWHERE, told.rule)
        elif (path := files.path(place.artifact_location)) is None:
            self._leave(FOREIGN, files.shown(place.artifact_location))
        elif len(held := self.found.setdefault(path, [])) < MANY:
            held.append((place.region, unit, told))
        else:
            self._leave(CROWDED, path)

    def rows(self, path: str, held: list[Held]) -> list[tuple[object, ...]]:
        """The rows of `finding` for the results of one file."""
        file_id, size, content = self._files[path]
        try:
            known = as_scanned(self._repo / path, size, content)
        except OSError:
            self._leave(CHANGED, path, len(held))
            return []
        text = Text(known)
        placed: list[tuple[int, int, Told]] = []
        for region, unit, told in held:
            span = (0, len(known)) if region is None else text.span(region, unit)
            if span is None:
                self._leave(OUTSIDE, path)
            else:
                placed.append((*span, told))
        placed.sort()
        keys = _keys(known, placed).tolist()
        return [
            (file_id, key, start, end, text.line(start), *told)
            for key, (start, end, told) in zip(keys, placed, strict=True)
        ]

    def _leave(self, why: str, of: str, count: int = 1) -> None:
        self._left_out[why] += count
        self._first.setdefault(why, of[:NAMED])

    def problems(self) -> list[Trouble]:
        """One per reason to leave results out."""
        found = []
        for why, count in self._left_out.items():
            code = "tool-failed" if why in (BROKEN, BROKEN_RUN) else "tool-skipped"
            told = f"{count:,} {why}; one is of {self._first[why]!r}"
            found.append(Trouble(code, told))
        return found


def _keys(known: bytes, placed: Sequence[tuple[int, int, Told]]) -> Ids:
    """Node keys of the findings of a file, in their order."""
    said = hash_texts(f"finding:{told.tool}:{told.rule}" for _, _, told in placed)
    whole = (0, len(known))
    flagged = hash_texts(
        b"" if (start, end) == whole else known[start : min(end, start + HEAD)]
        for start, end, _ in placed
    )
    alike = mix(said, flagged)
    seen: Counter[int] = Counter()
    numbers = []
    for one in alike.tolist():
        numbers.append(seen[one])
        seen[one] += 1
    return mix(alike, np.array(numbers, np.int64))


SURVEY = Survey("sarif", 1, (Finding,), read)
