"""What the stage shows, as packets: a run's particles and the exact fields. Pure functions of the Experiment."""

from __future__ import annotations

import itertools
import math
import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from playground.core.experiment import Experiment
from playground.core.mixture import GaussianMixture
from playground.core.problem import Problem
from playground.core.process import LinearProcess, Process, ScalarGaussian, small_inverse, t64
from playground.core.rng import Rng
from playground.core.run import Frame, Trace
from playground.engine import simulate
from playground.exact import oracle_for
from playground.grids.uniform import UniformTime
from playground.guidance.none import NoGuidance
from playground.metrics.denoising import log_density
from playground.metrics.prior import MATTERS, prior_mismatch
from playground.samplers.ode import Euler
from playground.views.geometry import Panel, geometry
from playground.views.packet import Packet
from toy_models.data import class_names, hand_made, law_of, makes_images, mixture_of

FRAMES = 61  # states of an image run that are sent
MOST_FRAMES, FEWEST_FRAMES, MOST_VALUES = 121, 21, 1_200_000  # of a toy's: fewer of them when there are many particles
MOST_WORK = 3e9  # particles × model calls × components of a run on the page: seconds on two cores
FIELD_FRAMES = 48
MANY = 150  # components beyond which the density of a plane is computed on a coarser lattice
DENSITY = (140, 100)
ARROWS = (28, 20)
COLUMN = 160  # rows of a space–time density
REFERENCES = 600
TAME, RUNAWAY = 0.9, 3.0  # a β that is over three times larger in the last tenth of the clock is drawn to the scale of the rest
STARTS = {
    "prior": "a draw from the prior",
    "exact": "a draw from the exact p_t",
    "gaussian": "a draw from the Gaussian with p_t's mean and covariance",
}


