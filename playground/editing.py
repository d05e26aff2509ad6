"""Encoding data into noise along the probability-flow ODE and decoding it again: DDIM inversion and DDIB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.core.legal import require
from playground.core.mixture import GaussianMixture
from playground.core.predictor import Brought
from playground.core.process import ScalarProcess, t64
from playground.core.run import Trace, check_times
from playground.engine import Run, grid_times, simulate

ENCODES = frozenset({"snr", "deterministic"})  # a velocity (CLD's) is not given by the data


class Bridge(NamedTuple):
    """What DDIB did: x_0 of the target (batch, d), the way up under A and the way down under B."""

    x0: Tensor
    encode: Trace
    decode: Trace


def _rising(exp: Experiment, times: Sequence[float] | Tensor | None) -> tuple[ScalarProcess, list[float]]:
    """The run's positive times upwards; BadValue where encoding along an ODE has no meaning."""
    require(ENCODES, exp)
    grid = check_times(grid_times(exp, times), exp.process)
    return exp.process.scalar(), [t for t in reversed(grid) if t > 0]


def inversion(
    exp: Experiment,
    x0: Tensor,
    *,
    data: GaussianMixture | None = None,
    predictor: Brought | None = None,
    times: Sequence[float] | Tensor | None = None,
    dtype: torch.dtype | None = None,
    max_frames: int | None = None,
) -> Run:
    """Encodes data step by step: the sampler's own steps with increasing times, from x_t_min = α x_0 (y = x/α kept) up to the grid's first.

    DDIM inversion with exp.sampler = DDIM(); any other deterministic sampler with fixed steps works too. Exact only as the steps grow in
    number: the step back from s to t is not the inverse of the step down, since the model is asked at the other end. x_0 enters without the
    noise σ(t_min) of p_t_min: a network sees none in the flat parts of an image and adds none, so that their latent stays flat (MNIST: a root
    mean square of 0.4 to 0.7 of the prior's; with that noise added, 1).

    Args: exp (its grid, reversed), x0 (batch, *event); data, predictor and max_frames as in ``simulate``.
    Returns: Run with increasing times; the last frame's state is the latent.
    Raises: ValueError for CLD, stochastic samplers and RK45. Reference: Song et al. 2020, 2010.02502 (section 4.3).
    """
    process, grid = _rising(exp, times)
    z = process.at(grid[0]).alpha * torch.as_tensor(x0)
    try:
        return Run(exp, data=data, predictor=predictor, initial=z, walk=grid, dtype=dtype, max_frames=max_frames)
    except BadValue as error:
        if error.field != "initial":
            raise
        raise BadValue("x0", tuple(z.shape), error.allowed) from None


def invert(
    exp: Experiment,
    x0: Tensor,
    *,
    data: GaussianMixture | None = None,
    predictor: Brought | None = None,
    times: Sequence[float] | Tensor | None = None,
    dtype: torch.dtype = torch.float64,
) -> Trace:
    """All of ``inversion`` at once: from data x_0 (batch, *event), in the data's units, to a Trace with increasing times, whose ``states``
    (frames, batch, *event) begin at α x_0 and whose ``states[-1]`` is the latent, about N(0, σ²) of the process at the grid's first time.

    Computes in ``dtype``, float64 unless it is given (``simulate`` has the experiment's). Raises: BadValue, as ``inversion``. Song et al. 2020,
    2010.02502.
    """
    live = inversion(exp, x0, data=data, predictor=predictor, times=times, dtype=dtype)
    return Trace(exp.process, list(live), t64(live.grid), None, live.oracle)


def decode(
    exp: Experiment,
    latent: Tensor,
    *,
    data: GaussianMixture | None = None,
    predictor: Brought | None = None,
    times: Sequence[float] | Tensor | None = None,
    dtype: torch.dtype = torch.float64,
) -> tuple[Tensor, Trace]:
    """The way back of ``invert``: from a latent (batch, *event) at the grid's first time down to its last positive one.

    Returns: x_0 = x/α (batch, *event) in the data's units, and the Trace with decreasing times, (frames, batch, *event). In float64 unless
    ``dtype`` is given. Raises: BadValue for what ``inversion`` refuses, and naming ``latent``. Song et al. 2020, 2010.02502.
    """
    process, grid = _rising(exp, times)
    whole = exp.replace(start_at=1.0, stop_at=0.0)  # the times are those of the truncated grid already
    try:
        trace = simulate(whole, data=data, predictor=predictor, initial=latent, times=grid[::-1], dtype=dtype)
    except BadValue as error:
        raise BadValue("latent", tuple(torch.as_tensor(latent).shape), error.allowed) if error.field == "initial" else error from None
    return trace.states[-1] / process.at(grid[0]).alpha, trace


def bridge_ddib(
    exp_a: Experiment,
    exp_b: Experiment,
    x0: Tensor,
    *,
    data_a: GaussianMixture | None = None,
    data_b: GaussianMixture | None = None,
    dtype: torch.dtype = torch.float64,
) -> Bridge:
    """Dual diffusion implicit bridge: encode x_0 under A's model, decode under B's; the latents share the noise z/σ_T.

    For Gaussian data A = N(a, C), B = N(b, E) with common axes this is x ↦ b + √(E/C)(x − a), the optimal transport, up to p_T's distance from
    the prior and the solver's error. x_0 (batch, *event) in A's units, the answer's x0 (batch, *event) in B's. Raises: BadValue, as
    ``inversion``, for either experiment. Su et al. 2022, 2203.08382.
    """
    up = invert(exp_a, x0, data=data_a, dtype=dtype)
    a, b = (e.process.scalar().at(grid_times(e)[0]) for e in (exp_a, exp_b))
    x, down = decode(exp_b, up.states[-1] * (b.sigma / a.sigma), data=data_b, dtype=dtype)
    return Bridge(x, up, down)
