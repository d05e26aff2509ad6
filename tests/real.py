"""Choices for data in R^n: most tests know these. Tokens and tori have theirs beside them (tests/exact, tests/worlds)."""

from __future__ import annotations

from playground.core.process import Process
from playground.core.spec import Spec, registry

ELSEWHERE = frozenset({"jumps", "brownian", "discrete", "tangent"})  # what only choices on other spaces need


def _needs(cls: type[Spec]) -> frozenset[str]:
    return cls.lives if issubclass(cls, Process) else cls().needs


def real(family: str) -> dict[str, type[Spec]]:
    """A family's choices that are for R^n, by key."""
    return {key: cls for key, cls in registry(family).items() if not _needs(cls) & ELSEWHERE}


def home(process: type[Process] | Process) -> str:
    """Data that a process can diffuse, so far as they are where it lives: moons, letters or angles."""
    return {"vector": "moons", "discrete": "letters", "tangent": "torus_peaks"}[min(process.lives)]
