"""From an Experiment to a Trace, in one call."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

import playground.images  # noqa: F401 - its names of data become known
from playground.core.experiment import Experiment, dtype_name, why_illegal
from playground.core.fields import BadValue, Param, params
from playground.core.mixture import GaussianMixture
from playground.core.predictor import given_predictor
from playground.core.problem import Predictor, Problem
from playground.core.process import ScalarGaussian, t64
from playground.core.rng import Draws, Noise, Rng
from playground.core.run import Frame, Trace, check_times, forward, run
from playground.core.sampler import Sampler
from playground.exact import oracle_for
from toy_models.data import law_of

DTYPES = {"float32": torch.float32, "float64": torch.float64}
MOST_WORK = 1e12  # particles × model calls × components of one run
FORWARD_FRAMES = 64
MAX_FRAMES = Param("int", None, 2, 1_000_000)
LOST = 5.0  # root mean square of the states over that of the exact p_t beyond which a run counts as diverged


def simulate(
    exp: Experiment,
    *,
    data: GaussianMixture | None = None,
    predictor: Predictor | Callable[[Tensor, float], Any] | None = None,
    initial: Tensor | None = None,
    times: Sequence[float] | Tensor | None = None,
    log_snr: Sequence[float] | Tensor | None = None,
    dtype: torch.dtype | str | None = None,
    device: torch.device | str | None = None,
    noise: Noise | Sequence[Tensor] | None = None,
    max_frames: int | None = None,
    most_work: float = MOST_WORK,
) -> Trace:
    """Runs an experiment.

    Args:
        exp: the choices. In mode 'reverse' the sampler runs from noise to data, in 'forward' data are noised by exact SDE steps.
        data: a mixture in place of ``exp.data`` (any dimension, at most 4,096 components). Guidance's class must be one of it; a class that
            ``exp.data`` lacks is refused when ``exp`` is made: give the mixture as Experiment(data=…) then.
        predictor: a model in place of the exact one: a Predictor, or any function or module (z_t, t) → x̂_0. Guidance is put around it
            (``Guidance.guide`` says what it must give for that).
        initial: first state (particles, *state) in place of a draw from the prior; forward mode: data (particles, *event).
        times: decreasing times in place of the grid's; log_snr: rising ln(α²/σ²) levels in place of times (scalar processes); append +inf for a
            last step to t = 0. They are the whole run, so that they go with neither ``exp.start_at`` nor ``exp.stop_at``. Forward mode: rising
            times, falling levels.
        dtype, device: of the states (default: exp.dtype, CUDA where there is one); dtype as torch.float64 or "float64".
        noise: source of standard normals, used in the order of the draws (initial state first): a function shape → tensor, or a list of
            tensors, of which none may be left over.
        max_frames: keep about this many frames, at least 2, evenly thinned over the steps (first and last always).
        most_work: refuse runs of more particles × model calls × components than this.
    Returns: Trace with ``times``, ``states`` (frames, particles, *state), ``x``, ``steps``, ``calls``, ``model_calls``.
    Raises: BadValue, a ValueError naming the field, the value and what is allowed.
    """
    if not isinstance(exp, Experiment):
        made = f"Experiment(data={exp!r})" if isinstance(exp, str) and len(exp) < 40 else "Experiment.from_dict(…)"
        raise BadValue("exp", exp, f"an Experiment: pg.{made}")
    if max_frames is not None:
        max_frames = MAX_FRAMES.clean("max_frames", max_frames)
    if exp.mode == "forward":
        return _forward(exp, data, predictor, initial, times, log_snr, dtype, device, noise, max_frames, most_work)
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
    calls: list[int] = []
    frames = _thinned(_noted(live, calls), len(live.grid) - 1, max_frames)
    diverged = _diverged(frames, live.oracle)
    facts = {"oracle": live.oracle, "model": live.problem.predictor, "calls": calls}
    return Trace(exp.process, frames, t64(live.grid), diverged, facts)


def _noted(frames: Iterable[Frame], calls: list[int]) -> Iterator[Frame]:
    """The frames, with the model calls made by each of them noted: also of those that are not kept."""
    for frame in frames:
        calls.append(frame.calls)
        yield frame


def _thinned(frames: Iterable[Frame], last: int, max_frames: int | None) -> list[Frame]:
    stride = 1 if max_frames is None else max(1, -(-last // (max_frames - 1)))
    return [f for f in frames if f.step % stride == 0 or f.step == last]


@dataclass
class Stream:
    """A reverse run that is computed as it is read: iterating gives the start and the state after every step.

    ``problem``: process, the model that is asked, the count of its calls. ``oracle``: the exact model. ``grid``: all times, (steps + 1).
    Raises, while it is read: BadValue naming ``noise`` or ``predictor`` where the caller's own fail.
    """

    problem: Problem
    oracle: Any
    grid: list[float]
    frames: Iterator[Frame]
    draws: Draws | None = None

    def __iter__(self) -> Iterator[Frame]:
        step = 0
        while True:
            if self.draws is not None:
                self.draws.where = f"step {step} of {len(self.grid) - 1}" if step else "the start"
            with torch.no_grad():  # around each step only: between two of them the caller's own torch code runs
                frame = next(self.frames, None)
            if frame is None:
                if self.draws is not None:
                    self.draws.check_left()
                return
            yield frame
            step += 1


def stream(
    exp: Experiment,
    *,
    data: Any = None,
    predictor: Predictor | Callable[[Tensor, float], Any] | None = None,
    initial: Tensor | None = None,
    times: Sequence[float] | Tensor | None = None,
    log_snr: Sequence[float] | Tensor | None = None,
    dtype: torch.dtype | str | None = None,
    device: torch.device | str | None = None,
    noise: Noise | Sequence[Tensor] | None = None,
    most_work: float = MOST_WORK,
    watch: Callable[[Predictor], Predictor] | None = None,
    sampler: Sampler | None = None,
    walk: Sequence[float] | None = None,
) -> Stream:
    """A reverse run step by step: the arguments of ``simulate``. ``watch`` may wrap the predictor that the sampler asks.

    ``sampler``: in place of the experiment's, for what wraps one. ``walk``: times in place of the grid's that may also rise.

    Returns: Stream of Frames, whose ``z`` is (particles, *state).
    Raises: BadValue naming the field, the value and what is allowed, before anything is computed.
    """
    device, kind = check_device(device), check_dtype(dtype or exp.dtype)
    law = check_law(data, exp)
    process = exp.process
    _check_guidance(exp, law)
    guided = "mixture" not in exp.guidance.gives
    oracle = oracle_for(exp.guidance.target(law) if guided else law, process)
    model = modelled(exp, law, predictor)
    problem = Problem(process, watch(model) if watch else model, oracle)
    sampler = sampler or exp.sampler
    reason = why_illegal(sampler, process, problem.predictor.gives)
    if reason:  # a predictor of the caller's own may give less than the exact one
        raise BadValue("sampler", sampler.info.key, f"one that fits this predictor: {sampler.info.title} {reason}")
    draws = None if noise is None else Draws(noise)
    rng = Rng(exp.seed, device, kind, draws)
    grid = grid_times(exp, times, log_snr, problem) if walk is None else check_times(walk, process, walk=True)
    steps = len(grid) - 1
    calls = sampler.calls_on(process, grid) if walk is None else sampler.calls(steps)
    _check_work(exp.particles, (calls or 30 * steps) * law.components, most_work)
    if initial is None:
        z = _start(exp, oracle, grid[0], rng.stream("prior") if draws is None else rng)
    else:
        z = check_initial("initial", initial, process.state_shape(1, event_of(oracle))[1:], rng)
    path = rng.stream("path") if draws is None else rng
    return Stream(problem, oracle, grid, run(problem, sampler, z, grid, path, walk is not None), draws)


def modelled(exp: Experiment, law: Any, predictor: Any = None) -> Any:
    """What a run of ``exp`` asks: the exact model of ``law``, or the caller's ``predictor``, with the guidance of ``exp`` around it."""
    if predictor is None:
        return exp.guidance.model(law, exp.process, oracle_for)
    return exp.guidance.guide(given_predictor(predictor, exp.process, event_of(law)), law, exp.process, oracle_for)


