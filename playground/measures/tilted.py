from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from playground.core.exact import mixture_at
from playground.core.fields import BadValue
from playground.core.measure import Estimate, Measure, Measured
from playground.core.mixture import GaussianMixture
from playground.core.rng import Rng
from playground.core.spec import Info
from playground.exact import oracle_for
from playground.measures.panel import in_front
from playground.measures.sampled import Truth
from playground.metrics.tilted import Tilted


@dataclass(frozen=True)
class TiltedLaw(Measure):
    """The distance in front (W₁ on the line, sliced W₂ in the plane) of the last particles to the tilted law p(x) p(c | x)^W of a guided run (of the noised laws where it
    stops early): the law that guidance is often taken to sample."""

    info: ClassVar[Info] = Info(
        key="TiltedLaw",
        title="distance to the tilted law",
        tip="how far a guided run is from p(x) p(c | x)^W, normalised, which guidance is often taken to sample",
        rank=50,
        needs=frozenset({"marginals", "vector", "guided"}),
    )
    degree: ClassVar[int] = 0

    def of(self, run: Measured) -> Estimate:
        told = self.beside(run)
        if told is None:
            raise BadValue("guidance", run.exp.guidance.info.key, "one of two models with a weight, for a run that has come to the data")
        return told

    def beside(self, run: Measured) -> Estimate | None:
        """The same; None where there is no tilted law."""
        laws, truth = tilted_laws(run), Truth.of(run)
        if laws is None:
            return None
        law, last, n, rng = Tilted(*laws, run.exp.guidance.weight), len(run.frames) - 1, truth.count, Rng(run.exp.seed).stream("tilted")
        exact = np.stack([law.sample(rng.uniform((n,)), rng.uniform((n, law.dim))) for _ in range(truth.draws_at(last))])
        return truth.compare(truth.particles(last), exact * truth.scale(last), [in_front(run)])[0]


def tilted_laws(run: Measured) -> tuple[GaussianMixture, GaussianMixture] | None:
    """The two laws whose tilt it is, at the run's last time. None without guidance, and for a state of position and velocity that is not at the data."""
    exp, t = run.exp, run.frames[-1].t
    pair = exp.guidance.pair(exp.law.mixture) if exp.mode == "reverse" and "mixture" in exp.law.gives else None
    if pair is None or (t > 0 and len(exp.process.parts) > 1):
        return None
    main, weak = (side if t == 0 else mixture_at(oracle_for(side, exp.process), t) for side in pair)
    return main, weak
