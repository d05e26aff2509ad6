"""Which measures a run has, and why not the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from playground.core import legal
from playground.core.experiment import Experiment
from playground.core.fields import BadValue, one_of
from playground.core.measure import Curve, Measure, Measured
from playground.core.process import Process
from playground.core.space import Space
from playground.core.spec import registry
from playground.measures.sampled import Sampled, Truth, courses

MOMENTS = {"finite mean": 1.0, "finite variance": 2.0}
"""Words of what p_t may lack, and the order of the moment that each means."""


def offers(run: Measured) -> frozenset[str]:
    """What a run gives, in the judge's words: what its Experiment does (its process, law and model), and besides

    "finite mean", "finite variance" (of p_t), "embedded" (distances are those of points of a Euclidean space), "line" (points on the line), "data at the
    end" (it has come to t = 0), "all kinds" (and it was not asked for one of its law's classes).
    """
    return _offers(run.exp, run.space, run.process, run.frames[-1].t == 0)


def _offers(exp: Experiment, space: Space, process: Process, ended: bool) -> frozenset[str]:
    seen = {
        "embedded": space.embedded,
        "line": space.dim == 1 and "vector" in space.caps,
        "data at the end": ended,
        "all kinds": exp.mode == "reverse" and len(exp.law.labels) > 1 and "mixture" in exp.guidance.gives,
    }
    seen |= {word: process.moments > order for word, order in MOMENTS.items()}
    return legal.offers(exp) | space.caps | exp.law.gives | {word for word, has in seen.items() if has}


def quick(exp: Experiment) -> tuple[str, ...]:
    """The keys of the measures that a run of ``exp`` has and that are quick enough to be taken of every cell of a sweep."""
    there = _offers(exp, exp.law.space, exp.process, exp.mode == "reverse" and exp.stop_at == 0)
    return tuple(measure.info.key for measure in measures() if measure.cheap and measure.needs <= there)


def why_not(measure: Measure, run: Measured) -> str:
    """Why a run does not have a measure, in words that go on after its title; '' where it has."""
    return legal.sentence(measure.needs - offers(run), run.exp.who.noun)


class Gone(NamedTuple):
    """A column that a run does not have: what would be in it, and why it is not."""

    column: str
    measure: Measure
    reason: str


def measures() -> list[Measure]:
    """All of them, in order."""
    return [cls() for cls in registry("measures").values()]


def distances() -> dict[str, Sampled]:
    """By key those that are distances to exact samples: they are read off the same ones."""
    # the one place where a measure's class is asked: only these can be put to any two samples, and what they share must be drawn once
    return {key: cls() for key, cls in registry("measures").items() if issubclass(cls, Sampled)}


def named(key: object) -> Measure:
    """A measure with its defaults, by its key in any case of letters. Raises BadValue."""
    there = {name.lower(): cls for name, cls in registry("measures").items()}
    found = there.get(key.lower()) if isinstance(key, str) else None
    if found is None:
        raise BadValue("measure", key, one_of(key, list(registry("measures"))))
    return found()


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
    by = distances()
    return next(by[m.info.key] for m in on_panel(run)[0] if m.info.key in by)


def curves(run: Measured, by: Sequence[Measure], truth: Truth) -> list[Curve]:
    """Their courses in time: those that are distances to exact samples from the same samples, which are drawn once."""
    sampled = distances()
    some = [sampled[measure.info.key] for measure in by if measure.info.key in sampled]
    together = iter(courses(truth, some))
    return [next(together) if measure.info.key in sampled else measure.along(run) for measure in by]


def _reason(measure: Measure, run: Measured) -> str:
    word = next(word for word in MOMENTS if word in measure.needs - offers(run))
    return f"p_t has no {word} ({run.process.info.title} with D ≤ {MOMENTS[word]:g}), so this distance does not exist"
