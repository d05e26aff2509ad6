"""The distance between two samples, or a run and its truth, in one call: what a notebook asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from playground.core.exact import Exact
from playground.core.fields import BadValue, Whole, one_of
from playground.core.law import Law, MixtureLaw
from playground.core.measure import Estimate
from playground.core.mixture import GaussianMixture
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.run import Frame
from playground.core.space import Euclidean, Space
from playground.measures.panel import MOMENTS, distances
from playground.measures.sampled import DRAWS, Sampled, Truth, apart, courses
from playground.metrics.truth import compare, read

GROUPS = 8  # of the jackknife
SEED = Whole(0, 0, 2**31 - 1)

Points = Tensor | np.ndarray | Sequence[float] | Sequence[Sequence[float]]


@runtime_checkable
class Ran(Protocol):
    """A Trace or a Run."""

    @property
    def process(self) -> Process: ...

    @property
    def frames(self) -> Sequence[Frame]: ...

    @property
    def oracle(self) -> Exact: ...


def distance(
    x: Ran | Points,
    y: Points | Law | GaussianMixture | None = None,
    *,
    measure: str | Sampled | None = None,
    space: Space | None = None,
    seed: int = 0,
) -> Estimate:
    """How far apart two samples are, or a sample and a law, or the end of a run and the exact law there.

    Args:
        x: points (n, *shape), or (n,) on the line, as tensor, array or lists; or a run (what ``simulate`` returns), and then no y: its last states
            are compared with exact samples of p_t.
        y: points (m, *shape), m and n need not be equal; or a law (a GaussianMixture too), of which exact samples are drawn, in its space.
        measure: "W2" (sliced W₂, on the line W₂ itself), "W1" (on the line), "Energy" (energy distance, on every space; on the line by a sort, to a law
            in the plane off projections, else from all pairs: 10,000 against 10,000 take 3 s), "Middle", "Moments", those that take a while ("ExactW1", "ExactW2", "MMD",
            "Sinkhorn", "Precision", "Recall", "C2ST": of more than 2,000 points, some 1,000, evenly chosen ones), or one of one's own; None: W2 where states can be
            projected on lines, else Energy (symbols, angles).
        space: where the points live, if not in R^d; a run says it itself.
        seed: of exact samples and of random splits.
    Returns: Estimate (value, error, floor, floor_sd). Of two samples: ``error`` by the jackknife over 8 groups of points (NaN where there are fewer
        than two of either); ``floor`` and ``floor_sd``: mean and standard deviation of the distances between random splits of all points
        together into n and m, which is what two samples of one law show. Of a run or a law: mean distance to exact samples of n points, its standard error, and the same
        between two exact samples. A value within about 2 ``floor_sd`` of ``floor`` says nothing. Raises: BadValue, also
        where a run's p_t lacks the moments that the distance needs.
    """
    chosen = asked(measure, space or (x.oracle.space if isinstance(x, Ran) else y.space if isinstance(y, Law) else None))
    seed = SEED.clean("seed", seed)
    if isinstance(x, Ran):
        if y is not None:
            raise BadValue("y", type(y).__name__, "nothing beside a run: it is compared with its own exact law")
        for word, moment in MOMENTS.items():
            if word in chosen.needs and not x.process.moments > moment:
                raise BadValue("measure", chosen.info.key, f"Middle or Energy: p_t of this {x.process.info.title} has no {word}")
        where = space or x.oracle.space
        _check(chosen, x.oracle.dim, where)
        return courses(Truth(x.process, x.frames, x.oracle, where, seed), [chosen], last=True)[0].estimates[-1]
    if y is None:
        raise BadValue("y", None, "points or a GaussianMixture or another law; only a run has its own exact law")
    a = points("x", x)
    if isinstance(y, GaussianMixture):
        y = MixtureLaw(y)
    if isinstance(y, Law):
        home = y.space
        if a.shape[1:] != home.shape:
            wanted = f"{y.dim} numbers each" if len(home.shape) == 1 else f"shape {home.shape}"
            raise BadValue("x", tuple(a.shape), f"points of {wanted}, as those of y are")
        _check(chosen, y.dim, home)
        a = evenly_chosen(a, chosen.most)
        exact = y.draw(DRAWS * len(a), Rng(seed).stream("truth"))[0]
        together, samples = torch.cat([home.states("x", a).to(exact), exact]), (1 + DRAWS, len(a))
        flat = home.embed(together).unflatten(0, samples)
        line = chosen.projected(flat.shape[-1]) if home.embedded else None
        if line:
            return compare(flat[0].numpy(), flat[1:].numpy(), [line])[0]
        known = y.mixture if "mixture" in y.gives else None
        found = None if known is None else chosen.exactly(known, home.states("x", a).flatten(1).double().numpy(), flat[1:].double().numpy())
        return found or read(apart(chosen, home, together.unflatten(0, samples)))
    b = points("y", y)
    if a.shape[1:] != b.shape[1:]:
        raise BadValue("y", tuple(b.shape), f"points of the shape of x's: {('m', *a.shape[1:])}".replace("'", ""))
    _check(chosen, a[0].numel(), space)
    if space is not None and tuple(a.shape[1:]) != space.shape:
        raise BadValue("x", tuple(a.shape), f"points of shape {('n', *space.shape)}".replace("'", ""))
    return _between(chosen, space or Euclidean(a[0].numel()), a if space else a.flatten(1), b if space else b.flatten(1), seed)


def asked(measure: str | Sampled | None, space: Space | None) -> Sampled:
    """The distance that is meant, of points in a space (None: in R^d). Raises BadValue."""
    return named(measure or ("W2" if space is None or "vector" in space.caps else "Energy"))


def named(measure: str | Sampled) -> Sampled:
    """A distance by its key, in any case of letters. Raises BadValue."""
    if isinstance(measure, Sampled):
        return measure
    there = {key.lower(): one for key, one in distances().items()}
    found = there.get(measure.lower()) if isinstance(measure, str) else None
    if found is None:
        raise BadValue("measure", measure, one_of(measure, [one.info.key for one in there.values()]))
    return found


def points(name: str, given: Points) -> Tensor:
    """A caller's points as a tensor on the CPU, (n, *shape), float64 or int64; (n,) are points on the line."""
    wanted = "points of shape (n, d), or (n,) on the line, at least one and all finite"
    try:
        rows = given.detach().cpu() if isinstance(given, Tensor) else torch.as_tensor(np.asarray(given))
    except (TypeError, ValueError):
        raise BadValue(name, given, wanted) from None
    rows = rows.double() if rows.is_floating_point() else rows
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim < 2 or 0 in rows.shape or rows.is_complex() or not bool(torch.isfinite(rows).all()):
        raise BadValue(name, tuple(rows.shape), wanted)
    return rows