def check_law(data: Any, exp: Experiment) -> Any:
    """``data``, a mixture or image model, or that of the experiment."""
    if data is None:
        return law_of(exp.data)
    if not isinstance(data, GaussianMixture) and not (hasattr(data, "oracle") and hasattr(data, "event")):
        words = "a GaussianMixture; names and records go into Experiment(data=…)"
        raise BadValue("data", tuple(data.shape) if isinstance(data, Tensor) else data, words)
    return data


def _check_guidance(exp: Experiment, law: Any) -> None:
    """The classes that guidance names are those of the law that is sampled."""
    try:
        exp.guidance.check_data(law)
    except BadValue as error:
        raise error.under("guidance") from None


def check_device(device: Any) -> torch.device:
    """A device that torch can use here; None: CUDA where there is one."""
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        made = torch.device(device)
        if made.type != "meta":
            torch.empty(0, device=made)
            return made
    except (RuntimeError, AssertionError, TypeError, NotImplementedError):
        pass
    there = ["cpu", *("cuda" for _ in range(torch.cuda.is_available())), *("mps" for _ in range(torch.backends.mps.is_available()))]
    raise BadValue("device", str(device), "a device of this machine: " + ", ".join(there))


def check_dtype(dtype: Any) -> torch.dtype:
    """torch.float32, torch.float64 or their names."""
    name = dtype_name(dtype)
    if name not in DTYPES:
        raise BadValue("dtype", dtype, "float32 or float64 (also as torch.float32, torch.float64)")
    return DTYPES[name]


