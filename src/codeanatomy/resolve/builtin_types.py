"""What is known of builtins and decorators by name, beside what stubs declare."""

# calls whose effect no rule can see
DYNAMIC_CALLS = (
    *("builtins.getattr", "builtins.eval", "builtins.exec", "builtins.__import__"),
    *("builtins.globals", "builtins.locals", "builtins.vars", "importlib.import_module"),
)

# decorators from outside that give back what they decorate, or a callable that calls it
TRANSPARENT = frozenset(
    {
        *("abc.abstractmethod", "contextlib.asynccontextmanager", "contextlib.contextmanager"),
        *("dataclasses.dataclass", "functools.cache", "functools.lru_cache", "functools.wraps"),
        *("functools.singledispatch", "functools.total_ordering", "unittest.expectedFailure"),
        *(f"typing.{x}" for x in ("final", "no_type_check", "override", "runtime_checkable")),
        *(f"typing_extensions.{x}" for x in ("final", "override")),
    }
)

OVERLOADS = ("typing.overload", "typing_extensions.overload")
PROPERTIES = ("builtins.property", "functools.cached_property", "abc.abstractproperty")

MODULE_NAMES = frozenset(
    {
        *("__annotations__", "__builtins__", "__cached__", "__dict__", "__file__", "__name__"),
        *("__doc__", "__loader__", "__package__", "__path__", "__spec__"),
    }
)


CONTAINERS = frozenset(f"builtins.{x}" for x in ("list", "dict", "set", "frozenset", "tuple"))
ENUMS = frozenset(f"enum.{x}" for x in ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"))

# where an object lacks the first special method, the second one is called
INSTEAD = {
    **{f"__i{x}__": f"__{x}__" for x in ("add", "sub", "mul", "matmul", "truediv", "mod", "pow")},
    **{f"__i{x}__": f"__{x}__" for x in ("or", "xor", "and", "lshift", "rshift", "floordiv")},
    "__contains__": "__iter__",
    "__str__": "__repr__",
    "__bool__": "__len__",
}
