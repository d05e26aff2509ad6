"""Measures: one number of a run a file, declared once; the page's panel, boards, worker processes and tests ask the same ones.

    run = Run(Experiment(...))                 # anything with exp, process, frames, oracle
    W2().of(run)                               # Estimate(value, error, floor, floor_sd)
    W2().along(run)                            # Curve(frames, estimates)

**How to add one: one file here, found by scanning.** A frozen class with an ``info`` (key, title, one sentence, ``needs``) and ``of(run)``::

    @dataclass(frozen=True)
    class Spread(Measure):
        info = Info(key="Spread", title="spread", tip="root mean square distance of the particles from their mean", needs=frozenset({"vector"}))

        def of(self, run):
            x = run.process.project(run.frames[-1].z).flatten(1).double()
            square = (x - x.mean(0)).square().sum(1)
            value = square.mean().sqrt()
            return Estimate(float(value), float(square.std() / (2 * value * len(x) ** 0.5)))

Mathematics (functions of arrays) belongs to ``playground.metrics``; a measure says which numbers of a run go into it. ``needs`` are the judge's words:
"marginals" (the exact p_t), "vector" (states can be added), "guided", "examples" (the law is a set of images), and those that ``panel.offers`` tells of a
run: "line" (points on the line), "finite mean", "finite variance" (of p_t), "data at the end". A distance between particles and exact samples is a subclass of ``Sampled``
(``sampled.py``), which says only ``distance``: errors, floor, course over time and the samples that it shares with others follow. One with a
``column`` of its own is shown on the page beside the others.
"""

from playground.core.modules import finder
from playground.measures.two_samples import distance

__all__ = ["distance"]

__getattr__ = finder(__name__)
