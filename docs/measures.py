"""Writes docs/measures.md: ``python -m docs.measures`` (``python -m docs.generate`` does it too). tests/measures/test_measures.py holds it current."""

from __future__ import annotations

from pathlib import Path

from playground.core.measure import Measure
from playground.core.space import Euclidean
from playground.measures.panel import measures

TARGET = Path(__file__).parent / "measures.md"
BETTER = {"lower": "lower", "higher": "higher", "floor": "as near to the floor as it can be"}

HEAD = """# Measures

Written by `python -m docs.generate` from the measures themselves (`playground/measures`, a file each); how to add one: CONTRIBUTING.md.

Every number comes with an **error** (its standard error, the run being what it is; 0: it is exact) and a **floor**, what a perfect run of as many particles shows on average, with its
spread `floor_sd`. A value within about two spreads of the floor says nothing. Most floors are the mean over all pairs of exact samples as large as the run, so that they fall with the number
of particles: compare runs of one size. An interval over seeds is made by a sweep (docs/sweeps.md).

    pg.measure(pg.Experiment(data="rings"), "ExactW2")      of a run
    pg.distance(x, y, measure="Sinkhorn")                   of two samples, also of unlike numbers, or of points and a law: all that say "distance" below
    pg.Sweep(…, measures=["W2", "Recall", "StrongError"])   of every cell

A sweep that names none takes W₂ and the energy distance; `measures="quick"` all that are "quick" below and that its law has; the others take up to some seconds a cell and are asked for by
name. The page's own curves are those of "on the page".

"""

TAIL = """
## How they are taken

- **W₁, W₂.** On the line W_p of a sample and a mixture has a closed form: W₂² = (1/n) Σ [(x₍ᵢ₎ − mᵢ)² + vᵢ], with mᵢ and vᵢ the law's mean and variance between its quantiles (i − 1)/n and
  i/n; W₁ = ∫ |F_n − F|, F met at most once between two sorted points. So the exact ones have no error there. In the plane they are the network simplex of POT between the particles and
  3 exact samples, both of at most 2,000 points (0.6 s each). Almost all of their floor is random numbers of points a mode: three modes on the line show 0.203, 0.095, 0.044 at
  n = 10², 10³, 10⁴, quantile points 0.0007; eight modes in the plane 0.48, 0.42, 0.27 at n = 500, 1,000, 2,000, with a spread of up to 0.17. Sliced W₂ (32 evenly spaced directions; of smooth
  laws 16 are exact to 10⁻⁸) is 0.18 there at 1,000: look at weight error beside it. Random directions would cost CV/(2√L) of the value, 4.7 % at L = 128; evenly spaced ones cost nothing in the plane.
- **Energy distance.** Between two samples of all pairs; along a run in the plane off 8 directions (1 %).
- **MMD².** Kernel exp(−|x − y|²/2ℓ²), ℓ half the root mean variance of the law's coordinates (of two samples: the second's). A U-statistic: its mean over perfect runs is 0 and more than half of
  them are below it. A mixture's part is exact, and the spread is √(2 E h²/(n (n − 1))).
- **Sinkhorn divergence.** Cost |x − y|², entropy relative to the product of the samples, ε a quarter of the mean variance of the law's coordinates, less half of each sample's cost with itself; of 500 points.
  Solved to 10⁻⁹ by Newton's steps: its own iteration needs 10⁵ where modes are apart and hold unlike numbers.
- **Precision and recall**, k = 3. Of eight modes: 0.957, 0.970, 0.974 for perfect samples of 500, 1,000, 2,000; one mode missing 0.97 and 0.85; copies of the centres 1 and 0. Particles far from everything
  have huge balls: recall says nothing where precision is 0. Of images in the features of the model's classifier.
- **Classifier's accuracy** (C2ST). Two layers of 32, five folds, 1,000 of each: 0.50 ± 0.015 for equal laws, at most ½ (1 + total variation).
- **Modes** are the components of the mixture that the law is: found by a particle within three standard deviations (in the plane 98.9 % of its own). Swiss roll's are 64 pieces of one curve.
  Of weights and classes each particle counts by the exact p(k | x).
- **Cells.** 64 on the line, 32 × 32 in the plane over four standard deviations around every component, and one for all the rest, each with its exact probability. Floors are about (cells − 1)/2n.
- **Log-likelihood gap.** 0 for the law itself, below it for particles that keep to its peaks: −d/2 for copies of the centres of Gaussians of d numbers.
- **Strong error.** To the exact flow from the run's own start: on the line the map of quantiles, elsewhere RK4 in ln σ/α. Nothing in it is random, so that it falls by the solver's order down to 10⁻⁶ where distances
  stay at their floor. The mean, since paths that end in another mode bend the root mean square. Of samplers that draw noise it would need their Brownian path solved; it says that it needs one that draws none.
- **Strong error on one path.** With `noise="path"` the draws of a run's steps are increments of one Brownian path of (seed, particle), and this is the mean distance to the same sampler's run of that
  path in 16 times as many steps (up to 2,048). Its floor is that fine run's own error. Means, since paths that change mode bend the root mean square.
- **Wall-clock** is of this machine, of seeds that ran in one pass the share of one; model calls compare everywhere.
"""


def told(measure: Measure) -> str:
    """A row."""
    info = measure.info
    paper = f" ({info.paper})" if info.paper else ""
    needs = ", ".join(sorted(measure.needs)) or "–"
    cells = [f"`{info.key}`", info.title, info.tip + paper, measure.unit_in(Euclidean(2)) or "–", BETTER[measure.better]]
    where = "quick" if measure.cheap else "by name"
    return f"| {' | '.join([*cells, where + (', on the page' if measure.column else ''), needs])} |"


def document() -> str:
    """The page as the measures declare themselves now."""
    titles = ["key", "", "what it is", "unit", "better", "taken", "needs"]
    rows = [f"| {' | '.join(line)} |" for line in (titles, ["---"] * len(titles))]
    return HEAD + "\n".join(rows + [told(measure) for measure in measures()]) + "\n" + TAIL


if __name__ == "__main__":
    TARGET.write_text(document(), encoding="utf-8")
