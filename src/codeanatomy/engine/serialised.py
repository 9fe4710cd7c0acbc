"""Plans as bytes: Substrait, where tables are names. They run in any session that knows these, hold
no code, and are decoded by the engine alone."""

from datafusion import DataFrame, SessionContext
from datafusion.substrait import Consumer, Producer, Serde

from codeanatomy.engine.border import engine_errors
from codeanatomy.facts.errors import EngineError, StoreError


def serialised(frame: DataFrame, session: SessionContext) -> bytes:
    """The frame's plan, which was made in that session."""
    with engine_errors("a plan to bytes"):
        plan = Producer.to_substrait_plan(frame.logical_plan(), session)
        return bytes(plan.encode())


def frame_of(plan: bytes, session: SessionContext) -> DataFrame:
    """The plan over the session's own tables and views of the same names."""
    read = Consumer.from_substrait_plan(session, Serde.deserialize_bytes(plan))
    return session.create_dataframe_from_logical_plan(read)


def checked(plans: dict[str, bytes], session: SessionContext) -> dict[str, bytes]:
    """Plans by view that a store gave; StoreError for one that the session cannot make."""
    for view, plan in plans.items():
        try:
            with engine_errors(view):
                frame_of(plan, session)
        except EngineError as error:
            raise StoreError(f"the stored plan of {view} is damaged; build again") from error
    return plans
