"""From an Experiment to a Trace, in one call."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

import playground.images  # noqa: F401 - its names of data become known
from playground.core.experiment import Experiment, why_illegal
from playground.core.fields import BadValue
from playground.core.problem import Predictor, Problem
from playground.core.process import LinearProcess, ScalarGaussian, t64
from playground.core.rng import Noise, Rng
from playground.core.run import Frame, Trace, check_times, forward, run
from playground.core.sampler import Sampler
from toy_models.data import law_of
from toy_models.mixture import GaussianMixture
from toy_models.oracles import oracle_for

DTYPES = {"float32": torch.float32, "float64": torch.float64}
MOST_WORK = 1e12  # particles × model calls × components of one run
FORWARD_FRAMES = 64
LOST = 5.0  # root mean square of the states over that of the exact p_t beyond which a run counts as diverged


def simulate(
    exp: Experiment,
    *,
    data: GaussianMixture | None = None,
    predictor: Predictor | None = None,
    initial: Tensor | None = None,
    times: Sequence[float] | Tensor | None = None,
    log_snr: Sequence[float] | Tensor | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
    noise: Noise | None = None,
    max_frames: int | None = None,
    most_work: float = MOST_WORK,
) -> Trace:
    """Runs an experiment.

    Args:
        exp: the choices. In mode 'reverse' the sampler runs from noise to data, in 'forward' data are noised by exact SDE steps.
        data: a mixture in place of ``exp.data``. predictor: a model in place of the exact one.
        initial: first state (particles, *state) in place of a draw from the prior (or of data in forward mode).
        times: decreasing times in place of the grid's; log_snr: increasing ln(α²/σ²) levels in place of times (scalar processes);
            append +inf for a last step to t = 0.
        dtype, device: of the states (default: exp.dtype, CUDA where there is one).
        noise: source of standard normals, shape → tensor, used in the order of the draws (initial state first).
        max_frames: keep about this many frames, evenly thinned over the steps (first and last always).
        most_work: refuse runs of more particles × model calls × components than this.
    Returns: Trace with ``times``, ``states`` (frames, particles, *state), ``x``, ``steps``, ``calls``, ``model_calls``.
    Raises: ValueError naming the field, the value and what is allowed.
    """
    device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    if exp.mode == "forward":
        dtype = dtype or DTYPES[exp.dtype]
        oracle = oracle_for(data or law_of(exp.data), exp.process)
        return _forward(exp, oracle, initial, Rng(exp.seed, device, dtype, noise))
    live = stream(
        exp,
        data=data,
        predictor=predictor,
        initial=initial,
        times=times,
        log_snr=log_snr,
        dtype=dtype,
        device=device,
        noise=noise,
        most_work=most_work,
    )
    last = len(live.grid) - 1
    stride = 1 if max_frames is None else max(1, -(-last // max(1, max_frames - 1)))
    frames = [f for f in live if f.step % stride == 0 or f.step == last]
    diverged = _diverged(frames, live.oracle)
    return Trace(exp.process, frames, t64(live.grid), diverged, {"oracle": live.oracle, "model": live.problem.predictor})


@dataclass
class Stream:
    """A reverse run that is computed as it is read: iterating gives the start and the state after every step."""

    problem: Problem
    oracle: Any
    grid: list[float]
    frames: Iterator[Frame]

    def __iter__(self) -> Iterator[Frame]:
        while True:
            with torch.no_grad():  # around each step only: between two of them the caller's own torch code runs
                frame = next(self.frames, None)
            if frame is None:
                return
            yield frame


def stream(
    exp: Experiment,
    *,
    data: Any = None,
    predictor: Predictor | None = None,
    initial: Tensor | None = None,
    times: Sequence[float] | Tensor | None = None,
    log_snr: Sequence[float] | Tensor | None = None,
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
    noise: Noise | None = None,
    most_work: float = MOST_WORK,
    watch: Callable[[Predictor], Predictor] | None = None,
    sampler: Sampler | None = None,
    walk: Sequence[float] | None = None,
) -> Stream:
    """A reverse run step by step: the arguments of ``simulate``. ``watch`` may wrap the predictor that the sampler asks.

    ``sampler``: in place of the experiment's, for what wraps one. ``walk``: times in place of the grid's that may also rise.

    Raises: ValueError naming the field, the value and what is allowed, before anything is computed.
    """
    device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    law = data or law_of(exp.data)
    process = exp.process
    guided = "mixture" not in exp.guidance.gives
    oracle = oracle_for(exp.guidance.target(law) if guided else law, process)
    model = predictor or (exp.guidance.model(law, process, oracle_for) if guided else oracle)
    problem = Problem(process, watch(model) if watch else model, oracle)
    sampler = sampler or exp.sampler
    reason = why_illegal(sampler, process, problem.predictor.gives)
    if reason:  # a predictor of the caller's own may give less than the exact one
        raise BadValue("sampler", sampler.info.key, f"one that fits this predictor: {sampler.info.title} {reason}")
    rng = Rng(exp.seed, device, dtype or DTYPES[exp.dtype], noise)
    grid = grid_times(exp, times, log_snr, problem) if walk is None else check_times(walk, process, walk=True)
    steps = len(grid) - 1
    work = exp.particles * (sampler.calls(steps) or 30 * steps) * law.components
    if work > most_work:
        raise BadValue(
            "particles",
            exp.particles,
            f"at most {most_work / work * exp.particles:,.0f} particles for this many steps, model calls and components",
        )
    z = _start(exp, oracle, initial, grid[0], rng.stream("prior") if noise is None else rng)
    path = rng.stream("path") if noise is None else rng
    return Stream(problem, oracle, grid, run(problem, sampler, z, grid, path, walk is not None))


def _diverged(frames: list[Frame], oracle: Any) -> int | None:
    """The first kept step whose states are not finite or, in root mean square, LOST times as large as the exact p_t's."""
    exact = oracle.rms(t64([f.t for f in frames])).tolist()
    for frame, size in zip(frames, exact, strict=True):
        rms = float(torch.linalg.vector_norm(frame.z)) / math.sqrt(frame.z.shape[0])
        if not rms < LOST * size:  # NaN and infinity compare as false
            return frame.step
    return None


