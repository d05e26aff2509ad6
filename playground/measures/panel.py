"""Which measures a run has, and why not the others."""

from __future__ import annotations

from typing import NamedTuple

from playground.core.measure import Measured
from playground.core.spec import registry
from playground.measures.sampled import Sampled

MOMENTS = {"finite mean": 1.0, "finite variance": 2.0}
"""Words of what p_t may lack, and the order of the moment that each means."""


def offers(run: Measured) -> frozenset[str]:
    """What law, process and space of a run give, in the judge's words."""
    moments = {word for word, order in MOMENTS.items() if run.process.moments > order}
    return run.process.caps | moments | {"marginals", "vector"} | ({"line"} if run.oracle.dim == 1 else set())


class Gone(NamedTuple):
    """A column that a run does not have: what would be in it, and why it is not."""

    column: str
    measure: Sampled
    reason: str


def sampled() -> list[Sampled]:
    """All distances to exact samples, in order."""
    return [cls() for cls in registry("measures").values() if issubclass(cls, Sampled)]


def on_panel(run: Measured) -> tuple[list[Sampled], list[Gone]]:
    """The distances over time that a run has, the one in front first, and the columns that it has not."""
    there = offers(run)
    columns: dict[str, list[Sampled]] = {}
    others: dict[str, Sampled] = {}
    for measure in sampled():
        if not measure.needs - there - MOMENTS.keys():
            if measure.instead_of:
                others[measure.instead_of] = measure
            elif measure.column:
                columns.setdefault(measure.column, []).append(measure)
    shown: list[Sampled] = []
    missing: list[Gone] = []
    for column, known in columns.items():
        fits = [m for m in known if m.needs <= there]
        if not fits:
            missing.append(Gone(column, known[0], _reason(known[0], run)))
            fits = [others[column]] if column in others else []
        shown += fits[:1]
    return shown, missing


def _reason(measure: Sampled, run: Measured) -> str:
    word = next(word for word in MOMENTS if word in measure.needs - offers(run))
    return f"p_t has no {word} ({run.process.info.title} with D ≤ {MOMENTS[word]:g}), so this distance does not exist"
