"""What does a line depend on, what depends on it, and how does data get from here to there?

Inside a function the steps are REACHING_DEF and CDG edges, from statement to statement. Across
functions a parameter gets its value from the arguments that fill it, and a call's value is what the
callee returns. A statement is entered at the node that the data reaches it by, since only what
stands around that (forward) or inside it (backward) is an argument with that data.
"""

import pyarrow as pa

from codeanatomy.facts.errors import UsageError
from codeanatomy.query.at import lines_of
from codeanatomy.query.resolve_name import Symbol
from codeanatomy.query.tables import Tables, id_table, quoted
from codeanatomy.query.walk import ids_of, sure

MOST = 10_000  # statements of a slice
SHOWN = 80  # characters of a line
# per direction: whose name data and an argument go by (of what binds it, of the parameter); and
# what data must be in: an argument around where it entered, or what stands in one
_FORWARD = {
    "data_name": "near_name",
    "argument_name": "far_name",
    "within": "w.why = 'argument'",
    "inner": "f.entry",
    "outer": "w.node",
}
_BACKWARD = {
    "data_name": "far_name",
    "argument_name": "near_name",
    "within": "w.why IN ('data', 'result')",
    "inner": "w.node",
    "outer": "f.entry",
}


def taken(
    tables: Tables,
    seeds: pa.Table,
    stopped: pa.Table,
    *,
    depth: int,
    forward: bool,
    certain: bool,
    control: bool = True,
) -> tuple[pa.Table, bool]:
    """The steps from the seeds on, through at most `depth` calls, and whether there are more than
    `MOST`; `control`: also to what decides whether a statement runs.

    One for each entry: a statement (`id`), and the node by which data enters it (0: all of it). It
    is over the fewest ways, then `calls` crossed since the start, then the surest. No step leads
    to a statement where it stops.
    """
    kinds = ["REACHING_DEF", *["CDG"] * control, *["PARAMETER_LINK"] * (depth > 0)]
    words = {"kinds": quoted(*kinds), "crossing": depth > 0, "kept": sure(certain)}
    given = {"stopped": stopped}
    entered = steps = tables.asked("started", {"seeds": seeds, **given})
    level = 0
    while entered.num_rows and steps.num_rows < MOST:
        level += 1
        ways = tables.asked("forward" if forward else "backward", {"entered": entered}, **words)
        given |= {"ways": ways, "entered": entered, "taken": steps}
        turned = _FORWARD if forward else _BACKWARD
        entered = tables.asked("steps", given, level=level, depth=depth, **turned)
        steps = pa.concat_tables([steps, entered], promote_options="default")
    return steps, bool(entered.num_rows)


def starting(tables: Tables, file_id: int, line: int, place: str) -> pa.Table:
    """The ids of the statements and parameters on a line; UsageError if there are none."""
    rows = tables.asked("starting", {}, file_id=file_id, line=line)
    if not rows.num_rows:
        raise UsageError(f"no statement begins at {place}; see `codeanatomy at {place}`")
    return rows


def using(tables: Tables, symbols: list[Symbol]) -> pa.Table:
    """The ids of the statements that call one of the symbols, or name it."""
    return tables.asked("using", {"asked": id_table(ids_of(symbols))})


def first(tables: Tables, steps: pa.Table) -> pa.Table:
    """Of the steps, the first to each statement."""
    return tables.asked("first", {"taken": steps})


def ways(tables: Tables, steps: pa.Table, goals: pa.Table) -> pa.Table:
    """For each goal that the steps lead to, or start from: all steps to it, each from where the one
    before it entered; `way` numbers the goals, `step` what is in them."""
    given = {"taken": steps, "first": first(tables, steps), "goals": goals}
    return tables.asked("ways", given)


def placed(tables: Tables, steps: pa.Table, numbers: str, order: str) -> pa.Table:
    """The steps with places and source lines, in the order of these columns."""
    found = tables.asked("placed", {"steps": steps}, numbers=numbers, order=order)
    texts = pa.array([text[:SHOWN] for text in lines_of(tables, found)], pa.string())
    place = found.schema.get_field_index("content")
    return found.set_column(place, "text", texts)
