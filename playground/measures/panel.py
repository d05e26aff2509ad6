"""Which measures a run has, and why not the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from playground.core.measure import Curve, Measure, Measured
from playground.core.spec import registry
from playground.measures.sampled import Sampled, Truth, courses

MOMENTS = {"finite mean": 1.0, "finite variance": 2.0}
"""Words of what p_t may lack, and the order of the moment that each means."""


def offers(run: Measured) -> frozenset[str]:
    """What law, process and space of a run give, in the judge's words."""
    moments = {word for word, order in MOMENTS.items() if run.process.moments > order}
    return (
        run.process.caps
        | run.space.caps
        | moments
        | ({"embedded"} if run.space.embedded else set())
        | {"marginals"}
        | ({"line"} if run.space.dim == 1 and "vector" in run.space.caps else set())
    )


class Gone(NamedTuple):
    """A column that a run does not have: what would be in it, and why it is not."""

    column: str
    measure: Measure
    reason: str


def measures() -> list[Measure]:
    """All of them, in order."""
    return [cls() for cls in known().values()]


def known() -> dict[str, type[Measure]]:
    """By key."""
    return {key: cls for key, cls in registry("measures").items() if issubclass(cls, Measure)}


def on_panel(run: Measured) -> tuple[list[Measure], list[Gone]]:
    """The measures over time that a run has, the one in front first, and the columns that it has not for want of a moment."""
    there = offers(run)
    columns: dict[str, list[Measure]] = {}
    others: dict[str, Measure] = {}
    for measure in measures():
        if not measure.needs - there - MOMENTS.keys():
            if measure.instead_of:
                others[measure.instead_of] = measure
            elif measure.column:
                columns.setdefault(measure.column, []).append(measure)
    shown: list[Measure] = []
    missing: list[Gone] = []
    for column, some in columns.items():
        fits = [m for m in some if m.needs <= there]
        if not fits:
            missing.append(Gone(column, some[0], _reason(some[0], run)))
            fits = [others[column]] if column in others else []
        shown += fits[:1]
    return shown, missing


def in_front(run: Measured) -> Sampled:
    """The first distance to exact samples that a run has."""
    return next(m for m in on_panel(run)[0] if isinstance(m, Sampled))


def curves(run: Measured, by: Sequence[Measure], truth: Truth) -> list[Curve]:
    """Their courses in time: those that are distances to exact samples from the same samples, which are drawn once."""
    some = [measure for measure in by if isinstance(measure, Sampled)]  # they share their samples
    together = iter(courses(truth, some))
    return [next(together) if isinstance(measure, Sampled) else measure.along(run) for measure in by]


def _reason(measure: Measure, run: Measured) -> str:
    word = next(word for word in MOMENTS if word in measure.needs - offers(run))
    return f"p_t has no {word} ({run.process.info.title} with D ≤ {MOMENTS[word]:g}), so this distance does not exist"
