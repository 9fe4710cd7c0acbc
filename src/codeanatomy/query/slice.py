"""What does a line depend on, what depends on it, and how does data get from here to there?

Inside a function the steps are REACHING_DEF and CDG edges, from statement to statement. Across
functions a parameter gets its value from the arguments that fill it, and a call's value is what the
callee returns. A statement is entered at the node that the data reaches it by, since only what
stands around that (forward) or inside it (backward) is an argument with that data.
"""

import pyarrow as pa

from codeanatomy.query.at import lines_of
from codeanatomy.query.tables import Tables, quoted
from codeanatomy.query.walk import sure

MOST = 10_000  # statements of a slice
SHOWN = 80  # characters of a line


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
        entered = tables.asked("steps", given, level=level, depth=depth, forward=forward)
        steps = pa.concat_tables([steps, entered], promote_options="default")
    return steps, bool(entered.num_rows)


def placed(tables: Tables, steps: pa.Table, order: str, numbers: str = "") -> pa.Table:
    """The steps with places and source lines, in this order; `numbers`: with more columns."""
    found = tables.asked("placed", {"steps": steps}, numbers=numbers, order=order)
    texts = pa.array([text[:SHOWN] for text in lines_of(tables, found)], pa.string())
    place = found.schema.get_field_index("content")
    return found.set_column(place, "text", texts)
