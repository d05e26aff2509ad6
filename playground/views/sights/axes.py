"""Points of one or two numbers (of a phase space: twice as many), each on an axis of its own."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from playground.core.fields import Json
from playground.core.limits import limits
from playground.core.process import t64
from playground.core.rng import Rng
from playground.core.run import Frame
from playground.core.space import Space
from playground.engine import Run
from playground.metrics.prior import MATTERS, mismatch_name, prior_mismatch
from playground.views.export import csv_rows
from playground.views.geometry import geometry_of
from playground.views.guided import guided_arrows
from playground.views.layer import told, wanted
from playground.views.packet import Packet
from playground.views.sights import Sight

MOST_FRAMES, FEWEST_FRAMES, MOST_VALUES = 121, 21, 1_200_000  # states that are sent: fewer of them when there are many particles
REFERENCES = 600


class Axes(Sight):
    """Particles on fixed axes, beside exact samples of both ends."""

    spaces: ClassVar[tuple[type[Space], ...]] = (Space,)  # but for those that have a sight of their own
    most_work: ClassVar[float] = limits().work

    def __init__(self, run: Run):
        super().__init__(run)
        self.geometry = geometry_of(run.law, run.process)

    @classmethod
    def most_frames(cls, values: int) -> int:
        return max(FEWEST_FRAMES, min(MOST_FRAMES, MOST_VALUES // max(1, values)))

    def header(self) -> dict[str, Json]:
        return {
            "dim": self.oracle.dim,
            "components": list(self.geometry.components),
            "panels": self.geometry.describe(),
            **told(self.exp),
        }

    def draw(self, packet: Packet, want: frozenset[str]) -> None:
        geo = self.geometry
        packet.add("z", self.states(), "u2", list(geo.lo), list(geo.hi), axis=1)
        packet.add("label", np.minimum(self.labels, 255), "u1")
        for layer in wanted("run", want):
            layer.add_run(self, packet)
        self._add_references(packet)

    def draw_step(self, packet: Packet, frame: Frame, expected: Tensor | None) -> None:
        geo = self.geometry
        packet.header |= {"components": list(geo.components), "particles": len(frame.z)}
        z = frame.z.flatten(1) * float(self.process.view_scale(t64(frame.t)))
        packet.add("z", z.mT.float().cpu().numpy(), "u2", list(geo.lo), list(geo.hi))
        if expected is not None:
            d = self.oracle.dim
            packet.add("x0", expected.mT.float().cpu().numpy(), "u2", list(geo.lo[:d]), list(geo.hi[:d]))

    def states(self) -> np.ndarray:
        """States (frames, components, particles) in view coordinates."""
        z = torch.stack([f.z for f in self.frames]).flatten(2)
        return (z * self.process.view_scale(self.run.times).to(z)[:, None, None]).mT.float().cpu().numpy()

    @functools.cached_property
    def labels(self) -> np.ndarray:
        """Class of each particle (particles,): of the component it came from (noised data) or most probably arrived at."""
        data, component = self.oracle.data, self.run.origin
        if component is None:
            x = torch.nan_to_num(self.process.project(self.frames[-1].z).float().cpu())
            component = torch.cat([data.component_log_prob(part).argmax(-1) for part in x.split(8192)])
        return data.labels[component.cpu()].numpy()

    def _add_references(self, packet: Packet) -> None:
        """Samples of p_0 and of the prior, in view coordinates."""
        process, oracle = self.process, self.oracle
        rng = Rng(self.exp.seed, dtype=torch.float64).stream("reference")
        law = oracle.lifted() if len(process.parts) > 1 else oracle.data
        # lifted() may be degenerate only in directions that its Cholesky factor handles: γM > 0
        data, _ = law.sample(rng.uniform((REFERENCES,)), rng.normal((REFERENCES, law.dim)))
        prior = process.prior(self.run.space, REFERENCES, rng).flatten(1)
        prior = prior * float(process.view_scale(t64(process.t_max)))
        lo, hi = list(self.geometry.lo), list(self.geometry.hi)
        packet.add("data", data.mT.numpy(), "u2", lo, hi)
        packet.add("prior", prior.mT.numpy(), "u2", lo, hi)

    def start(self) -> list[str]:
        exp, process = self.exp, self.process
        if exp.start == "exact" or process.prior_is_exact:
            return []
        t = self.run.grid[0]
        gap = prior_mismatch(exp, t)
        what, law = (
            ("a Gaussian" if exp.start == "gaussian" else "the prior"),
            "p_T" if t >= process.t_max * (1 - 1e-9) else f"p_t at t = {t:.3g}",
        )
        if math.isnan(gap):
            return ["starts from its source, which p_1 of finitely many pairs only approximates"]
        if gap < MATTERS:
            return []
        return [f"starts from {what}, not from {law}: {mismatch_name(exp)} between them {gap:.2g}"]

    def guided(self) -> list[str]:
        """What of the picture is the guided model's and what is not."""
        exp = self.exp
        if not self.run.samples or "mixture" in exp.guidance.gives:
            return []
        arrows = guided_arrows(exp)
        plain = ["density"] + ["score"] * ("score" not in arrows and any(p.flat for p in self.geometry.panels))
        title = exp.guidance.info.title
        verb = lambda words: f"{' and '.join(words)} {'are' if len(words) > 1 else 'is'}"  # noqa: E731
        parts = [f"{verb(arrows)} guided"] if arrows else []
        parts += [f"{verb(plain)} of all classes", "distances are to p(x | c)"]
        return [f"{title.removesuffix('guidance').strip()}{'' if title.endswith('guidance') else ' '}guidance: {', '.join(parts)}"]

    def notes(self) -> list[str]:
        return [self.process.regime] if self.process.regime and self.oracle.dim == 1 else []

    def csv(self, states: Iterable[Frame] | None, link: str) -> Iterator[str]:
        """All states as lines of text; ``states``: where the run does not keep all of them."""
        return csv_rows(self, states, link)
