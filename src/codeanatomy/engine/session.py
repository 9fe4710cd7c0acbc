"""A DataFusion session that runs with exactly the settings it was given."""

import difflib
from collections.abc import Mapping

from datafusion import SessionConfig, SessionContext

from codeanatomy.facts.errors import EngineError

Setting = str | int | bool


def session(settings: Mapping[str, Setting]) -> SessionContext:
    """A session with these settings, applied and read back; EngineError for an unknown one."""
    ctx = SessionContext(SessionConfig().with_information_schema(True))
    for key, value in settings.items():
        quoted = text_of(value).replace("'", "''")
        try:
            ctx.sql(f"SET {key} = '{quoted}'")
        except ValueError as error:
            raise _refused(key, value, error) from error
    found = settings_of(ctx) if settings else {}
    for key, value in settings.items():
        held = found.get(key)
        if held is None or held.lower() != text_of(value).lower():
            raise EngineError(
                f"setting {key} was set to {text_of(value)!r} but the engine holds {held!r}"
            )
    return ctx


def settings_of(ctx: SessionContext) -> dict[str, str | None]:
    """All settings in force, sorted by name."""
    rows = ctx.sql("SELECT name, value FROM information_schema.df_settings ORDER BY name")
    return dict(zip(*rows.to_pydict().values(), strict=True))


def text_of(value: Setting) -> str:
    """A setting as the engine spells it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _refused(key: str, value: Setting, error: ValueError) -> EngineError:
    known = list(settings_of(SessionContext(SessionConfig().with_information_schema(True))))
    if key in known:
        return EngineError(
            f"setting {key} cannot be {text_of(value)!r}: {str(error).splitlines()[-1]}"
        )
    near = difflib.get_close_matches(key, known, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return EngineError(f"the engine has no setting {key!r}{hint}")
