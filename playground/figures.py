"""``pg.plot``: runs, laws, fields and orders as figures of Matplotlib or, to turn and play, of Plotly; neither is imported before it is asked for."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from playground.core.exact import Exact
from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.core.law import Law
from playground.core.mixture import GaussianMixture
from playground.core.process import Process, t64
from playground.core.run import Trace
from playground.engine import Run
from playground.notebook import Order, exact_of, law, score

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from plotly.graph_objects import Figure

DATA, NOISE, EXACT, SAMPLER = "#0072b2", "#8a8f98", "#1b1d21", "#009e73"  # the page's colours of these roles
FINE, TIMES, ARROWS, TRAILS, DOTS, MOMENTS = 161, 121, 17, 40, 4000, 60
REACH = 3.5  # standard deviations that a view reaches to either side


class Shade(NamedTuple):
    """A density: ``values`` (rows, columns) over ``across`` (columns,) and ``up`` (rows,)."""

    across: np.ndarray
    up: np.ndarray
    values: np.ndarray


class Line(NamedTuple):
    label: str
    colour: str
    across: np.ndarray
    up: np.ndarray
    width: float = 1.5
    dashed: bool = False


class Dots(NamedTuple):
    label: str
    colour: str
    points: np.ndarray  # (n, 2)


class Arrows(NamedTuple):
    """Vectors (n, 2) at points (n, 2), both in data units; the longest is drawn as long as two neighbours are apart."""

    label: str
    points: np.ndarray
    vectors: np.ndarray

    def drawn(self) -> np.ndarray:
        """The vectors as they are drawn."""
        longest = float(np.linalg.norm(self.vectors, axis=-1).max()) or 1.0
        span = float(np.ptp(self.points[:, 0])) / (ARROWS - 1)
        return self.vectors / longest * 1.5 * span


@dataclass
class Picture:
    """What is to be seen, for either library. ``moments``: the dots of each frame of a run, with its caption."""

    title: str
    across: str = "x₁"
    up: str = "x₂"
    shade: Shade | None = None
    lines: list[Line] = field(default_factory=list)
    dots: Dots | None = None
    arrows: Arrows | None = None
    image: np.ndarray | None = None
    moments: list[tuple[str, np.ndarray]] = field(default_factory=list)
    logarithmic: bool = False
    square: bool = True
    falling: bool = False


def plot(
    what: Trace | Run | Experiment | Law | GaussianMixture | Order | str,
    *,
    t: float | None = None,
    ax: Axes | None = None,
    interactive: bool = False,
) -> Axes | Figure:
    """A picture of what there is to be seen:

        a run          in the plane: particles, their trails, the exact density where it ends; on the line: paths through space and time over the
                       exact p_t; of images: the images
        an experiment  the density of its data; at a time ``t`` that of p_t, and the score of its model as arrows (guided: the guided one, over the
                       density of the class that is asked for)
        a law, a mixture or a name      its density
        an order                        errors over steps, and the fitted slope

    Returns: Matplotlib's Axes (``ax``: these; ``.figure.savefig("run.png")``); with ``interactive`` a Plotly Figure, in which a run plays.
    Raises: BadValue for what cannot be drawn: more than two dimensions that are no images, tokens.
    """
    picture = at_time(what, t)
    if interactive:
        if ax is not None:
            raise BadValue("ax", type(ax).__name__, "none beside interactive=True, which makes a Plotly figure of its own")
        return _plotly(picture)
    return _matplotlib(picture, ax)


@functools.singledispatch
def picture_of(what: object) -> Picture:
    """The picture of a noun. Raises BadValue."""
    raise BadValue("what", what, "a run, an Experiment, a law, a GaussianMixture, a name of data, or an order of convergence")


@picture_of.register(str)
@picture_of.register(GaussianMixture)
@picture_of.register(Law)
def _(what: str | GaussianMixture | Law) -> Picture:
    told = law(what)
    mixture = told.mixture
    _check_dimensions(mixture.dim)
    low, high = _view(mixture.mean(), mixture.cov())
    density = _on(low, high, lambda x: mixture.log_prob(x).exp())
    return Picture(told.title or "law", shade=density) if mixture.dim == 2 else _curve(told.title or "law", density)


@picture_of.register
def _(what: Run) -> Picture:
    return picture_of(what.finish().trace)


@picture_of.register
def _(what: Order) -> Picture:
    n, e = np.array(what.steps, float), np.array(what.errors)
    fitted = e[-1] * (n / n[-1]) ** -what.value
    lines = [
        Line("error", SAMPLER, n, e, 2.0),
        Line(f"slope {what.value:.2f}", EXACT, n, fitted, 1.0, True),
    ]
    return Picture("order of convergence", "steps", "distance to the exact flow", lines=lines, logarithmic=True, square=False)


@picture_of.register
def _(what: Trace) -> Picture:
    last = what.frames[-1]
    x = what.process.project(last.z)
    if x.ndim == 4 and x.is_floating_point():
        return Picture(f"{len(x)} images, t = {last.t:.3g}", image=_mosaic(x))
    if x.ndim != 2 or "vector" not in what.process.lives:
        raise BadValue("what", f"a run of points of shape {tuple(x.shape[1:])}", "a run on the line, in the plane, or of images")
    _check_dimensions(x.shape[1])
    return _spacetime(what) if x.shape[1] == 1 else _plane(what)


@functools.singledispatch
def at_time(what: object, t: float | None) -> Picture:
    """The picture of a noun at a time, which an Experiment alone has. Raises BadValue."""
    if t is not None:
        raise BadValue("t", t, "none: a time belongs to an Experiment")
    return picture_of(what)


@at_time.register
def _(exp: Experiment, t: float | None) -> Picture:
    """Density and score of an experiment at a time; without one its data."""
    exact, process = exact_of(exp), exp.process
    _check_dimensions(exact.dim)
    if t is None:
        return picture_of(exact.data)
    log_p, (low, high) = _shown(exact, process, t)
    density = _on(low, high, lambda x: log_p(x).exp())
    name = f"{process.info.title}, t = {t:.3g}"
    if len(process.parts) > 1:  # the score has a part for the velocity: there is no arrow for both
        return Picture(name, shade=density) if exact.dim == 2 else _curve(name, density)
    at = torch.cartesian_prod(*(torch.linspace(float(a), float(b), ARROWS, dtype=torch.float64) for a, b in zip(low, high, strict=True)))
    at = at.reshape(-1, exact.dim)
    slope = score(exp, at, t)
    if exact.dim == 2:
        return Picture(f"{name}: density and score", shade=density, arrows=Arrows("score", at.numpy(), slope.numpy()))
    picture, flat = _curve(f"{name}: density and score", density), torch.zeros_like(at)
    picture.arrows = Arrows("score", torch.cat([at, flat], 1).numpy(), torch.cat([slope, flat], 1).numpy())
    return picture


# what is seen of a run --------------------------------------------------------------------------------------------------------------


def _plane(run: Trace) -> Picture:
    frames, process = run.frames, run.process
    scale = _scales(process, [f.t for f in frames])
    x = [s * process.project(f.z).double().cpu().numpy() for s, f in zip(scale, frames, strict=True)]
    picture = Picture(f"{len(x[-1])} particles, {run.model_calls} model calls", dots=Dots("particles", SAMPLER, x[-1][:DOTS]))
    log_p, (low, high) = _shown(run.exact, process, frames[-1].t)
    s = scale[-1]
    picture.shade = _on(s * low, s * high, lambda at: log_p(at / s).exp())
    trails = np.stack([a[:TRAILS] for a in x], 1)
    picture.lines = [Line("trails", NOISE, path[:, 0], path[:, 1], 0.6) for path in trails]
    kept = np.unique(np.linspace(0, len(frames) - 1, min(len(frames), MOMENTS)).round().astype(int))
    picture.moments = [(f"t = {frames[i].t:.3g}", x[i][:DOTS]) for i in kept]
    return picture


def _spacetime(run: Trace) -> Picture:
    frames, process = run.frames, run.process
    times = [f.t for f in frames]
    scale = _scales(process, times)
    clock = process.clock(t64(times)).numpy()
    paths = np.stack([s * process.project(f.z)[:TRAILS, 0].double().cpu().numpy() for s, f in zip(scale, frames, strict=True)], 1)
    c = torch.linspace(float(clock.min()), float(clock.max()), TIMES, dtype=torch.float64)
    at = [float(t) for t in process.unclock(c)]
    views = [(s, _shown(run.exact, process, t)) for s, t in zip(_scales(process, at), at, strict=True)]
    low, high = min(s * float(v[0][0]) for s, (_, v) in views), max(s * float(v[1][0]) for s, (_, v) in views)
    x = torch.linspace(low, high, FINE, dtype=torch.float64)
    columns = [(log_p(x[:, None] / s) - math.log(s)).exp().numpy() for s, (log_p, _) in views]
    values = np.stack([column / column.max() for column in columns], 1)
    scaled = f" {process.view_scale_label}" if process.view_scale_label else ""
    lines = [Line("paths", SAMPLER, clock, path, 0.6) for path in paths]
    title = f"{len(frames[-1].z)} particles, {run.model_calls} model calls; shade: exact p_t"
    return Picture(title, "clock: 1 noise, 0 data", f"x{scaled}", Shade(c.numpy(), x.numpy(), values), lines, square=False, falling=True)


LogDensity = Callable[[Tensor], Tensor]


def _shown(exact: Exact, process: Process, t: float) -> tuple[LogDensity, tuple[Tensor, Tensor]]:
    """ln of the density of the data part of p_t, and the box that is seen of it."""
    if len(process.parts) > 1:
        whole = exact.lifted() if t == 0 else exact.marginal(t)
        part = torch.eye(exact.dim, exact.state_dim, dtype=torch.float64)  # the data part comes first
        mixture = GaussianMixture(exact.weights, *_moments(exact, t)) if t > 0 else exact.lifted()
        return mixture.affine(part).log_prob, _view(part @ whole.mean(), part @ whole.cov() @ part.mT)
    if t == 0:
        return exact.data.log_prob, _view(exact.data.mean(), exact.data.cov())
    marginal = exact.marginal(t)
    cov = marginal.cov()
    if not bool(torch.isfinite(cov).all()):  # a tail without a variance: the view is that of the data and the noise's scale
        cov = exact.data.cov() + torch.eye(exact.dim, dtype=torch.float64) * t**2
    return lambda x: exact.log_prob(x, t), _view(exact.data.mean() if cov is not marginal.cov() else marginal.mean(), cov)


def _moments(exact: Exact, t: float) -> tuple[Tensor, Tensor]:
    mean, cov = exact.moments(t64([t]))
    return mean[0], cov[0]


def _view(mean: Tensor, cov: Tensor) -> tuple[Tensor, Tensor]:
    half = REACH * cov.diagonal().sqrt()
    if len(mean) == 2:
        half = half.max().expand(2)
    return mean - half, mean + half


def _on(low: Tensor, high: Tensor, density: LogDensity) -> Shade:
    """A density on a grid of the plane, or on the line (one row)."""
    axes = [torch.linspace(float(a), float(b), FINE, dtype=torch.float64) for a, b in zip(low, high, strict=True)]
    if len(axes) == 1:
        return Shade(axes[0].numpy(), np.zeros(1), density(axes[0][:, None]).numpy()[None])
    up, across = torch.meshgrid(axes[1], axes[0], indexing="ij")
    values = density(torch.stack([across, up], -1).reshape(-1, 2)).reshape(FINE, FINE)
    return Shade(axes[0].numpy(), axes[1].numpy(), values.numpy())


def _curve(title: str, density: Shade) -> Picture:
    line = Line("density", DATA, density.across, density.values[0])
    return Picture(title, "x", "density", lines=[line], square=False)


def _scales(process: Process, times: list[float]) -> list[float]:
    return [float(s) for s in process.view_scale(t64(times))]


def _check_dimensions(dim: int) -> None:
    if dim > 2:
        raise BadValue("what", f"{dim} dimensions", "data on the line or in the plane, or images")


def _mosaic(x: Tensor) -> np.ndarray:
    """Images (n, c, h, w) from −1 to 1 side by side: (H, W, 3), 0 to 1, clipped."""
    n, c, h, w = x.shape
    columns = math.ceil(math.sqrt(n))
    rows = -(-n // columns)
    canvas = torch.full((rows * columns, 3, h + 2, w + 2), 0.5)
    canvas[:n, :, 1:-1, 1:-1] = ((x.float().cpu() + 1) / 2).clamp(0, 1)[:, :3].expand(-1, 3, -1, -1) if c in (1, 3) else 0.5
    return canvas.view(rows, columns, 3, h + 2, w + 2).permute(0, 3, 1, 4, 2).reshape(rows * (h + 2), columns * (w + 2), 3).numpy()


# the two libraries ------------------------------------------------------------------------------------------------------------------


def _matplotlib(picture: Picture, ax: Axes | None) -> Axes:
    import matplotlib.pyplot as plt
    from matplotlib.collections import LineCollection
    from matplotlib.colors import LinearSegmentedColormap

    if ax is None:
        ax = plt.subplots(figsize=(5.5, 5) if picture.square else (7, 4.2), layout="constrained")[1]
    ax.set_title(picture.title, fontsize=10)
    if picture.image is not None:
        ax.imshow(picture.image, interpolation="nearest")
        ax.set_axis_off()
        return ax
    if picture.shade is not None:
        ramp = LinearSegmentedColormap.from_list("data", ["#ffffff", DATA])
        ax.pcolormesh(*picture.shade, cmap=ramp, shading="gouraud", rasterized=True, vmin=0, alpha=0.8)
    thin = [line for line in picture.lines if line.width < 1]
    if thin:
        ax.add_collection(
            LineCollection([np.stack([k.across, k.up], 1) for k in thin], colors=thin[0].colour, linewidths=thin[0].width, alpha=0.6)
        )
    for line in picture.lines:
        if line.width >= 1:
            style = "--" if line.dashed else "-"
            ax.plot(line.across, line.up, style, color=line.colour, lw=line.width, label=line.label, marker="o" * picture.logarithmic)
    if picture.dots is not None:
        ax.scatter(*picture.dots.points.T, s=3, color=picture.dots.colour, linewidths=0, label=picture.dots.label)
    if picture.arrows is not None:
        points, drawn = picture.arrows.points, picture.arrows.drawn()
        ax.quiver(*points.T, *drawn.T, angles="xy", scale_units="xy", scale=1, width=0.003, color=EXACT, alpha=0.7)
    if picture.logarithmic:
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xticks(picture.lines[0].across, [f"{n:g}" for n in picture.lines[0].across])
        ax.minorticks_off()
        ax.legend()
    if picture.square:
        ax.set_aspect("equal")
    if picture.shade is not None:
        ax.set_xlim(picture.shade.across[0], picture.shade.across[-1])
        ax.set_ylim(picture.shade.up[0], picture.shade.up[-1])
    if picture.falling:
        ax.invert_xaxis()
    ax.set_xlabel(picture.across)
    ax.set_ylabel(picture.up)
    return ax


def _plotly(picture: Picture) -> Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.update_layout(title=picture.title, xaxis_title=picture.across, yaxis_title=picture.up, template="plotly_white", showlegend=False)
    if picture.image is not None:
        figure.add_trace(go.Image(z=np.round(255 * picture.image).astype(np.uint8)))
        return figure.update_xaxes(visible=False).update_yaxes(visible=False)
    if picture.shade is not None:
        ramp = [[0, "rgba(0,114,178,0)"], [1, DATA]]
        figure.add_trace(
            go.Heatmap(x=picture.shade.across, y=picture.shade.up, z=picture.shade.values, colorscale=ramp, showscale=False, zsmooth="best")
        )
    for line in picture.lines:
        figure.add_trace(
            go.Scatter(
                x=line.across,
                y=line.up,
                name=line.label,
                mode="lines",
                line={"color": line.colour, "width": max(0.5, line.width), "dash": "dash" if line.dashed else "solid"},
                opacity=1.0 if line.width >= 1 else 0.5,
                hoverinfo="skip" if line.width < 1 else "all",
            )
        )
    if picture.arrows is not None:
        tails, heads = picture.arrows.points, picture.arrows.points + picture.arrows.drawn()
        gap = np.full(len(tails), np.nan)
        x, y = (np.stack([tails[:, i], heads[:, i], gap], 1).ravel() for i in (0, 1))
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line={"color": EXACT, "width": 1}, name=picture.arrows.label, hoverinfo="skip"))
        figure.add_trace(go.Scatter(x=heads[:, 0], y=heads[:, 1], mode="markers", marker={"color": EXACT, "size": 3}, hoverinfo="skip"))
    if picture.dots is not None:
        figure.add_trace(_markers(picture.dots.points))
        place = sum(1 for _ in figure.select_traces()) - 1
        figure.frames = [go.Frame(name=name, data=[_markers(x)], traces=[place]) for name, x in picture.moments]
        play = {"frame": {"duration": 60, "redraw": False}, "transition": {"duration": 0}, "fromcurrent": True}
        steps = [{"label": name, "method": "animate", "args": [[name], {**play, "mode": "immediate"}]} for name, _ in picture.moments]
        buttons = [{"label": "play", "method": "animate", "args": [None, play]}]
        figure.update_layout(sliders=[{"steps": steps, "active": len(steps) - 1}], updatemenus=[{"type": "buttons", "buttons": buttons}])
    if picture.logarithmic:
        figure.update_xaxes(type="log").update_yaxes(type="log")
    if picture.square:
        figure.update_yaxes(scaleanchor="x")
    if picture.falling:
        figure.update_xaxes(autorange="reversed")
    return figure


def _markers(points: np.ndarray) -> object:
    import plotly.graph_objects as go

    return go.Scatter(x=points[:, 0], y=points[:, 1], mode="markers", marker={"color": SAMPLER, "size": 3}, name="particles")