def check_initial(field: str, value: Any, state: tuple[int, ...], rng: Rng) -> Tensor:
    """States (particles, *state) of a caller, on the run's device and in its dtype."""
    allowed = f"finite numbers of shape {('particles', *state)}"
    try:
        z = torch.as_tensor(value).to(rng.device, rng.dtype)
    except (TypeError, ValueError, RuntimeError):
        raise BadValue(field, value, allowed) from None
    if tuple(z.shape[1:]) != tuple(state) or z.ndim == 0 or len(z) == 0:
        raise BadValue(field, tuple(z.shape), allowed + ", at least one particle" * (z.ndim > 0 and len(z) == 0))
    if not bool(torch.isfinite(z).all()):
        raise BadValue(field, f"{int((~torch.isfinite(z)).sum())} numbers that are not finite", allowed)
    return z


def _check_work(particles: int, each: float, most: float) -> None:
    if particles * each > most:
        words = f"at most {most / each:,.0f} particles for this many steps, model calls and components"
        raise BadValue("particles", particles, words)


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
    """The times that a run of ``exp`` visits, in the process's own unit, (steps + 1), falling: the grid's between start_at and stop_at, or those
    that are given. Raises: BadValue naming times, log_snr, start_at or stop_at."""
    given = given_times(exp, times, log_snr)
    if given is not None:
        return given
    grid = exp.grid.times(exp.process, problem, exp.sampler).tolist()
    if exp.start_at < 1:  # truncated start: the steps above it are left out (ES-DDPM 2205.12524, TDPM 2202.09671)
        top = float(exp.process.unclock(t64(exp.start_at)))
        grid = [top, *(t for t in grid if t < top * (1 - 1e-9))]
    if exp.stop_at > 0:  # early stop: the run ends there, without the denoiser
        low = float(exp.process.unclock(t64(exp.stop_at)))
        grid = [*(t for t in grid if t > low * (1 + 1e-9)), low]
    return grid


def given_times(
    exp: Experiment, times: Sequence[float] | Tensor | None, log_snr: Sequence[float] | Tensor | None, rising: bool = False
) -> list[float] | None:
    """The times that a caller gave, as such or as log-SNR levels; None where there are none. ``rising``: as noising has them."""
    if times is None and log_snr is None:
        return None
    if times is not None and log_snr is not None:
        raise BadValue("log_snr", "given together with times", "either times or log_snr")
    name = "times" if log_snr is None else "log_snr"
    for field, value in (("start_at", exp.start_at), ("stop_at", exp.stop_at)):
        if value != params(Experiment)[field].default:
            raise BadValue(
                field, value, f"{params(Experiment)[field].default:g} beside {name}=, which says itself where the run begins and ends"
            )
    if log_snr is None:
        return check_times(times, exp.process, order="rising" if rising else "falling")  # type: ignore[arg-type]
    if not isinstance(exp.process, ScalarGaussian):
        raise BadValue("log_snr", "given", f"times: {exp.process.info.title} has no single log-SNR")
    return check_levels(log_snr, exp.process, rising)


def check_levels(log_snr: Any, process: ScalarGaussian, rising: bool = False) -> list[float]:
    """Times of rising ln(α²/σ²) levels, +inf for t = 0 (``rising`` times: of falling ones). BadValue in terms of the levels."""
    try:
        levels = t64(log_snr)
    except (TypeError, ValueError, RuntimeError):
        raise BadValue("log_snr", log_snr, "a list of ln(α²/σ²) levels") from None
    shown = levels.tolist()
    if levels.ndim != 1 or len(levels) < 2:
        raise BadValue("log_snr", shown, "at least two levels ln(α²/σ²)")
    ordered = levels.flip(0) if rising else levels
    if not bool((ordered[1:] > ordered[:-1]).all()):  # NaN compares as false
        raise BadValue("log_snr", shown, f"levels that {'fall' if rising else 'rise'} strictly: ln(α²/σ²) {'falls' if rising else 'grows'} "
                       f"from {'data to noise' if rising else 'noise to data'}")  # fmt: skip
    lowest = float(process.log_snr(t64(process.t_max)))
    if not float(ordered[0]) >= lowest - 1e-9 * max(1.0, abs(lowest)):
        words = "no run starts at infinite noise: " if float(ordered[0]) == -math.inf else ""
        raise BadValue("log_snr", float(ordered[0]), f"{words}{process.info.title} has levels from {lowest:.6g} (t = {process.t_max:g}) up")
    times = torch.where(torch.isposinf(levels), torch.zeros_like(levels), process.time_at(levels / 2)).clamp_max(process.t_max)
    return check_times(times, process, order="rising" if rising else "falling")


