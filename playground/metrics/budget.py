"""The error budget of a run: how much of its distance to the data comes from where.

A chain of laws leads from the data to the run, and every link makes one exact thing real:

    p_0  →  p_stop  →  the sampler's steps, from exact p_T  →  the run's model in place of the exact score  →  the run's start
       early stop   discretisation                       score error                              prior mismatch

(p_stop = p_0 when the run ends at t = 0; without a guided or learned model there is no third link.) A law is its quantile function Q, in the
plane those of its projections on 32 directions: a vector whose differences have the length W₂ (sliced W₂). The whole error is the vector
D = Q_run − Q_0 = Σ Δ_i, and the share of a link is the part of its Δ_i along D:

    share_i = ⟨Δ_i, D⟩/|D|,      Σ share_i = |D| = W₂(run, p_0).

Exactly additive; negative where a link undoes others' errors. Laws are samples of the same size. A deterministic sampler and the exact flow
move the same points from the same normals, so that sampling noise cancels; a sampler that draws noise is compared with independent points,
and the two-sample floor F² = E|Q_a − Q_b|² of exact samples a, b is taken out of ⟨Δ_steps, D⟩ and of |D|² (exact where the run's law is
near the data's). Standard errors: jackknife over 8 blocks of particles.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from playground.core.experiment import Experiment
from playground.core.problem import Predictor, Problem
from playground.core.process import LinearProcess
from playground.core.rng import Rng
from playground.engine import grid_times, simulate
from playground.metrics.distances import directions
from playground.metrics.flow import any_flow
from toy_models.data import mixture_of
from toy_models.oracles import oracle_for

POINTS, LINE, MANY, FEW = 2048, 8192, 128, 512  # particles; on the line, where sorting is cheap; FEW in the plane from MANY components on
BLOCKS, TRUTHS = 8, 6  # of the jackknife; exact samples for the floor
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
    """``total`` = Σ shares. ``direct``: the run against independent exact samples, their floor taken out.

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


class Law:
    """The quantile functions of a sample x (n, d) along fixed directions, (directions, n), with any block of particles left out."""

    def __init__(self, x: Tensor):
        a = torch.nan_to_num(x.double().cpu(), nan=FAR, posinf=FAR, neginf=-FAR).clamp(-FAR, FAR).numpy().T
        if len(a) > 1:
            a = directions(len(a)).astype(float) @ a
        order = np.argsort(a, -1)
        self.sorted = np.take_along_axis(a, order, -1)
        self.block = order * BLOCKS // a.shape[1]

    def vector(self, out: int) -> np.ndarray:
        """Flat and scaled: |Q_x − Q_y| is W₂ in 1D and sliced W₂ above. out: the block left out, −1 for none."""
        kept = self.sorted if out < 0 else self.sorted[self.block != out]
        return kept.ravel() / math.sqrt(kept.size)


def error_budget(exp: Experiment, predictor: Predictor | None = None) -> Budget:
    """The budget of a reverse run of ``exp`` (module docstring).

    predictor: a model in place of the exact one (default: the guided one of ``exp.guidance``, or none); its link is the score error.
    """
    exp = exp.replace(mode="reverse")
    oracle = exact_model(exp)
    exp = exp.replace(particles=LINE if oracle.state_dim == 1 else FEW if len(oracle.weights) > MANY else POINTS)
    model = predictor or (exp.guidance.model(mixture_of(exp.data), exp.process, oracle_for) if _guided(exp) else None)
    stochastic = exp.sampler.declared_order is None
    with torch.no_grad():
        grid = grid_times(exp, None, None, Problem(exp.process, oracle, oracle))
        # neither the sampler nor where its steps lie changes the exact laws
        plain = Experiment(data=exp.data, process=exp.process, guidance=exp.guidance, seed=exp.seed, particles=exp.particles)
        exact, end, clean = _flowed(plain, grid[0], grid[-1], stochastic)

        def ended(initial: Tensor | None, by: Any) -> Tensor:
            return simulate(exp, data=oracle.data, predictor=by, initial=initial, times=grid, max_frames=2).frames[-1].z

        # a guided experiment takes its exact model from its class: given as a predictor, it stays exact
        links = {"stop": end, "steps": ended(exact, oracle)}
        if model is not None:
            links["score"] = ended(exact, model)
        links["prior"] = links[next(reversed(links))] if _starts_exactly(exp, grid[0]) else ended(None, model or oracle)
    flat = {name: exp.process.project(z).reshape(exp.particles, -1) for name, z in {"data": clean, **links}.items()}
    return _measure(flat, _truths(plain), stochastic, grid[-1])


def _guided(exp: Experiment) -> bool:
    return "mixture" not in exp.guidance.gives


