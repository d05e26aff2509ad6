"""One picker for everything that is chosen from a list: tiles (distributions), pills (processes), menus (samplers, …).

It is a real Gradio component whose value is the chosen key; ``assets/ui/picker.js`` draws it.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import gradio as gr
import numpy as np
import torch

from playground.core.spec import registry
from toy_models.data import image_models, law_of
from toy_models.laws.distributions import Toy, toys

POINTS = 220  # samples in a tile
CURVE = 56  # points of a thumbnail's curve


@dataclass(frozen=True)
class Choice:
    """One entry: ``thumb`` is points, a density, a curve or dots as base64 bytes, ``hint`` a few words on its right."""

    key: str
    title: str
    tip: str = ""
    group: str = ""
    hint: str = ""
    kind: str = ""  # of the thumb: "points" | "density" | "curve" | "dots"
    thumb: str = ""


def picker(
    choices: Sequence[Choice], value: str, *, layout: Literal["tiles", "pills", "menu"], slot: str, label: str, **kwargs: Any
) -> gr.HTML:
    """A component whose value is the key of the chosen entry. ``slot`` is the field that it sets ('sampler').

    A function and no subclass of gr.HTML: Gradio writes a .pyi file beside the source of every subclass, at each import.
    """
    return gr.HTML(
        value,
        label=label,
        # the template stays constant: Gradio renders it anew for every value, and what scripts have put into it would be lost
        html_template='<div class="pg-picker"></div>',
        js_on_load="window.PG.picker({element, props, watch})",
        apply_default_css=False,
        payload={"layout": layout, "slot": slot, "label": label, "choices": [asdict(c) for c in choices]},
        **kwargs,
    )


def _bytes(values: Any, lo: float = 0.0, hi: float = 1.0) -> str:
    scaled = np.nan_to_num((np.asarray(values, dtype=np.float64) - lo) / (hi - lo), posinf=1.0)
    return base64.b64encode((255 * scaled.clip(0, 1)).round().astype(np.uint8).tobytes()).decode()


def distributions() -> list[Choice]:
    out = []
    for toy in toys(2) + toys(1):
        kind, thumb = ("points", _points(toy)) if toy.dim == 2 else ("density", _density(toy))
        out.append(Choice(toy.key, toy.title, toy.tip, f"{toy.dim}D", "", kind, thumb))
    for name in image_models():
        out.append(image_choice(name))
    return out


def image_choice(name: str) -> Choice:
    """The entry of an image model: a set's training-free ones, "title · word", stand together under the set's title."""
    model = law_of(name)
    group, parted, _ = model.title.rpartition(" · ")
    return Choice(name, model.title, model.tip, f"{group}, no training" if parted else "images", model.hint)


def _points(toy: Toy) -> str:
    x, _ = toy.sample(POINTS, np.random.default_rng(1))
    middle = (x.max(0) + x.min(0)) / 2
    half = float(np.abs(x - middle).max()) * 1.08
    return _bytes((x - middle) / half, -1, 1)


def _density(toy: Toy) -> str:
    grid = np.linspace(-2.6, 2.6, CURVE)[:, None]
    var = toy.covs[:, 0, 0]
    p = (toy.weights / np.sqrt(var) * np.exp(-0.5 * (grid - toy.means[:, 0]) ** 2 / var)).sum(1)
    return _bytes(p / p.max())


def specs(family: str) -> list[Choice]:
    """A registry as entries: the title, what it is, its order and model calls, its paper."""
    out = []
    for key, cls in registry(family).items():
        info = cls.info
        tip = info.tip + (f"\n{info.paper}" if info.paper else "") + (f", arXiv {info.arxiv}" if info.arxiv else "")
        kind, thumb = "", ""
        if family == "schedules":
            beta = cls().beta(torch.linspace(0, 1, CURVE, dtype=torch.float64).clamp(max=cls().t_max))  # type: ignore[attr-defined]
            kind, thumb = "curve", _bytes(beta, 0, 22)
        if family == "grids":
            kind, thumb = "dots", _grid_dots(cls)
        out.append(Choice(key, info.title, tip, info.group, _hint(info), kind, thumb))
    return out


def _grid_dots(cls: Any) -> str:
    """Where the grid's times fall, as the stage's clock runs (noise left)."""
    process = registry("processes")["VP"]()
    times = cls(steps=9, denoise=False).times(process)
    return _bytes(1 - process.clock(times))  # type: ignore[attr-defined]


def _hint(info: Any) -> str:
    words = []
    if info.order is not None:
        words.append(f"order {info.order:g}")
    if info.nfe is not None and info.nfe != 1:
        words.append(f"{info.nfe:g} calls")
    elif info.order is not None and info.nfe is None:
        words.append("adaptive")
    elif info.nfe is not None and info.order is None:
        words.append("stochastic")
    return " · ".join(words)