def _check(measure: Sampled, dim: int, space: Space | None) -> None:
    if space is not None and "vector" not in space.caps and measure.needs & {"vector", "line"}:
        raise BadValue("measure", measure.info.key, f"Energy: in {type(space).__name__} there is no projection on lines")
    if "line" in measure.needs and dim != 1:
        raise BadValue("measure", measure.info.key, f"points on the line; these have {dim} numbers each: take W2 or Energy")


def evenly_chosen(x: Tensor, most: int) -> Tensor:
    """At most so many rows, evenly."""
    return x if len(x) <= most else x[torch.arange(most) * len(x) // most]


def _between(measure: Sampled, space: Space, x: Tensor, y: Tensor, seed: int) -> Estimate:
    x, y = evenly_chosen(x, measure.most), evenly_chosen(y, measure.most)
    n, m, splits = len(x), len(y), measure.splits
    pool = torch.cat([x, y])
    own = torch.arange(n + m) < n
    first, second = [own], [~own]
    groups = min(GROUPS, n, m)
    place = torch.cat([torch.arange(n), torch.arange(m)])
    if groups > 1:
        for g in range(groups):
            kept = place % groups != g
            first.append(own & kept)
            second.append(~own & kept)
    rng = Rng(seed, dtype=torch.float64).stream("splits")
    for _ in range(splits):
        chosen = torch.zeros(n + m, dtype=torch.bool)
        chosen[rng.uniform((n + m,)).argsort()[:n]] = True
        first.append(chosen)
        second.append(~chosen)
    told = measure.between(space, pool, torch.stack(first), torch.stack(second))
    left, floors = told[1 : len(told) - splits], told[-splits:]
    error = float(((groups - 1) * left.var(correction=0)).sqrt()) if groups > 1 else float("nan")
    return Estimate(float(told[0]), error, float(floors.mean()), float(floors.std()))
