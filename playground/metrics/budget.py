"""The error budget of a run: how much of its distance to the data comes from where.

A chain of laws leads from the data to the run, and every link makes one exact thing real:

    p_0  →  p_stop  →  the sampler's steps, from exact p_T  →  the run's model in place of the exact score  →  the run's start
       early stop   discretisation                       score error                              prior mismatch

(p_stop = p_0 when the run ends at t = 0; without a guided or learned model there is no third link.) A law is its quantile function Q, in the
plane those of its projections on 32 directions: a vector whose differences have the length W₂ (sliced W₂). The whole error is the vector
D = Q_run − Q_0 = Σ Δ_i, and the share of a link is the part of its Δ_i along D:

    share_i = ⟨Δ_i, D⟩/|D|,      Σ share_i = |D| = W₂(run, p_0).

Exactly additive; negative where a link undoes others' errors. A deterministic sampler and the exact flow move the same points from the same
normals: all laws are samples of the same size, and sampling noise cancels. A sampler that draws noise has no such twin: its particles are
laid beside the exact quantile functions of p_stop and p_0 (a projection of a mixture is a mixture on the line), so that only its own sampling
noise is left. That noise adds to every squared length v. It is not a fixed floor to be subtracted: it falls like 1/n where the law is
smooth, like 1/√n where it has separate modes whose weights agree, and vanishes where their weights differ by more than the noise (W₂² is then
proportional to the difference itself). So lengths are extrapolated from n and n/2 particles, 2 v(n) − v(n/2): exact for 1/n, exact for none,
and four tenths of a term in 1/√n are taken out, which leaves a bias upwards, never below zero on average. ``total`` is the root of what
remains, zero where nothing does. Standard errors: jackknife over 8 groups of particles.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
import torch
from scipy.special import ndtr
from torch import Tensor

from playground.core.exact import Exact, mixture_at
from playground.core.experiment import Experiment
from playground.core.mixture import GaussianMixture
from playground.core.predictor import Brought
from playground.core.problem import Predictor, Problem
from playground.core.rng import Rng
from playground.engine import grid_times, modelled, simulate
from playground.guidance.none import NoGuidance
from playground.metrics.distances import directions
from playground.metrics.flow import any_flow

POINTS, LINE, MANY, FEW = 2048, 8192, 128, 512  # particles; on the line, where sorting is cheap; FEW in the plane from MANY components on
WORK = 1.5e7  # particles × model calls × components of one run of a sampler that draws noise, which decides how many particles there are,
NOISY = {1: (LINE, 1 << 16), 2: (FEW, 2 * POINTS)}  # between these for data on the line and in the plane
GROUPS, TRUTHS = 8, 6  # of the jackknife; exact samples for the floor
SPLITS = np.array([[1, 1, 1, 1, 1, 1, 1, 1], [1, -1, 1, -1, 1, -1, 1, -1]]) > 0  # which of its two blocks each group gives to a first half
NODES = 2048  # of an exact distribution function
FAR = 1e3  # where diverged particles are put


@dataclass(frozen=True)
class Part:
    """``share``: along the whole error; ``alone``: |Δ_i|, the link's own length. Standard errors by the jackknife. Data units."""

    name: str  # stop, steps, score, prior
    share: float
    share_se: float
    alone: float


@dataclass(frozen=True)
class Budget:
    """``total`` = Σ shares, never negative. ``direct``: the run's particles (of a sampler that draws noise: those of another seed) beside the
    exact quantile function, extrapolated to many particles.

    ``floor``: what two exact samples of this size show. ``resolved``: the total is above its sampling error. ``points``: particles.
    ``lost``: how many of them are not finite or beyond FAR.
    """

    parts: tuple[Part, ...]
    total: float
    total_se: float
    direct: float
    direct_se: float
    floor: float
    points: int
    resolved: bool
    stochastic: bool
    t_end: float
    lost: int


@dataclass(frozen=True)
class Kept:
    """Which particles a measurement uses: all but group ``out`` (−1: all), and of these half ``half`` of ``SPLITS`` (0: both halves)."""

    out: int = -1
    half: int = 0

    def blocks(self) -> np.ndarray:
        """Of the 2 · GROUPS blocks of particles (group g has blocks g and g + GROUPS), which are in."""
        first = SPLITS[abs(self.half) - 1] if self.half else np.ones(GROUPS, bool)
        second = ~first if self.half else first
        if self.half < 0:
            first, second = second, first
        there = np.arange(GROUPS) != self.out
        return np.concatenate([first & there, second & there])


