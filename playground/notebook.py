"""What a notebook asks of an experiment: laws, models, scores, densities, distances, likelihoods, orders. Points are tensors, arrays or lists.

Points have the shape (…, *state): any number of axes before that of one state, (d,) of toy data, (2, d) of CLD's position and velocity. For data on the line
the last axis may be left out, so that (n,) are n points. Answers come back in the same form: array for array (and list), tensor for tensor,
with the axes that were given, in the precision that was given (whole numbers: float64).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar, cast

import numpy as np
import torch
from torch import Tensor

from playground import editing
from playground.core.catalog import law_of, resolve
from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Whole
from playground.core.law import Law, MixtureLaw
from playground.core.measure import Estimate, Measure
from playground.core.mixture import GaussianMixture
from playground.core.model import Model
from playground.core.names import Elsewhere
from playground.core.names import elsewhere as names_of
from playground.core.predictor import Brought
from playground.core.problem import Predictor, Problem, check_model_time
from playground.core.run import Trace
from playground.core.space import Space
from playground.engine import Run, grid_times, simulate
from playground.exact import oracle_for
from playground.exact.classes import AnyOracle
from playground.measures import two_samples
from playground.measures.panel import named as measure_named
from playground.measures.panel import why_not
from playground.measures.sampled import Sampled
from playground.measures.two_samples import Ran
from playground.metrics.budget import Budget, error_budget
from playground.metrics.flow import any_flow
from playground.metrics.likelihood import Likelihood, log_likelihood

Points = TypeVar("Points", Tensor, np.ndarray)
COUNT = Whole(1, 1, 10_000_000)
SEED = Whole(0, 0, 2**31 - 1)
STEPS = Whole(1, 1, 1000)
FINE, COARSE = 0.02, 0.1  # steps in ln(σ/α) of the exact flow, and of a coarser one that tells its error
SLOPES = frozenset({"vector", "tangent"})  # capabilities of spaces where densities have gradients
LEAST = 1e-6  # of an adaptive flow's error (its tolerance is 1e-7), in data units


# points in and out -----------------------------------------------------------------------------------------------------------------


class Given(Generic[Points]):
    """Points of a caller as states ``z`` (batch, *state), and the way back into the caller's form."""

    def __init__(self, field: str, points: Points, state: tuple[int, ...]):
        self.array = not isinstance(points, Tensor)
        ends = "" if state != (1,) else ", or (…) of points on the line"
        allowed = f"finite numbers of shape (…, {', '.join(map(str, state))}){ends}"
        try:
            z = points.detach() if isinstance(points, Tensor) else torch.as_tensor(np.asarray(points))
            if z.dtype not in (torch.float32, torch.float64):
                z = z.double() if not z.is_complex() else z
        except (TypeError, ValueError, RuntimeError):
            raise BadValue(field, points, allowed) from None
        shown = tuple(z.shape)
        if state[-1:] == (1,) and shown[max(0, z.ndim - len(state)) :] != state:
            z = z[..., None]
        axes = z.ndim - len(state)
        if axes < 0 or tuple(z.shape[axes:]) != state or z.numel() == 0 or z.is_complex():
            raise BadValue(field, shown, allowed + ", at least one point" * (z.numel() == 0))
        if not bool(torch.isfinite(z).all()):
            raise BadValue(field, f"{int((~torch.isfinite(z)).sum())} numbers that are not finite", allowed)
        self.shape, self.axes = shown, tuple(z.shape[:axes])
        self.z = z.reshape(-1, *state)

    def states(self, values: Tensor) -> Points:
        """Values (batch, *state) in the shape that was given."""
        return self._back(values.reshape(self.shape))

    def numbers(self, values: Tensor) -> Points:
        """One number a point (batch,)."""
        return self._back(values.reshape(self.axes))

    def _back(self, values: Tensor) -> Points:
        values = values.to(self.z.dtype)
        return cast("Points", values.cpu().numpy() if self.array else values)


def _count(field: str, value: object) -> int:
    return COUNT.clean(field, value)


