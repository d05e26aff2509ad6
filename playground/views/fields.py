"""The exact fields of the stage, as a packet: density, arrows and reference laws over (clock, panel). Each layer adds its own arrays; here is what they share."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from playground.core.catalog import models_of
from playground.core.exact import Exact
from playground.core.experiment import Experiment
from playground.core.fields import BadValue, promised
from playground.core.kernel import small_inverse
from playground.core.panels import Geometry, Panel
from playground.core.problem import Predictor, Problem
from playground.core.process import Process, t64
from playground.exact import oracle_for
from playground.exact.token import TokenOracle
from playground.exact.wrapped import WrappedOracle
from playground.views.geometry import geometry_of
from playground.views.guided import fields_key, guided_arrows
from playground.views.layer import wanted
from playground.views.packet import Packet

FIELD_FRAMES = 48
MANY = 150  # components beyond which the density of a plane is computed on a coarser lattice
DENSITY = (140, 100)
ARROWS = (28, 20)
COLUMN = 160  # rows of a space–time density


@dataclass
class FieldsOf:
    """What layers compute from: the exact model of an experiment at ``t`` (F,), the times of the fields' even clock, and the packet they write to."""

    exp: Experiment
    oracle: Exact
    geometry: Geometry
    t: Tensor
    packet: Packet

    @property
    def process(self) -> Process:
        return self.exp.process

    @functools.cached_property
    def t_arrows(self) -> Tensor:
        """The same times for arrows: a score needs t > 0, the density exists at 0 as well."""
        return self.t.clamp_min(self.process.t_min)

    @functools.cached_property
    def guided(self) -> list[str]:
        """Which arrows follow the guided model."""
        return guided_arrows(self.exp)

    @functools.cached_property
    def model(self) -> Predictor:
        """The exact model, guided as the sampler's is where arrows are."""
        exact = next((model for model in models_of(self.exp.law) if "mixture" in model.gives), self.exp.who)
        return self.exp.guidance.model(exact, self.process) if self.guided else self.oracle

    @functools.cached_property
    def pair(self) -> list[Exact]:
        """Exact models of the laws (main, weak) that guidance is compared with."""
        return [oracle_for(law, self.process) for law in self.exp.guidance.pair(self.exp.law.mixture) or ()]

    @functools.cached_property
    def moments(self) -> tuple[Tensor, Tensor]:
        """Means and covariances of p_t's components in view coordinates."""
        return view_moments(self.oracle, self.t)

    def density(self, panel: Panel) -> None:
        """Adds p_t over (clock, panel), as its kind of panel shows it."""
        DENSITIES.get(panel.kind, _lattice)(self, panel)

    def shade(self, layer: str, panel: Panel, weights: Tensor, moments: tuple[Tensor, Tensor]) -> None:
        """Adds the density of a mixture, whose moments are those of ``view_moments``, over (clock, panel)."""
        mean, cov = seen(panel, *moments)
        (plane_density if panel.flat else column_density)(self.packet, panel, weights, mean, cov, layer)


def fields_packet(exp: Experiment, want: frozenset[str]) -> Packet:
    """The arrays of all layers in ``want`` over (clock, panel); arrows of the guided model where there is one. Raises BadValue for pictures."""
    if exp.law.space.pictures:
        raise BadValue("layer", "fields", "the packets of a run: nothing of images is known at every point")
    process = exp.process
    oracle = exp.who.exact(process)
    geo = geometry_of(exp.law, process)
    clock = torch.linspace(1, 0, FIELD_FRAMES, dtype=torch.float64)
    packet = Packet(
        {
            "kind": "fields",
            "key": exp.key,
            "fields_key": fields_key(exp),
            "panels": geo.describe(),
            "frames": FIELD_FRAMES,
            "want": sorted(want),
            "grid": {"density": list(DENSITY), "arrows": list(ARROWS)},
        }
    )
    packet.add("clock", clock)
    fields = FieldsOf(exp, oracle, geo, process.unclock(clock), packet)
    for panel in geo.panels:
        for layer in wanted("fields", want):
            layer.add_fields(fields, panel)
    return packet


def _mixture(fields: FieldsOf, panel: Panel) -> None:
    fields.shade("density", panel, fields.oracle.weights, fields.moments)


def _table(fields: FieldsOf, panel: Panel) -> None:
    """p_t of every symbol as it is, (frames, symbols)."""
    oracle = promised(fields.oracle, TokenOracle, "data", "symbols")
    fields.packet.add(f"density:{panel.id}", oracle.shares(fields.t))


