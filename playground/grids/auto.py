from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.core.exact import Exact
from playground.core.grid import Grid
from playground.core.mixture import GaussianMixture
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import Sampler
from playground.core.spec import Info, registry

PLACES, PARTICLES, FINER = 24, 48, 4  # where the error is measured, with how many particles, against how many substeps
FLOOR = 0.05  # share of the steps that is spread evenly, so that no place is left out


@dataclass(frozen=True)
class Auto(Grid):
    """Spends steps where the chosen sampler errs: the local error of one step is measured along the whole range and equidistributed.

    At 24 places, even in ln(α/σ) (in √t where there is no single noise level), a draw from the exact p_t makes one step of the length of an even
    grid and four steps of a quarter of it; the root-mean-square gap e over √E|x|² is the local error there. For a sampler of order p,
    e = C h^{p+1}: Σ C h^{p+1} is least for a density of steps ∝ C^{1/(p+1)}. Stochastic samplers are measured on their mean step (noise 0);
    multistep ones without history, adaptive ones as Heun. Deterministic; its model calls are not part of the run's.
    Equidistribution: de Boor 1973; for diffusion samplers in the spirit of Sabour et al. 2024, 2404.14507 (Align Your Steps).
    """

    info = Info(
        "Auto",
        "automatic",
        "measures where the chosen sampler errs and spends its steps there",
        "after Sabour et al. 2024",
        "2404.14507",
        rank=70,
        needs=frozenset({"oracle"}),
    )

    def times(self, process: Process, problem: Problem | None = None, sampler: Sampler | None = None) -> Tensor:
        if problem is None:
            problem = stand_in(process)
        oracle = problem.exact
        if sampler is None or sampler.info.order is None or sampler.info.nfe is None:
            solvers = registry("samplers")
            sampler = solvers["Heun"]() if sampler is not None and sampler.info.nfe is None else (sampler or solvers["Euler"]())  # type: ignore[assignment]
        assert sampler is not None
        intervals = self.steps - 1 if self.denoise else self.steps
        if intervals <= 1:
            return Grid.times(self, process)
        place, error = _measure(process, Problem(process, problem.predictor), oracle, sampler, min(intervals, 64))
        order = sampler.info.order or 1.0
        density = error ** (1 / (order + 1))
        density = density + FLOOR * density.mean()
        mass = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(place))])
        chosen = np.interp(np.linspace(0, mass[-1], intervals + 1), mass, place)
        first, last = process.evened(process.t_level), process.evened(process.t_min)
        inner = process.unevened(torch.as_tensor(first + (last - first) * chosen))
        inner[0], inner[-1] = process.t_max, process.t_min
        return torch.cat([inner, torch.zeros(1, dtype=torch.float64)]) if self.denoise else inner

    def place(self, process: Process, u: Tensor) -> Tensor:
        return process.t_max + (process.t_min - process.t_max) * u  # a single interval: nothing to measure


def stand_in(process: Process) -> Problem:
    """Two tight modes in the plane, where no data are at hand."""
    from playground.exact import oracle_for

    data = GaussianMixture([0.6, 0.4], [[-1.0, 0.3], [1.0, -0.5]], 0.02 * torch.eye(2).expand(2, 2, 2))  # type: ignore[arg-type]
    try:
        return Problem(process, oracle_for(data, process))
    except ValueError:  # an interpolant whose source is 1D
        data = GaussianMixture([0.6, 0.4], [[-1.0], [1.0]], [0.02, 0.02])  # type: ignore[arg-type]
        return Problem(process, oracle_for(data, process))


def _measure(process: Process, problem: Problem, oracle: Exact, sampler: Sampler, intervals: int) -> tuple[np.ndarray, np.ndarray]:
    """Places from 0 (first) to 1 (last) along the coordinate (PLACES + 2,), and the relative local error there."""
    first, last = process.evened(process.t_level), process.evened(process.t_min)
    share = 1 / max(intervals, 6)
    places = first + (last - first) * torch.linspace(0, 1 - share, PLACES, dtype=torch.float64)
    length = (last - first) * share
    fine = [process.unevened(places + length * k / FINER) for k in range(FINER + 1)]
    fine[0][0] = process.t_max
    shape = process.state_shape(PARTICLES, (oracle.dim,))
    dtype = torch.float64
    rng = Rng(0, dtype=dtype).stream("auto")
    u, n = rng.uniform((PARTICLES,)), rng.normal((PARTICLES, oracle.state_dim))
    quiet = Rng(0, dtype=dtype, noise=functools.partial(torch.zeros, dtype=dtype))
    problem.prepare(torch.stack(fine).T.flatten().tolist())
    sizes = oracle.rms(fine[0]).clamp_max(1e12)
    errors = np.empty(PLACES)
    with torch.no_grad():
        for i in range(PLACES):
            ts = [float(f[i]) for f in fine]
            z = oracle.marginal(ts[0]).sample(u, n)[0].reshape(shape).to(dtype)
            once, _ = sampler.step(problem, z, ts[0], ts[-1], sampler.init(problem, z, [ts[0], ts[-1]]), quiet)
            many, carry = z, sampler.init(problem, z, ts)
            for a, b in itertools.pairwise(ts):
                many, carry = sampler.step(problem, many, a, b, carry, quiet)
            gap = (process.project(once) - process.project(many)).flatten(1).square().sum(-1).sqrt()
            size = float(sizes[i]) if torch.isfinite(sizes[i]) else float(z.norm(dim=-1).median())
            errors[i] = float(gap.median() if process.moments < math.inf else gap.square().mean().sqrt()) / size
    errors = np.nan_to_num(errors, nan=0.0, posinf=1e3) + 1e-12
    # an error belongs to the middle of its step; the ends take their neighbours' value
    middle = places.numpy() + length / 2
    ends = np.concatenate([[first], middle, [last]])
    return (ends - first) / (last - first), np.concatenate([[errors[0]], errors, [errors[-1]]])