def checked(exp: object) -> Experiment:
    """An Experiment. Raises BadValue for anything else."""
    if not isinstance(exp, Experiment):
        raise BadValue("exp", exp, "an Experiment: pg.Experiment(data=…, process=…)")
    return exp


def _asked(exp: Experiment, predictor: Brought | None) -> Run:
    """A run of one particle that is never read: it puts law, model and guidance together as every run does."""
    plain = checked(exp).replace(mode="reverse", particles=1, grid="UniformTime", start="prior", start_at=1.0, stop_at=0.0)
    return Run(plain, predictor=predictor)


# laws and models --------------------------------------------------------------------------------------------------------------------


def law(data: str | GaussianMixture | dict[str, object] | Experiment | Law) -> Law:
    """The law of data: by name ("moons"), of a mixture (also as a record of weights, means and covs), or of an experiment.

    ``law.sample(1000, seed=0)`` draws points and their classes, ``pg.sample(law, 1000, seed=0)`` the points alone; ``pg.density(law, x)`` asks for its closed form where it has one. Raises: BadValue.
    """
    if isinstance(data, Law):
        return data
    if isinstance(data, GaussianMixture):
        return MixtureLaw(data)
    return data.law if isinstance(data, Experiment) else law_of(resolve("data", data)[0])


def model(exp: Experiment, predictor: Brought | None = None) -> Predictor:
    """Who predicts in a run of ``exp``, with its guidance around it: z_t (batch, *state), t ↦ Prediction, whose ``x0_hat`` (batch, *event) is
    E[x_0 | z_t]. ``predictor``: a model of one's own in place of the experiment's. Raises: BadValue."""
    return problem(exp, predictor).predictor


def problem(exp: Experiment, predictor: Brought | None = None) -> Problem:
    """Process, law and model of ``exp`` together: ``x0``, ``eps``, ``score``, ``velocity``, ``denoise`` of states z (batch, *state) at a time t, each a
    conversion of the model's x̂_0, and ``calls``, the count of its evaluations. Raises: BadValue."""
    return _asked(exp, predictor).problem


def score(exp: Experiment, x: Points, t: float, *, predictor: Brought | None = None) -> Points:
    """∇_z log p_t(z) as the model of ``exp`` sees it, guidance included, at states (…, *state) in their shape; of CLD with respect to x and v.

    Exact where the model is. 0 < t ≤ t_max, the process's own time. Raises: BadValue naming exp, x, t or predictor.
    """
    asked, space = problem(exp, predictor), exp.process.states(exp.law.space)
    if not space.caps & SLOPES:
        raise BadValue("data", exp.data, f"data whose density has a slope, such as moons: {exp.law.title} are symbols")
    given = Given("x", x, space.shape)
    with torch.no_grad():
        return given.states(asked.score(given.z, _time(exp, t)))


def denoised(exp: Experiment, x: Points, t: float, *, predictor: Brought | None = None) -> Points:
    """x̂_0 = E[x_0 | z_t] at states (…, *state), in the shape of data (…, *event). As ``score``."""
    asked, space = problem(exp, predictor), exp.process.states(exp.law.space)
    state = space.shape
    given = Given("x", x, state)
    with torch.no_grad():
        x0 = asked.x0(space.states("x", given.z), _time(exp, t))
    event = tuple(x0.shape[1:])
    axes = given.axes + (event if given.shape[len(given.axes) :] == state else event[:-1])
    return given._back(x0.reshape(axes))


def _time(exp: Experiment, t: float) -> float:
    """A time at which a model can be asked."""
    try:
        value = float(t)
    except (TypeError, ValueError):
        raise BadValue("t", t, f"a time above 0 and up to {exp.process.t_max:g} of {exp.process.info.title}") from None
    check_model_time(exp.process, value)
    return value