def grid_times(
    exp: Experiment,
    times: Sequence[float] | Tensor | None = None,
    log_snr: Sequence[float] | Tensor | None = None,
    problem: Problem | None = None,
) -> list[float]:
    """The times that a run of ``exp`` visits."""
    if times is not None and log_snr is not None:
        raise BadValue("log_snr", "given together with times", "either times or log_snr")
    if log_snr is not None:
        if not isinstance(exp.process, ScalarGaussian):
            raise BadValue("log_snr", "given", f"times: {exp.process.info.title} has no single log-SNR")
        levels = t64(log_snr)
        return check_times(torch.where(torch.isposinf(levels), torch.zeros_like(levels), exp.process.time_at(levels / 2)), exp.process)
    if times is not None:
        return check_times(times, exp.process)
    grid = exp.grid.times(exp.process, problem, exp.sampler).tolist()
    if exp.start_at < 1:  # truncated start: the steps above it are left out (ES-DDPM 2205.12524, TDPM 2202.09671)
        top = float(exp.process.unclock(t64(exp.start_at)))
        grid = [top, *(t for t in grid if t < top * (1 - 1e-9))]
    if exp.stop_at > 0:  # early stop: the run ends there, without the denoiser
        low = float(exp.process.unclock(t64(exp.stop_at)))
        grid = [*(t for t in grid if t > low * (1 + 1e-9)), low]
    return grid


def _start(exp: Experiment, oracle: Any, initial: Tensor | None, t: float, rng: Rng) -> Tensor:
    """The state at the first time: given, or a draw from the prior, the moment-matched Gaussian or the exact p_t.

    The prior below t_max, N(0, Σ(t) + ψψᵀ), is that of data with unit variance: N(0, I) for VP. Processes without such a kernel start from the
    exact p_t there.
    """
    process = exp.process
    if initial is not None:
        z = torch.as_tensor(initial).to(rng.device, rng.dtype)
        expected = process.state_shape(z.shape[0], event_of(oracle))
        if tuple(z.shape) != expected or not bool(torch.isfinite(z).all()):
            raise BadValue("initial", tuple(z.shape), f"finite numbers of shape {('particles', *expected[1:])}")
        return z
    shape = process.state_shape(exp.particles, event_of(oracle))
    truncated = t < process.t_max * (1 - 1e-9)
    if exp.start == "exact" or (truncated and exp.start == "prior" and not isinstance(process, LinearProcess)):
        law = oracle.marginal(t)
        z, _ = law.sample(rng.uniform((exp.particles,)), rng.normal((exp.particles, law.dim)))
        return z.reshape(shape)
    if exp.start == "gaussian":
        law = oracle.marginal(t)
        if not bool(torch.isfinite(law.cov()).all()):
            raise BadValue("start", exp.start, "prior or exact: p_t has no covariance here (PFGM++ with D ≤ 2)")
        root, mean = (m.to(rng.device, rng.dtype) for m in (torch.linalg.cholesky(law.cov()), law.mean()))
        return (rng.normal((exp.particles, law.dim)) @ root.mT + mean).reshape(shape)
    if truncated and isinstance(process, LinearProcess):
        psi, cov = process.mean_and_cov(t64(t))
        return process.gaussian(cov + torch.outer(psi, psi), shape, rng)
    return process.source(exp.particles, event_of(oracle), rng)


def event_of(oracle: Any) -> tuple[int, ...]:
    """The shape of one point: (d,) of a toy, (channels, height, width) of an image."""
    return getattr(oracle, "event", (oracle.dim,))


def draw_data(exp: Experiment, oracle: Any, rng: Rng) -> tuple[Tensor, Tensor]:
    """Data points (particles, d) and the component that each came from."""
    if not hasattr(oracle, "weights"):
        raise BadValue("mode", exp.mode, "reverse: a trained model has no data of its own to noise")
    return oracle.data.sample(rng.uniform((exp.particles,)), rng.normal((exp.particles, oracle.dim)))


def _forward(exp: Experiment, oracle: Any, initial: Tensor | None, rng: Rng) -> Trace:
    process = exp.process
    times = process.unclock(torch.linspace(0, 1, FORWARD_FRAMES, dtype=torch.float64)).tolist()
    times[-1] = process.t_max  # to the last digit
    x0, origin = draw_data(exp, oracle, rng.stream("data"))
    if initial is not None:
        x0 = torch.as_tensor(initial).to(rng.device, rng.dtype)
    frames: list[Frame] = list(forward(process, x0, times, rng.stream("path")))
    return Trace(process, frames, t64(times), None, {"oracle": oracle, "origin": origin})