class Run:
    """An experiment that has been run: its trace and what packets need besides."""

    def __init__(self, exp: Experiment, device: torch.device | str | None = None):
        started = time.perf_counter()
        self.exp = exp
        values = exp.particles * mixture_of(exp.data).dim * exp.process.blocks
        frames = max(FEWEST_FRAMES, min(MOST_FRAMES, MOST_VALUES // max(1, values)))
        self.trace: Trace = simulate(exp, max_frames=frames, device=device, most_work=MOST_WORK)
        self.compute_ms = 1000 * (time.perf_counter() - started)
        self.frames, self.diverged = self.trace.frames, self.trace.diverged
        self.oracle: Any = self.trace.oracle
        self.process: Process = self.trace.process
        self.geometry = geometry(self.process, self.oracle.dim)
        self.times = self.trace.times
        self.scale = self.process.view_scale(self.times)

    def flat_view(self) -> np.ndarray:
        """States (frames, components, particles) in view coordinates."""
        z = self.trace.states.flatten(2)
        return (z * self.scale.to(z)[:, None, None]).mT.float().cpu().numpy()

    def labels(self) -> np.ndarray:
        """Class of each particle: of the component it came from (forward) or most probably arrived at (reverse)."""
        data = self.oracle.data
        if self.trace.origin is not None:
            component = self.trace.origin.cpu()
        else:
            x = self.trace.process.project(self.trace.frames[-1].z).float().cpu()
            component = torch.cat([data.component_log_prob(part).argmax(-1) for part in torch.nan_to_num(x).split(8192)])
        return data.labels[component].numpy()


def calls_line(exp: Experiment, grid: list[float]) -> tuple[float, float] | None:
    """(a, b) with model calls = a n + b near the chosen number n of steps, exact there on this grid (Restart may not pass its level)."""
    line, told = exp.sampler.calls_line(), exp.sampler.calls_on(exp.process, grid)
    return line if line is None or told is None else (line[0], told - line[0] * exp.grid.steps)


def run_header(run: Any, times: Tensor, grid: list[float], seq: int) -> dict[str, Any]:
    """What every run's packet says of it, toys' and images' alike; ``times``: of the frames that are sent, ``grid``: of all steps."""
    exp, process, sampler = run.exp, run.process, run.exp.sampler
    forward = exp.mode == "forward"
    frames = run.frames
    device = frames[0].z.device
    diverged = None
    if run.diverged is not None and not forward:
        diverged = {"step": run.diverged, "message": run.divergence() if makes_images(exp.data) else _divergence(exp, run.diverged)}
    return {
        "kind": "run",
        "key": exp.key,
        "fields_key": fields_key(exp),
        "seq": seq,
        "mode": exp.mode,
        "title": {"data": _data_title(exp), "process": process.info.title, "sampler": sampler.info.title},
        "name": file_name(exp),
        "seed": exp.seed,
        "start": STARTS[exp.start],
        "dim": 2,
        "particles": exp.particles,
        "frames": len(times),
        "steps": len(frames) - 1,
        "planned": exp.grid.steps,
        "model_calls": frames[-1].calls,
        "compute_ms": round(run.compute_ms, 2),
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "CPU",
        "dtype": exp.dtype,
        "classes": [{"name": n} for n in class_names(exp.data)],
        "sampler": {
            **_in_symbols(sampler),
            "order": sampler.info.order,
            "nfe": sampler.info.nfe,
            "calls_line": sampler.calls_line() if forward else calls_line(exp, grid),
            "terms": [],
        },
        "guidance": None if forward or exp.guidance == NoGuidance() else _in_symbols(exp.guidance),
        "process": _in_symbols(process),
        "diverged": diverged,
        "notes": _notes(run),
    }


def run_packet(run: Run, want: frozenset[str] = frozenset(), seq: int = 0) -> Packet:
    exp, trace, process, geo = run.exp, run.trace, run.process, run.geometry
    forward = exp.mode == "forward"
    z = run.flat_view()
    header = run_header(run, run.times, trace.grid.tolist(), seq)
    header |= {
        "dim": run.oracle.dim,
        "components": list(geo.components),
        "particles": z.shape[2],
        "steps": len(trace.grid) - 1,
        "panels": geo.describe(),
        "guided_laws": guided_laws(exp),
        "tilted": guided_laws(exp) and tilted_words(exp, 1.0),
    }
    packet = Packet(header)
    packet.add("z", z, "u2", list(geo.lo), list(geo.hi), axis=1)
    add_frames(packet, process, trace.frames)
    packet.add("label", np.minimum(run.labels(), 255), "u1")
    if "x0" in want:
        packet.add("x0", _x0_frames(run), "u2", list(geo.lo[: run.oracle.dim]), list(geo.hi[: run.oracle.dim]), axis=1)
    _add_references(packet, run)
    add_curves(packet, process)
    if not forward:
        add_grid(packet, process, trace.grid, trace.calls_by)
        add_terms(packet, exp, run.oracle, trace.grid.tolist())
    return packet


def file_name(exp: Experiment) -> str:
    """What a file made of this run is called, without its ending: data, process, sampler, steps, and the seed where one was chosen."""
    data = "mixture" if hand_made(exp.data) else re.sub(r"[^\w.+-]+", "-", str(exp.data)).strip("-")[-60:]
    how = ["noising"] if exp.mode == "forward" else [exp.sampler.info.key, str(exp.grid.steps)]
    return "-".join([data, exp.process.info.key, *how, *([f"seed{exp.seed}"] if exp.seed else [])])


def _data_title(exp: Experiment) -> str:
    from toy_models.laws.distributions import toy

    if hand_made(exp.data):
        return "your mixture"
    return law_of(exp.data).title if makes_images(exp.data) else toy(exp.data).title


def _divergence(exp: Experiment, step: int) -> str:
    return (
        f"{exp.sampler.info.title} left the plotted range at step {step} of {exp.grid.steps}. "
        f"Take more steps, or another grid: this one steps too far where the process is fast."
    )


def _notes(run: Any) -> list[str]:
    notes: list[str] = []
    toy_run = isinstance(run, Run)
    if run.exp.mode == "forward" and "linear" not in run.process.caps:
        notes.append("each time has its exact p_t; paths are drawn as the process defines them")
    elif run.exp.mode == "forward":
        notes.append("true SDE paths: every step is an exact draw from p(z_t | z_s)")
    else:
        notes += _start_note(run)
    if toy_run and run.exp.mode == "reverse" and "mixture" not in run.exp.guidance.gives:
        notes.append(_guided_note(run))
    if makes_images(run.exp.data) and getattr(run.exp.guidance, "weight", 1.0) not in (0.0, 1.0):
        notes.append("W other than 1 samples neither p(x) nor p(x | c): images become more typical of the class and less varied")
    if (told := getattr(run.oracle, "note", None)) and (words := told(run.grid)):  # a model that does not know all noise levels
        notes.append(words)
    if run.process.note:
        notes.append(run.process.note)
    if run.process.view_scale_label:
        notes.append(f"shown as x {run.process.view_scale_label}, so that the axes stay fixed")
    if run.frames[-1].t > 0 and run.exp.mode == "reverse" and getattr(run, "done", True):
        notes.append(f"stopped early at t = {run.frames[-1].t:g}")
    if run.process.blocks == 2 and run.oracle.dim == 1:
        notes.append(getattr(run.process, "regime", ""))
    return notes


def _start_note(run: Any) -> list[str]:
    """What the run's start is not, where that matters: the prior is p_T only in a limit that most processes nearly reach."""
    exp, process = run.exp, run.process
    if exp.start == "exact" or getattr(process, "prior_is_exact", False):
        return []
    if makes_images(exp.data):  # no exact p_T: what is left of the picture in it
        left = math.exp(0.5 * float(process.log_snr(t64(process.t_max))))
        return (
            [f"starts from the prior; p_T still holds {100 * left:.2g} % of the picture"]
            if exp.start == "prior" and left >= MATTERS
            else []
        )
    t = float(run.times[0])
    gap = prior_mismatch(exp, t)
    what, law = (
        ("a Gaussian" if exp.start == "gaussian" else "the prior"),
        "p_T" if t >= process.t_max * (1 - 1e-9) else f"p_t at t = {t:.3g}",
    )
    if math.isnan(gap):
        return ["starts from its source, which p_1 of finitely many pairs only approximates"]
    if gap < MATTERS:
        return []
    return [f"starts from {what}, not from {law}: {'W₂' if run.oracle.state_dim == 1 else 'sliced W₂'} between them {gap:.2g}"]


def _in_symbols(choice: Any) -> dict[str, Any]:
    """A sampler, process or guidance as the panel beside the stage tells it."""
    info = choice.info
    return {
        "title": info.title,
        "formula": getattr(choice, "printed", choice.formula),
        "tip": info.tip,
        "paper": info.paper,
        "arxiv": info.arxiv,
    }


def _guided_note(run: Run) -> str:
    """What of the picture is the guided model's and what is not."""
    arrows = guided_arrows(run.exp)
    plain = ["density"] + ["score"] * ("score" not in arrows and any(p.kind == "plane" for p in run.geometry.panels))
    title = run.exp.guidance.info.title
    verb = lambda words: f"{' and '.join(words)} {'are' if len(words) > 1 else 'is'}"  # noqa: E731
    parts = [f"{verb(arrows)} guided"] if arrows else []
    parts += [f"{verb(plain)} of all classes", "distances are to p(x | c)"]
    return f"{title.removesuffix('guidance').strip()}{'' if title.endswith('guidance') else ' '}guidance: {', '.join(parts)}"


def _x0_frames(run: Run) -> np.ndarray:
    """x̂_0 of every particle at every frame (frames, D, particles), in data coordinates; not counted as model calls."""
    out = []
    model = run.trace.model or run.oracle
    with torch.no_grad():
        for frame in run.trace.frames:
            x = model(frame.z, frame.t).x0_hat if frame.t > 0 else run.process.project(frame.z)
            out.append(x.float().cpu().numpy().T)
    return np.stack(out)


def _add_references(packet: Packet, run: Run) -> None:
    """Samples of p_0 and of the prior, in view coordinates."""
    rng = Rng(run.exp.seed, dtype=torch.float64).stream("reference")
    law = run.oracle.lifted() if run.process.blocks > 1 else run.oracle.data
    # lifted() may be degenerate only in directions that its Cholesky factor handles: γM > 0
    data, _ = law.sample(rng.uniform((REFERENCES,)), rng.normal((REFERENCES, law.dim)))
    prior = run.process.source(REFERENCES, (run.oracle.dim,), rng).flatten(1)
    prior = prior * float(run.process.view_scale(t64(run.process.t_max)))
    lo, hi = list(run.geometry.lo), list(run.geometry.hi)
    packet.add("data", data.mT.numpy(), "u2", lo, hi)
    packet.add("prior", prior.mT.numpy(), "u2", lo, hi)


def add_curves(packet: Packet, process: Process) -> None:
    """Schedule curves over the clock, scaled to share one axis from 0 to 1."""
    clock = torch.linspace(1, 0, 121, dtype=torch.float64)
    t = process.unclock(clock).clamp_min(process.t_min)
    curves: list[tuple[str, str, str, Tensor]] = process.curves(t)
    leaving: set[str] = set()
    if curves:
        pass
    elif isinstance(process, ScalarGaussian):
        scale = process.view_scale(t)
        mark = f" {process.view_scale_label}" if process.view_scale_label else ""
        curves.append(("alpha", "α" + mark, "data", process.alpha(t) * scale))
        curves.append(("sigma", "σ" + mark, "noise", process.sigma(t) * scale))
        schedule = getattr(process, "schedule", None)
        if schedule is not None:
            beta = schedule.beta(t)
            top, tame = float(beta.max()), float(beta[clock <= TAME].max())
            # β of cosine or at zero terminal SNR runs away at the noise end: drawn to its scale, the rest would be a flat line at 0
            leaves = top > RUNAWAY * tame
            scale = tame if leaves else top
            leaving |= {"beta"} if leaves else set()
            curves.append(("beta", f"β / {scale:.3g}", "learned", beta / scale))
    elif isinstance(process, LinearProcess):
        psi, cov = process.mean_and_cov(t)
        mass = float(process.prior_cov()[1, 1])
        curves.append(("psi_x", "ψ_x", "data", psi[:, 0]))
        curves.append(("sigma_x", "√Σ_xx", "noise", cov[:, 0, 0].sqrt()))
        curves.append(("sigma_v", "√(Σ_vv/M)", "learned", (cov[:, 1, 1] / mass).sqrt()))
    packet.header["curves"] = [{"name": n, "label": label, "role": role, "leaves": n in leaving} for n, label, role, _ in curves]
    packet.add("curves/clock", clock)
    packet.add("curves/t", t)
    packet.add("curves/log_snr", process.log_snr(t))
    packet.add("curves/pace", _pace(process, clock, t))
    for name, _, _, values in curves:
        packet.add(f"curves/{name}", values)


def _pace(process: Process, clock: Tensor, t: Tensor) -> Tensor:
    """How fast playing may run through the clock: slowly where the angle atan(σ/α), and so the picture, turns fast; one pass takes as
    long as at an even pace."""
    if isinstance(process, LinearProcess):
        psi, cov = process.mean_and_cov(t)
        angle = torch.atan2(cov[..., 0, 0].sqrt(), psi[..., 0])
    else:
        angle = torch.atan(torch.exp(-0.5 * process.log_snr(t)))
    turned = angle / (angle.amax() - angle.amin()).clamp_min(1e-9)
    share = 0.35 * clock + 0.65 * torch.cummin(turned, 0).values  # an under-damped oscillation turns back: that costs no time
    slope = torch.gradient(share, spacing=(clock,))[0]
    return 1 / slope.clamp_min(0.2)


def add_frames(packet: Packet, process: Process, frames: list[Frame]) -> None:
    """When the states that are sent were reached, after which steps and model calls, and whether noise was drawn since the state before."""
    times = t64([f.t for f in frames])
    packet.add("clock", process.clock(times).clamp(0, 1))
    packet.add("time", times)
    packet.add("step", [f.step for f in frames])
    packet.add("calls", [f.calls for f in frames])
    packet.add("noise", [0, *(int(b.draws > a.draws) for a, b in itertools.pairwise(frames))], "u1")


def add_grid(packet: Packet, process: Process, grid: Tensor, calls: list[int]) -> None:
    """The times of all steps, kept or not; ``calls``: model calls made by each (of a run that was paused: as far as it went)."""
    packet.add("grid/clock", process.clock(grid).clamp(0, 1))
    packet.add("grid/t", grid)
    # the last, denoising step goes to σ = 0: its dot is drawn at t_min's level
    packet.add("grid/log_snr", process.log_snr(grid.clamp_min(process.t_min)))
    packet.add("grid/calls", [*calls, *[math.nan] * (len(grid) - len(calls))])


def add_terms(packet: Packet, exp: Experiment, oracle: Any, grid: list[float]) -> None:
    """The update formula's numbers for every step of the grid: column j is the step to grid[j]."""
    problem = Problem(exp.process, oracle)
    rows: list[dict[str, float]] = [{}]
    rows += [exp.sampler.terms_on(problem, grid, i) if s > 0 else {} for i, s in enumerate(grid[1:])]
    symbols = list(dict.fromkeys(s for row in rows for s in row))
    packet.header["sampler"]["terms"] = [{"symbol": s} for s in symbols]
    packet.add("terms", np.array([[row.get(s, math.nan) for row in rows] for s in symbols]).reshape(len(symbols), len(rows)))


# exact fields -------------------------------------------------------------------------------------------------------------------


def fields_key(exp: Experiment) -> str:
    """Fields depend on data, process, direction and, where arrows or reference laws are the guided model's, on guidance only: runs that share them
    share their fields."""
    guidance = exp.guidance if guided_arrows(exp) or guided_laws(exp) else NoGuidance()
    return Experiment(data=exp.data, process=exp.process, sampler=Euler(), grid=UniformTime(), guidance=guidance, mode=exp.mode).key


def guided_laws(exp: Experiment) -> dict[str, str]:
    """The reference laws of a guided run as layers, each with "" or the reason why there is none: "conditional" p_t(x | c), and "tilted"
    p_t(x) p_t(c | x)^W, which is the law whose score guidance follows at that moment, and at t = 0 the tilt of the data."""
    if exp.mode != "reverse" or makes_images(exp.data) or exp.guidance.pair(mixture_of(exp.data)) is None:
        return {}
    flat = law_of(exp.data).dim * exp.process.blocks <= 2
    return {"conditional": "", "tilted": "" if flat else "needs a state of one or two numbers; position and velocity in the plane are four"}


def tilted_words(exp: Experiment, t: float) -> str:
    """The tilted law's formula at time t."""
    weak = "weak" if exp.guidance.info.key == "Autoguidance" else ""
    w, at = f"{getattr(exp.guidance, 'weight', 1.0):g}", "_t" if t > 0 else ""
    return f"p{at}(x | c)^{w} p_weak(x)^(1−{w})" if weak else f"p{at}(x) p{at}(c | x)^{w}"


def guided_arrows(exp: Experiment) -> list[str]:
    """Which arrows follow the guided model, as the sampler does: those of a state that is one plane. A blend of scores is linear in them where
    the process is; the score of a marginal (CLD in 2D) is no part of a guided field."""
    plane = law_of(exp.data).dim * exp.process.blocks == 2
    if exp.mode == "forward" or "mixture" in exp.guidance.gives or not plane:
        return []
    return ["score"] * ("linear" in exp.process.caps) + ["velocity"]


def fields_packet(exp: Experiment, want: frozenset[str]) -> Packet:
    """Exact density, score and velocity over (clock, panel) for everything in ``want``; arrows of the guided model where there is one."""
    process, mixture = exp.process, mixture_of(exp.data)
    oracle = oracle_for(mixture, process)
    guided = guided_arrows(exp)
    model = exp.guidance.model(mixture, process, oracle_for) if guided else oracle
    geo = geometry(process, oracle.dim)
    clock = torch.linspace(1, 0, FIELD_FRAMES, dtype=torch.float64)
    t = process.unclock(clock)
    # a score needs t > 0; the density exists at 0 as well
    t_arrows = t.clamp_min(process.t_min)
    packet = Packet(
        {
            "kind": "fields",
            "key": exp.key,
            "fields_key": fields_key(exp),
            "panels": geo.describe(),
            "frames": FIELD_FRAMES,
            "want": sorted(want),
        }
    )
    packet.header["grid"] = {"density": list(DENSITY), "arrows": list(ARROWS)}
    packet.add("clock", clock)
    mean, cov = _view_moments(oracle, t)
    weights = oracle.weights
    laws = {name for name, reason in guided_laws(exp).items() if name in want and not reason}
    pair = [oracle_for(law, process) for law in exp.guidance.pair(mixture) or ()] if laws else []
    for panel in geo.panels:
        axes = [i for i in (panel.a, panel.b) if i is not None]
        m, c = mean[..., axes], cov[..., axes, :][..., axes]
        if "density" in want:
            (_plane_density if panel.kind == "plane" else _column_density)(packet, panel, weights, m, c)
        if "conditional" in laws:
            vm, vc = _view_moments(pair[0], t)
            shown = (pair[0].weights, vm[..., axes], vc[..., axes, :][..., axes])
            (_plane_density if panel.kind == "plane" else _column_density)(packet, panel, *shown, layer="conditional")
        if "tilted" in laws:
            _tilted(packet, panel, geo.panels[0], pair, t, float(getattr(exp.guidance, "weight", 1.0)))
        if panel.kind == "plane" and "score" in want:
            vm, vc = _view_moments(oracle, t_arrows)
            score = _guided_score(Problem(process, model), t_arrows) if "score" in guided else None
            phase = process.blocks > 1 and oracle.dim == 1
            _score_arrows(packet, panel, weights, vm[..., axes], vc[..., axes, :][..., axes], phase, score)
        if panel.kind == "plane" and "velocity" in want and len(geo.components) == 2:
            _velocity_arrows(packet, panel, oracle, model, t_arrows, exp.mode)
        if panel.kind == "plane" and "phase" in process.caps and len(geo.components) == 2:
            for part in sorted(want & {"hamiltonian", "ou"}):
                _velocity_arrows(packet, panel, oracle, model, t_arrows, exp.mode, part)
    return packet


def _view_moments(oracle: Any, t: Tensor) -> tuple[Tensor, Tensor]:
    """Means (F, K, n) and covariances of p_t's components in view coordinates."""
    mean, cov = oracle.moments(t)
    s = oracle.process.view_scale(t)
    return mean * s[:, None, None], cov * s.square()[:, None, None, None]


def _names(layer: str, panel: Panel) -> tuple[str, str, str]:
    """Names of a density's arrays: codes, peaks, and (of columns) the curves at both ends."""
    mark = "" if layer == "density" else f"{layer}/"
    return f"{layer}:{panel.id}", f"{mark}peak:{panel.id}", f"{mark}edge:{panel.id}"


def _tilted(packet: Packet, panel: Panel, main: Panel, pair: list[Any], t: Tensor, weight: float) -> None:
    """p_main^W p_weak^{1−W} over (clock, panel); of a panel that shows one of two components, what the other leaves of it."""
    moments = [_view_moments(oracle, t) for oracle in pair]
    plane = main.kind == "plane"
    axes = [main.a, main.b] if plane else [main.b]
    coarse = 2 if sum(len(oracle.weights) for oracle in pair) > MANY else 1
    cells = (DENSITY[0] // coarse, DENSITY[1] // coarse) if plane else (COLUMN,)
    sides = [_centres(*r, n).double() for r, n in zip(main.ranges, cells, strict=True)]
    points = torch.cartesian_prod(*sides).reshape(-1, len(axes))
    frames = []
    for f in range(len(t)):
        log_p = torch.zeros(len(points), dtype=torch.float64)
        for oracle, (mean, cov), power in zip(pair, moments, (weight, 1 - weight), strict=True):
            if power:
                law = GaussianMixture(oracle.weights, mean[f][:, axes], cov[f][:, axes][..., axes])
                log_p += power * log_density(law, points)
        log_p = log_p.view([len(s) for s in sides])
        if plane:  # (b from the top, a); logarithms are nearly quadratic: twice as fine by cubic interpolation
            log_p = log_p.mT.flip(0)
        if coarse > 1 and plane:
            log_p = torch.nn.functional.interpolate(log_p[None, None], (DENSITY[1], DENSITY[0]), mode="bicubic")[0, 0]
        frames.append((log_p - log_p.max()).exp())
    p = torch.stack(frames)
    if plane and panel.kind == "plane":
        cell = math.prod((hi - lo) / n for (lo, hi), n in zip(main.ranges, DENSITY, strict=True))
        code, peak, _ = _names("tilted", panel)
        packet.add(code, (p * 255 + 0.5).to(torch.uint8).numpy(), "u1")
        packet.add(peak, 1 / (p.sum((1, 2)) * cell))
        return
    if plane:
        (lo, hi) = panel.ranges[0]
        p = p.sum(1) if panel.b == main.a else p.sum(2).flip(1)
        p = torch.nn.functional.interpolate(p[:, None], COLUMN, mode="linear")[:, 0]
    else:
        (lo, hi) = main.ranges[0]
    p = p.flip(1)  # row 0 is the top
    _columns(packet, panel, p / (p.sum(1, keepdim=True) * (hi - lo) / COLUMN), "tilted")


def _plane_density(packet: Packet, panel: Panel, w: Tensor, mean: Tensor, cov: Tensor, layer: str = "density") -> None:
    width, height = DENSITY
    (alo, ahi), (blo, bhi) = panel.ranges
    out = np.empty((mean.shape[0], height, width), np.uint8)
    peaks = np.empty(mean.shape[0], np.float32)
    separable = float(cov[..., 0, 1].abs().max()) < 1e-12
    # many correlated components (pairs, quadrature nodes): on half as many points a side, then smoothed up; a picture stays live
    coarse = 2 if len(w) > MANY and not separable else 1
    ga = _centres(alo, ahi, width // coarse)
    gb = _centres(blo, bhi, height // coarse).flip(0)  # row 0 is the top
    for f in range(mean.shape[0]):
        # components without correlation: the density is a sum of products, one thin matrix product a frame
        p = _separable(w, mean[f], cov[f], ga, gb) if separable else _dense(w, mean[f], cov[f], ga, gb)
        if coarse > 1:
            p = torch.nn.functional.interpolate(p[None, None], (height, width), mode="bilinear")[0, 0]
        peaks[f] = top = float(p.max())
        out[f] = (p * (255 / max(top, 1e-30)) + 0.5).to(torch.uint8).numpy()
    code, peak, _ = _names(layer, panel)
    packet.add(code, out, "u1")
    packet.add(peak, peaks)


def _centres(lo: float, hi: float, count: int) -> Tensor:
    return lo + (hi - lo) * (torch.arange(count, dtype=torch.float32) + 0.5) / count


def _separable(w: Tensor, mean: Tensor, cov: Tensor, ga: Tensor, gb: Tensor) -> Tensor:
    def bumps(grid: Tensor, m: Tensor, v: Tensor) -> Tensor:
        return torch.exp(-0.5 * (grid[:, None] - m) ** 2 / v) * torch.rsqrt(2 * math.pi * v)

    m, c = mean.float(), cov.float()
    return (bumps(gb, m[:, 1], c[:, 1, 1]) * w.float()) @ bumps(ga, m[:, 0], c[:, 0, 0]).mT


def _dense(w: Tensor, mean: Tensor, cov: Tensor, ga: Tensor, gb: Tensor) -> Tensor:
    """Σ_k w_k N(·; m_k, C_k) on the lattice: quadratic forms as one float64 product of features, exponentials in float32, in pieces that stay in
    cache."""
    precision = small_inverse(cov)
    pull = (precision @ mean[..., None])[..., 0]
    const = w.log() - 0.5 * ((pull * mean).sum(-1) + torch.linalg.slogdet(cov).logabsdet) - math.log(2 * math.pi)
    rows = torch.stack([-0.5 * precision[:, 0, 0], -precision[:, 0, 1], -0.5 * precision[:, 1, 1], pull[:, 0], pull[:, 1], const])
    a, b = ga.double().repeat(len(gb)), gb.double().repeat_interleave(len(ga))
    phi = torch.stack([a * a, a * b, b * b, a, b, torch.ones_like(a)], -1)
    return torch.cat([(part @ rows).float().exp_().sum(-1) for part in phi.split(max(64, (1 << 16) // len(w)))]).view(len(gb), len(ga))


def _column_density(packet: Packet, panel: Panel, w: Tensor, mean: Tensor, cov: Tensor, layer: str = "density") -> None:
    (lo, hi) = panel.ranges[0]
    grid = _centres(lo, hi, COLUMN).flip(0).double()
    var = cov[..., 0, 0][:, None, :]
    p = (w * torch.exp(-0.5 * (grid[:, None] - mean[:, None, :, 0]) ** 2 / var) * torch.rsqrt(2 * math.pi * var)).sum(-1)
    _columns(packet, panel, p, layer)


def _columns(packet: Packet, panel: Panel, p: Tensor, layer: str) -> None:
    """Densities (frames, rows) of a space–time panel, each column with its own peak."""
    code, peak, edge = _names(layer, panel)
    top = p.amax(1)
    packet.add(code, (p / top[:, None] * 255 + 0.5).mT.numpy(), "u1")
    packet.add(peak, top)
    packet.add(edge, p[[0, -1]])


def _lattice(panel: Panel) -> Tensor:
    (alo, ahi), (blo, bhi) = panel.ranges
    a = _centres(alo, ahi, ARROWS[0])
    b = _centres(blo, bhi, ARROWS[1]).flip(0)
    return torch.stack([a.repeat(len(b)), b.repeat_interleave(len(a))], -1).double()


def _guided_score(problem: Problem, t: Tensor) -> Callable[[int, Tensor], Tensor]:
    """(frame, points in view coordinates (n, 2)) ↦ the guided model's score in view coordinates (n, 2)."""
    problem.prepare(t.tolist())
    scales = problem.process.view_scale(t).tolist()

    def score(frame: int, points: Tensor) -> Tensor:
        z = problem.process.join((points / scales[frame]).reshape(len(points), problem.process.blocks, -1))
        return problem.score(z, float(t[frame])).reshape(points.shape) / scales[frame]

    return score


def _score_arrows(packet: Packet, panel: Panel, w: Tensor, mean: Tensor, cov: Tensor, phase: bool, guided: Any = None) -> None:
    """σ_t-scaled score of the shown marginal, ∇ log p_t · √(smallest marginal variance), or the ``guided`` one so scaled; phase plane: its
    velocity part only."""
    points = _lattice(panel)
    if len(w) > MANY and guided is None:
        points = points.float()
    dtype = points.dtype
    w, mean, cov = w.to(dtype), mean.to(dtype), cov.to(dtype)
    precision = small_inverse(cov)
    logdet = torch.linalg.slogdet(cov).logabsdet
    arrows = []
    for f in range(mean.shape[0]):
        p, m = precision[f], mean[f]
        da, db = (points[:, i, None] - m[:, i] for i in range(2))
        pa, pb = p[:, 0, 0] * da + p[:, 0, 1] * db, p[:, 1, 0] * da + p[:, 1, 1] * db
        r = torch.softmax(w.log() - 0.5 * (logdet[f] + pa * da + pb * db), -1)
        score = -torch.stack([(r * pa).sum(-1), (r * pb).sum(-1)], -1) if guided is None else guided(f, points)
        if phase:
            score[:, 0] = 0
        spread = (w[:, None] * cov[f].diagonal(dim1=-2, dim2=-1)).sum(0).min().sqrt()
        arrows.append((score * spread).mT)
    _add_arrows(packet, f"score:{panel.id}", torch.stack(arrows))


def _velocity_arrows(packet: Packet, panel: Panel, oracle: Any, model: Any, t: Tensor, mode: str, part: str = "velocity") -> None:
    """Motion on the stage along the probability flow per unit of clock, in the direction in which the run plays.

    ``part``: the whole, or of CLD its "hamiltonian" part or the rest, the Ornstein–Uhlenbeck part "ou"; the two add up to the whole.
    """
    points = _lattice(panel)
    if len(oracle.weights) > MANY:
        points = points.float()
    process = oracle.process
    problem = Problem(process, model)
    problem.prepare(t.tolist())
    shape = process.state_shape(points.shape[0], (oracle.dim,))
    arrows = []
    for time_ in t.tolist():
        scale = float(process.view_scale(t64(time_)))
        z = (points / scale).reshape(shape)
        turn = process.hamiltonian(z, time_) if part != "velocity" else None
        u = turn if part == "hamiltonian" else problem.velocity(z, time_) - (0 if turn is None else turn)
        # a small move in time shows what the view's own scaling does to the arrow
        dt = 1e-4 * time_
        then = time_ - dt
        moved = (z - dt * u) * float(process.view_scale(t64(then)))
        dc = float(process.clock(t64(time_)) - process.clock(t64(then)))
        step = (moved.reshape(points.shape) - points) / dc
        arrows.append((step if mode == "reverse" else -step).mT)
    _add_arrows(packet, f"{part}:{panel.id}", torch.stack(arrows))


def _add_arrows(packet: Packet, name: str, arrows: Tensor) -> None:
    """Long arrows are cut at length 8 (the stage saturates them earlier), keeping their direction."""
    length = arrows.norm(dim=1, keepdim=True).clamp_min(1e-12)
    arrows = arrows * (8 / length).clamp_max(1)
    packet.add(name, arrows.numpy(), "u2", [-8.0, -8.0], [8.0, 8.0], axis=1)
