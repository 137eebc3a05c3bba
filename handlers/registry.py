"""Finds what a folder of handlers exports: one file, one value, no tables kept by hand."""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TypeVar

_Exported = TypeVar("_Exported")


def discover(package: ModuleType, name: str, kind: type[_Exported]) -> list[_Exported]:
    """Return the value called `name` of every module in `package`, in the order of the modules' names.

    Raises:
        TypeError: a module of the folder exports no such value, or one of another type.
    """
    found = []
    for module in sorted(m.name for m in iter_modules(package.__path__)):
        value = getattr(import_module(f"{package.__name__}.{module}"), name, None)
        if not isinstance(value, kind):
            raise TypeError(f"{package.__name__}.{module} must export {name}, a {kind.__name__}")
        found.append(value)
    return found
