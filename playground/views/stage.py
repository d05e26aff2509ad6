"""What the stage shows of a run, whatever its space is, as packets: the whole of it, or one step while it is computed (docs/packet.md).

What differs between spaces (panels, states, pictures, files) says the run's ``Sight``.
"""

from __future__ import annotations

import itertools
import math
import re

import numpy as np
import torch
from torch import Tensor

from playground.core.experiment import Experiment
from playground.core.fields import Json
from playground.core.names import PLACES, elsewhere
from playground.core.problem import Problem
from playground.core.process import RUNAWAY, Process, t64
from playground.core.run import Frame
from playground.core.spec import Spec
from playground.engine import Run
from playground.views import lab
from playground.views.guided import fields_key
from playground.views.packet import Packet
from playground.views.sights import Sight, sight_of

STARTS = {
    "prior": "a draw from the prior",
    "exact": "a draw from the exact p_t",
    "gaussian": "a draw from the Gaussian with p_t's mean and covariance",
}


def run_packet(run: Run, want: frozenset[str] = frozenset(), seq: int = 0) -> Packet:
    """The run, as far as it is computed; ``want``: layers that belong to it alone ("x0": x̂_0 of every particle at every frame)."""
    sight, process = sight_of(run), run.process
    packet = Packet({})
    sight.draw(packet, want)
    terms = add_terms(packet, run) if run.samples else []
    packet.header = run_header(sight, seq, terms) | sight.header()
    add_frames(packet, process, sight.frames)
    add_curves(packet, process)
    if run.samples:
        add_grid(packet, process, t64(run.grid), run.calls)
    return packet


def step_packet(run: Run, frame: Frame, told: Tensor | None, seq: int = 0) -> Packet:
    """One step of a run that is still going on; ``told``: x̂_0 at the state before it, where it is known."""
    process = run.process
    packet = Packet(
        {
            "kind": "image-step",
            "key": run.exp.key,
            "seq": seq,
            "step": frame.step,
            "steps": run.steps,
            "calls": frame.calls,
            "clock": float(process.clock(t64(frame.t)).clamp(0, 1)),
            "time": frame.t,
            "log_snr": level if math.isfinite(level := float(process.log_snr(t64(frame.t)))) else None,
            "compute_ms": round(run.compute_ms, 1),
        }
    )
    sight_of(run).draw_step(packet, frame, told)
    return packet


def calls_line(exp: Experiment, grid: list[float]) -> tuple[float, float] | None:
    """(a, b) with model calls = a n + b near the chosen number n of steps, exact there on this grid (Restart may not pass its level)."""
    line, told = exp.sampler.calls_line(), exp.sampler.calls_on(exp.process, grid)
    return line if line is None or told is None else (line[0], told - line[0] * exp.grid.steps)


def run_header(sight: Sight, seq: int, symbols: list[str]) -> dict[str, Json]:
    """What the packet of every run says of it; ``symbols``: of the update formula's numbers."""
    run = sight.run
    exp, process, sampler = run.exp, run.process, run.exp.sampler
    device = run.frames[0].z.device
    return {
        "kind": "run",
        "key": exp.key,
        "fields_key": fields_key(exp),
        "seq": seq,
        "mode": exp.mode,
        "title": {"data": exp.who.title, "process": process.info.title, "sampler": sampler.info.title},
        "name": file_name(exp),
        "seed": exp.seed,
        "start": STARTS[exp.start],
        "ending": ending(exp),
        "level": {"words": process.level, "shared": "vector" in process.lives},
        "particles": len(run.frames[0].z),
        "frames": len(sight.frames),
        "steps": run.steps,
        "planned": exp.grid.steps,
        "model_calls": run.frames[-1].calls,
        "compute_ms": round(run.compute_ms, 2),
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "CPU",
        "dtype": exp.dtype,
        "classes": [{"name": n} for n in exp.law.class_names],
        "sampler": {
            **_in_symbols(sampler, sampler.printed),
            "order": sampler.info.order,
            "nfe": sampler.info.nfe,
            "calls_line": calls_line(exp, run.grid) if run.samples else sampler.calls_line(),
            "terms": [{"symbol": symbol} for symbol in symbols],
            "elsewhere": _elsewhere(run) if run.samples else None,
        },
        "guidance": _in_symbols(exp.guidance, exp.guidance.formula) if run.samples and not exp.guidance.is_none else None,
        "process": _in_symbols(process, process.formula),
        "diverged": None if run.diverged is None else {"step": run.diverged, "message": sight.alarm(run.diverged)},
        "notes": _notes(sight),
        "labs": lab.unavailable(exp),
    }


