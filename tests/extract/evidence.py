"""Evidence of sources that stand in strings."""

import pyarrow as pa

from codeanatomy.extract.from_ast import EVERYTHING, EXTRACTOR
from codeanatomy.extract.parse import parse
from codeanatomy.facts.ids import BODY, hash_text, mix

LOCATED = ("syntax", "literal", "definition", "parameter", "import_alias", "variable")
LOCATED += ("field", "decorator", "comment")
Row = dict[str, object]


def tables(*contents: bytes) -> dict[str, pa.Table]:
    """All tables of a batch of files, which must all be accepted."""
    collector = EXTRACTOR.open(EVERYTHING)
    for ordinal, content in enumerate(contents):
        assert collector.add(ordinal, parse(content))
    return collector.finish()


def rows(source: str | bytes, table: str) -> list[Row]:
    """The rows of one table of one file."""
    content = source.encode() if isinstance(source, str) else source
    found: list[Row] = tables(content)[table].to_pylist()
    return found


def keys(source: str) -> set[int]:
    """All node keys of a file."""
    found = tables(source.encode())
    return {key for name in LOCATED for key in found[name]["node"].to_pylist()}


def named(construct: str, qualname: str) -> int:
    """Key of a definition."""
    return hash_text(f"{construct}:{qualname}")


def mix_one(a: int, b: int) -> int:
    """`mix` of two plain integers."""
    return int(mix(a, b))


def body(key: int) -> int:
    """Key of a module's or class's body."""
    return mix_one(key, BODY)


def nodes(source: str) -> dict[int, str]:
    """What each key of a file is: text of its place, for asking about refs."""
    content = source.encode()
    found = tables(content)
    return {
        row["node"]: content[row["bstart"] : row["bend"]].decode()
        for name in LOCATED
        for row in found[name].to_pylist()
    }
