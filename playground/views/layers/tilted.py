from __future__ import annotations

import math

import torch
from torch import Tensor

from playground.core.exact import Exact
from playground.core.experiment import Experiment
from playground.core.mixture import GaussianMixture
from playground.core.panels import Panel
from playground.metrics.denoising import log_density
from playground.views.fields import COLUMN, DENSITY, MANY, FieldsOf, centres, columns, names_of, view_moments
from playground.views.guided import guided_laws, tilted_words, unguided
from playground.views.layer import Layer
from playground.views.packet import Packet


class Tilted(Layer):
    key = "tilted"
    word = "tilted law"
    name = "tilted law"
    text = "Lines of equal height of the law whose score the guided model follows at this moment; a sampler that follows these scores ends elsewhere."
    formula = r"p_t(x)\,p_t(c\mid x)^W\,/\,Z_t"
    ref = "Ho & Salimans 2022; Bradley & Nakkiran 2024"
    arxiv = "2408.09000"
    role = "learned"
    needs = frozenset({"reverse", "guided", "few"})
    mark = '<path d="M1 9C4 9 5 1 8 1S11 7 13 9" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    rank = 110
    arrays = "tilted"
    stays = True

    def pointless(self, exp: Experiment) -> bool:
        return unguided(exp)

    def here(self, exp: Experiment) -> str:
        return f"Here {tilted_words(exp, 1.0)}." if guided_laws(exp) else ""

    def add_fields(self, fields: FieldsOf, panel: Panel) -> None:
        if not self.why(fields.exp):
            _tilted(fields.packet, panel, fields.geometry.panels[0], fields.pair, fields.t, fields.exp.guidance.weight)


def _tilted(packet: Packet, panel: Panel, main: Panel, pair: list[Exact], t: Tensor, weight: float) -> None:
    """p_main^W p_weak^{1−W} over (clock, panel); of a panel that shows one of two components, what the other leaves of it."""
    moments = [view_moments(oracle, t) for oracle in pair]
    plane = main.flat
    axes = [main.a, main.b] if plane else [main.b]
    coarse = 2 if sum(len(oracle.weights) for oracle in pair) > MANY else 1
    cells = (DENSITY[0] // coarse, DENSITY[1] // coarse) if plane else (COLUMN,)
    sides = [centres(*r, n).double() for r, n in zip(main.ranges, cells, strict=True)]
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
    if plane and panel.flat:
        cell = math.prod((hi - lo) / n for (lo, hi), n in zip(main.ranges, DENSITY, strict=True))
        code, peak, _ = names_of("tilted", panel)
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
    columns(packet, panel, p / (p.sum(1, keepdim=True) * (hi - lo) / COLUMN), "tilted")
