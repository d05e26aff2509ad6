"""Writes playground/__init__.pyi, the explicit list of what ``import playground as pg`` gives, for editors and type checkers:
``python -m docs.exports`` (``python -m docs.generate`` does it too). tests/test_face.py holds it current."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import playground
from playground import api
from playground.core.spec import FAMILIES, registry

TARGET = Path(playground.__file__).with_suffix(".pyi")
HEAD = """# Written by `python -m docs.exports` from playground/api.py and the registry; tests/test_face.py holds it current.
# ruff: noqa
"""


def modules() -> list[str]:
    """pg.editing, pg.metrics, …: what may be used without an import of its own."""
    return sorted(m.name for m in pkgutil.iter_modules(playground.__path__))


def exported() -> dict[str, tuple[str, str]]:
    """name → (module, name there) of everything but modules."""
    found = {name: ("playground.api", name) for name in api.__all__}
    for family in FAMILIES:
        for key, cls in registry(family).items():
            if cls.__module__.startswith("playground."):
                found[key] = (cls.__module__, key)
    return found


def document() -> str:
    """The file's text."""
    lines = [f"from playground import {name} as {name}" for name in modules()]
    lines += sorted(f"from {module} import {name} as {name}" for module, name in exported().values())
    names = sorted([*exported(), "__version__"])
    listed = "".join(f'    "{name}",\n' for name in names)
    return HEAD + "\n".join(lines) + f"\n\n__version__: str\n__all__ = [\n{listed}]\n"


if __name__ == "__main__":
    importlib.invalidate_caches()
    TARGET.write_text(document(), encoding="utf-8")
