"""A DataFusion session that runs with exactly the settings it was given."""

import difflib
from collections.abc import Mapping

from datafusion import SessionConfig, SessionContext

from codeanatomy.facts.errors import EngineError

Setting = str | int | bool

_RUNTIME = "datafusion.runtime."


def session(settings: Mapping[str, Setting]) -> SessionContext:
    """A session with these settings, applied and read back; EngineError for an unknown one."""
    config = SessionConfig().with_information_schema(True)
    for key, value in settings.items():
        if not key.startswith(_RUNTIME):
            try:
                config = config.set(key, text_of(value))
            except ValueError as error:
                raise _refused(key, value, error) from error
    ctx = SessionContext(config)
    for key, value in settings.items():
        if key.startswith(_RUNTIME):
            quoted = text_of(value).replace("'", "''")
            try:
                ctx.sql(f"SET {key} = '{quoted}'")
            except ValueError as error:
                raise _refused(key, value, error) from error
    if settings:
        _read_back(ctx, settings)
    return ctx


def settings_of(ctx: SessionContext) -> dict[str, str | None]:
    """All settings in force, sorted by name."""
    rows = ctx.sql(
        "SELECT name, value FROM information_schema.df_settings ORDER BY name"
    ).to_pydict()
    return dict(zip(rows["name"], rows["value"], strict=True))


def text_of(value: Setting) -> str:
    """A setting as the engine spells it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read_back(ctx: SessionContext, settings: Mapping[str, Setting]) -> None:
    found = settings_of(ctx)
    for key, value in settings.items():
        held = found.get(key)
        if held is None or held.lower() != text_of(value).lower():
            raise EngineError(
                f"setting {key} was set to {text_of(value)!r} but the engine holds {held!r}"
            )


def _refused(key: str, value: Setting, error: ValueError) -> EngineError:
    known = list(settings_of(SessionContext(SessionConfig().with_information_schema(True))))
    if key in known:
        return EngineError(f"setting {key} cannot be {text_of(value)!r}: {_last(error)}")
    near = difflib.get_close_matches(key, known, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return EngineError(f"the engine has no setting {key!r}{hint}")


def _last(error: ValueError) -> str:
    return str(error).splitlines()[-1]
