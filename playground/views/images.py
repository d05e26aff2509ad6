"""Images as they form: each step of a run as a packet, and the whole run for the stage, projected on its principal components.

A run of an image model takes seconds, so that it is streamed: one packet a step (``x``: the states, ``x0``: what the model expected at the
state before). The run that is kept afterwards serves everything else.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.core.process import LinearProcess, t64
from playground.core.run import Frame
from playground.engine import Run
from playground.views.layer import told
from playground.views.packet import Packet
from playground.views.stage import FRAMES, add_curves, add_frames, add_grid, add_terms, run_header
from toy_models import data
from toy_models.laws.image_sets import image_set
from toy_models.models.images import classify, nearest_label

SHOWN = 64  # images of a batch that are sent to the page
MOST_IMAGES = 51_200  # images × model calls of one run on the page
OF_PLANE = "paths on two principal components of the batch, with their share of its variance"  # the note that belongs to the plane
SPAN = (3.0, 3.0)  # of the plane of the principal components, in units of their root mean square


def makes_images(exp: Experiment) -> bool:
    return data.makes_images(exp.data)


class ImageRun(Run):
    """A run of an image model with what it looks like. Until it is ``done`` its packet tells of the part that is there: a run that was paused."""

    def __init__(self, exp: Experiment, device: torch.device | str | None = None):
        calls = exp.particles * (exp.sampler.calls(exp.grid.steps) or 30 * exp.grid.steps)
        if calls > MOST_IMAGES:
            most = max(1, MOST_IMAGES * exp.particles // calls)
            raise BadValue("particles", exp.particles, f"at most {most} images for this many model calls")
        super().__init__(exp, device=device, expects=True)
        self.shows = getattr(self.law, "show", None)  # from states to pictures, where the state is none (latents)
        self.pictures: dict[tuple[str, int], np.ndarray] = {}  # that were made so, by kind and step: the model may be gone later

    @property
    def fast(self) -> int | None:
        """The first step whose velocities alone, which no picture shows, are larger than CLD's can be."""
        process = self.process
        assert isinstance(process, LinearProcess)  # image models serve no others
        if len(process.parts) < 2:
            return None
        psi, cov = process.mean_and_cov(t64([f.t for f in self.frames]))
        sizes = (self.law.lost * ((psi[:, 1] ** 2 + cov[:, 1, 1]) * self.oracle.dim * self.exp.particles).sqrt()).tolist()
        norms = [float(torch.linalg.vector_norm(process.split(f.z)[:, 1])) for f in self.frames]
        return next((f.step for f, norm, most in zip(self.frames, norms, sizes, strict=True) if not norm < most), None)

    def divergence(self) -> str:
        """What a run whose pictures are lost says of itself."""
        what = "states" if self.shows is None else "latents"
        bound = "those of any picture could be" if self.shows is None else "latents of pictures are"
        return (
            f"At step {self.diverged} of {self.steps} the {what} of {self.exp.sampler.info.title} are larger than {bound}. "
            f"Take more steps, another grid or another sampler."
        )

    @property
    def times(self) -> Tensor:
        return t64([f.t for f in self.frames])

    @property
    def event(self) -> tuple[int, ...]:
        return self.oracle.event

    def pixels(self, frame: Frame) -> np.ndarray:
        """x_t of the shown images as bytes (n, *event): [−1, 1] ↦ [0, 255], scaled where the variance explodes."""
        scale = float(self.process.view_scale(t64(frame.t)))
        return self._picture("x", frame.step, self.process.project(frame.z)[:SHOWN] * scale)

    def expected(self, step: int, x0: Tensor) -> np.ndarray:
        """x̂_0 at a step (n, *event) of the shown images as bytes."""
        return self._picture("x0", step, x0[:SHOWN])

    def final(self) -> np.ndarray | None:
        """The last images as the model's decoder gives them, where that is more than the pictures on the way: bytes (n, channels, h, w)."""
        last = self.frames[-1]
        if self.shows is None:
            return None
        small, whole = self.pixels(last), self._picture("final", last.step, self.process.project(last.z)[:SHOWN])
        return whole if whole.shape != small.shape else None

    def _picture(self, kind: str, step: int, x: Tensor) -> np.ndarray:
        if self.shows is None:
            return as_bytes(x)
        if (kind, step) not in self.pictures:
            self.pictures[kind, step] = as_bytes(self.shows(torch.nan_to_num(x), kind == "final"))
        return self.pictures[kind, step]

    def velocities(self, frame: Frame) -> np.ndarray | None:
        """v_t of CLD as bytes, in units of its stationary standard deviation √M; None for other processes."""
        if len(self.process.parts) < 2:
            return None
        mass = float(self.process.prior_cov()[1, 1])  # type: ignore[attr-defined]
        return self._picture("v", frame.step, self.process.split(frame.z)[:SHOWN, 1] / (2 * math.sqrt(mass)))


