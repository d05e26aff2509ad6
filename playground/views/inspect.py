"""The pin inspector: everything that is exactly known about one point (z, t). Layers ``inspect``, ``paths`` and ``worst``.

Parameters (names of the query after "lab."): ``clock`` in [0, 1]; ``at``, the pinned numbers in the stage's coordinates; ``components``, the
state components that they are; ``gap`` in (0, 1], the share of the way from t to 0 that one step goes.
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import torch
from torch import Tensor

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Json, promised
from playground.core.kernel import semi_cholesky
from playground.core.legal import require, why_not
from playground.core.mixture import GaussianMixture
from playground.core.panels import Geometry
from playground.core.problem import Problem
from playground.core.process import LinearProcess, t64
from playground.core.rng import Rng
from playground.engine import grid_times
from playground.exact.mixture import MixtureOracle
from playground.metrics.denoising import entropy, gaussian_of, kl_to_gaussian, log_density, modes, w2_to_gaussian, without_light, worst_step
from playground.metrics.steps import StepLaw, step_law
from playground.samplers.exact import ExactAncestral
from playground.samplers.ode import RK4
from playground.views.geometry import geometry_of
from playground.views.packet import Packet

NEEDS = frozenset({"vector", "points", "closed steps"})
LINE = 700  # points of a curve
RASTER = (88, 64)
GAPS = (0.03, 0.1, 0.25, 0.5, 1.0)  # step sizes of the figure, as shares of the way to 0
STRIPS = (0.0, 0.25, 0.5, 0.75, 1.0)  # clocks of the row of p_t above it
LAST = 0.999  # clock of a pin at the end of a process whose SDE has no coefficients there
LIST = 12  # components that are listed
PATHS, PATHS_PLANE, PATH_TIMES = 20, 7, 28


class Pin(NamedTuple):
    """A point of the state space and its time; ``z`` (1, *state), ``notes`` what was done to what was asked for."""

    exp: Experiment
    process: LinearProcess
    oracle: MixtureOracle
    geo: Geometry
    z: Tensor
    t: float
    clock: float
    s: float
    notes: list[str]


def _number(params: dict[str, str], name: str, default: float, lo: float, hi: float) -> float:
    raw = params.get(name, str(default))
    try:
        value = float(raw)
    except ValueError:
        value = math.nan
    if not lo <= value <= hi:
        raise BadValue(f"lab.{name}", raw[:60], f"a number from {lo:g} to {hi:g}")
    return value


def why(exp: Experiment) -> str:
    """Why nothing can be pinned here, as a sentence, or ''."""
    missing = why_not(NEEDS, exp)
    return f"This lab {missing}." if missing else ""


def _exact(exp: Experiment) -> tuple[LinearProcess, MixtureOracle]:
    """The process and the exact model of an experiment that has what is needed."""
    process = exp.process.linear()
    return process, promised(exp.who.predictor(process), MixtureOracle, "data", "a mixture")


def pin_of(exp: Experiment, params: dict[str, str]) -> Pin:
    """The pinned state. Numbers outside the axes and times at which nothing is random are clamped, and a note says so.

    A plane of phase space with four components shows two of them: the others get their conditional mean E[· | pinned] under p_t.
    Raises BadValue for what is not a number or not as many as components.
    """
    require(NEEDS, exp)
    process, oracle = _exact(exp)
    geo = geometry_of(exp.law, exp.process)
    notes: list[str] = []
    clock = _number(params, "clock", 0.5, 0.0, 1.0)
    low = min(0.5, float(process.clock(t64(process.t_min))))
    high = 1.0 if all(bool(torch.isfinite(m).all()) for m in process.sde(t64(process.t_max))) else LAST
    if not low <= clock <= high:
        clock = min(max(clock, low), high)
        notes.append(
            f"pinned at t = {float(process.unclock(t64(clock))):.4g}: at the very {'data' if clock == low else 'noise'} end there is no step"
        )
    t = float(process.unclock(t64(clock)))

    n = oracle.state_dim
    try:
        components = [int(v) for v in params.get("components", "0" if n == 1 else "0,1").split(",")]
        values = [float(v) for v in params.get("at", ",".join("0" * len(components))).split(",")]
    except ValueError:
        raise BadValue(
            "lab.at", f"{params.get('at', '')[:60]} ({params.get('components', '')[:20]})", "numbers, and whole numbers as components"
        ) from None
    if len(values) != len(components) or len(set(components)) != len(components) or not all(0 <= c < n for c in components):
        raise BadValue("lab.at", params.get("at", "")[:60], f"one number for each of the components, which are 0 to {n - 1}")
    if not all(math.isfinite(v) for v in values):
        raise BadValue("lab.at", params.get("at", "")[:60], "finite numbers")
    inside = [min(max(v, geo.lo[c]), geo.hi[c]) for c, v in zip(components, values, strict=True)]
    if inside != values:
        notes.append("the pin was outside of the axes and stands at their edge")
    view = float(process.view_scale(t64(t)))
    given = t64(inside) / view
    z = _complete(oracle.marginal(t), components, given)
    if len(components) < n:
        names = ", ".join(geo.components[i] for i in range(n) if i not in components)
        notes.append(f"{names}: the mean given the pinned components")
    gap = _number(params, "gap", 0.25, 0.0, 1.0)
    s = 0.0 if gap >= 1 else float(process.unclock(t64(clock * (1 - max(gap, 1e-3)))))
    shape = process.state_shape(1, (oracle.dim,))
    return Pin(exp, process, oracle, geo, z.reshape(shape), t, clock, s, notes)


def _complete(law: GaussianMixture, components: list[int], given: Tensor) -> Tensor:
    """The state with these components, and E[others | these] in the others."""
    others = [i for i in range(law.dim) if i not in components]
    z = torch.zeros(law.dim, dtype=torch.float64)
    z[components] = given
    if others:
        some = GaussianMixture(law.weights, law.means[:, components], law.covs[:, components][:, :, components])
        r = some.responsibilities(given[None])[0]
        pull = torch.linalg.solve(some.covs, (given - some.means)[..., None])
        mean = law.means[:, others] + (law.covs[:, others][:, :, components] @ pull)[..., 0]
        z[others] = r @ mean
    return z


def denoising_law(pin: Pin, s: float) -> GaussianMixture:
    """q(z_s | z_t = pin) as a mixture; components lighter than 1e-12 are left out."""
    log_r, mean, cov = pin.oracle.denoising(pin.oracle.flatten(pin.z), pin.t, s)
    keep = log_r[0] > math.log(1e-12)
    r = log_r[0, keep].exp()
    tiny = 1e-18 * torch.eye(mean.shape[-1], dtype=torch.float64)
    return GaussianMixture(r / r.sum(), mean[0, keep], cov[keep] + tiny, pin.oracle.data.labels[keep])


# the layer "inspect" --------------------------------------------------------------------------------------------------------------


def inspect_packet(exp: Experiment, params: dict[str, str]) -> Packet:
    """``layer=inspect``: laws at the pin, their distances to Gaussians, and every parameterisation there."""
    if no := why(exp):
        return Packet({"kind": "inspect", "why": no})
    if "suggest" in params:
        return Packet({"kind": "inspect", "suggest": suggestion(exp)})
    pin = pin_of(exp, params)
    process, geo = pin.process, pin.geo
    q = denoising_law(pin, pin.s)
    best = gaussian_of(q)
    h = entropy(q)
    mode = modes(q)
    header: dict[str, Json] = {
        "kind": "inspect",
        "key": exp.key,
        "clock": pin.clock,
        "t": pin.t,
        "s": pin.s,
        "s_clock": float(process.clock(t64(pin.s))),
        "z": pin.oracle.flatten(pin.z)[0].tolist(),
        "names": list(geo.components),
        "notes": pin.notes,
        "modes": len(mode),
        "best": _numbers(q, best[0], best[1], h),
        "step": _step(pin, q, h),
        "point": point_numbers(pin),
        "w2": "W₂, exact" if q.dim == 1 else "sliced W₂ over 12 directions",
    }
    packet = Packet(header)
    _responsibilities(packet, pin)
    if q.dim == 1:
        _line(packet, pin, q)
    else:
        _plane(packet, pin, q, mode)
    return packet


def suggestion(exp: Experiment) -> str:
    """A pin worth looking at, as the link writes it: among the data's own scale at clock 0.45 the point where tr Cov(x_0 | x_t) √p_t is largest,
    between modes but not far from all of them."""
    process, oracle = _exact(exp)
    geo = geometry_of(exp.law, exp.process)
    panel = geo.panels[0]
    clock = 0.45
    t = float(process.unclock(t64(clock)))
    law = oracle.marginal(t)
    root = torch.linalg.cholesky(law.cov())
    side = torch.linspace(-1.6, 1.6, 25, dtype=torch.float64)
    lattice = side[:, None] if law.dim == 1 else torch.cartesian_prod(side, side)
    z = law.mean() + torch.nn.functional.pad(lattice, (0, law.dim - lattice.shape[1])) @ root.mT
    spread = oracle.posterior_cov(z.reshape(-1, *process.state_shape(1, (oracle.dim,))[1:]), t).diagonal(dim1=-2, dim2=-1).sum(-1)
    best = z[(spread.log() + 0.5 * law.log_prob(z)).argmax()] * float(process.view_scale(t64(t)))
    axes = [panel.b] if panel.a is None else [panel.a, panel.b]
    inside = [min(max(float(best[i]), lo), hi) for i, (lo, hi) in zip(axes, panel.ranges, strict=True)]
    return ",".join([panel.id, f"{clock:g}", *(f"{v:.3f}" for v in inside)])


def _numbers(q: GaussianMixture, mean: Tensor, cov: Tensor, h: tuple[float, float]) -> dict[str, Json]:
    kl, error = kl_to_gaussian(q, mean, cov, h)
    return {
        "mean": mean.tolist(),
        "cov": cov.tolist(),
        "kl": kl if math.isfinite(kl) else None,
        "error": error,
        "w2": w2_to_gaussian(q, mean, cov),
    }


def _step(pin: Pin, q: GaussianMixture, h: tuple[float, float]) -> dict[str, Json]:
    """The law from which the chosen sampler draws in one step t → s."""
    exp, sampler = pin.exp, pin.exp.sampler
    record: dict[str, Json] = {"title": sampler.info.title, "note": ""}
    if sampler.exact_step:
        return {
            **record,
            "kind": "exact",
            "note": "draws from q(x_s | x_t) itself",
            "kl": 0.0,
            "w2": 0.0,
            "mean": q.mean().tolist(),
            "cov": q.cov().tolist(),
        }
    guided = "mixture" not in exp.guidance.gives
    model = exp.guidance.model(exp.who, pin.process) if guided else pin.oracle
    try:
        law = step_law(Problem(pin.process, model, pin.oracle), sampler, pin.z, pin.t, pin.s, exp.seed, grid_times(exp))
    except (BadValue, ArithmeticError, AssertionError, IndexError) as error:
        return {**record, "kind": "none", "note": f"this step cannot be taken alone ({type(error).__name__})"}
    if not law.alone:
        return {**record, "kind": "none", "note": law.note}
    if not bool(torch.isfinite(law.mean).all()) or not bool(torch.isfinite(law.cov).all()):
        return {**record, "kind": "none", "note": "diverges in this step"}
    record |= {"kind": law.kind, **_numbers(q, law.mean, law.cov, h), "note": _words(law, pin, guided)}
    if not law.gaussian:
        record["kl"] = None
    return record


# a point has no law that KL or W₂ could compare with q: no fault of the step
DRAWS_NOTHING = "the last step draws nothing: it ends at the mean E[x_0 | x_t]"
ONE_POINT = "an ODE step goes to one point and does not sample q(x_s | x_t); only all particles together have a law (lab “errors”)"


def _words(law: StepLaw, pin: Pin, guided: bool) -> str:
    parts = []
    if not law.draws:
        last = pin.s == 0 and pin.exp.sampler.declared_order is None
        parts.append(DRAWS_NOTHING if last else ONE_POINT)
    if law.note:
        parts.append(law.note)
    if guided:
        parts.append("guided; q is of all classes")
    return "; ".join(parts)


def point_numbers(pin: Pin) -> list[dict[str, Json]]:
    """Every parameterisation of the exact model at the pin (math 1.6): {name, formula, tip, values}; one from x̂_0, the others by conversion."""
    process, z, t = pin.process, pin.z, pin.t
    problem = Problem(process, pin.oracle)
    x0 = problem.x0(z, t)
    score = problem.score_from(z, x0, t)
    rows: list[tuple[str, str, str, Tensor]] = [("x̂₀", "= E[x₀ | x_t]", "the denoiser D, data prediction", x0)]
    if "snr" in process.caps:
        c = process.scalar().at(t)
        eps = (z - c.alpha * x0) / c.sigma
        rows.append(("ε̂", "= (x_t − α x̂₀)/σ", "noise prediction", eps))
        rows.append(("score", "= −ε̂/σ", "∇ log p_t(x_t)", score))
        if abs(c.alpha**2 + c.sigma**2 - 1) < 1e-9:
            rows.append(("v", "= α ε̂ − σ x̂₀", "v-prediction, of processes with α² + σ² = 1", c.alpha * eps - c.sigma * x0))
        rows.append(("u", "= α̇ x̂₀ + σ̇ ε̂", "velocity of the probability flow, f x − ½ g² score", problem.velocity(z, t)))
    else:
        rows.append(("score", "= −Σ⁻¹(z − ψ x̂₀)", "∇ log p_t(z), of position and velocity", score))
        rows.append(("u", "= F z − ½ GGᵀ score", "velocity of the probability flow", problem.velocity(z, t)))
        rows.append(("E[z₀ | z_t]", "", "x̂₀ and −γM A_{·v}ᵀ score", problem.denoise(z, t)))
    rows.append(("ln p_t", "", "ln Σ w_k N(z; m_k(t), S_k(t))", pin.oracle.marginal(t).log_prob(pin.oracle.flatten(z))))
    spread = pin.oracle.posterior_cov(z, t)[0].diagonal().clamp_min(0).sqrt()
    rows.append(("sd of x₀", "", "√ diag Cov(x₀ | x_t)", spread))
    shown = lambda v: [x if math.isfinite(x) else None for x in v.reshape(-1).tolist()]  # noqa: E731
    return [{"name": name, "formula": formula, "tip": tip, "values": shown(values)} for name, formula, tip, values in rows]


def _responsibilities(packet: Packet, pin: Pin) -> None:
    """The heaviest components of p(x_0 | z_t): weight, prior weight, mean, standard deviations, label."""
    law = denoising_law(pin, 0.0)
    d = pin.oracle.dim
    r = pin.oracle.marginal(pin.t).responsibilities(pin.oracle.flatten(pin.z))[0]
    top = r.argsort(descending=True)[:LIST]
    packet.header["components"] = {"of": pin.oracle.data.components, "index": top.tolist(), "label": pin.oracle.data.labels[top].tolist()}
    packet.add("r", r[top])
    packet.add("prior", pin.oracle.data.weights[top])
    packet.header["x0"] = {"mean": law.mean()[:d].tolist()}


def _curve(law: GaussianMixture, x: Tensor) -> Tensor:
    return log_density(law, x[:, None]).exp()


def _line(packet: Packet, pin: Pin, q: GaussianMixture) -> None:
    """One dimension: curves on one axis, q for several step sizes, and the row of p_t."""
    process, (lo, hi) = pin.process, pin.geo.panels[0].ranges[0]
    x = torch.linspace(lo, hi, LINE, dtype=torch.float64)
    view = lambda t: float(process.view_scale(t64(t)))  # noqa: E731

    def shown(law: GaussianMixture, t: float) -> Tensor:
        """The density of the view coordinate x · scale(t)."""
        return _curve(law, x / view(t)) / view(t)

    sizes = []
    for gap in GAPS:
        s = 0.0 if gap == 1 else float(process.unclock(t64(pin.clock * (1 - gap))))
        law = denoising_law(pin, s)
        sizes.append((gap, s, law, *kl_to_gaussian(law, *gaussian_of(law))))
    packet.add("x", x)
    packet.add("q", shown(q, pin.s))
    packet.add("sizes", torch.stack([shown(law, s) for _, s, law, _, _ in sizes]))
    packet.header["sizes"] = [{"gap": gap, "s": s, "kl": kl, "modes": len(modes(law))} for gap, s, law, kl, _ in sizes]
    packet.add("x0", shown(denoising_law(pin, 0.0), 0.0))
    packet.add("data", shown(pin.oracle.data, 0.0))
    clocks = list(STRIPS)  # the nearest one gives way to the pin's
    mine = min(range(len(clocks)), key=lambda i: abs(clocks[i] - pin.clock))
    clocks[mine] = pin.clock
    times = [float(process.unclock(t64(c))) for c in clocks]
    packet.add("p", torch.stack([shown(pin.oracle.lifted() if t == 0 else pin.oracle.marginal(t), t) for t in times]))
    packet.header["strips"] = [{"clock": c, "t": t, "pin": i == mine} for i, (c, t) in enumerate(zip(clocks, times, strict=True))]
    packet.header["view"] = {"t": view(pin.t), "s": view(pin.s), "lo": lo, "hi": hi}


def _picture(law: GaussianMixture, points: Tensor) -> Tensor:
    """The density as a share of the highest of these points', float32."""
    log_q = log_density(law, points, torch.float32)
    return (log_q - log_q.max()).exp()