def log_prob(what: Experiment | Law | GaussianMixture | str, x: Points, t: float = 0.0) -> Points:
    """ln p_t(z) in closed form at states (…, *state), one number a point; t = 0: of the data (CLD: and their velocities). Of angles the density over
    radians, of symbols the probability.

    ``what``: an experiment (guided: the law of the class that is asked for), or a law, a mixture or a name, which know t = 0 only. Raises: BadValue
    for what has no closed form, such as images. PFGM++ is by quadrature, and minibatch couplings are approximate.
    """
    if not isinstance(what, Experiment):
        known = law(what)
        closed, given = known.closed, Given("x", x, known.space.shape)
        if t != 0:
            raise BadValue("t", t, "0: a law of data knows no process; give an Experiment")
        return given.numbers(closed.log_prob(known.space.states("x", given.z.double()).flatten(1)))
    exact = oracle_for(_target(what).closed, what.process)
    space = what.process.states(what.law.space)
    given = Given("x", x, space.shape)
    z = space.states("x", given.z.double())
    if t == 0:
        return given.numbers(exact.lifted().log_prob(z.flatten(1)))
    return given.numbers(exact.log_prob(z, _time(what, t)))


def density(what: Experiment | Law | GaussianMixture | str, x: Points, t: float = 0.0) -> Points:
    """p_t(z) = e^{log_prob}, in 1/units of the state (of symbols a probability)."""
    told = log_prob(what, x, t)
    return np.exp(told) if isinstance(told, np.ndarray) else told.exp()


def exact_of(exp: Experiment) -> AnyOracle:
    """The exact model of a mixture that ``exp`` wants to sample: of its data, or of the class that guidance leads to. BadValue where there is none."""
    return oracle_for(_target(exp).mixture, exp.process)


def _target(exp: Experiment) -> Model:
    """The model of what ``exp`` wants to sample."""
    who = checked(exp).who
    return exp.guidance.target(who) if "mixture" not in exp.guidance.gives else who


def sample(what: Experiment | Law | GaussianMixture | str, n: int, seed: int = 0) -> Tensor:
    """n independent exact draws of a law, (n, *event) in float64: the same for the same seed, the first ones the same for every n. Raises: BadValue."""
    return law(what).sample(n, seed)[0]


# what can be said of a run -----------------------------------------------------------------------------------------------------------


def distance(
    x: Ran | two_samples.Points,
    y: two_samples.Points | Law | GaussianMixture | Experiment | str | None = None,
    *,
    measure: str | Sampled | None = None,
    space: Space | None = None,
    seed: int = 0,
) -> Estimate:
    """How far a run's last particles are from their exact law (``distance(run)``), points from a law, or points from points: ``value``, its standard
    ``error``, and ``floor``, what exact samples of this size show among themselves, with its spread ``floor_sd``.

    y: a law beside points may also be a name ("moons"), an Experiment (its data) or what ``pg.law`` gives. The other arguments are those of
    ``playground.measures.two_samples.distance``. Raises: BadValue; also where a run's p_t lacks the moments that the distance needs.
    """
    if isinstance(y, (str, Law, Experiment)):
        y = law(y)
    try:
        return two_samples.distance(x, y, measure=measure, space=space, seed=seed)
    except BadValue as error:
        if error.field == "start":  # an exact start is asked for the same law, and says why there is none
            raise BadValue("x", "a run without an exact law", f"a run of an exact model: {error.allowed.removeprefix('prior: ')}") from None
        raise


def measure(exp: Experiment, of: str | Measure) -> Estimate:
    """A number of a run of ``exp``, by the name of its measure ("ClassShares", "MemorisedShare", "Energy", …; ``pg.registry("measures")`` holds them) or one
    of one's own: ``value``, standard ``error``, and ``floor``, what a perfect run of this size would show, with its spread ``floor_sd``.

    Raises: BadValue where the run lacks what the measure needs.
    """
    asked = of if isinstance(of, Measure) else measure_named(of)
    run = Run(checked(exp)).finish()
    if why := why_not(asked, run):
        raise BadValue("measure", asked.info.key, f"a run that has it: {asked.info.title} {why}")
    return asked.of(run)


