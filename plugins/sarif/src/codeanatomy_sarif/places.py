"""Which scanned file a SARIF location means, and which bytes of it a region."""

import posixpath
import re
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from codeanatomy.extract.decoding import Offsets, line_starts, utf8_of
from codeanatomy_sarif.log import ArtifactLocation, Region

BYTES, POINTS, UTF16 = "bytes", "unicodeCodePoints", "utf16CodeUnits"
CHAIN = 8  # bases upon bases
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)
_BYTE = np.arange(256)
_POINT = ((_BYTE & 0xC0) != 0x80).astype(np.int32)
# units that begin at a byte of UTF-8
_UNITS = {BYTES: np.ones_like(_POINT), POINTS: _POINT, UTF16: _POINT + (_BYTE >= 0xF0)}
_BLANK = np.isin(_BYTE, list(b" \t\r\n\f\v"))


class Text:
    """The text of a file, and how tools count in it. A byte order mark counts in bytes alone."""

    def __init__(self, content: bytes) -> None:
        try:
            utf8, self._origin = utf8_of(content)
        except (LookupError, ValueError):
            utf8, self._origin = content, None
        self._content = content
        self._data = np.frombuffer(utf8, np.uint8)
        self._starts = line_starts(utf8)[1:]
        self._ends = np.append(self._starts[1:] - 1, len(utf8))
        last = self._data[self._ends[:-1] - 1] if len(self._ends) > 1 else self._data[:0]
        self._ends[:-1] -= (last == 13) & (self._data[self._ends[:-1]] == 10)
        self._ends = np.maximum(self._ends, self._starts)
        self._lines = line_starts(content)[1:]
        self._written = np.flatnonzero(~_BLANK[np.frombuffer(content, np.uint8)])
        self._counted: dict[str, Offsets] = {}

    def span(self, region: Region, unit: str) -> tuple[int, int] | None:
        """Start and end of a region in bytes, without blanks at its ends unless it has nothing
        else; None where it is not in the text. `unit` is what its columns count. Tools write much:
        a column that is not in its line is the line's start or end, an end before the start is the
        start."""
        if region.start_line is not None:
            start, end = self._between(region, unit)
        elif (offset := region.char_offset) is not None and offset != -1:
            first = int(self._count(unit)[self._starts[0]])
            ends = offset, offset + (region.char_length or 0)
            start, end = (self._byte(first + one, unit) if one >= 0 else -1 for one in ends)
        elif (offset := region.byte_offset) is not None and offset != -1:
            start, end = offset, offset + (region.byte_length or 0)
        else:
            return 0, len(self._content)
        if not 0 <= start <= len(self._content) or not 0 <= end <= len(self._content):
            return None
        low, high = self._written.searchsorted((start, end))
        if low < high:
            return int(self._written[low]), int(self._written[high - 1]) + 1
        return start, max(start, end)

    def line(self, byte: int) -> int:
        """The line of a byte, from 1."""
        return max(1, int(self._lines.searchsorted(byte, "right")))

    def _between(self, region: Region, unit: str) -> tuple[int, int]:
        first = region.start_line or 0
        last = first if region.end_line is None else region.end_line
        if not 1 <= first <= last <= len(self._starts):
            return -1, -1
        start = self._column(first, region.start_column or 1, unit)
        start = int(self._starts[first - 1]) if start is None else start
        end = None
        if region.end_column is not None:
            end = self._column(last, region.end_column or 1, unit)
        end = int(self._ends[last - 1]) if end is None else end
        return self._placed(start), self._placed(end)

    def _column(self, line: int, column: int, unit: str) -> int | None:
        """Byte of the text as UTF-8; None for what is not in its line, or within a character."""
        start, end = int(self._starts[line - 1]), int(self._ends[line - 1])
        if not 1 <= column <= end - start + 1:  # no unit is less than a byte
            return None
        counted = self._count(unit)
        wanted = int(counted[start]) + column - 1
        byte = int(counted.searchsorted(wanted, "right")) - 1
        return byte if counted[byte] == wanted and byte <= end else None

    def _byte(self, wanted: int, unit: str) -> int:
        """Byte of the file before which so many units stand; -1 for none."""
        counted = self._count(unit)
        if wanted > counted[-1]:
            return -1
        byte = int(counted.searchsorted(wanted, "right")) - 1
        return self._placed(byte) if counted[byte] == wanted else -1

    def _placed(self, byte: int) -> int:
        """The byte of the file itself."""
        if self._origin is None or byte < 0:
            return byte
        return int(self._origin[byte])

    def _count(self, unit: str) -> Offsets:
        """How many units stand before each byte, and before the end."""
        if unit not in self._counted:
            counted = np.cumsum(_UNITS[unit][self._data], dtype=np.int64)
            self._counted[unit] = np.append(0, counted)
        return self._counted[unit]


class Files:
    """Scanned files by the locations of one run. Nothing is opened: paths are compared as text."""

    def __init__(
        self,
        repo: Path,
        paths: Container[str],
        bases: Mapping[str, ArtifactLocation],
        artifacts: Sequence[ArtifactLocation | None],
    ) -> None:
        self._roots = {
            f"{one.as_posix().rstrip('/')}/" for one in (repo.absolute(), repo.resolve())
        }
        self._paths, self._bases, self._artifacts = paths, bases, artifacts
        self._known: dict[ArtifactLocation, str | None] = {}

    def path(self, location: ArtifactLocation) -> str | None:
        """The scanned file that is meant, if one is."""
        if location not in self._known:
            found = (one for one in self._candidates(location) if one in self._paths)
            self._known[location] = next(found, None)
        return self._known[location]

    def shown(self, location: ArtifactLocation) -> str:
        """The location as the file has it."""
        return self._held(location).uri or ""

    def _held(self, location: ArtifactLocation) -> ArtifactLocation:
        index = location.index
        if location.uri is None and index is not None and 0 <= index < len(self._artifacts):
            return self._artifacts[index] or location
        return location

    def _candidates(self, location: ArtifactLocation) -> Iterator[str]:
        """Paths below the repository: the URI below its bases; where these are elsewhere, as of
        another checkout, the URI alone. Tools forget to encode: each as decoded, then as it is."""
        location = self._held(location)
        if not location.uri:
            return
        whole, base = location.uri, location.uri_base_id
        for _ in range(CHAIN):
            if base is None or base not in self._bases or _absolute(whole):
                break
            below = self._bases[base]
            whole = f"{(below.uri or '').rstrip('/')}/{whole}" if below.uri else whole
            base = below.uri_base_id
        for decode in (unquote, str):
            found = self._below(whole, decode)
            if found is None:
                found = self._below(location.uri, decode)
            if found is not None:
                yield found

    def _below(self, uri: str, decode: Callable[[str], str]) -> str | None:
        """The path in the repository; None where the URI is of something else."""
        path = uri
        if scheme := _SCHEME.match(uri):
            if scheme[1].lower() != "file":
                return None
            path = uri[scheme.end() :]
            if path.startswith("//"):
                authority, _, rest = path[2:].partition("/")
                if authority not in ("", "localhost"):
                    return None
                path = f"/{rest}"
        path = posixpath.normpath(decode(path))
        if not path.startswith("/"):
            return path
        path = "/" + path.lstrip("/")
        return next((path[len(r) :] for r in self._roots if path.startswith(r)), None)


def _absolute(uri: str) -> bool:
    return uri.startswith("/") or _SCHEME.match(uri) is not None
