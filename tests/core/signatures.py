"""Names of every choice's parameters as notebooks give them: by position, in their order, or behind "*" by name alone. ``python -m tests.core.signatures`` adds what is new to
signatures.json."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import playground as pg
from playground.core.fields import params
from playground.core.spec import FAMILIES, registry

FILE = Path(__file__).with_name("signatures.json")


def named(choice: type) -> list[str]:
    """Names with a position, "*", names without one."""
    told = inspect.signature(choice).parameters.values()
    return [p.name for p in told if p.kind is not p.KEYWORD_ONLY] + ["*"] + sorted(p.name for p in told if p.kind is p.KEYWORD_ONLY)


def present() -> dict[str, list[str]]:
    """family.Class → names, the experiment's too."""
    told = {f"{family}.{key}": named(cls) for family in FAMILIES for key, cls in registry(family).items()}
    return dict(sorted({**told, "Experiment": [*params(pg.Experiment), "*"]}.items()))


if __name__ == "__main__":
    lines = [f"{json.dumps(name)}: {json.dumps(names)}" for name, names in present().items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
