"""Collecting order-free declarations from a folder: the declaration is the runtime object."""

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

from codeanatomy.facts.errors import DeclarationError

T = TypeVar("T")


def collect(package: ModuleType, kind: type[T], name: str = "name") -> dict[str, T]:
    """All values of the type at the top of the package's modules, by their `name`, sorted.

    Raises DeclarationError when two different values claim one name.
    """
    found: dict[str, T] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        values = [v if isinstance(v, tuple) else (v,) for v in vars(module).values()]
        for item in (one for held in values for one in held if isinstance(one, kind)):
            key = getattr(item, name)
            if found.setdefault(key, item) is not item:
                raise DeclarationError(f"two declarations are called {key!r} in {package.__name__}")
    return dict(sorted(found.items()))
