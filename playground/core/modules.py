"""Modules of a package that are found when they are asked for: ``pg.metrics.likelihood`` after ``import playground as pg``."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType


def finder(package: str) -> Callable[[str], ModuleType]:
    """A package's ``__getattr__``: its modules by name, AttributeError for everything else."""

    def find(name: str) -> ModuleType:
        module = f"{package}.{name}"
        if not name.startswith("_"):
            try:
                return importlib.import_module(module)
            except ModuleNotFoundError as error:
                if error.name != module:  # an optional extra that it needs is missing
                    raise
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find
