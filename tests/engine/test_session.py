"""Sessions hold exactly the settings they were given, and engine errors name the task."""

import pytest
from datafusion import SessionContext

from codeanatomy.engine.border import engine_errors
from codeanatomy.engine.session import session, settings_of
from codeanatomy.facts.errors import EngineError, UsageError

SETTINGS = {
    "datafusion.execution.batch_size": 4096,
    "datafusion.execution.parquet.pushdown_filters": True,
    "datafusion.runtime.memory_limit": "512M",
}


def test_settings_are_in_force():
    held = settings_of(session(SETTINGS))
    assert held["datafusion.execution.batch_size"] == "4096"
    assert held["datafusion.execution.parquet.pushdown_filters"] == "true"
    assert held["datafusion.runtime.memory_limit"] == "512M"


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("datafusion.execution.batchsize", 1, "setting datafusion.execution.batchsize"),
        ("datafusion.runtime.memory", "1G", "setting datafusion.runtime.memory"),
        ("no.such", "1", "setting no.such"),
        ("datafusion.execution.batch_size", "many", "setting datafusion.execution.batch_size"),
        ("datafusion.runtime.memory_limit", "much", "setting datafusion.runtime.memory_limit"),
    ],
)
def test_a_wrong_setting_is_an_error_at_once(key, value, says):
    with pytest.raises(EngineError, match=f"^{says}: "):
        session({key: value})


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT * FROM nowhere", "the plan cannot be made"),
        ("SELEC 1", "the SQL cannot be parsed"),
        ("SELECT CAST(column1 AS INT) FROM (VALUES ('x'), ('y'))", "a value cannot be computed"),
        ("SELECT 1 / column1 FROM (VALUES (0), (1))", "a value cannot be computed"),
    ],
)
def test_errors_of_the_engine_name_task_and_class(sql, says):
    with pytest.raises(EngineError, match=f"^view_x: {says}; "), engine_errors("view_x"):
        SessionContext().sql(sql).collect()


def test_memory_is_told_and_our_own_errors_and_ctrl_c_pass():
    with pytest.raises(EngineError, match=r"^view_x: out of memory; "), engine_errors("view_x"):
        raise Exception("Resources exhausted: Failed to allocate")
    for error in (UsageError("mine"), KeyboardInterrupt()):
        with pytest.raises(type(error)), engine_errors("view_x"):
            raise error