def likelihood(
    exp: Experiment,
    x: Points,
    *,
    predictor: Brought | None = None,
    t0: float = 1e-5,
    tol: float = 1e-7,
    trace: str = "auto",
    probes: int = 1,
    end: str = "prior",
    seed: int = 0,
    method: str = "adaptive",
    steps: int = 100,
) -> Likelihood[Points]:
    """ln p of the model's probability flow at states (…, *state), for CLD of (x, v) together: ``log_p`` one number a point, ``latent`` where the
    flow takes each, ``calls``. ``metrics.likelihood.log_likelihood`` tells the arguments.

    Raises: BadValue.
    """
    asked = problem(exp, predictor)
    given = Given("x", x, exp.process.states(exp.law.space).shape)
    told = log_likelihood(
        exp.process,
        asked.predictor,
        given.z.double(),
        t0=t0,
        tol=tol,
        trace=trace,
        probes=probes,
        end=end,
        seed=SEED.clean("seed", seed),
        method=method,
        steps=steps,
    )
    latent, log_p, spread = given.states(told.latent), given.numbers(told.log_p), given.numbers(told.probe_error)
    return Likelihood(log_p, latent, told.calls, spread)


def budget(exp: Experiment, predictor: Brought | None = None) -> Budget:
    """Where a run's distance to the data comes from: early stop, steps, score error, prior; ``playground.metrics.budget``. On toy data only.

    Raises: BadValue.
    """
    law(checked(exp)).mixture  # noqa: B018 - says what has no closed form
    return error_budget(exp, predictor)


# there and back ---------------------------------------------------------------------------------------------------------------------


def invert(exp: Experiment, x: Points, *, predictor: Brought | None = None) -> Trace:
    """Data (…, *event) encoded along the probability-flow ODE by the steps of ``exp``: a Trace with increasing times whose ``states[-1]``, (n, *event) in
    float64, is the latent. DDIM inversion with sampler=DDIM(). ``playground.editing.invert``; Song et al. 2020, 2010.02502. Raises: BadValue."""
    given = Given("x", x, _event(exp))
    return editing.invert(exp, given.z, predictor=predictor)


def decode(exp: Experiment, latent: Points, *, predictor: Brought | None = None) -> tuple[Points, Trace]:
    """The way back: from a latent (…, *event) at the grid's first time to data in the same form, and the Trace. ``playground.editing.decode``."""
    given = Given("latent", latent, _event(exp))
    x0, trace = editing.decode(exp, given.z, predictor=predictor)
    return given.states(x0), trace


@dataclass(frozen=True)
class Bridge(Generic[Points]):
    """``x0``: where each point came out, in the form that was given; ``encode``, ``decode``: the way up under A and down under B."""

    x0: Points
    encode: Trace
    decode: Trace


def bridge(exp_a: Experiment, exp_b: Experiment, x: Points) -> Bridge[Points]:
    """From data of A to data of B: encoded under A's model, decoded under B's. ``playground.editing.bridge_ddib``; Su et al. 2022, 2203.08382.

    Raises: BadValue for either experiment, or where their data differ in shape.
    """
    given = Given("x", x, _event(exp_a))
    if _event(exp_b) != _event(exp_a):
        raise BadValue("exp_b", exp_b.data, f"data of the same shape as those of exp_a: {_event(exp_a)}")
    told = editing.bridge_ddib(exp_a, exp_b, given.z)
    return Bridge(given.states(told.x0), told.encode, told.decode)


def _event(exp: Experiment) -> tuple[int, ...]:
    return tuple(_asked(exp, None).space.shape)


# order of convergence ---------------------------------------------------------------------------------------------------------------


def elsewhere(exp: Experiment) -> Elsewhere:
    """What the sampler and the grid are called in `diffusers`, k-diffusion, A1111, ComfyUI and DPM-Solver's repository (``names``), and Python that makes the scheduler of `diffusers`
    (``code``): ``exact`` where it makes this run's noise levels and steps, else ``near`` says what differs. ``print`` shows all of it."""
    checked(exp)
    return names_of(exp, grid_times(exp, problem=problem(exp)) if exp.mode == "reverse" else [])


