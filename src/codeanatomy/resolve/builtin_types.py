"""What is known of builtins: which attributes their types have, and what type some calls give."""

import builtins
import types

LITERAL_TYPES: dict[str, type] = {
    "NoneType": type(None),
    "ellipsis": type(...),
    "generator": types.GeneratorType,
    **{k: v for k, v in vars(builtins).items() if isinstance(v, type)},
}

CONSTRUCTORS = (
    *("str", "bytes", "bytearray", "int", "float", "complex", "bool", "list", "dict", "set"),
    *("frozenset", "tuple", "range", "slice", "memoryview"),
)

STR_TO_STR = (
    *("capitalize", "casefold", "center", "expandtabs", "format", "format_map", "join", "ljust"),
    *("lower", "lstrip", "removeprefix", "removesuffix", "replace", "rjust", "rstrip", "strip"),
    *("swapcase", "title", "translate", "upper", "zfill"),
)

# dotted name of a callable -> type of what it returns
CALL_GIVES: dict[str, str] = {
    **{f"builtins.{name}": name for name in CONSTRUCTORS},
    **{f"builtins.str.{name}": "str" for name in STR_TO_STR},
    "builtins.str.encode": "bytes",
    "builtins.bytes.decode": "str",
    "builtins.str.split": "list",
    "builtins.repr": "str",
    "builtins.chr": "str",
    "builtins.input": "str",
    "builtins.len": "int",
    "builtins.ord": "int",
    "builtins.id": "int",
    "builtins.hash": "int",
    "builtins.sorted": "list",
    "builtins.dir": "list",
    "builtins.isinstance": "bool",
    "builtins.issubclass": "bool",
    "builtins.hasattr": "bool",
    "builtins.callable": "bool",
    "builtins.any": "bool",
    "builtins.all": "bool",
    "builtins.print": "NoneType",
    "builtins.setattr": "NoneType",
    "builtins.delattr": "NoneType",
}

# calls whose effect no rule can see
DYNAMIC_CALLS = (
    *("builtins.getattr", "builtins.eval", "builtins.exec", "builtins.__import__"),
    *("builtins.globals", "builtins.locals", "builtins.vars", "importlib.import_module"),
)

# decorators from outside that give back what they decorate, or a callable that calls it
TRANSPARENT = frozenset(
    {
        "abc.abstractmethod",
        "contextlib.asynccontextmanager",
        "contextlib.contextmanager",
        "dataclasses.dataclass",
        "functools.cache",
        "functools.lru_cache",
        "functools.singledispatch",
        "functools.total_ordering",
        "functools.wraps",
        "typing.final",
        "typing.no_type_check",
        "typing.overload",
        "typing.runtime_checkable",
        "typing_extensions.final",
        "typing_extensions.overload",
        "typing_extensions.override",
        "unittest.expectedFailure",
    }
)

PROPERTIES = ("builtins.property", "functools.cached_property", "abc.abstractproperty")

MODULE_NAMES = frozenset(
    {
        *("__annotations__", "__builtins__", "__cached__", "__dict__", "__file__", "__name__"),
        *("__doc__", "__loader__", "__package__", "__path__", "__spec__"),
    }
)


def has_attribute(type_name: str, attribute: str) -> bool:
    """Whether values of the builtin type surely have the attribute."""
    known = LITERAL_TYPES.get(type_name)
    return known is not None and hasattr(known, attribute)
