"""From an Experiment to its Run, a stream of frames; ``simulate`` reads all of it at once."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from playground.core.brownian import BrownianPath, check_path
from playground.core.exact import Exact
from playground.core.experiment import Experiment, dtype_name
from playground.core.fields import BadValue, Whole, params
from playground.core.legal import SLOTS, parts_of, sentence, why_illegal
from playground.core.mixture import GaussianMixture
from playground.core.model import Model
from playground.core.predictor import BasePredictor, Brought, given_predictor
from playground.core.problem import Prediction, Predictor, Problem
from playground.core.process import Process, ScalarProcess, t64
from playground.core.rng import Draws, Noise, Rng
from playground.core.run import Frame, Trace, check_times, forward, run
from playground.core.sampler import Sampler
from playground.core.space import Space
from playground.exact.models import exact

DTYPES = {"float32": torch.float32, "float64": torch.float64}
MOST_WORK = 1e12  # particles × model calls × components of one run
FORWARD_FRAMES = 64
MAX_FRAMES = Whole(None, 2, 1_000_000)


def simulate(
    exp: Experiment,
    *,
    data: GaussianMixture | None = None,
    predictor: Brought | None = None,
    initial: Tensor | None = None,
    times: Sequence[float] | Tensor | None = None,
    log_snr: Sequence[float] | Tensor | None = None,
    dtype: torch.dtype | str | None = None,
    device: torch.device | str | None = None,
    noise: Noise | Sequence[Tensor] | None = None,
    max_frames: int | None = None,
    most_work: float = MOST_WORK,
) -> Trace:
    """Runs an experiment: all of a ``Run`` at once.

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
    run = Run(
        exp,
        data=data,
        predictor=predictor,
        initial=initial,
        times=times,
        log_snr=log_snr,
        dtype=dtype,
        device=device,
        noise=noise,
        max_frames=max_frames,
        most_work=most_work,
    )
    return run.finish().trace


class Watched(Problem):
    """A problem that remembers its first answer since ``fresh``: x̂_0 at the state from which most samplers' steps start."""

    def __init__(self, process: Process, predictor: Predictor, law: Exact | None = None):
        super().__init__(process, predictor, law)
        self.fresh()

    def fresh(self) -> None:
        self.t = math.nan
        self.z: Tensor | None = None
        self.first: Tensor | None = None

    def ask(self, z: Tensor, t: float) -> Prediction:
        told = super().ask(z, t)
        if self.first is None:
            self.t, self.z, self.first = t, z, told.x0_hat
        return told

    def beside(self, z: Tensor, t: float) -> tuple[Tensor, int]:
        """x̂_0 (batch, *event) at a state and what that took beside the run's own model calls: nothing where it was the first answer."""
        if self.first is not None and self.z is not None and self.t == t and (self.z is z or torch.equal(self.z, z)):
            return self.first, 0  # most samplers ask at the very tensor: to compare numbers is a trip to the host
        before = self.calls
        with torch.no_grad():
            x0 = super().ask(z, t).mean
        took, self.calls = self.calls - before, before
        return x0, took


