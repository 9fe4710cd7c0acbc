"""A user's SQL: one read-only statement, and a helpful refusal of everything else."""

import difflib
import re

import pyarrow as pa

from codeanatomy.engine.border import engine_errors
from codeanatomy.facts.errors import EngineError, UsageError
from codeanatomy.query.tables import Tables

_REFUSED = re.compile(r"(DDL|DML|Statement) not supported|Unsupported SQL statement")
_TABLE = re.compile(r"table '(?:datafusion\.public\.)?([^']*)' not found")
_FIELD = re.compile(r"No field named ([^\s]+?)\.?(?:\s|$)")
_FIELDS = re.compile(r"Valid fields are (.*?)\.?$", re.DOTALL)
_PREFIX = re.compile(
    r"^(?:DataFusion error|Error during planning|Schema error|SQL error|"
    r"This feature is not implemented|Arrow error|Execution error|External error): "
)
_VALUE = re.compile(r"Arrow error|Execution error|Cast error|Invalid argument")
_PARSER = re.compile(r'^ParserError\("(.*)"\)$', re.DOTALL)


def ask(tables: Tables, text: str) -> pa.Table:
    """Rows of one SELECT, WITH, EXPLAIN, SHOW or DESCRIBE. UsageError for any other text."""
    try:
        frame = tables.plan(text)
    except ValueError as error:
        raise UsageError(_explained(tables, str(error))) from error
    try:
        with engine_errors("query"):
            return frame.to_arrow_table()
    except EngineError as error:
        if not _VALUE.search(str(error.__cause__)):
            raise
        raise UsageError(f"the query failed: {cleaned(str(error.__cause__))}") from error


def _explained(tables: Tables, message: str) -> str:
    """The engine's refusal in plain words, with names that were probably meant."""
    if _REFUSED.search(message):
        return "a graph is read-only: only SELECT, WITH, EXPLAIN, SHOW and DESCRIBE can be asked"
    if "single SQL statement" in message:
        return "one statement at a time: the text holds several"
    if "No SQL statements" in message:
        return "the query is empty; try: SELECT kind, count(*) FROM cpg_nodes GROUP BY kind"
    if found := _TABLE.search(message):
        known = ", ".join(tables.names)
        return f"no table {found[1]!r}{_near(found[1], tables.names)}; there are {known}"
    if found := _FIELD.search(message):
        asked = found[1].replace('"', "")
        listed = _FIELDS.search(message)
        fields = [f.strip().rpartition(".")[2] for f in listed[1].split(",")] if listed else []
        fields = list(dict.fromkeys(f.strip('"') for f in fields))
        hint = _near(asked.rpartition(".")[2], fields)
        there = f"; there are {', '.join(fields)}" if fields else ""
        return f"no column {asked!r}{hint}{there}"
    return f"the query cannot be understood: {cleaned(message)}"


def cleaned(message: str) -> str:
    """An engine's message without the names of its layers, on one line."""
    while _PREFIX.search(message):
        message = _PREFIX.sub("", message)
    if found := _PARSER.search(message):
        message = found[1]
    return " ".join(message.split())


def _near(asked: str, known: list[str]) -> str:
    near = difflib.get_close_matches(asked, known, 1, 0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""