def _wrapped(fields: FieldsOf, panel: Panel) -> None:
    """p_t on the square of two angles, as codes over its own peak."""
    oracle = promised(fields.oracle, WrappedOracle, "data", "angles")
    (alo, ahi), (blo, bhi) = panel.ranges
    side = DENSITY[1]
    a, b = centres(alo, ahi, side), centres(blo, bhi, side).flip(0)  # row 0 is the top
    frames = []
    for t in fields.t.tolist():
        law = oracle.marginal(t)
        # components are products of two wrapped normals: their sum is one thin matrix product
        rows, columns = (law.along(axis, points.double()).exp() for axis, points in ((1, b), (0, a)))
        frames.append((rows * law.weights) @ columns.mT)
    p = torch.stack(frames)
    peak = p.amax((1, 2))
    fields.packet.add(f"density:{panel.id}", (p * (255 / peak[:, None, None]) + 0.5).to(torch.uint8).numpy(), "u1")
    fields.packet.add(f"peak:{panel.id}", peak)


def _lattice(fields: FieldsOf, panel: Panel) -> None:
    """Of any other space: p_t at the cells of a panel of two components, by the exact model's own log-density."""
    if not panel.flat:
        return
    (alo, ahi), (blo, bhi) = panel.ranges
    width, height = DENSITY
    a, b = centres(alo, ahi, width).double(), centres(blo, bhi, height).flip(0).double()
    points = torch.stack([a.repeat(height), b.repeat_interleave(width)], -1)
    p = torch.stack([fields.oracle.log_prob(points, t).exp().view(height, width) for t in fields.t_arrows.tolist()])
    peak = p.amax((1, 2))
    fields.packet.add(f"density:{panel.id}", (p * (255 / peak[:, None, None]) + 0.5).to(torch.uint8).numpy(), "u1")
    fields.packet.add(f"peak:{panel.id}", peak)


DENSITIES: dict[str, Callable[[FieldsOf, Panel], None]] = {
    "plane": _mixture,
    "spacetime": _mixture,
    "shares": _table,
    "symbols": _table,
    "torus": _wrapped,
}


def seen(panel: Panel, mean: Tensor, cov: Tensor) -> tuple[Tensor, Tensor]:
    """Of moments (F, K, n): the part in the panel's components."""
    axes = [i for i in (panel.a, panel.b) if i is not None]
    return mean[..., axes], cov[..., axes, :][..., axes]


def view_moments(oracle: Exact, t: Tensor) -> tuple[Tensor, Tensor]:
    """Means (F, K, n) and covariances of p_t's components in view coordinates."""
    mean, cov = oracle.moments(t)
    s = oracle.process.view_scale(t)
    return mean * s[:, None, None], cov * s.square()[:, None, None, None]


def names_of(layer: str, panel: Panel) -> tuple[str, str, str]:
    """Names of a density's arrays: codes, peaks, and (of columns) the curves at both ends."""
    mark = "" if layer == "density" else f"{layer}/"
    return f"{layer}:{panel.id}", f"{mark}peak:{panel.id}", f"{mark}edge:{panel.id}"


