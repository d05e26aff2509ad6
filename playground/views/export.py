"""A run as files: CSV of its states, and the pictures of a film drawn by matplotlib from the same packets as the stage."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

from playground.views.packet import Packet
from playground.views.stage import Run, fields_packet, run_packet

DATA, NOISE, EXACT, SAMPLER = "#0072B2", "#8a8f98", "#1b1d21", "#009E73"
CLASSES = ("#009E73", "#D55E00", "#0072B2", "#CC79A7", "#E69F00", "#56B4E9", "#8a6d00", "#000000")
HEAT = LinearSegmentedColormap.from_list("density", ["#fcfcfb", "#c4dff0", "#7db8dd"])
FRAMES, MS = 48, 70


def csv_rows(run: Run) -> Iterator[str]:
    """step, t, particle, class and the state's components, one row a particle and frame; states as computed, not scaled."""
    names = {"x₁": "x1", "x₂": "x2", "v₁": "v1", "v₂": "v2"}
    columns = [names.get(c, c) for c in run.geometry.components]
    yield ",".join(["step", "t", "particle", "class", *columns]) + "\n"
    labels = run.labels()
    for frame in run.trace.frames:
        z = frame.z.flatten(1).double().cpu().numpy()
        head = f"{frame.step},{frame.t!r},"
        yield "".join(f"{head}{i},{labels[i]}," + ",".join(repr(float(v)) for v in row) + "\n" for i, row in enumerate(z))


def _tone(density: np.ndarray) -> np.ndarray:
    """The stage's tone map: the root of density over its peak."""
    return np.sqrt(density.astype(np.float32) / 255)


class Picture:
    """Draws one moment of a run on a matplotlib figure that is reused from frame to frame."""

    def __init__(self, run: Run, by_class: bool = False, width: float = 6.4, dpi: int = 100):
        self.run = run
        # through bytes and back: the pictures then show the very numbers that the stage shows
        self.packet, self.fields = (
            Packet.from_bytes(p.to_bytes()) for p in (run_packet(run), fields_packet(run.exp, frozenset({"density"})))
        )
        self.panels = self.packet.header["panels"]
        planes = len(self.panels)
        self.figure = Figure(
            figsize=(width * (1 if planes == 1 else 1.5), width * 0.72), dpi=dpi, layout="constrained", facecolor="#fcfcfb"
        )
        self.canvas = FigureCanvasAgg(self.figure)
        ratios = [p["weight"] for p in self.panels]
        axes = self.figure.subplots(1, planes, squeeze=False, width_ratios=ratios)[0]
        title = self.packet.header["title"]
        self.figure.suptitle(
            f"{title['data']} · {title['process']} · {title['sampler'] if run.exp.mode == 'reverse' else 'noising'}",
            fontsize=10,
            color=EXACT,
        )
        classes = self.packet["label"] if by_class else np.zeros(len(self.packet["label"]), int)
        self.groups = [(CLASSES[k % len(CLASSES)], np.flatnonzero(classes == k)) for k in np.unique(classes)]
        self.clock = self.packet["clock"]
        self.parts = [self._start(ax, panel) for ax, panel in zip(axes, self.panels, strict=True)]
        self.caption = axes[0].text(0.985, 0.975, "", transform=axes[0].transAxes, ha="right", va="top", fontsize=11, color=EXACT)

    def _start(self, ax, panel):
        ax.tick_params(labelsize=8, colors="#6b7078", length=2)
        for side in ax.spines.values():
            side.set_color("#e3e3df")
        b = panel["b"]
        ax.set_ylim(b["lo"], b["hi"])
        ax.set_ylabel(b["label"], fontsize=9)
        density = self.fields[f"density:{panel['id']}"]
        if panel["kind"] == "plane":
            a = panel["a"]
            ax.set_xlim(a["lo"], a["hi"])
            ax.set_xlabel(a["label"], fontsize=9)
            if self.run.process.blocks == 1 or self.run.oracle.dim == 2:
                ax.set_aspect("equal")
            extent = (a["lo"], a["hi"], b["lo"], b["hi"])
            image = ax.imshow(
                _tone(density[0]),
                extent=extent,
                cmap=HEAT,
                vmin=0,
                vmax=1,
                aspect="auto" if ax.get_aspect() == "auto" else "equal",
                interpolation="bilinear",
            )
            return ax, panel, image, self._dots(ax)
        ax.set_xlim(0, 1)
        ax.set_xlabel("noise  →  data", fontsize=9)
        ax.set_xticks([])
        ax.imshow(_tone(density), extent=(0, 1, b["lo"], b["hi"]), cmap=HEAT, vmin=0, vmax=1, aspect="auto", interpolation="bilinear")
        paths = self.packet["z"][:, b["component"], :60]
        ax.plot(1 - self.clock, paths, color=SAMPLER, alpha=0.35, lw=0.6)
        line = ax.axvline(0, color=DATA, lw=1)
        return ax, panel, line, self._dots(ax)

    def _dots(self, ax):
        """One marker line for each colour: much faster than a scatter."""
        size = 1.6 if len(self.packet["label"]) <= 5000 else 1.0
        return [ax.plot([], [], ls="", marker="o", ms=size, mew=0, color=colour)[0] for colour, _ in self.groups]

    def state(self, clock: float) -> np.ndarray:
        """States (components, particles) at a clock, between the frames on straight lines as on the stage."""
        order = np.argsort(self.clock)
        at = float(np.interp(clock, self.clock[order], np.arange(len(order))[order]))
        low = min(int(at), len(order) - 1)
        high = min(low + 1, len(order) - 1)
        z = self.packet["z"]
        return z[low] + (at - low) * (z[high] - z[low])

    def draw(self, clock: float) -> Image.Image:
        z = self.state(clock)
        shown = int(np.abs(self.fields["clock"] - clock).argmin())
        for _, panel, part, dots in self.parts:
            b = panel["b"]["component"]
            if panel["kind"] == "plane":
                part.set_data(_tone(self.fields[f"density:{panel['id']}"][shown]))
                across = z[panel["a"]["component"]]
            else:
                part.set_xdata([1 - clock, 1 - clock])
                across = np.full(z.shape[1], 1 - clock)
            for line, (_, members) in zip(dots, self.groups, strict=True):
                line.set_data(across[members], z[b][members])
        t = (
            float(np.interp(clock, self.clock[::-1], self.packet["time"][::-1]))
            if self.clock[0] > self.clock[-1]
            else float(np.interp(clock, self.clock, self.packet["time"]))
        )
        self.caption.set_text(f"t = {t:.2f}")
        self.canvas.draw()
        return Image.fromarray(np.asarray(self.canvas.buffer_rgba())[..., :3])


def moments(run: Run, by_class: bool = False) -> Iterator[Image.Image]:
    """FRAMES pictures of the run, evenly over its clock."""
    picture = Picture(run, by_class)
    for clock in np.linspace(picture.clock[0], picture.clock[-1], FRAMES):
        yield picture.draw(float(clock))
