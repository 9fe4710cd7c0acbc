"""Fingerprint of a plan: plans with one fingerprint give equal rows for equal inputs."""

from collections.abc import Mapping, Sequence

import datafusion
import pyarrow as pa

from codeanatomy.facts.canonical import fingerprint
from codeanatomy.facts.schema import semantic_type

RESULT_SETTINGS = (  # all others change how fast an answer comes, or are visible in the plan's text
    "datafusion.execution.enable_ansi_mode",
    "datafusion.execution.time_zone",
)


def plan_fingerprint(
    text: str,
    unprinted: Sequence[str],
    required: Mapping[str, Sequence[str]],
    schemas: Mapping[str, pa.Schema],
    settings: Mapping[str, str],
) -> str:
    """32 hex digits over an optimised plan over stubs.

    Taken in: the plan's text and what the text leaves out; names, types and semantic types of the
    required columns; the engine's version; the settings that change results. Left out: unused
    columns, other tables, data, table versions. Neither the text nor the bindings show
    `preserve_nulls` of the DataFrame's `unnest_columns`; unnest in SQL instead.
    """
    tables = {
        table: [_column(schemas[table].field(column)) for column in columns]
        for table, columns in required.items()
    }
    return fingerprint(
        {
            "plan": text,
            "unprinted": list(unprinted),
            "tables": tables,
            "engine": datafusion.__version__,
            "settings": {k: settings[k] for k in RESULT_SETTINGS if k in settings},
        }
    )


def _column(field: pa.Field) -> tuple[str, str, str]:
    meaning = semantic_type(field)
    return field.name, str(field.type), meaning.name if meaning else ""