def plane_density(packet: Packet, panel: Panel, w: Tensor, mean: Tensor, cov: Tensor, layer: str = "density") -> None:
    width, height = DENSITY
    (alo, ahi), (blo, bhi) = panel.ranges
    out = np.empty((mean.shape[0], height, width), np.uint8)
    peaks = np.empty(mean.shape[0], np.float32)
    apart = float(cov[..., 0, 1].abs().max()) < 1e-12
    # many correlated components (pairs, quadrature nodes): on half as many points a side, then smoothed up; a picture stays live
    coarse = 2 if len(w) > MANY and not apart else 1
    ga = centres(alo, ahi, width // coarse)
    gb = centres(blo, bhi, height // coarse).flip(0)  # row 0 is the top
    for f in range(mean.shape[0]):
        # components without correlation: the density is a sum of products, one thin matrix product a frame
        p = separable(w, mean[f], cov[f], ga, gb) if apart else dense(w, mean[f], cov[f], ga, gb)
        if coarse > 1:
            p = torch.nn.functional.interpolate(p[None, None], (height, width), mode="bilinear")[0, 0]
        peaks[f] = top = float(p.max())
        out[f] = (p * (255 / max(top, 1e-30)) + 0.5).to(torch.uint8).numpy()
    code, peak, _ = names_of(layer, panel)
    packet.add(code, out, "u1")
    packet.add(peak, peaks)


def centres(lo: float, hi: float, count: int) -> Tensor:
    return lo + (hi - lo) * (torch.arange(count, dtype=torch.float32) + 0.5) / count


def separable(w: Tensor, mean: Tensor, cov: Tensor, ga: Tensor, gb: Tensor) -> Tensor:
    def bumps(grid: Tensor, m: Tensor, v: Tensor) -> Tensor:
        return torch.exp(-0.5 * (grid[:, None] - m) ** 2 / v) * torch.rsqrt(2 * math.pi * v)

    m, c = mean.float(), cov.float()
    return (bumps(gb, m[:, 1], c[:, 1, 1]) * w.float()) @ bumps(ga, m[:, 0], c[:, 0, 0]).mT


def dense(w: Tensor, mean: Tensor, cov: Tensor, ga: Tensor, gb: Tensor) -> Tensor:
    """Σ_k w_k N(·; m_k, C_k) on the lattice: quadratic forms as one float64 product of features, exponentials in float32, in pieces that stay in
    cache."""
    precision = small_inverse(cov)
    pull = (precision @ mean[..., None])[..., 0]
    const = w.log() - 0.5 * ((pull * mean).sum(-1) + torch.linalg.slogdet(cov).logabsdet) - math.log(2 * math.pi)
    rows = torch.stack([-0.5 * precision[:, 0, 0], -precision[:, 0, 1], -0.5 * precision[:, 1, 1], pull[:, 0], pull[:, 1], const])
    a, b = ga.double().repeat(len(gb)), gb.double().repeat_interleave(len(ga))
    phi = torch.stack([a * a, a * b, b * b, a, b, torch.ones_like(a)], -1)
    return torch.cat([(part @ rows).float().exp_().sum(-1) for part in phi.split(max(64, (1 << 16) // len(w)))]).view(len(gb), len(ga))


def column_density(packet: Packet, panel: Panel, w: Tensor, mean: Tensor, cov: Tensor, layer: str = "density") -> None:
    (lo, hi) = panel.ranges[0]
    grid = centres(lo, hi, COLUMN).flip(0).double()
    var = cov[..., 0, 0][:, None, :]
    p = (w * torch.exp(-0.5 * (grid[:, None] - mean[:, None, :, 0]) ** 2 / var) * torch.rsqrt(2 * math.pi * var)).sum(-1)
    columns(packet, panel, p, layer)


def columns(packet: Packet, panel: Panel, p: Tensor, layer: str) -> None:
    """Densities (frames, rows) of a space–time panel, each column with its own peak."""
    code, peak, edge = names_of(layer, panel)
    top = p.amax(1)
    packet.add(code, (p / top[:, None] * 255 + 0.5).mT.numpy(), "u1")
    packet.add(peak, top)
    packet.add(edge, p[[0, -1]])


def lattice(panel: Panel) -> Tensor:
    (alo, ahi), (blo, bhi) = panel.ranges
    a = centres(alo, ahi, ARROWS[0])
    b = centres(blo, bhi, ARROWS[1]).flip(0)
    return torch.stack([a.repeat(len(b)), b.repeat_interleave(len(a))], -1).double()


def flow_arrows(fields: FieldsOf, panel: Panel, layer: str, flow: Callable[[Problem, Tensor, float], Tensor]) -> None:
    """Motion on the stage along ``flow(problem, z, t)``, dz/dt of states z (points, *state), per unit of clock and in the direction in which the run plays."""
    points = lattice(panel)
    if len(fields.oracle.weights) > MANY:
        points = points.float()
    process = fields.process
    problem = Problem(process, fields.model)
    problem.prepare(fields.t_arrows.tolist())
    shape = process.state_shape(points.shape[0], (fields.oracle.dim,))
    arrows = []
    for time_ in fields.t_arrows.tolist():
        scale = float(process.view_scale(t64(time_)))
        z = (points / scale).reshape(shape)
        u = flow(problem, z, time_)
        # a small move in time shows what the view's own scaling does to the arrow
        dt = 1e-4 * time_
        then = time_ - dt
        moved = (z - dt * u) * float(process.view_scale(t64(then)))
        dc = float(process.clock(t64(time_)) - process.clock(t64(then)))
        step = (moved.reshape(points.shape) - points) / dc
        arrows.append((step if fields.exp.mode == "reverse" else -step).mT)
    add_arrows(fields.packet, f"{layer}:{panel.id}", torch.stack(arrows))


def add_arrows(packet: Packet, name: str, arrows: Tensor) -> None:
    """Long arrows are cut at length 8 (the stage saturates them earlier), keeping their direction."""
    length = arrows.norm(dim=1, keepdim=True).clamp_min(1e-12)
    arrows = arrows * (8 / length).clamp_max(1)
    packet.add(name, arrows.numpy(), "u2", [-8.0, -8.0], [8.0, 8.0], axis=1)
