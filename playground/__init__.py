"""Diffusion Playground: exact toy distributions and image models, diffused and sampled. ``import playground as pg``; docs/python.md.

What ``pg`` holds is imported when it is first asked for, so that ``playground.core`` can be imported by those on whom the rest of ``playground``
builds. An editor reads the explicit list beside this file, ``__init__.pyi``, which ``python -m docs.exports`` writes.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if not TYPE_CHECKING:
    _MODULES = frozenset(module.name for module in pkgutil.iter_modules(__path__))

    def __getattr__(name: str) -> object:
        """A module (``pg.editing``), what ``playground.api`` says, or a choice of the registry (``pg.DDIM``; also one that was registered)."""
        if name in _MODULES:  # first, and without the rest: they import each other
            return importlib.import_module(f"playground.{name}")
        if name == "__all__":  # what Python itself asks a module for: a list that is not known before the registry is
            return __dir__()
        if name.startswith("_"):
            raise AttributeError(name)
        api = importlib.import_module("playground.api")
        found = vars(api).get(name) if name in api.__all__ else api.choices().get(name)
        if found is None:
            raise AttributeError(f"playground has no {name!r}; it has {', '.join(__dir__())}")
        return found

    def __dir__() -> list[str]:
        api = importlib.import_module("playground.api")
        return sorted([*api.__all__, *api.choices(), "__version__"])
