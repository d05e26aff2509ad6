"""Names of every choice's parameters in their order, as notebooks give them by position: ``python -m tests.core.signatures`` adds what is new to signatures.json."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import playground as pg
from playground.core.fields import params
from playground.core.spec import FAMILIES, registry

FILE = Path(__file__).with_name("signatures.json")


def present() -> dict[str, list[str]]:
    """family.Class → names, the experiment's too."""
    told = {f"{family}.{key}": list(inspect.signature(cls).parameters) for family in FAMILIES for key, cls in registry(family).items()}
    return dict(sorted({**told, "Experiment": list(params(pg.Experiment))}.items()))


if __name__ == "__main__":
    lines = [f"{json.dumps(name)}: {json.dumps(names)}" for name, names in present().items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
