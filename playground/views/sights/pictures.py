"""Images: the pictures of a batch under the stage's clock, and its paths on two principal components."""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from playground.core.fields import Json
from playground.core.limits import limits
from playground.core.panels import Panel
from playground.core.process import t64
from playground.core.run import Frame
from playground.core.space import Pixels, Space
from playground.engine import Run
from playground.metrics.prior import MATTERS
from playground.origin import FIELD
from playground.views.image_files import sheet
from playground.views.layer import told, unavailable
from playground.views.packet import Packet
from playground.views.sights import Sight

FRAMES = 61  # states that are sent
SHOWN = 64  # images of a batch that are sent to the page
OF_PLANE = "paths on two principal components of the batch, with their share of its variance"  # the note that belongs to the plane
SPAN = (3.0, 3.0)  # of the plane of the principal components, in units of their root mean square


class Pictures(Sight):
    """The first images of a batch, what is expected of them, and their paths.

    States are pictures themselves, or ``who.show`` makes some of them; then they are kept with the run, since the model may be gone later.
    """

    spaces: ClassVar[tuple[type[Space], ...]] = (Pixels,)
    expects: ClassVar[bool] = True
    most_work: ClassVar[float] = limits().image_work

    def __init__(self, run: Run):
        super().__init__(run)
        self.count = min(SHOWN, run.exp.particles)
        self.shows = run.who.show if run.who.decodes else None

    @functools.cached_property
    def kept(self) -> list[int]:
        """Which of the run's frames are sent."""
        last = len(self.run.frames) - 1
        stride = max(1, -(-last // (FRAMES - 1)))
        return [i for i in range(last + 1) if i % stride == 0 or i == last]

    @property
    def frames(self) -> list[Frame]:
        return [self.run.frames[i] for i in self.kept]

    def header(self) -> dict[str, Json]:
        run, final = self.run, self.final()
        labels, by = self.labels
        image: dict[str, Json] = {
            "event": list(self.pixels(run.frames[-1]).shape[1:]),
            "batch": run.exp.particles,
            "shown": self.count,
            "velocity": len(self.process.parts) > 1,
            "done": run.done,
            "at": len(run.frames) - 1,  # of header["steps"]
            "of_plane": OF_PLANE,
        }
        return {
            "dim": 2,
            "components": ["x1", "x2"],
            "particles": self.count,
            "panels": [self.plane[1].describe(self.plane[2])],
            **told(self.exp),
            "unavailable": unavailable(self.exp) | ({} if labels is not None else {"classes": by}),
            "set": run.law.key if "examples" in run.law.gives else "",
            "image": image | ({} if final is None else {"final": list(final.shape[1:])}),
        }

    def draw(self, packet: Packet, want: frozenset[str]) -> None:
        run, frames = self.run, self.frames
        run.expect()
        paths, panel, _ = self.plane
        ends = [[2 * side[end] for side in panel.ranges] for end in (0, 1)]
        packet.add("z", paths.mT.numpy(), "u2", *ends, axis=1)
        packet.add("log_snr", self.process.log_snr(t64([f.t for f in frames]).clamp_max(self.process.t_level)))
        labels, _ = self.labels
        packet.add("label", np.zeros(self.count) if labels is None else labels.clamp_max(255).numpy(), "u1")
        packet.add("image/x", np.stack([self.pixels(f) for f in frames]), "u1")
        packet.add("image/x0", np.stack([self.expected(run.frames[i].step, run.x0[i]) for i in self.kept]), "u1")
        if (final := self.final()) is not None:
            packet.add("image/final", final, "u1")
        packet.add("image/norm", self.states.norm(dim=2).mean(1))
        packet.add("image/change", [step_of_x0(run, i, self.count) for i in self.kept])
        if len(self.process.parts) > 1:
            packet.add("image/v", np.stack([self.velocities(f) for f in frames]), "u1")

    def draw_step(self, packet: Packet, frame: Frame, expected: Tensor | None) -> None:
        x = self.pixels(frame)
        packet.header |= {"event": list(x.shape[1:]), "images": self.count}
        packet.add("x", x, "u1")
        if expected is not None:
            packet.add("x0", self.expected(frame.step - 1, expected), "u1")
        if len(self.process.parts) > 1:
            packet.add("v", self.velocities(frame), "u1")

    @functools.cached_property
    def states(self) -> Tensor:
        """The shown images at the sent frames, (frames, n, numbers) in float32."""
        return torch.stack([torch.nan_to_num(self.process.project(f.z)[: self.count].float().cpu()).flatten(1) for f in self.frames])

    @functools.cached_property
    def plane(self) -> tuple[Tensor, Panel, tuple[str, str]]:
        """Paths (frames, n, 2) on the two principal components of the batch, in units of their root mean square, the panel that shows them, and the labels of
        its axes."""
        scale = self.process.view_scale(t64([f.t for f in self.frames]))
        paths, share = principal(self.states * scale[:, None, None].float())
        unit = paths.square().mean().sqrt().clamp_min(1e-9)
        half = [1.15 * float((paths[..., i] / unit).abs().max()) for i in range(2)]
        span = max(half[0] / SPAN[0], half[1] / SPAN[1])
        across, up = ((-span * side, span * side) for side in SPAN)
        first, second = (f"PC {i + 1} · {100 * float(share[i]):.0f} %" for i in range(2))
        return paths / unit, Panel("x", "plane", 0, 1, "", 1.0, (across, up), True), (first, second)

    # pictures -----------------------------------------------------------------------------------------------------------------------

    def pixels(self, frame: Frame) -> np.ndarray:
        """x_t of the shown images as bytes (n, *event): [−1, 1] ↦ [0, 255], scaled where the variance explodes."""
        scale = float(self.process.view_scale(t64(frame.t)))
        return self._picture("x", frame.step, self.process.project(frame.z)[: self.count] * scale)

    def expected(self, step: int, x0: Tensor) -> np.ndarray:
        """x̂_0 at a step (n, *event) of the shown images as bytes."""
        return self._picture("x0", step, x0[: self.count])

    def final(self) -> np.ndarray | None:
        """The last images as the model's decoder gives them, where that is more than the pictures on the way: bytes (n, channels, h, w)."""
        last = self.run.frames[-1]
        if self.shows is None:
            return None
        small, whole = self.pixels(last), self._picture("final", last.step, self.process.project(last.z)[: self.count], True)
        return whole if whole.shape != small.shape else None

    def velocities(self, frame: Frame) -> np.ndarray:
        """v_t of CLD as bytes, in units of its stationary standard deviation √M."""
        return self._picture("v", frame.step, self.process.split(frame.z)[: self.count, 1] / (2 * self.process.speed))

    def _picture(self, kind: str, step: int, x: Tensor, final: bool = False) -> np.ndarray:
        if self.shows is None:
            return as_bytes(x)
        known = self.run.pictures
        if (kind, step) not in known:
            known[kind, step] = as_bytes(self.shows(torch.nan_to_num(x), final))
        return known[kind, step]

    # words --------------------------------------------------------------------------------------------------------------------------

    @functools.cached_property
    def labels(self) -> tuple[Tensor | None, str]:
        """Class of each shown image (n,) and in words by what, or None and why there is none.

        By the classifier on the model's card; else by the nearest training image of a set with labels; else the class that was asked for.
        """
        exp, law, names = self.exp, self.run.law, self.run.law.class_names
        x = torch.nan_to_num(self.process.project(self.run.frames[-1].z)[: self.count])
        if (judged := self.run.who.classify(x)) is not None:
            return judged, "by class: what the model’s classifier takes each last image for"
        if "examples" in law.gives and len(law.labels):
            return law.examples.nearest_label(x), "by class: that of the training image nearest to each last image"
        if exp.guidance.by_place and len(names) > 1:
            return torch.arange(len(x)) % len(names), "by class: the class that each image was asked to be"
        return None, "nothing here tells the class of an image: the model has no classifier and no labelled images"

    def start(self) -> list[str]:
        """No exact p_T is known: what is left of the picture in it."""
        if self.exp.start != "prior" or self.process.prior_is_exact:
            return []
        left = math.exp(0.5 * float(self.process.log_snr(t64(self.process.t_max))))
        return [f"starts from the prior; p_T still holds {100 * left:.2g} % of the picture"] if left >= MATTERS else []

    def guided(self) -> list[str]:
        if self.exp.guidance.weight in (0.0, 1.0):
            return []
        return ["W other than 1 samples neither p(x) nor p(x | c): images become more typical of the class and less varied"]

    def notes(self) -> list[str]:
        run, notes = self.run, [OF_PLANE]
        labels, by = self.labels
        if run.asked > 0:
            notes.append(
                f"the sampler asks the model elsewhere: the shown x̂₀ took {run.asked} more evaluations, which are not among its model calls"
            )
        if run.asked_end > 0:
            more = f"{run.asked_end} evaluation{'s' if run.asked_end > 1 else ''} more, not among its model calls"
            notes.append(f"the last x̂₀ is what the model expects behind the last state, at t = {run.frames[-1].t:.3g}: {more}")
        if run.diverged is None and (fast := self._fast()) is not None:
            notes.append(
                f"from step {fast} on the velocities of {run.exp.sampler.info.title} are larger than CLD’s can be; the positions, which the "
                "pictures show, are not. More steps keep both"
            )
        return notes + [by] * (labels is not None)

    def alarm(self, step: int) -> str:
        what = "states" if self.shows is None else "latents"
        bound = "those of any picture could be" if self.shows is None else "latents of pictures are"
        return (
            f"At step {step} of {self.run.steps} the {what} of {self.exp.sampler.info.title} are larger than {bound}. "
            f"Take more steps, another grid or another sampler."
        )

    def _fast(self) -> int | None:
        """The first step whose velocities, which no picture shows, are larger than CLD's can be."""
        process, run = self.process.linear(), self.run  # image models serve no others
        if len(process.parts) < 2:
            return None
        psi, cov = process.mean_and_cov(run.times)
        sizes = (run.who.lost * ((psi[:, 1] ** 2 + cov[:, 1, 1]) * self.oracle.dim * run.exp.particles).sqrt()).tolist()
        norms = [float(torch.linalg.vector_norm(process.split(f.z)[:, 1])) for f in run.frames]
        return next((f.step for f, norm, most in zip(run.frames, norms, sizes, strict=True) if not norm < most), None)

    # files --------------------------------------------------------------------------------------------------------------------------

    def moments(self) -> Iterator[Image.Image]:
        """The batch after each step that is sent."""
        return (sheet(self.pixels(frame)) for frame in self.frames)

    def npz(self, says: str = "") -> bytes:
        """times (frames,), states (frames, n, *state) and x0 (frames, n, *event), as computed, compressed; ``says``: a text, zero-dimensional."""
        out = io.BytesIO()
        states, x0 = ([x.float().cpu().numpy() for x in part] for part in ([f.z for f in self.run.frames], self.run.x0))
        arrays = {
            "times": self.run.times.numpy(),
            "states": np.stack(states),
            "x0": np.stack(x0),
            **({FIELD: np.array(says)} if says else {}),
        }
        np.savez_compressed(out, allow_pickle=False, **arrays)
        return out.getvalue()


def as_bytes(x: Tensor) -> np.ndarray:
    """[−1, 1] ↦ [0, 255]."""
    return ((torch.nan_to_num(x.float()).clamp(-1, 1) + 1) * 127.5 + 0.5).to(torch.uint8).cpu().numpy()


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


def step_of_x0(run: Run, i: int, count: int) -> float:
    """‖x̂_0 at state i − x̂_0 at state i − 1‖, mean over ``count`` images: what one step of the sampler changed, however many states are sent.

    NaN at the start, and at t = 0: there x_0 is a state, and what the last step went to was the x̂_0 before it.
    """
    if not i or run.frames[i].t <= 0:
        return math.nan
    return float((run.x0[i][:count] - run.x0[i - 1][:count]).float().flatten(1).norm(dim=1).mean())