def _plane(packet: Packet, pin: Pin, q: GaussianMixture, mode: Tensor) -> None:
    """More: q on a lattice that it fills, its marginals, and the whole plane's lattice of p(x_0 | z_t)."""
    process, panel = pin.process, pin.geo.panels[0]
    axes = [panel.a, panel.b]
    scale = float(process.view_scale(t64(pin.s)))
    flat = GaussianMixture(q.weights, q.means[:, axes] * scale, q.covs[:, axes][:, :, axes] * scale**2)
    mean = flat.mean()
    ranges = panel.ranges
    # zoomed in by a power of two, so that the axes rest while the pin is moved a little
    need = max(
        float((flat.means - mean)[:, i].abs().max() + 3.2 * flat.covs[:, i, i].sqrt().max()) / (0.5 * (ranges[i][1] - ranges[i][0]))
        for i in (0, 1)
    )
    zoom = 2.0 ** max(0, math.floor(-math.log2(max(need, 1e-6))))
    half = [0.5 * (hi - lo) / zoom for lo, hi in ranges]
    centre = [float(m) if zoom > 1 else 0.5 * (hi + lo) for m, (lo, hi) in zip(mean, ranges, strict=True)]
    nx, ny = RASTER
    xs = [torch.linspace(c - w, c + w, n, dtype=torch.float64) for c, w, n in zip(centre, half, (nx, ny), strict=True)]
    light = without_light(flat, 1e-6)
    grid = torch.cartesian_prod(xs[1], xs[0]).flip(-1)
    packet.add("q", _picture(light, grid).view(ny, nx))
    for i, name in ((0, "q/a"), (1, "q/b")):
        line = GaussianMixture(light.weights, light.means[:, i : i + 1], light.covs[:, i : i + 1, i : i + 1])
        packet.add(name, _curve(line, xs[i]))
    packet.add("modes", mode[:, axes] * scale)
    packet.header["plane"] = {
        "centre": centre,
        "half": half,
        "axes": axes,
        "labels": [pin.geo.labels[i] for i in axes],
        "scale": scale,
        "zoom": zoom,
    }
    start = denoising_law(pin, 0.0)
    x0 = without_light(GaussianMixture(start.weights, start.means[:, :2], start.covs[:, :2, :2]), 1e-6)
    wide = [torch.linspace(lo, hi, n, dtype=torch.float64) for (lo, hi), n in zip(ranges, RASTER, strict=True)]
    lattice = torch.cartesian_prod(wide[1], wide[0]).flip(-1)
    packet.add("x0", _picture(x0, lattice).view(ny, nx))
    packet.header["wide"] = {"centre": [0.5 * (lo + hi) for lo, hi in ranges], "half": [0.5 * (hi - lo) for lo, hi in ranges]}


