"""What the stage shows of a run, as a packet: its particles, curves and facts. A pure function of the Experiment. The exact fields: fields.py."""

from __future__ import annotations

import itertools
import math
import re
import time
from typing import Any

import numpy as np
import torch
from torch import Tensor

from playground.core.experiment import Experiment
from playground.core.problem import Problem
from playground.core.process import LinearProcess, Process, ScalarProcess, t64
from playground.core.rng import Rng
from playground.core.run import Frame, Trace
from playground.core.space import Euclidean
from playground.engine import simulate
from playground.guidance.none import NoGuidance
from playground.metrics.prior import MATTERS, prior_mismatch
from playground.views import lab
from playground.views.geometry import geometry
from playground.views.guided import fields_key, guided_arrows
from playground.views.layer import told, wanted
from playground.views.packet import Packet
from toy_models.data import class_names, hand_made, law_of, makes_images, mixture_of

FRAMES = 61  # states of an image run that are sent
MOST_FRAMES, FEWEST_FRAMES, MOST_VALUES = 121, 21, 1_200_000  # of a toy's: fewer of them when there are many particles
MOST_WORK = 3e9  # particles × model calls × components of a run on the page: seconds on two cores
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
        values = exp.particles * mixture_of(exp.data).dim * len(exp.process.parts)
        frames = max(FEWEST_FRAMES, min(MOST_FRAMES, MOST_VALUES // max(1, values)))
        self.trace: Trace = simulate(exp, max_frames=frames, device=device, most_work=MOST_WORK)
        self.compute_ms = 1000 * (time.perf_counter() - started)
        self.frames, self.diverged = self.trace.frames, self.trace.diverged
        self.oracle: Any = self.trace.oracle
        self.process: Process = self.trace.process
        self.geometry = geometry(self.process, self.oracle.dim)
        self.space = Euclidean(self.oracle.dim)
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
        "labs": lab.unavailable(exp),
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
        **told(exp, geo),
    }
    packet = Packet(header)
    packet.add("z", z, "u2", list(geo.lo), list(geo.hi), axis=1)
    add_frames(packet, process, trace.frames)
    packet.add("label", np.minimum(run.labels(), 255), "u1")
    for layer in wanted("run", want):
        layer.add_run(run, packet)
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
    if len(run.process.parts) == 2 and run.oracle.dim == 1:
        notes.append(getattr(run.process, "regime", ""))
    return notes


def _start_note(run: Any) -> list[str]:
    """What the run's start is not, where that matters: the prior is p_T only in a limit that most processes nearly reach."""
    exp, process = run.exp, run.process
    if exp.start == "exact" or process.prior_is_exact:
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
    plain = ["density"] + ["score"] * ("score" not in arrows and any(p.flat for p in run.geometry.panels))
    title = run.exp.guidance.info.title
    verb = lambda words: f"{' and '.join(words)} {'are' if len(words) > 1 else 'is'}"  # noqa: E731
    parts = [f"{verb(arrows)} guided"] if arrows else []
    parts += [f"{verb(plain)} of all classes", "distances are to p(x | c)"]
    return f"{title.removesuffix('guidance').strip()}{'' if title.endswith('guidance') else ' '}guidance: {', '.join(parts)}"


def _add_references(packet: Packet, run: Run) -> None:
    """Samples of p_0 and of the prior, in view coordinates."""
    rng = Rng(run.exp.seed, dtype=torch.float64).stream("reference")
    law = run.oracle.lifted() if len(run.process.parts) > 1 else run.oracle.data
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
    elif isinstance(process, ScalarProcess):
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