class Run:
    """An experiment as a stream of frames, each computed when it is read: fast streams of toys, slow ones of images.

    Iterating gives the start and the state after every step, first those that are kept, then the rest. So who reads decides: ``finish`` reads
    all at once; a reader that goes away pauses the run, and the next one goes on from there.

    exp, process, who, law, space: what is run, who predicts, of which law, and where its points live. problem: process, the model that is asked and the count of its calls. oracle: the exact model, with which
        the run is compared. grid: all times (steps + 1). origin: of noised data the component that each point came from (particles,).
    frames: those that are there and kept. calls: model calls made by each step, kept or not. compute_ms: the time that it took so far.
        done: is it complete? error: what a step raised; whoever reads on raises it again.
    x0: of a run that ``expects``: x̂_0 (particles, *event) at each of ``frames``, one fewer until it is done. ``asked``: evaluations made for
        them alone, where the sampler asks elsewhere (SSCS: half a step on); ``asked_end``: for that of a last state above t = 0. Both are
        beside its model calls.
    pictures: what a model's decoder made of states (bytes), by kind and step: kept with the run, since the model may be gone later.
    """

    problem: Watched
    grid: list[float]

    def __init__(
        self,
        exp: Experiment,
        *,
        data: GaussianMixture | Model | None = None,
        predictor: Brought | None = None,
        initial: Tensor | None = None,
        times: Sequence[float] | Tensor | None = None,
        log_snr: Sequence[float] | Tensor | None = None,
        dtype: torch.dtype | str | None = None,
        device: torch.device | str | None = None,
        noise: Noise | Sequence[Tensor] | None = None,
        max_frames: int | None = None,
        most_work: float = MOST_WORK,
        sampler: Sampler | None = None,
        walk: Sequence[float] | None = None,
        expects: bool = False,
        rng: Rng | None = None,
    ):
        """The arguments of ``simulate``. ``sampler``: in place of the experiment's, for what wraps one. ``walk``: times in place of the grid's that
        may also rise; it samples in either mode. ``expects``: x̂_0 at every kept state is wanted. ``rng``: in
        place of that of the experiment's seed.

        Raises: BadValue naming the field, the value and what is allowed, before anything is computed; as it is read, naming ``noise`` or
        ``predictor`` where the caller's own fail.
        """
        started = time.perf_counter()
        check_experiment(exp)
        if max_frames is not None:
            max_frames = MAX_FRAMES.clean("max_frames", max_frames)
        self.exp, self.process, self.expects, self.most_work = exp, exp.process, expects, most_work
        self.samples = exp.mode == "reverse" or walk is not None
        device, kind = check_device(device), check_dtype(dtype or exp.dtype)
        self.who = check_law(data, exp)
        self.law, self.space = self.who.law, self.who.law.space
        self.draws = None if noise is None else Draws(noise)
        self.rng = Rng(exp.seed, device, kind, self.draws) if rng is None else rng
        self.origin: Tensor | None = None
        if self.samples:
            self.feed = self._sampled(predictor, initial, times, log_snr, sampler or exp.sampler, walk)
        else:
            self.feed = self._noised(predictor, initial, times, log_snr)
        self.frames: list[Frame] = []
        self.calls: list[int] = []
        self.x0: list[Tensor] = []
        self.pictures: dict[tuple[str, int], np.ndarray] = {}
        self.asked = self.asked_end = 0
        self.done = False
        self.error: Exception | None = None
        self.stride = 1 if max_frames is None else max(1, -(-self.steps // (max_frames - 1)))
        self._judged, self.lost_at = 0, None
        self.compute_ms = 1000 * (time.perf_counter() - started)

    lost_at: int | None

    @property
    def oracle(self) -> Exact:
        return self.problem.exact

    @property
    def predictor(self) -> BasePredictor:
        return self.problem.predictor

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return len(self.grid) - 1

    def _stream(self, name: str) -> Rng:
        """Where one kind of draws comes from: a stream of its own, or the caller's noise in the order of the draws."""
        return self.rng.stream(name) if self.draws is None else self.rng

    def _sampled(
        self,
        predictor: Brought | None,
        initial: Tensor | None,
        times: Sequence[float] | Tensor | None,
        log_snr: Sequence[float] | Tensor | None,
        sampler: Sampler,
        walk: Sequence[float] | None,
    ) -> Iterator[Frame]:
        """From noise to data, by the sampler."""
        exp, process, who = self.exp, self.process, self.who
        _check(exp, who, "guidance", "start")
        guided = "mixture" not in exp.guidance.gives
        oracle = (exp.guidance.target(who) if guided else who).exact(process)
        self.problem = Watched(process, modelled(exp, who, predictor), oracle)
        reason = why_illegal(sampler, process, self.problem.predictor.gives)
        if reason:  # a predictor of the caller's own may give less than the exact one
            raise BadValue("sampler", sampler.info.key, f"one that fits this predictor: {sampler.info.title} {reason}")
        self.grid = grid_times(exp, times, log_snr, self.problem) if walk is None else check_times(walk, process, walk=True)
        calls = sampler.calls_on(process, self.grid) if walk is None else sampler.calls(self.steps)
        _check_work(exp.particles, (calls or 30 * self.steps) * who.components, self.most_work)
        if initial is None:
            z = _start(exp, self.space, oracle, self.grid[0], self._stream("prior"))
        else:
            z = check_initial("initial", initial, process.states(self.space), self.rng)
        return self._placed(run(self.problem, sampler, z, self.grid, self._noise(sampler, z, walk is not None), walk is not None))

    def _noise(self, sampler: Sampler, z: Tensor, walks: bool) -> Rng:
        """Where the draws of the steps come from."""
        rng = self._stream("path")
        if self.exp.noise == "steps":
            return rng
        if self.draws is not None:
            raise BadValue("noise", "a source of one's own", "none in an experiment with noise = path, which draws its increments itself")
        if why := "walks up again" if walks else sampler.off_path(self.process):
            raise BadValue("noise", "path", f"steps: {sampler.info.title} {why}")
        check_path(self.process, self.grid, len(z), z[0].numel())
        return BrownianPath(rng, self.process, sampler)

    def _noised(
        self,
        predictor: Brought | None,
        initial: Tensor | None,
        times: Sequence[float] | Tensor | None,
        log_snr: Sequence[float] | Tensor | None,
    ) -> Iterator[Frame]:
        """From data to noise, by exact steps of the process, which ask no model."""
        if predictor is not None:
            raise BadValue("predictor", type(predictor).__name__, "none in mode 'forward': noising asks no model")
        exp, process = self.exp, self.process
        _check(exp, self.who, "mode")
        oracle = self.who.exact(process)
        self.problem = Watched(process, oracle, oracle)
        asked = given_times(exp, times, log_snr, rising=True)
        if asked is None:
            asked = process.unclock(torch.linspace(0, 1, FORWARD_FRAMES, dtype=torch.float64)).tolist()
            asked[-1] = process.t_max  # to the last digit
        self.grid = asked
        _check_work(exp.particles, len(asked) * oracle.dim, self.most_work)
        if self.draws is not None:
            self.draws.where = "the data"
        if initial is None:
            rng = self._stream("data")
            x0, self.origin = oracle.data.sample(rng.uniform((exp.particles,)), rng.normal((exp.particles, oracle.dim)))
        else:
            x0 = check_initial("initial", initial, self.space, self.rng)
        path = [0.0, *asked] if asked[0] > 0 else asked  # noising begins at the data, whether they are asked for or not
        first = len(path) - len(asked)
        made = forward(process, self.space, x0, path, self._stream("path"))
        return self._placed(Frame(f.step - first, f.t, f.z, 0, f.draws) for f in made if f.step >= first)

    def _placed(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """The frames; a caller's noise knows for which step it is asked, and at the end none of it may be left."""
        if self.draws is None:
            return frames
        return self._told(frames, self.draws)

    def _told(self, frames: Iterator[Frame], draws: Draws) -> Iterator[Frame]:
        for step in range(self.steps + 1):
            draws.where = "the steps" if not self.samples else f"step {step} of {self.steps}" if step else "the start"
            yield next(frames)
        draws.check_left()

    # reading --------------------------------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Frame]:
        """All frames: those that are kept, then, each computed when it is asked for, the rest. Raises again what a step raised."""
        at = 0
        while True:
            if at < len(self.frames):
                yield self.frames[at]
                at += 1
            elif (frame := self.advance()) is None:
                return
            elif at == len(self.frames):  # not one of those that are kept
                yield frame

    def told(self) -> Iterator[tuple[Frame, Tensor | None]]:
        """(frame, x̂_0 at the state before it) of a run that keeps all; None at the start, and where it does not ``expect``."""
        for index, frame in enumerate(self):
            yield frame, self.x0[index - 1] if index and self.expects else None

    def advance(self) -> Frame | None:
        """One step more; None at the end. Raises again what a step raised."""
        if self.done:
            return None
        if self.error is not None:
            raise self.error
        started = time.perf_counter()
        self.problem.fresh()
        try:
            with torch.no_grad():  # around each step only: between two of them the caller's own torch code runs
                frame = next(self.feed, None)
            if frame is not None and self.expects and len(self.x0) < len(self.frames):
                self.x0.append(self._expected(self.frames[-1]))
        except Exception as error:
            self.error = error
            raise
        if frame is None:
            self._expect_end()
            self.done = True
        else:
            self.calls.append(frame.calls)
            if frame.step % self.stride == 0 or frame.step == self.steps:
                self.frames.append(frame)
        self.compute_ms += 1000 * (time.perf_counter() - started)
        return frame

    def finish(self) -> Run:
        """The same run, read to its end."""
        for _ in self:
            pass
        return self

    @property
    def times(self) -> Tensor:
        """The process's own time of each kept frame, (frames,), float64."""
        return t64([f.t for f in self.frames])

    @property
    def trace(self) -> Trace:
        """The frames that are kept, with what ``simulate`` tells of them."""
        model = self.problem.predictor if self.samples else None
        calls = self.calls if self.samples else []
        return Trace(self.process, self.frames, t64(self.grid), self.diverged, self.oracle, model, calls, self.origin)

    # what the model expects ---------------------------------------------------------------------------------------------------------

    def expect(self) -> None:
        """x̂_0 at the last state of a run that is not done: asked for now."""
        if self.done or len(self.x0) == len(self.frames):
            return
        self.problem.fresh()
        if self.frames[-1].step == self.steps:
            self._expect_end()
        else:
            before = self.asked
            self.x0.append(self._expected(self.frames[-1]))
            self.asked = before  # the step from here would have asked for it

    def _expect_end(self) -> None:
        """x̂_0 where no step starts: the state itself at t = 0; above, the model's E[x_0 | x_t], for which it is asked once more."""
        if self.expects and len(self.x0) < len(self.frames):
            last, before = self.frames[-1], self.asked
            self.x0.append(self._expected(last) if last.t > 0 else self.process.project(last.z))
            self.asked, self.asked_end = before, self.asked - before

    def _expected(self, frame: Frame) -> Tensor:
        """x̂_0 at a frame: the sampler's own first evaluation; one that asks elsewhere first costs one more."""
        x0, took = self.problem.beside(frame.z, frame.t)
        self.asked += took
        return x0

    # whether it can be believed -----------------------------------------------------------------------------------------------------

    @property
    def diverged(self) -> int | None:
        """The first kept step whose states are not finite or, in root mean square, ``who.lost`` times as large as the exact p_t's."""
        new = self.frames[self._judged :]
        self._judged = len(self.frames)
        if self.samples and self.lost_at is None and new:
            self.lost_at = self.first_lost(new)
        return self.lost_at

    def first_lost(self, frames: Sequence[Frame]) -> int | None:
        """The step of the first of some frames, of this run or of a part of its particles, that is so."""
        most = (self.who.lost * self.oracle.rms(t64([f.t for f in frames]))).tolist()
        sizes = torch.stack([self._size(f.z) for f in frames]).tolist()  # one trip to the host for all of them
        lost = (f.step for f, size, bound in zip(frames, sizes, most, strict=True) if not size / math.sqrt(len(f.z)) < bound)
        return next(lost, None)  # NaN and inf are lost

    def _size(self, z: Tensor) -> Tensor:
        """Root of the sum over the particles of how large their states are, squared; of pictures, in which no velocity is seen, the data part alone."""
        shown, where = (self.process.project(z), self.space) if self.space.pictures else (z, self.process.states(self.space))
        return torch.linalg.vector_norm(where.size(shown))


def check_experiment(exp: object) -> None:
    """BadValue unless it is an Experiment."""
    if not isinstance(exp, Experiment):
        made = f"Experiment(data={exp!r})" if isinstance(exp, str) and len(exp) < 40 else "Experiment.from_dict(…)"
        raise BadValue("exp", exp, f"an Experiment: pg.{made}")


def modelled(exp: Experiment, who: Model, predictor: Brought | None = None) -> BasePredictor:
    """What a run of ``exp`` asks: ``who``, or the caller's ``predictor``, with the guidance of ``exp`` around it."""
    if predictor is None:
        return exp.guidance.model(who, exp.process)
    return exp.guidance.guide(given_predictor(predictor, exp.process, who.law.space.shape), who, exp.process)


def check_law(data: object, exp: Experiment) -> Model:
    """Who predicts for ``data``, a mixture or itself a model; None: who does in the experiment."""
    if data is None:
        return exp.who
    if isinstance(data, GaussianMixture):
        return exact(data)
    if not isinstance(data, Model):
        words = "a GaussianMixture; names and records go into Experiment(data=…)"
        raise BadValue("data", tuple(data.shape) if isinstance(data, Tensor) else data, words)
    return data


def _check(exp: Experiment, who: Model, *slots: str) -> None:
    """BadValue where a choice cannot be made with the model that is run: of another than the experiment's own the judge has not heard yet."""
    if who is not exp.who:
        parts = dataclasses.replace(parts_of(exp), law=who.law, who=who)
        if no := next((no for slot in slots if (no := SLOTS[slot].complaint(parts)) is not None), None):
            raise no


def check_device(device: torch.device | str | None) -> torch.device:
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


def check_dtype(dtype: object) -> torch.dtype:
    """torch.float32, torch.float64 or their names."""
    name = dtype_name(dtype)
    if not isinstance(name, str) or name not in DTYPES:
        raise BadValue("dtype", dtype, "float32 or float64 (also as torch.float32, torch.float64)")
    return DTYPES[name]


def check_initial(field: str, value: object, space: Space, rng: Rng) -> Tensor:
    """States (particles, *state) of a caller, on the run's device and in its dtype (symbols: as whole numbers)."""
    state = space.shape
    allowed = f"finite numbers of shape {('particles', *state)}"
    try:
        z = torch.as_tensor(value)
        z = z.to(rng.device, rng.dtype if not space.integral else torch.int64 if bool((z == z.round()).all()) else torch.float64)
    except (TypeError, ValueError, RuntimeError):
        raise BadValue(field, value, allowed) from None
    if tuple(z.shape[1:]) != tuple(state) or z.ndim == 0 or len(z) == 0:
        raise BadValue(field, tuple(z.shape), allowed + ", at least one particle" * (z.ndim > 0 and len(z) == 0))
    if not bool(torch.isfinite(z).all()):
        raise BadValue(field, f"{int((~torch.isfinite(z)).sum())} numbers that are not finite", allowed)
    return space.check(field, z)


def _check_work(particles: int, each: float, most: float) -> None:
    if particles * each > most:
        words = f"at most {most / each:,.0f} particles for this many steps, model calls and components"
        raise BadValue("particles", particles, words)


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
    if missing := {"snr"} - exp.process.caps:
        raise BadValue("log_snr", "given", f"times: under {exp.process.info.title} a log-SNR {sentence(missing)}")
    return check_levels(log_snr, exp.process.scalar(), rising)


def check_levels(log_snr: Sequence[float] | Tensor, process: ScalarProcess, rising: bool = False) -> list[float]:
    """Times of rising ln(α²/σ²) levels, +inf for t = 0 (``rising`` times: of falling ones). BadValue in terms of the levels."""
    try:
        levels = torch.as_tensor(log_snr, dtype=torch.float64)
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


def _start(exp: Experiment, space: Space, oracle: Exact, t: float, rng: Rng) -> Tensor:
    """The state at the first time: a draw from the prior, the moment-matched Gaussian or the exact p_t, (particles, *state).

    The prior below t_max is the process's to tell (``source_below``): p_t of data N(0, I) where there is such a law, else the exact p_t.
    """
    process = exp.process
    shape = (exp.particles, *process.states(space).shape)
    if exp.start == "prior":
        whole = t >= process.t_max * (1 - 1e-9)
        drawn = process.prior(space, exp.particles, rng) if whole else process.source_below(t, exp.particles, space.shape, rng)
        if drawn is not None:
            return drawn
    law = oracle.marginal(t)
    if exp.start != "gaussian":
        z, _ = law.sample(rng.uniform((exp.particles,)), rng.normal((exp.particles, law.dim)))
        return z.reshape(shape)
    root, mean = (m.to(rng.device, rng.dtype) for m in (torch.linalg.cholesky(law.cov()), law.mean()))
    return (rng.normal((exp.particles, law.dim)) @ root.mT + mean).reshape(shape)
