"""Where a byte of the text that the parser counts in stands in the file's own bytes.

CPython's tree counts UTF-8 bytes within lines, whatever the file's encoding, and ends a line at LF,
CRLF or a lone CR. Plain UTF-8 files need no mapping: the parser's text is the file.
"""

import codecs
import re

import numpy as np
import numpy.typing as npt

Offsets = npt.NDArray[np.int64]

BOM = codecs.BOM_UTF8
_COOKIE = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", re.ASCII | re.DOTALL)
_LINE_END = re.compile(rb"\r\n|\r|\n")
_BLANK = re.compile(rb"[ \t\f]*(?:#|$)")


def declared_encoding(content: bytes) -> str | None:
    """The encoding that the file's first two lines declare (PEP 263); None for the default."""
    if b"coding" not in content:
        return None
    for line in _LINE_END.split(content.removeprefix(BOM), 2)[:2]:
        if found := _COOKIE.match(line):
            name = found.group(1).decode("ascii")
            # CPython's own spelling of the two encodings that it treats by name
            short = name[:12].lower().replace("_", "-")
            if re.match("utf-8(-|$)", short):
                return "utf-8"
            latin = re.match("(latin-1|iso-8859-1|iso-latin-1)(-|$)", short)
            return "iso-8859-1" if latin else name
        if not _BLANK.match(line):
            break
    return None


def utf8_of(content: bytes) -> tuple[bytes, Offsets | None]:
    """The text as the parser counts it, and the place of each of its bytes (and of its end).

    The second is None where the text is the content itself. Raises LookupError for an encoding that
    Python does not know, UnicodeError for bytes that it cannot decode or map back.
    """
    name = declared_encoding(content) or "utf-8"
    if codecs.lookup(name).name == "utf-8":
        return content, None
    raw = np.frombuffer(content, np.uint8)
    kept = np.flatnonzero((raw != 10) | (np.append(0, raw[:-1]) != 13))
    unix = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    text = unix.decode(name)
    utf8 = text.encode("utf-8")
    if utf8 == content:
        return content, None
    leads = (np.frombuffer(utf8, np.uint8) & 0xC0) != 0x80  # the first bytes of characters
    starts = _starts_of_characters(unix, text, name)[np.cumsum(leads) - 1]
    return utf8, np.append(kept[starts], len(content))


def line_starts(utf8: bytes) -> Offsets:
    """Offset of the first byte of each line, lines numbered from 1; entry 0 is 0.

    The first line starts after a byte order mark. One more entry than CPython has lines when the
    text ends with a line end.
    """
    data = np.frombuffer(utf8, np.uint8)
    ends = data == 10
    if b"\r" in utf8:
        alone = data == 13
        alone[:-1] &= ~ends[1:]
        ends = ends | alone
    first = len(BOM) if utf8.startswith(BOM) else 0
    return np.concatenate(([0, first], np.flatnonzero(ends) + 1))


def _starts_of_characters(data: bytes, text: str, name: str) -> Offsets:
    """For each character of the text, the index of its first byte in data; UnicodeError where that
    is not told by the character alone (UTF-7, ISO 2022)."""
    if len(text) == len(data):
        return np.arange(len(data))
    ends = np.cumsum([len(character.encode(name)) for character in text])
    if not len(ends) or ends[-1] != len(data):
        raise UnicodeError(f"positions in {name} text cannot be mapped back to bytes")
    return np.append(0, ends[:-1])
