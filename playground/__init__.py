"""Diffusion Playground: exact toy distributions, diffused and sampled. ``import playground as pg``; see ``playground.api``.

``pg.editing.invert``, ``pg.metrics.likelihood.log_likelihood``, …: packages and their modules are found without an import of their own.
"""

from __future__ import annotations

import importlib
from typing import Any

_PACKAGES = {
    "core",
    "processes",
    "schedules",
    "grids",
    "samplers",
    "guidance",
    "metrics",
    "views",
    "images",
    "ui",
    "engine",
    "api",
    "editing",
    "presets",
}


def __getattr__(name: str) -> Any:
    # lazy, so that `playground.core` can be imported by toy_models without a circle
    if name.startswith("_"):
        raise AttributeError(name)
    if name in _PACKAGES:
        return importlib.import_module(f"playground.{name}")
    api = importlib.import_module("playground.api")
    try:
        return getattr(api, name)
    except AttributeError:
        raise AttributeError(f"playground has no {name!r}; it has {', '.join(sorted(api.__all__))}") from None


def __dir__() -> list[str]:
    return sorted(importlib.import_module("playground.api").__all__)
