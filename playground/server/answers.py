"""What programs ask of an experiment (docs/server.md, "From programs"): numbers, distances, a picture, what can be chosen. Pure functions of it; no Gradio."""

from __future__ import annotations

import dataclasses
import io
import json
import math
from urllib.parse import parse_qsl, urlencode

from torch import Tensor

from playground.core.catalog import laws, models_of
from playground.core.experiment import Experiment
from playground.core.fields import LONGEST_VALUE, BadValue, Declared, Json, Number, Whole, one_of, params, text
from playground.core.legal import legal
from playground.core.spec import FAMILIES, registry, specs_in
from playground.engine import Run
from playground.figures import plot
from playground.measures.panel import curves, on_panel
from playground.measures.sampled import Truth
from playground.origin import FIELD, LONGEST, link_of, origin
from playground.server.asked import experiment_of
from playground.views.snippet import as_python

MOST_NUMBERS = 10_000  # of states in one answer
MOST_TIMES = 200
MOST_MOMENTS = 16  # numbers of a point beyond which mean and deviation say little
SIZE, DPI = (7.0, 5.0), 100  # of a picture, in inches
AT = Number(0.0, 0.0, 1.0)
Answer = dict[str, Json]


def asked(link: object) -> Experiment:
    """The experiment of a page's address, of its query alone, or of an Experiment's JSON. Raises BadValue."""
    if not isinstance(link, str):
        raise BadValue("link", link, "a text: a page's address, its query, or an Experiment as JSON")
    if len(link) > LONGEST:
        raise BadValue("link", f"{len(link):,} characters", f"at most {LONGEST:,}")
    link = link.strip()
    if link.startswith("{"):
        link = urlencode(Experiment.from_json(link).to_query())
    query = dict(parse_qsl(link.partition("#")[0].rpartition("?")[2], keep_blank_values=True))
    return experiment_of(query)


def _told(exp: Experiment) -> Answer:
    """What was asked for, in the three forms in which it can be asked for again."""
    return {"link": link_of(exp.to_query()), "experiment": json.loads(exp.to_json()), "python": as_python(exp)}


def _numbers(values: Tensor) -> list[Json]:
    """As nested lists, to seven digits; None for what is not finite."""
    if values.ndim > 1:
        return [_numbers(row) for row in values]
    return [float(f"{v:.7g}") if math.isfinite(v) else None for v in values.double().tolist()]


def counted(exp: Experiment, states: object) -> int:
    """How many states an answer may hold, if it may. Raises BadValue."""
    return Whole(0, 0, min(exp.particles, MOST_NUMBERS // exp.law.dim)).clean("states", states)


def summary(run: Run, states: int = 0) -> Answer:
    """A run in numbers: steps, model calls, times, mean and deviation of its last points beside those of the data (points of R^n), and the first
    ``states`` of the points. Raises BadValue."""
    exp, last = run.exp, run.frames[-1]
    x = run.process.project(last.z)
    every = max(1, -(-run.steps // MOST_TIMES))
    times = [t for step, t in enumerate(run.grid) if step % every == 0 or step == run.steps]
    out: Answer = {
        **_told(exp),
        "particles": len(x),
        "steps": run.steps,
        "model_calls": last.calls,
        "diverged_at_step": run.diverged,
        "times": [float(f"{t:.7g}") for t in times],
        "end": last.t,
        "shape": list(x.shape[1:]),
    }
    if "vector" in run.space.caps and exp.law.dim <= MOST_MOMENTS:
        out |= {"mean": _numbers(x.double().mean(0)), "deviation": _numbers(x.double().std(0, correction=0))}
        if "mixture" in exp.law.gives:
            data = exp.law.mixture
            out |= {"data_mean": _numbers(data.mean()), "data_deviation": _numbers(data.cov().diagonal().sqrt())}
    return {**out, "states": _numbers(x[: counted(exp, states)])}


def distances(run: Run) -> Answer:
    """How far the run's last points are from exact draws, by each measure that the run has, as the page shows it: value, standard error, and the floor,
    which exact draws show among themselves. Raises BadValue."""
    exp = run.exp
    shown, missing = on_panel(run)
    if not shown:
        raise BadValue("data", exp.data, "data with an exact law, from which draws are compared: no measure here has one")
    dim = run.oracle.dim
    told: list[Json] = []
    for measure, curve in zip(shown, curves(run, shown, Truth.of(run)), strict=True):
        last = curve.estimates[-1]
        told.append(
            {
                "key": measure.info.key,
                "title": measure.name(dim),
                "unit": measure.unit_in(run.space),
                "particles": measure.particles(run),
                **{name: value if math.isfinite(value) else None for name, value in last._asdict().items()},
            }
        )
    return {**_told(exp), "distances": told, "missing": [{"key": g.measure.info.key, "reason": g.reason} for g in missing]}


def picture(run: Run, at: float = 0.0) -> bytes:
    """The run at a moment of the stage's clock (1 noise, 0 data) as PNG: particles over the exact density, paths, or images. Raises BadValue."""
    from matplotlib.figure import Figure  # only who wants a picture waits for it

    clock = AT.clean("at", at)
    trace = run.trace
    readings = trace.process.clock(trace.times)
    nearest = int((readings - clock).abs().argmin())
    nearest = max(nearest, 1) if run.space.dim == 1 else nearest  # paths through time are no picture of one time
    figure = Figure(SIZE, DPI, layout="constrained")
    axes = figure.add_subplot()
    plot(dataclasses.replace(trace, frames=trace.frames[: nearest + 1]), ax=axes)
    axes.set_title(f"{run.exp.law.title}, {run.process.info.title}, t = {trace.frames[nearest].t:.3g}", loc="left", fontsize=9, pad=18)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={FIELD: origin(link_of({**run.exp.to_query(), "view.at": f"{clock:g}"}))})
    return out.getvalue()


def choices(exp: Experiment, slot: object = "") -> Answer:
    """What can be chosen in each slot beside the rest of an experiment, and why not the others; and the parameters of what is chosen now. ``slot``: only
    this one. Raises BadValue."""
    reasons = legal(exp)
    if slot and slot not in list(reasons):
        raise BadValue("slot", slot, one_of(slot, reasons))
    titles = {key: cls.info.title for family in FAMILIES for key, cls in registry(family).items()}
    titles |= {law.key: law.title for law in laws()} | {model.key: model.title for model in models_of(exp.law)}
    slots: dict[str, Json] = {
        name: [{"key": key, "title": titles.get(key, key), "reason": why} for key, why in told.items()]
        for name, told in reasons.items()
        if name == slot or not slot
    }
    return {**_told(exp), "slots": slots, "parameters": _parameters(exp, "")}


def _parameters(of: Declared, prefix: str) -> list[Json]:
    """Dotted name, value, default, what is allowed and what it is, of everything that is declared and not a choice with parameters of its own."""
    out: list[Json] = []
    inner = specs_in(of)
    for name, param in params(of).items():
        if name in inner:
            out += _parameters(inner[name], f"{prefix}{name}.")
            continue
        value = text(getattr(of, name))
        told = {"value": value if len(value) <= LONGEST_VALUE else f"{len(value)} characters", "default": text(param.default)}
        out.append({"name": prefix + name, **told, "allowed": param.allowed(), "help": param.help})
    return out
