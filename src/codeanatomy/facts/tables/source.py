"""Tables about the repository: its files, what was left out, and where module names start."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class SourceFile(msgspec.Struct, frozen=True):
    """One row per scanned file."""

    file_id: Annotated[int, t.FILE, "id of the file, from its unique module name"]
    path: Annotated[str, t.PATH, "POSIX, relative to the repository"]
    module: Annotated[str, t.MODULE, "dotted from its root; the path where two files share one"]
    package: Annotated[bool, "the file is an __init__"]
    stub: Annotated[bool, "the file is a .pyi"]
    root: Annotated[str, "source root it was named from, '' for the repository itself"]
    content: Annotated[str, t.CONTENT, "blake2b of the bytes, 32 hex digits"]
    size: Annotated[int, t.COUNT, "bytes"]
    lines: Annotated[int, t.COUNT, "line ends, plus one for an unended last line"]


class SkippedFile(msgspec.Struct, frozen=True):
    """One row per file or folder that was left out, and why."""

    path: Annotated[str, t.PATH]
    reason: Annotated[str, t.REASON, "gitignore, virtualenv, cache, build, excluded, link ..."]
    detail: Annotated[str, t.TEXT]


class SourceRoot(msgspec.Struct, frozen=True):
    """One row per source root: the folder that module names are dotted from."""

    path: Annotated[str, t.PATH, "'' for the repository itself"]
    reason: Annotated[str, t.REASON, "option, pyproject, setup.cfg, src folder, topmost folder ..."]


class SourceText(msgspec.Struct, frozen=True):
    """The bytes of each distinct content, so that answers about an old snapshot show its lines."""

    content: Annotated[str, t.CONTENT]
    text: Annotated[bytes, "the file's bytes as read"]