def as_bytes(x: Tensor) -> np.ndarray:
    """[−1, 1] ↦ [0, 255]."""
    return ((torch.nan_to_num(x.float()).clamp(-1, 1) + 1) * 127.5 + 0.5).to(torch.uint8).cpu().numpy()


def step_packet(run: ImageRun, frame: Frame, told: Tensor | None, seq: int = 0) -> Packet:
    """One step of a run that is still going on."""
    x = run.pixels(frame)
    packet = Packet(
        {
            "kind": "image-step",
            "key": run.exp.key,
            "seq": seq,
            "step": frame.step,
            "steps": run.steps,
            "calls": frame.calls,
            "clock": float(run.process.clock(t64(frame.t)).clamp(0, 1)),
            "time": frame.t,
            "log_snr": level if math.isfinite(level := float(run.process.log_snr(t64(frame.t)))) else None,
            "event": list(x.shape[1:]),
            "images": min(SHOWN, run.exp.particles),
            "compute_ms": round(run.compute_ms, 1),
        }
    )
    packet.add("x", x, "u1")
    if told is not None:
        packet.add("x0", run.expected(frame.step - 1, told), "u1")
    v = run.velocities(frame)
    if v is not None:
        packet.add("v", v, "u1")
    return packet


def principal(paths: Tensor) -> tuple[Tensor, Tensor]:
    """Paths (frames, n, pixels) on their two main directions: coordinates (frames, n, 2), share of the variance (2,).

    From the Gram matrix of all states about their mean; signs so that the largest entry of each direction's scores is positive.
    """
    frames, n, _ = paths.shape
    flat = paths.double().flatten(0, 1)
    flat = flat - flat.mean(0)
    gram = flat @ flat.T
    value, vector = torch.linalg.eigh(gram)
    top = vector[:, -2:].flip(1) * value[-2:].flip(0).clamp_min(0).sqrt()
    sign = torch.sign(top.gather(0, top.abs().argmax(0, keepdim=True)))
    share = value[-2:].flip(0) / value.sum().clamp_min(1e-30)
    return (top * sign).view(frames, n, 2), share