def file_name(exp: Experiment) -> str:
    """What a file made of this run is called, without its ending: data, process, sampler, steps, and the seed where one was chosen."""
    data = (
        "mixture" if exp.law.listed is False and "mixture" in exp.law.gives else re.sub(r"[^\w.+-]+", "-", exp.who.named).strip("-")[-60:]
    )
    how = ["noising"] if exp.mode == "forward" else [exp.sampler.info.key, str(exp.grid.steps)]
    return "-".join([data, exp.process.info.key, *how, *([f"seed{exp.seed}"] if exp.seed else [])])


def _notes(sight: Sight) -> list[str]:
    run = sight.run
    process = run.process
    notes = [*(sight.start() if run.samples else [process.noised]), *sight.guided()]
    notes += [words for words in (run.who.note(process, run.grid), process.note) if words]
    if process.view_scale_label:
        notes.append(f"shown as x {process.view_scale_label}, so that the axes stay fixed")
    if run.done and run.samples and run.frames[-1].t > 0:
        notes.append(f"stopped early at t = {run.frames[-1].t:g}")
    return notes + sight.notes()


def ending(exp: Experiment) -> str:
    """What the step to t = 0 does."""
    x = "z" if len(exp.process.parts) > 1 else "x"
    guided = not exp.guidance.is_none
    return exp.sampler.ending.said(x, "the guided x̂₀ of the formula below" if guided else f"the model’s E[{x}₀ | {x}_t]")


def _in_symbols(choice: Spec, formula: str) -> dict[str, Json]:
    """A sampler, process or guidance as the panel beside the stage tells it."""
    info = choice.info
    return {"title": info.title, "formula": formula, "tip": info.tip, "paper": info.paper, "arxiv": info.arxiv}


def _elsewhere(run: Run) -> dict[str, Json] | None:
    """What sampler and grid are called in other libraries, as the panel tells it; None where they have no name."""
    found = elsewhere(run.exp, run.grid)
    names: list[Json] = [{"where": PLACES[name.where], "sampler": name.sampler, "grid": name.grid} for name in found.names]
    return {"names": names, "code": found.code, "exact": found.exact, "near": found.near} if names else None


def add_curves(packet: Packet, process: Process) -> None:
    """Schedule curves over the clock."""
    clock = torch.linspace(1, 0, 121, dtype=torch.float64)
    t = process.unclock(clock).clamp_min(process.t_min)
    curves = process.curves(t)
    packet.header["curves"] = [
        {"name": n, "label": label, "role": role, "leaves": float(v.max()) > RUNAWAY} for n, label, role, v in curves
    ]
    packet.add("curves/clock", clock)
    packet.add("curves/t", t)
    packet.add("curves/log_snr", process.log_snr(t.clamp_max(process.t_level)))
    packet.add("curves/pace", _pace(process, clock, t))
    for name, _, _, values in curves:
        packet.add(f"curves/{name}", values)


def _pace(process: Process, clock: Tensor, t: Tensor) -> Tensor:
    """How fast playing may run through the clock: slowly where the angle atan(σ/α), and so the picture, turns fast; one pass takes as
    long as at an even pace."""
    angle = process.turned(t)
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
    # the last, denoising step goes to σ = 0: its dot is drawn at t_min's level; that of a start from pure noise at the level below
    packet.add("grid/log_snr", process.log_snr(grid.clamp(process.t_min, process.t_level)))
    packet.add("grid/calls", [*calls, *[math.nan] * (len(grid) - len(calls))])


def add_terms(packet: Packet, run: Run) -> list[str]:
    """The update formula's numbers for every step of the grid: column j is the step to grid[j]. Returns their symbols."""
    exp, grid, problem = run.exp, run.grid, Problem(run.process, run.oracle)
    rows: list[dict[str, float]] = [{}]
    rows += [exp.sampler.terms_on(problem, grid, i) if s > 0 else {} for i, s in enumerate(grid[1:])]
    symbols = list(dict.fromkeys(s for row in rows for s in row))
    packet.add("terms", np.array([[row.get(s, math.nan) for row in rows] for s in symbols]).reshape(len(symbols), len(rows)))
    return symbols
