"""Plans as bytes: every view's, whatever becomes of the bytes, and in a process that knows nothing
of this one."""

import subprocess
import sys
from random import Random

import pyarrow as pa
import pytest

from codeanatomy.compiled import Compiled, compile_build
from codeanatomy.engine.border import engine_errors
from codeanatomy.engine.serialised import frame_of, serialised
from codeanatomy.engine.session import register, session
from codeanatomy.facts.errors import EngineError

ROWS = pa.table({"a": [3, 1, 2], "b": ["x", "y", "x"]})
SQL = "SELECT b, sum(a) FILTER (WHERE a > 1) AS n, array_agg(a ORDER BY a) AS all FROM t GROUP BY b"
FRESH = """
import sys, pyarrow as pa
from codeanatomy.engine.serialised import frame_of
from codeanatomy.engine.session import register, session
ctx = session({})
register(ctx, "t", pa.table({"a": [3, 1, 2], "b": ["x", "y", "x"]}))
print(sorted(map(str, frame_of(sys.stdin.buffer.read(), ctx).to_pylist())))
"""


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    return compile_build((), {})


def test_a_fresh_process_gets_the_same_rows() -> None:
    ctx = session({})
    register(ctx, "t", ROWS)
    frame = ctx.sql(SQL)
    told = subprocess.run(
        [sys.executable, "-c", FRESH],
        input=serialised(frame, ctx),
        capture_output=True,
        check=True,
    )
    assert told.stdout.decode().strip() == str(sorted(map(str, frame.to_pylist())))


def test_every_view_has_its_plan_and_reads_what_it_read(compiled: Compiled) -> None:
    ctx = compiled.inferred.session
    for view, frame in compiled.frames.items():
        again = frame_of(serialised(frame, ctx), ctx)
        assert again.schema() == frame.schema(), view


def test_damaged_bytes_are_an_error_of_the_engine(compiled: Compiled) -> None:
    ctx, chance, refused = compiled.inferred.session, Random(7), 0
    plans = [serialised(frame, ctx) for frame in compiled.frames.values()]
    for _ in range(600):
        plan = bytearray(chance.choice(plans))
        for _ in range(chance.choice((1, 2, 9))):
            plan[chance.randrange(len(plan))] = chance.randrange(256)
        try:
            with engine_errors("plan"):
                frame_of(bytes(plan), ctx)
        except EngineError:
            refused += 1
    assert refused > 400
