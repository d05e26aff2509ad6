"""``layer=metrics``: how far a run's particles are from exact draws of p_t, at every time by one estimator (docs/packet.md)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from playground.core.mixture import GaussianMixture
from playground.core.process import Process, t64
from playground.core.rng import Rng
from playground.exact import oracle_for
from playground.metrics.tilted import Tilted, mixture_at
from playground.metrics.truth import Measure, Reading, compare, measures, steadied
from playground.views.packet import Packet
from playground.views.stage import Run, tilted_words
from toy_models.data import mixture_of

FRAMES, FEW_FRAMES = 21, 9  # times at which distances are taken, of few and of many particles
DRAWS, FEW_DRAWS = 5, 4  # exact samples at each of them, each time new ones
MANY = 10_000  # particles from which there are fewer draws
POINTS = 250_000  # particles × times from which there are fewer times: 200,000 particles take two seconds


def metrics_packet(run: Run) -> Packet:
    """All measures that exist for the process, over the clock and at the last frame."""
    frames, oracle, process = run.trace.frames, run.oracle, run.process
    count = frames[0].z.shape[0]
    draws, most = DRAWS if count < MANY else FEW_DRAWS, min(FRAMES, max(FEW_FRAMES, POINTS // count))
    picks = np.unique(np.linspace(0, len(frames) - 1, most).round().astype(int))
    shown, missing = choose(process, oracle.dim)
    rng = Rng(run.exp.seed).stream("truth")
    rows: list[list[Reading]] = []
    for index in picks:
        frame = frames[index]
        scale = float(process.view_scale(t64(frame.t)))
        exact = exact_draws(oracle, frame.t, draws, count, rng) * scale
        x = process.project(frame.z).reshape(count, -1).cpu().numpy() * scale
        rows.append(compare(x, exact, shown))
    told = tilted_reading(run, shown[0], count, draws, rng)
    columns = [steadied([r[i] for r in rows]) for i in range(len(shown))]
    packet = Packet(
        {
            "kind": "metrics",
            "key": run.exp.key,
            "points": count,
            "draws": draws,
            **target(run),
            "metrics": [_told(m, missing, oracle.dim, process, c[-1]) for m, c in zip(shown, columns, strict=True)],
            "missing": missing,
            "tilted": told,
        }
    )
    packet.add("clock", process.clock(run.times[picks]).clamp(0, 1))
    for measure, column in zip(shown, columns, strict=True):
        for mark, name in (("", "value"), ("/se", "se"), ("/floor", "floor"), ("/floor_sd", "floor_sd")):
            packet.add(measure.key + mark, [getattr(r, name) for r in column])
    return packet


def exact_draws(oracle: Any, t: float, draws: int, count: int, rng: Rng) -> np.ndarray:
    """Independent exact samples of the data part of p_t (t = 0: of the data), (draws, count, d)."""
    law = oracle.marginal(t) if t > 0 else oracle.lifted()
    if not isinstance(law, GaussianMixture):  # a law with a tail is drawn in double precision
        rng = Rng(rng.seed, dtype=torch.float64, name=f"{rng.name} at {t!r}")
    x: Tensor = law.sample(rng.uniform((draws * count,)), rng.normal((draws * count, law.dim)))[0]
    return x[:, : oracle.dim].reshape(draws, count, oracle.dim).numpy()


def tilted_reading(run: Run, measure: Measure, count: int, draws: int, rng: Rng) -> dict[str, Any] | None:
    """The last particles against the tilted law p(x) p(c | x)^W of a guided run (of the noised laws where it stops early): the law that guidance
    is often taken to sample. None without guidance, and for a state of position and velocity that is not at the data."""
    exp, t = run.exp, run.trace.frames[-1].t
    pair = exp.guidance.pair(mixture_of(exp.data)) if exp.mode == "reverse" else None
    if pair is None or (t > 0 and exp.process.blocks > 1):
        return None
    weight = float(getattr(exp.guidance, "weight", 1.0))
    main, weak = (side if t == 0 else mixture_at(oracle_for(side, exp.process), t) for side in pair)
    law = Tilted(main, weak, weight)
    scale = float(exp.process.view_scale(t64(t)))
    exact = np.stack([law.sample(rng.uniform((count,)), rng.uniform((count, law.dim))) for _ in range(2 * draws)])  # one time only
    x = exp.process.project(run.trace.frames[-1].z).reshape(count, -1).cpu().numpy()
    reading = compare(x * scale, exact * scale, [measure])[0]
    return {
        "label": tilted_words(exp, t),
        "final": reading.value,
        "final_se": reading.se,
        "floor": reading.floor,
        "floor_sd": reading.floor_sd,
    }


def choose(process: Process, dim: int) -> tuple[list[Measure], list[dict[str, str]]]:
    """The measures of a process, the one in front first; and those that its p_t does not have, with the reason in words."""
    w, energy, middle = measures(dim)
    missing = []
    for measure in (w, energy):
        if measure.moment >= process.moments:
            what = "mean" if measure.moment == 1 else "variance"
            reason = f"p_t has no finite {what} ({process.info.title} with D ≤ {measure.moment:g}), so this distance does not exist"
            missing.append({"name": measure.key, "label": measure.name(dim), "short": measure.short(dim), "reason": reason})
    gone = {m["name"] for m in missing}
    return [middle if m is w and m.key in gone else m for m in (w, energy) if m is w or m.key not in gone], missing


def target(run: Run) -> dict[str, str]:
    """What the particles are compared with, in words: ``law`` at every time, ``end`` at the last one, ``about`` the rest of it."""
    guided = "mixture" not in run.exp.guidance.gives and run.exp.mode == "reverse"
    of = "(x | c)" if guided else "(x)" if run.process.blocks > 1 else ""
    t = run.trace.frames[-1].t
    end = f"p_t{of} at t = {t:.3g}" if t > 0 else "p(x | c)" if guided else "the data"
    about = ["the exact law of the asked class"] * guided + ["of positions alone, whatever the velocities"] * (run.process.blocks > 1)
    return {"law": f"p_t{of}", "end": end, "about": ", ".join(about)}


def _told(measure: Measure, missing: list[dict[str, str]], dim: int, process: Process, last: Reading) -> dict[str, Any]:
    scaled = f", of x {process.view_scale_label}" if process.view_scale_label else ""
    return {
        "name": measure.key,
        "label": measure.name(dim) + scaled,
        "short": measure.short(dim),
        "unit": measure.unit,
        "final": last.value,
        "final_se": last.se,
        "floor": last.floor,
        "floor_sd": last.floor_sd,
        "why": f"{missing[0]['label']}: {missing[0]['reason']}" if measure.key == "middle" else "",
        "beyond": math.sqrt(max(0.0, last.value**2 - last.floor**2)),
    }
