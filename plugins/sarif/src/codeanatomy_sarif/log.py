"""What of SARIF 2.1.0 is read, as small structs: each optional, as producers leave out and write
null where they like. Lists whose members may be wrong one by one are kept as text, and decoded
member by member."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec
from msgspec import Raw

T = TypeVar("T")
NOTHING, NULL = Raw(), b"n"  # null as its first byte


class Read(msgspec.Struct, frozen=True, rename="camel"):
    """An object of the file; what is not named is passed over."""


class Message(Read, frozen=True):
    """A text, or the id of one of its rule's with what is put in for {0}, {1} ..."""

    text: str | None = None
    markdown: str | None = None
    id: str | None = None
    arguments: list[str] | None = None


class ArtifactLocation(Read, frozen=True):
    """Where a file is: a URI, maybe below a base, or the index of one of the run's artifacts."""

    uri: str | None = None
    uri_base_id: str | None = None
    index: int | None = None


class Region(Read, frozen=True):
    """A part of a file: by lines and columns from 1, by characters from 0, or by bytes from 0."""

    start_line: int | None = None
    start_column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    char_offset: int | None = None
    char_length: int | None = None
    byte_offset: int | None = None
    byte_length: int | None = None


class PhysicalLocation(Read, frozen=True):
    """A file, and a region in it; without one it is the whole file."""

    artifact_location: ArtifactLocation | None = None
    region: Region | None = None


class Location(Read, frozen=True):
    """A place."""

    physical_location: PhysicalLocation | None = None


class ComponentReference(Read, frozen=True):
    """The index of one of the tool's extensions."""

    index: int | None = None


class RuleReference(Read, frozen=True):
    """A rule, by its id or its index in a component's rules."""

    id: str | None = None
    index: int | None = None
    tool_component: ComponentReference | None = None


class Suppression(Read, frozen=True):
    """That somebody does not want to see a result; it counts once it is accepted."""

    status: str | None = None


class Result(Read, frozen=True):
    """What a tool found."""

    rule_id: str | None = None
    rule_index: int | None = None
    rule: RuleReference | None = None
    kind: str | None = None
    level: str | None = None
    message: Message | None = None
    locations: list[Location] | None = None
    suppressions: list[Suppression] | None = None
    baseline_state: str | None = None


class Configuration(Read, frozen=True):
    """How a rule is set."""

    level: str | None = None


class Rule(Read, frozen=True):
    """What a tool looks for."""

    id: str | None = None
    default_configuration: Configuration | None = None
    message_strings: dict[str, Message] | None = None


class Component(Read, frozen=True):
    """A tool, or an extension of it."""

    name: str | None = None
    rules: Raw = NOTHING


class Tool(Read, frozen=True):
    """A tool with its extensions."""

    driver: Component = Component()
    extensions: list[Component] | None = None


class Artifact(Read, frozen=True):
    """A file that the run speaks of."""

    location: ArtifactLocation | None = None


class Run(Read, frozen=True):
    """One run of a tool."""

    tool: Raw = NOTHING
    results: Raw = NOTHING
    artifacts: Raw = NOTHING
    original_uri_base_ids: Raw = NOTHING
    column_kind: str | None = None


class Log(Read, frozen=True):
    """The whole file."""

    version: str | None = None
    runs: list[Raw] | None = None


def decoded(text: bytes | Raw, kind: type[T]) -> T | None:
    """The value; None where the text is nothing, null, no JSON, too deep or of other types."""
    try:
        return msgspec.json.decode(text, type=kind | None)
    except (ValueError, RecursionError):
        return None


def begins(text: Raw, *starts: bytes) -> bool:
    """Whether a value has one of these first bytes, or is not there."""
    return bytes(memoryview(text)[:1]) in (b"", *starts)


def by_name(text: Raw, kind: type[T]) -> dict[str, T]:
    """The values of an object that are of the type."""
    held = {name: decoded(one, kind) for name, one in (decoded(text, dict[str, Raw]) or {}).items()}
    return {name: one for name, one in held.items() if one is not None}


def members(text: Raw, kind: type[T]) -> Iterator[T | None]:
    """The members of a list, None for those of other types; none where there is no list."""
    for one in decoded(text, list[Raw]) or ():
        yield decoded(one, kind)