# the layer "paths" ----------------------------------------------------------------------------------------------------------------


def paths_packet(exp: Experiment, params: dict[str, str]) -> Packet:
    """``layer=paths``: bundles through the pin, in view coordinates: the SDE forward to t_max and backward to 0, exact in law at every time,
    and the probability-flow ODE both ways (RK4)."""
    if no := why(exp):
        return Packet({"kind": "paths", "why": no})
    pin = pin_of(exp, params)
    process = pin.process
    low = max(1e-4 * process.t_max, min(process.t_min, 0.5 * pin.t))
    clock_low = float(process.clock(t64(low)))
    # denser towards the data, where paths bend
    down = [
        float(process.unclock(t64(c)))
        for c in clock_low + (pin.clock - clock_low) * torch.linspace(1, 0, PATH_TIMES, dtype=torch.float64) ** 1.5
    ]
    high = 1.0 if bool(torch.isfinite(process.sde(t64(process.t_max))[0]).all()) else LAST
    up = [float(process.unclock(t64(c))) for c in torch.linspace(pin.clock, max(high, pin.clock), PATH_TIMES, dtype=torch.float64)]
    down[0] = up[0] = pin.t
    packet = Packet({"kind": "paths", "key": exp.key, "notes": ["SDE paths: exact in law at every time shown; ODE: RK4"]})
    rng = Rng(exp.seed, dtype=torch.float64).stream("bundle")
    many = pin.z.expand(PATHS if pin.oracle.state_dim == 1 else PATHS_PLANE, *pin.z.shape[1:])
    for name, times, states in (
        ("back", [*down, 0.0], backward(pin.oracle, many, down, rng)),
        ("forth", up, onward(process, many, up, rng)),
        ("ode/back", down, flow(pin, down)),
        ("ode/forth", up, flow(pin, up)),
    ):
        scale = process.view_scale(t64(times))
        packet.add(name, states.flatten(2).mT * scale[:, None, None])  # (times, components, paths)
        packet.add(f"{name}/clock", process.clock(t64(times)))
    return packet


