"""What sweep a request asks for, and whether this server computes its cells."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Whole
from playground.core.limits import limits, variable
from playground.images.source import PREFIX as HUB
from playground.server.asked import admitted, experiment_of
from playground.sweeps import presets
from playground.sweeps.record import MOST_SEEDS, Sweep
from playground.sweeps.workers import UNKNOWN

PARTICLES = "particles"
NAMES = {"sweep", "preset", "seeds", "measures", "plan"}
"""What a request asks with, beside the names of the base."""


def sweep_of(query: Mapping[str, str], body: bytes = b"") -> Sweep:
    """The sweep that a request asks for: ``body`` or ``sweep``, JSON, or ``preset``, a name, for the experiment that the other names say. ``seeds`` (their number), ``measures``
    (keys with commas) and ``particles`` take the place of its own. Raises BadValue."""
    if body or "sweep" in query:
        sweep = Sweep.from_json(body or query["sweep"])
        base = experiment_of({**sweep.base.to_query(), PARTICLES: query[PARTICLES]}) if PARTICLES in query else sweep.base
        sweep = dataclasses.replace(sweep, base=base)
    else:
        base = experiment_of({name: value for name, value in query.items() if name not in NAMES})
        if base.law.space.pictures and PARTICLES not in query:
            base = base.replace(particles=presets.IMAGES)
        sweep = presets.made(query.get("preset", next(iter(presets.presets()))), base)
    few(sweep.base)
    if "seeds" in query:
        words = query["seeds"]
        count = Whole(1, 1, MOST_SEEDS).clean("seeds", int(words) if words.isdecimal() and len(words) < 9 else words)
        sweep = dataclasses.replace(sweep, seeds=tuple(range(count)))
    if query.get("measures"):
        sweep = dataclasses.replace(sweep, measures=tuple(query["measures"].split(",")))
    return sweep


def few(exp: Experiment) -> None:
    """Raises BadValue where a cell has more particles than a board of this server."""
    most = limits().board_particles
    if exp.particles > most:
        raise BadValue(PARTICLES, exp.particles, f"at most {most:,} a cell of a board; {variable('board_particles')} changes that")


def computable(exp: Experiment) -> None:
    """Raises BadValue for a cell that this server does not compute for its page."""
    admitted(exp)
    few(exp)
    if exp.data.startswith(HUB):
        raise BadValue("data", exp.data, "data of this app: the board computes no pipelines of the hub")
    calls = exp.sampler.calls(exp.grid.steps) or UNKNOWN * exp.grid.steps
    each, most = (calls, limits().image_work) if exp.law.space.pictures else (calls * exp.who.components, limits().work)
    if exp.particles * each > most:
        raise BadValue(PARTICLES, exp.particles, f"at most {most // each:,} with {calls:,} model calls on this server")