class Order(NamedTuple):
    """``value``: minus the slope of ln(error) over ln(steps), ``error``: its standard error in the fit; ``steps``, ``errors``: root mean square distance
    of the particles from the exact flow (data units), ``calls``: model calls of each run; ``used``: how many of the runs are in the fit, the finest."""

    value: float
    error: float
    steps: tuple[int, ...]
    errors: tuple[float, ...]
    calls: tuple[int, ...]
    used: int


def order(exp: Experiment, steps: Sequence[int] = (20, 40, 80, 160), *, particles: int = 256) -> Order:
    """The order of convergence that a deterministic sampler shows on the data, process and grid of ``exp``: the same particles are taken along the exact
    probability flow to where the grid ends above 0, and by the sampler in as many steps as ``steps`` says, in float64.

    The slope is fitted over the runs with at most 0.6 of the largest error (over two at least) whose error is above that of the exact flow itself.
    It approaches the method's own order as the steps grow in number: on data of narrow or split modes only slowly. Raises: BadValue for
    samplers that draw noise or choose their own steps, for guidance, for grids of a fixed number of steps.
    """
    exact = exact_of(checked(exp))
    sampler = exp.sampler
    if sampler.declared_order is None or sampler.calls(5) is None:
        raise BadValue("sampler", sampler.info.key, "a deterministic one with the grid's steps: DDIM(), Heun(), DPMSolverPP2M(), …")
    if "mixture" not in exp.guidance.gives:
        raise BadValue("guidance", exp.guidance.info.key, "NoGuidance(): a guided model has no exact flow to compare with")
    if isinstance(steps, (str, bytes)) or not isinstance(steps, Sequence) or len(set(steps)) < 2:
        raise BadValue("steps", steps, "at least two different numbers of steps: (20, 40, 80)")
    counts = sorted({STEPS.clean("steps", n) for n in steps})
    exp = exp.replace(mode="reverse", particles=_count("particles", particles), dtype="float64")
    errors, calls, limits = [], [], []
    flows: dict[tuple[float, float], tuple[Tensor, float]] = {}
    for n in counts:
        some = exp.replace(grid=dataclasses.replace(exp.grid, steps=n, denoise=False))
        times = grid_times(some)
        if len(times) - 1 != n and exp.start_at == 1 and exp.stop_at == 0:
            raise BadValue("grid", exp.grid.info.key, "a grid whose number of steps can be chosen: UniformTime(), UniformLogSNR(), …")
        run = simulate(some, max_frames=2)
        start = run.states[0]
        ends = (times[0], times[-1])
        if ends not in flows:  # the seed is one, and so are the starts
            with torch.no_grad():
                end, coarse = (any_flow(exact, start, *ends, step) for step in (FINE, COARSE))
            own = 10 * (FINE / COARSE) ** 4 * _apart(coarse, end)  # ten times the error of the fine one, which is of order 4
            flows[ends] = end, own or LEAST
        end, least = flows[ends]
        errors.append(_apart(run.states[-1], end))
        limits.append(least)
        calls.append(run.model_calls)
    fits = [i for i, (e, least) in enumerate(zip(errors, limits, strict=True)) if least < e < math.inf]
    used = [i for i in fits if errors[i] <= 0.6 * max(errors[j] for j in fits)]
    used = used if len(used) >= 2 else fits[-2:]
    if len(used) < 2:
        raise BadValue("steps", tuple(steps), "fewer steps: these errors are those of the exact flow itself")
    h, e = np.log([counts[i] for i in used]), np.log([errors[i] for i in used])
    slope, at = np.polyfit(h, e, 1)
    rest = float(np.sum((e - at - slope * h) ** 2))
    spread = math.sqrt(rest / max(1, len(used) - 2) / float(np.sum((h - h.mean()) ** 2))) if len(used) > 2 else math.nan
    return Order(-float(slope), spread, tuple(counts), tuple(errors), tuple(calls), len(used))


def _apart(a: Tensor, b: Tensor) -> float:
    return float((a - b).flatten(1).square().sum(1).mean().sqrt())