def onward(process: LinearProcess, z: Tensor, times: list[float], rng: Rng) -> Tensor:
    """The forward SDE from z at rising times, (times, batch, *state): every step is an exact draw."""
    out = [z]
    for s, t in itertools.pairwise(times):
        out.append(process.diffuse(out[-1], s, t, rng) if t > s else out[-1])
    return torch.stack(out)


def backward(oracle: MixtureOracle, z: Tensor, times: list[float], rng: Rng) -> Tensor:
    """The reverse SDE's paths from z_t at falling times and at 0, (times + 1, batch, *state), exact in law.

    z_0 is drawn from p(z_0 | z_t), then every z_s from p(z_s | z_t', z_0), a Gaussian that knows nothing of the data:
    with a = A(s, 0), q = Q(s, 0), A, Q of s → t': K = q Aᵀ (A q Aᵀ + Q)⁻¹, mean a z_0 + K (z_t' − A a z_0), covariance (I − K A) q.
    """
    process = oracle.process
    end = ExactAncestral().step(Problem(process, oracle), z, times[0], 0.0, None, rng)[0]
    eye = torch.eye(len(process.parts), dtype=torch.float64)
    out = [z]
    for t, s in itertools.pairwise(times):
        a, q = process.transition(t64(0.0), t64(s))
        forth, noise = process.transition(t64(s), t64(t))
        gain = q @ forth.mT @ torch.linalg.inv(forth @ q @ forth.mT + noise)
        keep = eye - gain @ forth
        cov = keep @ q @ keep.mT + gain @ noise @ gain.mT
        start = process.kernel.apply(a, end)
        out.append(start + process.kernel.apply(gain, out[-1] - process.kernel.apply(forth, start)) + _gaussian(process, cov, z, rng))
    return torch.stack([*out, end])


