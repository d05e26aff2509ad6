"""The tasks of the image lab as packets: a sheet of cells that fills while its runs are computed.

``task_packets`` gives first a plan (``task-plan``: words of rows and columns), then a packet a step (``task-step``: ``cells`` (row, column),
their pixels ``x`` and, where the model was asked, ``x0``; with a run's last step comes the ``x0`` of its end), captions as they become known, at last ``task-done``.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Json, Number, Whole
from playground.core.legal import require
from playground.core.mixture import GaussianMixture
from playground.core.process import t64
from playground.core.rng import Rng
from playground.core.run import Frame
from playground.core.spec import registry, specs_in
from playground.editing import inversion
from playground.engine import Run, grid_times
from playground.images.inpaint import JUMP, RESAMPLES, inpaint, posterior
from playground.images.tasks import between, lerp, noise_of, numeric_fields, sdedit, slerp, sweep
from playground.images.upload import mask, picture
from playground.views.packet import Packet
from playground.views.sights.pictures import Pictures
from playground.views.sights.pictures import as_bytes as pixel_bytes

COLUMNS = 9
STRENGTHS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
STEPS = (5, 10, 20, 50, 100)
ROWS = 4  # images of a batch that a sweep shows
ASKS: dict[str, Number] = {
    "variants": Whole(4, 1, 16),
    "r": RESAMPLES,
    "jump": JUMP,
    "strength": Number(0.5, 0.05, 1),
    "columns": Whole(COLUMNS, 3, 15),
    "rows": Whole(ROWS, 1, ROWS),
}
"""The numbers that a task is asked with, ``lab.<name>``: their defaults and bounds."""
Cells = list[tuple[int, int]]


class Sheet:
    """Counts what was done and writes the packets of one task."""

    def __init__(self, exp: Experiment, task: str, rows: list[str], columns: list[str], calls: float, notes: list[str], **more: Json):
        self.exp, self.task, self.calls = exp, task, max(1.0, calls)
        self.event = exp.law.space.shape
        self.started = time.perf_counter()
        self.before = 0  # model calls of the runs that are complete
        self.asked = 0  # more of them, for x̂_0 at ends that are still noisy
        self.end: Frame
        self.head: dict[str, Json] = {
            "rows": rows,
            "columns": columns,
            "event": list(self.event),
            "notes": notes,
            "expected_calls": round(calls),
            **more,
        }

    def packet(self, kind: str, **header: Json) -> Packet:
        spent = round(1000 * (time.perf_counter() - self.started), 1)
        return Packet({"kind": f"task-{kind}", "task": self.task, "key": self.exp.key, "ms": spent, **header})

    def plan(self) -> Packet:
        return self.packet("plan", **self.head)

    def still(self, cells: Cells, images: Tensor, **header: Json) -> Packet:
        """Pictures that are there already."""
        packet = self.packet("step", cells=cells, **header)
        packet.add("x", pixel_bytes(images), "u1")
        return packet

    def run(self, make: Callable[..., Run], places: Cells, word: str, encodes: bool = False) -> Iterator[Packet]:
        """A run as packets: its first particles fill the cells. ``make`` takes ``max_frames``; ``end`` is its last frame.

        x̂_0 at the end is the state at t = 0 and the model's E[x_0 | x_t] above; of a run that ``encodes`` the end is the noise, which is shown.
        """
        run = make(max_frames=2)
        process, last = run.process, run.steps
        for frame in run:
            told, self.end = run.problem.first, frame
            done = min(1.0, (self.before + frame.calls) / self.calls)
            packet = self.packet("step", cells=places, step=frame.step, steps=last, word=word, calls=frame.calls, done=done)
            x = process.project(frame.z)[: len(places)]
            if not bool(torch.isfinite(x).all()):
                raise BadValue("run", f"step {frame.step}", "a run that stays finite: take more steps, or another sampler or grid")
            seen = x * float(process.view_scale(t64(frame.t)))
            if frame.step == last:
                told = seen if encodes or frame.t == 0 else self._expected(run, frame)
            packet.add("x", pixel_bytes(seen), "u1")
            if told is not None:
                packet.add("x0", pixel_bytes(told[: len(places)]), "u1")
            yield packet
        self.before += self.end.calls
        self.end = dataclasses.replace(self.end, z=self.end.z.cpu())

    def _expected(self, run: Run, frame: Frame) -> Tensor:
        x0, took = run.problem.beside(frame.z, frame.t)
        self.asked += took
        return x0

    def captions(self, told: list[tuple[int, int, str]], **header: Json) -> Packet:
        return self.packet("captions", captions=told, **header)

    def done(self, **header: Json) -> Packet:
        return self.packet("done", calls=self.before, asked=self.asked, **header)


class Asked:
    """What a person asked for: the query's ``lab.`` names without the prefix, and the files of the request's body."""

    def __init__(self, exp: Experiment, params: dict[str, str], files: list[bytes]):
        self.exp, self.params, self.files = exp, params, files
        self.event = exp.law.space.shape
        self.notes: list[str] = []
        if params.get("task") != "sweep" and exp.guidance.by_place:  # its class would go by the place in the strip
            self.exp = exp.replace(guidance=registry("guidance")["NoGuidance"]())
            self.notes.append("done without guidance: “each class” would give every column another class")

    def number(self, name: str) -> float:
        return ASKS[name].clean(f"lab.{name}", self.params.get(name, ASKS[name].default))

    def whole(self, name: str) -> int:
        return int(self.number(name))

    def numbers(self, name: str, default: tuple[float, ...], lo: float, hi: float, whole: bool) -> list[float]:
        words = [w for w in self.params.get(name, "").split(",") if w.strip()]
        if len(words) > 12:
            raise BadValue(f"lab.{name}", self.params[name], "at most 12 values")
        one = (Whole if whole else Number)(0, lo, hi)
        return [one.clean(f"lab.{name}", w) for w in words] or list(default)

    def gaussian(self) -> GaussianMixture | None:
        """The law of the images where it is exactly known: that of an unguided Wiener model or of the exact Gaussian."""
        return self.exp.who.law_behind() if self.exp.guidance.is_none else None

    def image(self, index: int, name: str = "image") -> Tensor:
        if index >= len(self.files):
            raise BadValue(name, "none", "a picture: pick one of the run, draw or upload one")
        made = picture(self.files[index], self.event, name, self.params.get("invert") == "1")
        self.notes += [made.note] if made.note else []
        return made.image


def task_packets(exp: Experiment, params: dict[str, str], files: list[bytes]) -> Iterator[Packet]:
    """The packets of the task ``params["task"]``; nothing is computed before they are read. Raises BadValue at once where it can."""
    task = params.get("task", "")
    if task not in TASKS:
        raise BadValue("lab.task", task, "one of " + ", ".join(TASKS))
    require(frozenset({"pictures"}), exp)
    return TASKS[task](Asked(exp, params, files))


def _calls(exp: Experiment) -> float:
    """Model calls of a run, about where they are not known beforehand."""
    return exp.sampler.calls(exp.grid.steps) or 30 * exp.grid.steps


def _affordable(images_and_calls: float, field: str, value: object) -> None:
    if images_and_calls > Pictures.most_work:
        raise BadValue(
            field, value, f"a task of at most {Pictures.most_work:,} images × model calls; this one takes {images_and_calls:,.0f}"
        )


def _inpaint(asked: Asked) -> Iterator[Packet]:
    count = asked.whole("variants")
    resamples, jump = asked.whole("r"), asked.whole("jump")
    exp = asked.exp.replace(particles=count)
    image = asked.image(0)
    if len(asked.files) < 2:
        raise BadValue("mask", "none", "a painted mask: what is painted is drawn anew")
    unknown = mask(asked.files[1], asked.event)
    if not bool(unknown.any()):
        raise BadValue("mask", "empty", "a mask with something painted: that is drawn anew")
    _affordable(count * resamples * _calls(exp), "lab.r", resamples)
    path = inpaint(exp, image, ~unknown, resamples=resamples, jump=jump).grid  # what it refuses it refuses before the first packet
    down = sum(s < t for t, s in itertools.pairwise(path))
    calls = exp.sampler.calls_afresh(down) or 30 * down

    law = asked.gaussian()

    def packets() -> Iterator[Packet]:
        rows = ["RePaint", "exact"] if law else [""]
        sheet = Sheet(exp, "inpaint", rows, ["given", *(f"variant {i + 1}" for i in range(count))], calls, asked.notes)
        yield sheet.plan()
        yield sheet.still([(0, 0)], torch.where(unknown, torch.zeros(()), image)[None])
        if law:
            yield sheet.still([(1, i) for i in range(count + 1)], exact_inpaintings(law, image, ~unknown, count, exp.seed))
            yield sheet.captions([(1, 0, "mean"), *((1, 1 + i, "a draw") for i in range(count))])
        places = [(0, 1 + i) for i in range(count)]
        yield from sheet.run(partial(inpaint, exp, image, ~unknown, resamples=resamples, jump=jump), places, "")
        yield sheet.done(exact=beside_exact(law, image, ~unknown, exp.process.project(sheet.end.z)) if law and sheet.end.t == 0 else None)

    return packets()


def beside_exact(law: GaussianMixture, image: Tensor, known: Tensor, drawn: Tensor) -> dict[str, Json]:
    """Numbers for draws (n, *event) of the unknown pixels beside p(unknown | known) of a Gaussian, as root mean squares over those pixels.

    mean: of the draws' mean to the exact mean; floor: √(tr C/(n d)), what that is on average for n exact draws; spread: of the draws about their
    mean, with n − 1 (None for one draw); exact: √(tr C/d), the exact law's.
    """
    here = known.flatten()
    told = posterior(law, here, image.flatten()[here])
    x = drawn.double().cpu().flatten(1)[:, ~here]
    variance = float(told.covs[0].diagonal().mean())
    spread = float(x.var(0).mean().sqrt()) if len(x) > 1 else None
    off = float((x.mean(0) - told.mean()).square().mean().sqrt())
    return {"draws": len(x), "mean": off, "floor": math.sqrt(variance / len(x)), "spread": spread, "exact": math.sqrt(variance)}


def exact_inpaintings(law: GaussianMixture, image: Tensor, known: Tensor, count: int, seed: int) -> Tensor:
    """Mean of p(unknown pixels | known ones) and ``count`` draws from it, with the known ones: (1 + count, *event)."""
    here = known.flatten()
    told = posterior(law, here, image.flatten()[here])
    rng = Rng(seed, dtype=torch.float64).stream("exact")
    draws, _ = told.sample(rng.uniform((count,)), rng.normal((count, told.dim)))
    out = image.flatten().repeat(1 + count, 1)
    out[:, ~here] = torch.cat([told.mean()[None], draws]).to(out.dtype)
    return out.view(-1, *image.shape)


def _edit(asked: Asked) -> Iterator[Packet]:
    image = asked.image(0)
    chosen = asked.number("strength")
    strip = asked.numbers("strengths", STRENGTHS, 0.05, 1, whole=False) if asked.params.get("strip", "1") == "1" else []
    strengths = sorted({chosen, *strip})
    exp = asked.exp.replace(particles=1)
    sdedit(exp, image, chosen)

    def packets() -> Iterator[Packet]:
        total = sum(_calls(exp) * s for s in strengths)
        first = strengths.index(chosen)
        sheet = Sheet(exp, "edit", [""], ["guide", *(f"t₀ {s:g}" for s in strengths)], total, asked.notes, chosen=1 + first)
        yield sheet.plan()
        yield sheet.still([(0, 0)], image[None])
        for done, strength in enumerate([chosen, *(s for s in strengths if s != chosen)], start=1):
            column = 1 + strengths.index(strength)
            yield from sheet.run(partial(sdedit, exp, image, strength), [(0, column)], f"column {done} of {len(strengths)}")
            moved = float((exp.process.project(sheet.end.z)[0].clamp(-1, 1) - image).square().mean().sqrt())
            yield sheet.captions([(0, column, f"RMS {moved:.2f}\n{sheet.end.calls} calls")])
        yield sheet.done()

    return packets()


def _interpolate(asked: Asked) -> Iterator[Packet]:
    exp, seeds = asked.exp, asked.params.get("seeds", "")
    n = asked.whole("columns")
    weights = torch.linspace(0, 1, n, dtype=torch.float64)
    if seeds:
        two = asked.numbers("seeds", (), 0, 2**31 - 1, whole=True)
        if len(two) != 2:
            raise BadValue("lab.seeds", seeds, "two seeds")
        pair = None
    else:
        two = []
        pair = torch.stack([asked.image(0, "first image"), asked.image(1, "second image")])
        inversion(exp.replace(particles=2), pair)

    def packets() -> Iterator[Packet]:
        total = _calls(exp) * (1 if pair is None else 2)
        notes = asked.notes + (_inversion_notes(exp) if pair is not None else [])
        sheet = Sheet(exp, "interpolate", ["slerp", "linear"], [f"λ {w:.3g}" for w in weights.tolist()], total, notes)
        yield sheet.plan()
        if pair is None:
            first, last = (noise_of(exp, int(seed)) for seed in two)
        else:
            yield sheet.still([(0, 0), (0, n - 1)], pair)
            yield from sheet.run(partial(inversion, exp.replace(particles=2), pair), [(0, 0), (0, n - 1)], "encoding", encodes=True)
            first, last = sheet.end.z
        latents = torch.cat([between(exp, first, last, weights, mix) for mix in (slerp, lerp)])
        cells = [(row, column) for row in range(2) for column in range(n)]
        norms = _noise_rms(exp, latents)
        yield sheet.captions([(r, c, f"‖z‖ {v:.2f}") for (r, c), v in zip(cells, norms, strict=True)])
        yield from sheet.run(partial(Run, exp.replace(particles=2 * n), initial=latents), cells, "decoding")
        x = exp.process.project(sheet.end.z).clamp(-1, 1)
        ends = [] if pair is None else (x[[0, n - 1]].double() - pair.double()).flatten(1).square().mean(1).sqrt().tolist()
        yield sheet.done(ends=ends)

    _affordable(2 * n * _calls(exp), "grid.steps", exp.grid.steps)
    return packets()


def _inversion_notes(exp: Experiment) -> list[str]:
    """What encodes a picture, and why its noise is not a draw from the prior: p_t_min has noise that a clean picture has not."""
    t = min(t for t in grid_times(exp) if t > 0)
    how = f"encoded and decoded by the run’s own sampler, {exp.sampler.info.title}"
    missing = f"a picture enters at t = {t:.3g} without the noise (σ = {exp.process.scalar().at(t).sigma:.3g}) that states have there"
    return [how, f"{missing}: what is flat in it stays flat in its noise, which makes ‖z‖ smaller than the 1 of a draw from the prior"]


def _noise_rms(exp: Experiment, latents: Tensor) -> list[float]:
    """Norm of each latent's x-part over √d times the prior's standard deviation: 1 for a draw from the prior, about."""
    scale = math.sqrt(float(exp.process.linear().prior_cov()[0, 0]))
    return (exp.process.project(latents).double().flatten(1).square().mean(1).sqrt() / scale).tolist()


def _reconstruct(asked: Asked) -> Iterator[Packet]:
    image = asked.image(0)
    counts = [float(v) for v in asked.numbers("steps", STEPS, 3, 1000, whole=True)]
    runs = sweep(asked.exp.replace(particles=1), "grid.steps", counts)
    for exp in runs:
        inversion(exp, image[None])
    total = sum(2 * _calls(exp) for exp in runs)
    _affordable(total, "lab.steps", asked.params.get("steps", counts))

    def packets() -> Iterator[Packet]:
        words = ["image", f"{counts[0]:g} steps", *(f"{k:g}" for k in counts[1:])]
        notes = asked.notes + _inversion_notes(runs[0])
        sheet = Sheet(asked.exp, "reconstruct", ["back again\nRMS", "its noise\n‖z‖"], words, total, notes)
        yield sheet.plan()
        yield sheet.still([(0, 0)], image[None])
        points = []
        for column, (k, exp) in enumerate(zip(counts, runs, strict=True), start=1):
            yield from sheet.run(partial(inversion, exp, image[None]), [(1, column)], f"{k:g} steps: encoding", encodes=True)
            latent, grid = sheet.end.z, [t for t in grid_times(exp) if t > 0]
            yield from sheet.run(partial(Run, exp, initial=latent, times=grid), [(0, column)], f"{k:g} steps: decoding")
            back = sheet.end.z[0] / exp.process.scalar().at(grid[-1]).alpha
            rms = float((back - image).double().square().mean().sqrt())
            points.append({"steps": k, "rms": rms, "noise": _noise_rms(exp, latent)[0]})
            told = [(0, column, f"{rms:.2g}"), (1, column, f"{points[-1]['noise']:.2f}")]
            yield sheet.captions(told, points=points)
        yield sheet.done(points=points)

    return packets()


def _sweep(asked: Asked) -> Iterator[Packet]:
    field = asked.params.get("field", "grid.steps")
    known = numeric_fields(asked.exp)
    if field not in known:
        raise BadValue("lab.field", field, "one of " + ", ".join(known))
    param, now = known[field]
    values = asked.numbers("values", (now,), param.lo, param.hi, whole=param.whole)
    rows = min(ROWS, asked.exp.particles, asked.whole("rows"))
    runs = sweep(asked.exp.replace(particles=rows), field, values)
    costs = [_calls(exp) * (1 if exp.guidance.weight in (0.0, 1.0) else 2) for exp in runs]
    _affordable(rows * sum(costs), f"lab.{field}", values)

    def packets() -> Iterator[Packet]:
        words = [f"{v:g}" for v in values]
        sheet = Sheet(asked.exp, "sweep", [f"{i + 1}" for i in range(rows)], words, sum(costs), asked.notes)
        yield sheet.plan()
        for column, exp in enumerate(runs):
            cells = [(row, column) for row in range(rows)]
            yield from sheet.run(partial(Run, exp), cells, f"column {column + 1} of {len(runs)}")
            yield sheet.captions([(rows - 1, column, f"{sheet.end.calls} calls")])
        yield sheet.done(values=values, field=field)

    return packets()


def _picture(asked: Asked) -> Iterator[Packet]:
    """What a file becomes as an image of the model: one cell."""
    sheet = Sheet(asked.exp, "picture", [""], ["picture"], 0, asked.notes)
    image = asked.image(0)
    return iter([sheet.plan(), sheet.still([(0, 0)], image[None]), sheet.done()])


TASKS: dict[str, Callable[[Asked], Iterator[Packet]]] = {
    "inpaint": _inpaint,
    "edit": _edit,
    "interpolate": _interpolate,
    "reconstruct": _reconstruct,
    "sweep": _sweep,
    "picture": _picture,
}


def numbers_packet(exp: Experiment, params: dict[str, str]) -> Packet:
    """What can be swept: header ``fields`` with path, the kind of choice it belongs to, word, bounds and present value.

    Without guidance its weight is offered too, with what must then be chosen (``with``); ``classes`` is how many there are.
    """
    other = exp if not exp.guidance.is_none else exp.replace(guidance=registry("guidance")["ClassifierFree"]())
    fields = []
    for path, (param, value) in numeric_fields(other).items():
        ours = path in numeric_fields(exp)
        if not ours and path != "guidance.weight":
            continue
        told: dict[str, Json] = {"path": path, "kind": _owner(other, path), "word": param.label or path.split(".")[-1]}
        told |= {"lo": param.lo, "hi": param.hi, "value": value, "whole": param.whole, "help": param.help}
        fields.append(told if ours else {**told, "with": {"guidance": "ClassifierFree"}})
    return Packet({"kind": "numbers", "key": exp.key, "fields": fields, "classes": len(exp.law.class_names)})


def _owner(exp: Experiment, path: str) -> str:
    """The key of the choice that a number belongs to, "" for the Experiment itself."""
    within, key = specs_in(exp), ""
    for name in path.split(".")[:-1]:
        key, within = within[name].info.key, specs_in(within[name])
    return key


# -- where the answer is known --------------------------------------------------------------------------------------------------------

CORRELATION, GIVEN = 0.9, 1.0  # the plane's Gaussian of math 2.26, and its known coordinate
DRAWS, BINS = 4000, 48
MOST_STEPS = 100_000


def repaint_packet(exp: Experiment, params: dict[str, str]) -> Packet:
    """RePaint where the answer is known: x₂ given x₁ = 1 of a Gaussian with correlation 0.9, by the experiment's process, sampler and grid.

    ``lab.r``: resamples, comma-separated (default 1, 5, 20); ``lab.jump``: steps a leap. Header: exact mean and variance, for each r mean, variance and calls; arrays
    ``x`` bin centres, ``exact`` density there, ``drawn`` (number of r, bins) histograms as densities.
    """
    law = GaussianMixture(torch.ones(1), torch.zeros(1, 2), torch.tensor([[[1.0, CORRELATION], [CORRELATION, 1.0]]], dtype=torch.float64))
    words = [w for w in params.get("r", "1,5,20").split(",") if w.strip()][:4]
    counts = [RESAMPLES.clean("lab.r", w) for w in words]
    toy = Experiment(process=exp.process, sampler=exp.sampler, grid=exp.grid, seed=exp.seed, particles=DRAWS)
    jump = JUMP.clean("lab.jump", params.get("jump", 1))
    if sum(counts) * toy.grid.steps > MOST_STEPS:
        raise BadValue("grid.steps", toy.grid.steps, f"at most {MOST_STEPS // sum(counts)} steps here")
    known = torch.tensor([True, False])
    truth = posterior(law, known, torch.tensor([GIVEN]))
    mean, variance = float(truth.means[0, 0]), float(truth.covs[0, 0, 0])
    edges = torch.linspace(mean - 4.5 * variance**0.5 - 0.8, mean + 4.5 * variance**0.5 + 0.4, BINS + 1, dtype=torch.float64)
    centres = (edges[1:] + edges[:-1]) / 2
    runs, drawn = [], []
    for r in counts:
        *_, frame = inpaint(toy, torch.tensor([GIVEN, 0.0]), known, resamples=r, jump=jump, data=law, max_frames=2)
        x = toy.process.project(frame.z)[:, 1].double().cpu()
        runs.append({"r": r, "mean": float(x.mean()), "variance": float(x.var()), "calls": frame.calls})
        drawn.append((torch.histogram(x, edges).hist / (len(x) * (edges[1] - edges[0]))).numpy())
    packet = Packet(
        {"kind": "repaint", "key": exp.key, "exact": {"mean": mean, "variance": variance}, "runs": runs, "steps": toy.grid.steps}
    )
    packet.add("x", centres)
    packet.add("exact", truth.log_prob(centres[:, None]).exp())
    packet.add("drawn", drawn)
    return packet
