"""What a run says of itself, kept with its snapshot: one table per shape. `cpg.artifacts` names the
artifacts that are read from them. None of them takes part in a snapshot's id."""

from typing import Annotated

import msgspec


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Stored as `decisions`: one section of the execution policy on one subject."""

    section: Annotated[str, "cache, scan, join, functions, session, maintenance, ..."]
    subject: Annotated[str, "view, table, output, setting or `run`"]
    value: Annotated[str, "what was chosen: this is what the engine follows"]
    reason: str
    evidence: Annotated[dict[str, float], "the numbers that led to it"] = {}
    refused: Annotated[tuple[str, ...], "other values that there are"] = ()
    confidence: Annotated[float, "0 to 1"] = 1.0


OFF, WARN, ERROR = MODES = ("off", "warn", "error")  # which findings stop a run


class Finding(msgspec.Struct, frozen=True):
    """Stored as `findings`: what a check of schemas, plans or policy objects to."""

    stage: Annotated[str, "schema or policy"]
    code: str
    severity: Annotated[str, "error, warning or info"]
    subject: str
    message: str
    remedy: str
    confidence: Annotated[float, "0 to 1"] = 1.0


class Measurement(msgspec.Struct, frozen=True):
    """Stored as `measurements`: one number of one run, expected or measured."""

    scope: Annotated[str, "run, phase, table, task (measured), estimate (expected) or pruning"]
    subject: str
    what: Annotated[str, "the quantity, with its unit where it has one"]
    value: float


class Lineage(msgspec.Struct, frozen=True):
    """Stored as `lineage`: a column can change only if one that it is read from, or one that
    decides which rows there are, changes."""

    view: str
    column: Annotated[str, "empty: it decides which rows the view has"]
    source: Annotated[str, "table or view, dot, column"]


class Plan(msgspec.Struct, frozen=True):
    """Stored as `plans`: what was run for a view, over its inputs by name."""

    view: str
    plan: Annotated[bytes, "Substrait"]


class Input(msgspec.Struct, frozen=True):
    """Stored as `inputs`: what the scan found, so that a run can be repeated from the store."""

    table: str
    rows: Annotated[bytes, "Arrow IPC stream"]


class Part(msgspec.Struct, frozen=True):
    """Stored as `parts`: what a run was made of: package, manifest and capabilities."""

    whole: Annotated[str, "package, manifest, capability"]
    name: str
    value: str
    consequence: str = ""