def _start(exp: Experiment, oracle: Any, t: float, rng: Rng) -> Tensor:
    """The state at the first time: a draw from the prior, the moment-matched Gaussian or the exact p_t, (particles, *state).

    The prior below t_max is the process's to tell (``source_below``): p_t of data N(0, I) where there is such a law, else the exact p_t.
    """
    process = exp.process
    event = event_of(oracle)
    shape = process.state_shape(exp.particles, event)
    if exp.start == "prior":
        whole = t >= process.t_max * (1 - 1e-9)
        drawn = process.source(exp.particles, event, rng) if whole else process.source_below(t, exp.particles, event, rng)
        if drawn is not None:
            return drawn
    law = oracle.marginal(t)
    if exp.start != "gaussian":
        z, _ = law.sample(rng.uniform((exp.particles,)), rng.normal((exp.particles, law.dim)))
        return z.reshape(shape)
    if not bool(torch.isfinite(law.cov()).all()):
        raise BadValue("start", exp.start, "prior or exact: p_t has no covariance here (PFGM++ with D ≤ 2)")
    root, mean = (m.to(rng.device, rng.dtype) for m in (torch.linalg.cholesky(law.cov()), law.mean()))
    return (rng.normal((exp.particles, law.dim)) @ root.mT + mean).reshape(shape)


def event_of(oracle: Any) -> tuple[int, ...]:
    """The shape of one point of an oracle or of a law: (d,) of a toy, (channels, height, width) of an image."""
    return getattr(oracle, "event", (oracle.dim,))


def draw_data(exp: Experiment, oracle: Any, rng: Rng) -> tuple[Tensor, Tensor]:
    """Data points (particles, d) and the component that each came from."""
    if not hasattr(oracle, "weights"):
        raise BadValue("mode", exp.mode, "reverse: a trained model has no data of its own to noise")
    return oracle.data.sample(rng.uniform((exp.particles,)), rng.normal((exp.particles, oracle.dim)))


def _forward(
    exp: Experiment,
    data: Any,
    predictor: Any,
    initial: Any,
    times: Any,
    log_snr: Any,
    dtype: Any,
    device: Any,
    noise: Any,
    max_frames: int | None,
    most_work: float,
) -> Trace:
    if predictor is not None:
        raise BadValue("predictor", type(predictor).__name__, "none in mode 'forward': noising asks no model")
    process, law = exp.process, check_law(data, exp)
    oracle = oracle_for(law, process)
    draws = None if noise is None else Draws(noise)
    rng = Rng(exp.seed, check_device(device), check_dtype(dtype or exp.dtype), draws)
    asked = given_times(exp, times, log_snr, rising=True)
    if asked is None:
        asked = process.unclock(torch.linspace(0, 1, FORWARD_FRAMES, dtype=torch.float64)).tolist()
        asked[-1] = process.t_max  # to the last digit
    _check_work(exp.particles, len(asked) * oracle.dim, most_work)
    if initial is None:
        if draws is not None:
            draws.where = "the data"
        x0, origin = draw_data(exp, oracle, rng.stream("data") if draws is None else rng)
    else:
        x0, origin = check_initial("initial", initial, event_of(oracle), rng), None
    path = [0.0, *asked] if asked[0] > 0 else asked  # noising begins at the data, whether they are asked for or not
    if draws is not None:
        draws.where = "the steps"
    made = forward(process, x0, path, rng.stream("path") if draws is None else rng)
    first = len(path) - len(asked)
    frames = [Frame(f.step - first, f.t, f.z, 0, f.draws) for f in made if f.step >= first]
    if draws is not None:
        draws.check_left()
    frames = _thinned(frames, len(asked) - 1, max_frames)
    return Trace(process, frames, t64(asked), None, {"oracle": oracle, **({} if origin is None else {"origin": origin})})