def exact_model(exp: Experiment) -> Any:
    """The exact predictor of what ``exp`` wants to sample: of its data, or of the class that guidance leads to."""
    data = mixture_of(exp.data)
    return oracle_for(exp.guidance.target(data) if _guided(exp) else data, exp.process)


def _starts_exactly(exp: Experiment, t_start: float) -> bool:
    """Does the run draw its start from p_T? An interpolant's source is p_T, and truncated starts of processes without a kernel are."""
    process = exp.process
    whole = t_start >= process.t_max * (1 - 1e-9)
    return exp.start == "exact" or (
        exp.start == "prior" and not isinstance(process, LinearProcess) and (hasattr(process, "ends") or not whole)
    )


@functools.lru_cache(maxsize=24)
def _flowed(exp: Experiment, t_start: float, t_end: float, apart: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Draws of the exact p_T with the prior's normals; and draws of p_stop and p_0 that the exact flow joins: from there, or (``apart``)
    from independent ones."""
    oracle, process = exact_model(exp), exp.process
    shape = process.state_shape(exp.particles, (oracle.dim,))

    def draw(noise: str, components: str) -> Tensor:
        rng = Rng(exp.seed, dtype=torch.float64)
        uniform, noise_rng = rng.stream(components).uniform((exp.particles,)), rng.stream(noise)
        if hasattr(process, "marginal"):  # x_0 and the very noise from which the prior is made
            x0 = oracle.data.sample(uniform, rng.stream(components + " normals").normal((exp.particles, oracle.dim)))[0]
            return process.marginal(x0, t_start, noise_rng)  # type: ignore[attr-defined]
        law = oracle.marginal(t_start)
        return law.sample(uniform, noise_rng.normal((exp.particles, law.dim)))[0].reshape(shape)

    exact = draw("prior", "budget")
    end = any_flow(oracle, draw("budget apart", "budget components") if apart else exact, t_start, t_end)
    return exact, end, any_flow(oracle, end, t_end, 0.0) if t_end > 0 else end


@functools.lru_cache(maxsize=24)
def _truths(exp: Experiment) -> list[Law]:
    oracle, rng = exact_model(exp), Rng(exp.seed, dtype=torch.float64).stream("budget truth")
    n = exp.particles
    return [Law(oracle.lifted().sample(rng.uniform((n,)), rng.normal((n, oracle.state_dim)))[0][:, : oracle.dim]) for _ in range(TRUTHS)]


def _measure(samples: dict[str, Tensor], truths: list[Law], stochastic: bool, t_end: float) -> Budget:
    laws = [Law(x) for x in samples.values()]
    names, n, run = list(samples)[1:], len(samples) - 1, samples["prior"]

    def read(out: int) -> np.ndarray:
        """⟨Δ_i, D⟩ of all links, |Δ_i|², |D|², direct², floor²."""
        q, a = np.stack([x.vector(out) for x in laws]), np.stack([x.vector(out) for x in truths])
        apart = np.square(a).sum(1)
        pairs = apart[:, None] + apart - 2 * a @ a.T
        floor2 = float(pairs[np.triu_indices(TRUTHS, 1)].mean())
        delta, whole = np.diff(q, axis=0), q[-1] - q[0]
        along, alone, direct2 = delta @ whole, np.square(delta).sum(1), float(np.square(q[-1] - a).sum(1).mean()) - floor2
        if stochastic:
            along[1] -= floor2
            alone[1] -= floor2
        return np.array([*along, *alone, along.sum(), direct2, floor2])

    def jackknife(left: np.ndarray) -> np.ndarray:
        return np.sqrt((BLOCKS - 1) * left.var(0))

    value, left = read(-1), np.stack([read(out) for out in range(BLOCKS)])
    square, square_se = float(value[2 * n]), float(jackknife(left)[2 * n])
    # below its own error a square says nothing of its root's size: the error stands in for it
    least = max(square_se, 1e-18)
    scale = math.sqrt(max(square, least))
    share, share_se = value[:n] / scale, jackknife(left[:, :n] / np.sqrt(np.maximum(left[:, 2 * n], least))[:, None])
    direct2, direct2_se = float(value[2 * n + 1]), float(jackknife(left)[2 * n + 1])
    direct = math.sqrt(max(0.0, direct2))
    return Budget(
        tuple(Part(name, float(share[i]), float(share_se[i]), math.sqrt(max(0.0, float(value[n + i])))) for i, name in enumerate(names)),
        total=square / scale,
        total_se=square_se / (2 * scale),
        direct=direct,
        direct_se=direct2_se / (2 * max(direct, math.sqrt(direct2_se), 1e-9)),
        floor=math.sqrt(float(value[-1])),
        points=len(run),
        resolved=square > 2 * square_se or abs(square) < 1e-16,
        stochastic=stochastic,
        t_end=t_end,
        lost=int((~(run.abs() < FAR).all(1)).sum()),
    )