def image_packet(run: ImageRun, seq: int = 0) -> Packet:
    """The run, as far as it is computed, for the stage: paths on two principal components, and all images with x̂_0 (and v) under the same clock."""
    run.expect()
    stride = max(1, -(-(len(run.frames) - 1) // (FRAMES - 1)))
    last = len(run.frames) - 1
    keep = [i for i in range(len(run.frames)) if i % stride == 0 or i == last]
    frames = [run.frames[i] for i in keep]
    count = min(SHOWN, run.exp.particles)
    scale = run.process.view_scale(t64([f.t for f in frames]))
    states = torch.stack([torch.nan_to_num(run.process.project(f.z)[:count].float().cpu()).flatten(1) for f in frames])
    paths, share = principal(states * scale[:, None, None].float())
    unit = paths.square().mean().sqrt().clamp_min(1e-9)
    half = [1.15 * float((paths[..., i] / unit).abs().max()) for i in range(2)]
    span = max(half[0] / SPAN[0], half[1] / SPAN[1])
    words = [f"PC {i + 1} · {100 * float(share[i]):.0f} %" for i in range(2)]
    panel: dict[str, Any] = {"id": "x", "kind": "plane", "title": "", "weight": 1.0}
    for i, name in enumerate("ab"):
        panel[name] = {"component": i, "label": words[i], "lo": -span * SPAN[i], "hi": span * SPAN[i]}
    times = t64([f.t for f in frames])
    header = run_header(run, times, run.grid, seq)
    pictures = np.stack([run.pixels(f) for f in frames])
    final = run.final()
    law = data.law_of(run.exp.data)
    labels, by = _labels(run, torch.nan_to_num(run.process.project(run.frames[-1].z)[:count]))
    notes = [*header["notes"], *_image_notes(run), *([by] if labels is not None else [])]
    header["steps"] = run.steps
    header |= {
        "components": ["x1", "x2"],
        "particles": count,
        "panels": [panel],
        "notes": notes,
        **told(run.exp, None),
        "set": law.set,
        "image": {
            "event": list(pictures.shape[2:]),
            "batch": run.exp.particles,
            "shown": count,
            "velocity": len(run.process.parts) > 1,
            "done": run.done,
            "at": len(run.frames) - 1,  # of header["steps"]
            "of_plane": OF_PLANE,
        },
    }
    if labels is None:
        header["unavailable"]["classes"] = by
    packet = Packet(header)
    packet.add("z", (paths / unit).mT.numpy(), "u2", [-2 * span * s for s in SPAN], [2 * span * s for s in SPAN], axis=1)
    add_frames(packet, run.process, frames)
    packet.add("log_snr", run.process.log_snr(times))
    packet.add("label", np.zeros(count) if labels is None else labels.clamp_max(255).numpy(), "u1")
    packet.add("image/x", pictures, "u1")
    packet.add("image/x0", np.stack([run.expected(run.frames[i].step, run.x0[i]) for i in keep]), "u1")
    if final is not None:
        header["image"]["final"] = list(final.shape[1:])
        packet.add("image/final", final, "u1")
    packet.add("image/norm", states.norm(dim=2).mean(1))
    packet.add("image/change", [step_of_x0(run, i, count) for i in keep])
    if len(run.process.parts) > 1:
        packet.add("image/v", np.stack([run.velocities(f) for f in frames]), "u1")  # type: ignore[arg-type]
    add_curves(packet, run.process)
    add_grid(packet, run.process, t64(run.grid), run.calls)
    add_terms(packet, run.exp, run.oracle, run.grid)
    return packet


def step_of_x0(run: ImageRun, i: int, count: int) -> float:
    """‖x̂_0 at state i − x̂_0 at state i − 1‖, mean over ``count`` images: what one step of the sampler changed, however many states are sent.

    NaN at the start, and at t = 0: there x_0 is a state, and what the last step went to was the x̂_0 before it.
    """
    if not i or run.frames[i].t <= 0:
        return math.nan
    return float((run.x0[i][:count] - run.x0[i - 1][:count]).float().flatten(1).norm(dim=1).mean())


def _labels(run: ImageRun, x: Tensor) -> tuple[Tensor | None, str]:
    """Class of each shown image (n,) and in words by what, or None and why there is none.

    By the classifier on the model's card; else by the nearest training image of a set with labels; else the class that was asked for.
    """
    law, names = data.law_of(run.exp.data), data.class_names(run.exp.data)
    if (told := classify(run.exp.data, x)) is not None:
        return told, "by class: what the model’s classifier takes each last image for"
    if law.set and (known := image_set(law.set)).labels is not None:
        return nearest_label(known, x), "by class: that of the training image nearest to each last image"
    if run.exp.guidance.info.key == "EachClass" and len(names) > 1:
        return torch.arange(len(x)) % len(names), "by class: the class that each image was asked to be"
    return None, "nothing here tells the class of an image: the model has no classifier and no labelled images"


def _image_notes(run: ImageRun) -> list[str]:
    """What the stage must say of an image run."""
    notes = [OF_PLANE]
    if run.asked > 0:
        notes.append(
            f"the sampler asks the model elsewhere: the shown x̂₀ took {run.asked} more evaluations, which are not among its model calls"
        )
    if run.asked_end > 0:
        more = f"{run.asked_end} evaluation{'s' if run.asked_end > 1 else ''} more, not among its model calls"
        notes.append(f"the last x̂₀ is what the model expects behind the last state, at t = {run.frames[-1].t:.3g}: {more}")
    if run.fast is not None and run.diverged is None:
        notes.append(
            f"from step {run.fast} on the velocities of {run.exp.sampler.info.title} are larger than CLD’s can be; the positions, which the "
            "pictures show, are not. More steps keep both"
        )
    return notes