HALVES = (1, -1, 2, -2)


class Quantiles(Protocol):
    """A law, as its quantile functions at the particles that are kept."""

    def vector(self, kept: Kept) -> np.ndarray: ...


class Sample:
    """The quantile functions of a sample x (n, d) along fixed directions, (directions, n)."""

    def __init__(self, x: Tensor):
        a = torch.nan_to_num(x.double().cpu(), nan=FAR, posinf=FAR, neginf=-FAR).clamp(-FAR, FAR).numpy().T
        if len(a) > 1:
            a = directions(len(a)).astype(float) @ a
        order = np.argsort(a, -1)
        self.sorted = np.take_along_axis(a, order, -1)
        self.block = order * (2 * GROUPS) // a.shape[1]

    def vector(self, kept: Kept) -> np.ndarray:
        """Flat and scaled: |Q_x − Q_y| is W₂ in 1D and sliced W₂ above."""
        q = self.sorted if kept == Kept() else self.sorted[kept.blocks()[self.block]]
        return q.ravel() / math.sqrt(q.size)


class ExactQuantiles:
    """The exact quantile functions of the data part of a mixture, at the middles of as many shares as a sample of n has particles left.

    Along θ component k is N(θ·m_k, θᵀC_kθ). The distribution function is tabled at nodes in every component and inverted by interpolation.
    """

    def __init__(self, law: GaussianMixture, dim: int, points: int):
        theta = directions(dim).astype(float) if dim > 1 else np.ones((1, 1))
        mean = theta @ law.means[:, :dim].numpy().T  # (directions, K)
        sd = np.sqrt(np.einsum("ri,kij,rj->rk", theta, law.covs[:, :dim, :dim].numpy(), theta))
        inside = np.linspace(-8.5, 8.5, max(9, NODES // mean.shape[1]) | 1)
        even = np.linspace(0, 1, NODES // 4)
        self.points, self.tables, self.made = points, [], {}
        for m, s in zip(mean, sd, strict=True):
            low, high = (m - 9 * s).min(), (m + 9 * s).max()
            x = np.unique(np.concatenate([(m[:, None] + s[:, None] * inside).ravel(), low + (high - low) * even]))
            self.tables.append((x, ndtr((x[:, None] - m) / s) @ law.weights.numpy()))

    def vector(self, kept: Kept) -> np.ndarray:
        """As that of a Sample; only the number of particles counts."""
        count = int(kept.blocks().sum()) * self.points // (2 * GROUPS)
        if count not in self.made:
            u = (np.arange(count) + 0.5) / count
            self.made[count] = np.concatenate([np.interp(u, f, x) for x, f in self.tables]) / math.sqrt(count * len(self.tables))
        return self.made[count]


def error_budget(exp: Experiment, predictor: Brought | None = None) -> Budget:
    """The budget of a reverse run of ``exp`` (module docstring).

    predictor: a model in place of the exact one (default: the exact one); guidance of ``exp`` is put around it as ``simulate`` does. Its link
    is the score error. Raises: BadValue.
    """
    exp = exp.replace(mode="reverse")
    oracle = exact_model(exp)
    stochastic = exp.sampler.declared_order is None
    exp = exp.replace(particles=_particles(exp, oracle, stochastic))
    model = None
    if predictor is not None or _guided(exp):
        model = modelled(exp, exp.who, predictor)
    with torch.no_grad():
        grid = grid_times(exp, None, None, Problem(exp.process, oracle, oracle))
        # neither the sampler nor where its steps lie changes the exact laws
        plain = Experiment(data=exp.data, process=exp.process, guidance=exp.guidance, seed=exp.seed, particles=exp.particles)
        exact = _start(plain, grid[0])
        # what guides is in ``model`` already, and the exact model is that of the class that is asked for
        alone = exp.replace(guidance=NoGuidance(), start_at=1.0, stop_at=0.0)

        def ended(initial: Tensor | None, by: Predictor, seed: int = exp.seed) -> Tensor:
            return (
                simulate(alone.replace(seed=seed), data=oracle.data, predictor=by, initial=initial, times=grid, max_frames=2).frames[-1].z
            )

        own = _starts_exactly(exp, grid[0])
        runs = {"steps": ended(exact, oracle)}
        if model is not None:
            runs["score"] = ended(exact, model)
        runs["prior"] = runs[next(reversed(runs))] if own else ended(None, model or oracle)
        again = runs["prior"]
        if stochastic:  # a check that shares no particle with the total
            seed = (exp.seed + 1) % 2**31
            again = ended(_start(plain.replace(seed=seed), grid[0]) if own else None, model or oracle, seed)
        flat = {name: exp.process.project(z).reshape(exp.particles, -1) for name, z in runs.items()}
        laws: dict[str, Quantiles] = {name: Sample(x) for name, x in flat.items()}
        laid = plain.replace(seed=0)  # an exact law has no seed
        truth = _exact(laid, 0.0)
        if stochastic:
            laws = {"data": truth, "stop": _exact(laid, grid[-1]), **laws}
        else:
            end, clean = (exp.process.project(z).reshape(exp.particles, -1) for z in _flowed(plain, grid[0], grid[-1]))
            laws = {"data": Sample(clean), "stop": Sample(end), **laws}
    direct = laws["prior"] if again is runs["prior"] else Sample(exp.process.project(again).reshape(exp.particles, -1))
    lost = int((~(flat["prior"].abs() < FAR).all(1)).sum())
    return _measure(laws, direct, truth, _floor(plain), stochastic, grid[-1], exp.particles, lost)


def _particles(exp: Experiment, oracle: Exact, stochastic: bool) -> int:
    """How many particles are measured: as many as cost WORK where the sampler draws noise, since then noise does not cancel."""
    if not stochastic:
        return LINE if oracle.state_dim == 1 else FEW if len(oracle.weights) > MANY else POINTS
    low, high = NOISY[oracle.dim]
    work = (exp.sampler.calls(exp.grid.steps) or 30 * exp.grid.steps) * len(oracle.weights)
    return int(min(high, max(low, WORK / work))) // (2 * GROUPS) * (2 * GROUPS)


def _guided(exp: Experiment) -> bool:
    return "mixture" not in exp.guidance.gives


def exact_model(exp: Experiment) -> Exact:
    """The exact predictor of what ``exp`` wants to sample: of its data, or of the class that guidance leads to."""
    _ = exp.who.mixture  # raises BadValue naming data where there is no exact law
    wanted = exp.guidance.target(exp.who) if _guided(exp) else exp.who
    return cast("Exact", wanted.predictor(exp.process))


def _starts_exactly(exp: Experiment, t_start: float) -> bool:
    """Does the run draw its start from p_T? An interpolant's source is p_T, and truncated starts of processes without a kernel are."""
    process = exp.process
    whole = t_start >= process.t_max * (1 - 1e-9)
    return exp.start == "exact" or (
        exp.start == "prior" and (process.source_is_exact or (not whole and process.source_below(t_start, 1, (1,), Rng(0)) is None))
    )


def _draw(exp: Experiment, t: float, noise: str, components: str) -> Tensor:
    """Draws of the exact p_t, (particles, *state) in float64."""
    oracle, process = exact_model(exp), exp.process
    rng = Rng(exp.seed, dtype=torch.float64)
    uniform, noise_rng = rng.stream(components).uniform((exp.particles,)), rng.stream(noise)
    if process.kernel.shares_noise:  # x_0 and the very noise from which the prior is made
        x0 = oracle.data.sample(uniform, rng.stream(components + " normals").normal((exp.particles, oracle.dim)))[0]
        return process.marginal(x0, t, noise_rng)
    law = oracle.marginal(t)
    return law.sample(uniform, noise_rng.normal((exp.particles, law.dim)))[0].reshape(process.state_shape(exp.particles, (oracle.dim,)))


@functools.lru_cache(maxsize=24)
def _start(exp: Experiment, t: float) -> Tensor:
    """Draws of the exact p_T with the prior's normals."""
    return _draw(exp, t, "prior", "budget")


@functools.lru_cache(maxsize=24)
def _flowed(exp: Experiment, t_start: float, t_end: float) -> tuple[Tensor, Tensor]:
    """Where the exact flow takes the draws of p_T: at t_end, and at 0."""
    oracle = exact_model(exp)
    end = any_flow(oracle, _start(exp, t_start), t_start, t_end)
    return end, any_flow(oracle, end, t_end, 0.0) if t_end > 0 else end


@functools.lru_cache(maxsize=24)
def _exact(exp: Experiment, t: float) -> ExactQuantiles:
    """The quantile functions of the data part of p_t."""
    oracle = exact_model(exp)
    return ExactQuantiles(mixture_at(oracle, t), oracle.dim, exp.particles)


@functools.lru_cache(maxsize=24)
def _floor(exp: Experiment) -> float:
    """√E|Q_a − Q_b|² of exact samples a and b as large as the run's, over TRUTHS of them."""
    oracle, rng = exact_model(exp), Rng(exp.seed, dtype=torch.float64).stream("budget truth")
    n = exp.particles
    drawn = [oracle.lifted().sample(rng.uniform((n,)), rng.normal((n, oracle.state_dim)))[0][:, : oracle.dim] for _ in range(TRUTHS)]
    a = np.stack([Sample(x).vector(Kept()) for x in drawn])
    apart = np.square(a).sum(1)
    pairs = apart[:, None] + apart - 2 * a @ a.T
    return math.sqrt(float(pairs[np.triu_indices(TRUTHS, 1)].mean()))


def _measure(
    laws: dict[str, Quantiles],
    direct: Quantiles,
    truth: ExactQuantiles,
    floor: float,
    stochastic: bool,
    t_end: float,
    points: int,
    lost: int,
) -> Budget:
    names, n = list(laws)[1:], len(laws) - 1

    def squares(kept: Kept) -> tuple[np.ndarray, float]:
        """⟨Δ_i, D⟩ of all links, |Δ_i|², |D|²; and the square of the direct distance."""
        q = np.stack([law.vector(kept) for law in laws.values()])
        delta, whole = np.diff(q, axis=0), q[-1] - q[0]
        along = delta @ whole
        return np.array([*along, *np.square(delta).sum(1), along.sum()]), float(np.square(direct.vector(kept) - truth.vector(kept)).sum())

    def read(out: int) -> np.ndarray:
        """The same, extrapolated from all particles and half of them where sampling noise does not cancel."""
        whole, apart = squares(Kept(out))
        halves = [squares(Kept(out, half)) for half in HALVES]
        if stochastic:
            whole = 2 * whole - np.mean([h[0] for h in halves], 0)
        return np.array([*whole, 2 * apart - float(np.mean([h[1] for h in halves]))])

    def jackknife(left: np.ndarray) -> np.ndarray:
        return np.sqrt((GROUPS - 1) * left.var(0))

    def root(square: float, se: float) -> tuple[float, float]:
        """A length from its square, with its standard error: below its own error a square says nothing of its root's slope."""
        value = math.sqrt(max(0.0, square))
        return value, se / (2 * max(value, math.sqrt(se), 1e-9))

    value, left = read(-1), np.stack([read(out) for out in range(GROUPS)])
    errors = jackknife(left)
    square, square_se = float(value[2 * n]), float(errors[2 * n])
    total, total_se = root(square, square_se)
    least = max(square_se, 1e-18)
    share, share_se = _shares(value[:n], square, least), jackknife(np.stack([_shares(a[:n], a[2 * n], least) for a in left]))
    apart, apart_se = root(float(value[2 * n + 1]), float(errors[2 * n + 1]))
    return Budget(
        tuple(Part(name, float(share[i]), float(share_se[i]), math.sqrt(max(0.0, float(value[n + i])))) for i, name in enumerate(names)),
        total=total,
        total_se=total_se,
        direct=apart,
        direct_se=apart_se,
        floor=floor,
        points=points,
        resolved=square > 2 * square_se or abs(square) < 1e-16,
        stochastic=stochastic,
        t_end=t_end,
        lost=lost,
    )


def _shares(along: np.ndarray, square: float, least: float) -> np.ndarray:
    """⟨Δ_i, D⟩/|D|, which add up to √max(0, |D|²). Where |D|² is below its own error (``least``) that error's root stands in for |D|, and what
    then misses in the sum goes to the steps, whose sampling noise it is."""
    share = along / math.sqrt(max(square, least))
    share[1] += math.sqrt(max(0.0, square)) - share.sum()
    return share