def _gaussian(process: LinearProcess, cov: Tensor, z: Tensor, rng: Rng) -> Tensor:
    normal = rng.normal(tuple(z.shape))
    root = cov.clamp_min(0).sqrt() if len(process.parts) == 1 else semi_cholesky(cov)
    return process.kernel.apply(root, normal)


def flow(pin: Pin, times: list[float]) -> Tensor:
    """The probability-flow path from the pin along the times, (times, 1, *state), by RK4."""
    problem = Problem(pin.process, pin.oracle)
    problem.prepare([v for t, s in itertools.pairwise(times) for v in (t, 0.5 * (t + s), s)])
    out = [pin.z]
    for t, s in itertools.pairwise(times):
        out.append(RK4().step(problem, out[-1], t, s, None, Rng(0))[0] if s != t else out[-1])
    return torch.stack(out)


# the layer "worst" ----------------------------------------------------------------------------------------------------------------


def worst_packet(exp: Experiment, params: dict[str, str]) -> Packet:
    """``layer=worst``: the worst step's mean KL of a uniform grid in t of ``steps`` steps; the page asks for one number of steps at a time."""
    if no := why(exp):
        return Packet({"kind": "worst", "why": no})
    steps = round(_number(params, "steps", 4, 1, 100_000))
    _, oracle = _exact(exp)
    kl, error, t, s, every = worst_step(oracle, steps, 24 if oracle.state_dim == 1 else 8)
    return Packet({"kind": "worst", "key": exp.key, "steps": steps, "kl": kl, "error": error, "t": t, "s": s, "every": every})
