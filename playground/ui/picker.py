"""One picker for everything that is chosen from a list: tiles (distributions), pills (processes), menus (samplers, …).

It is a real Gradio component whose value is the chosen key; ``assets/ui/pickers/`` draws it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, TypeAlias

import gradio as gr
import numpy as np
import torch
from numpy.typing import ArrayLike

from playground.core.catalog import laws, models_of
from playground.core.law import Law
from playground.core.mixture import GaussianMixture
from playground.core.model import Model
from playground.core.spec import Info, registry

POINTS = 220  # samples in a tile
CURVE = 56  # points of a thumbnail's curve
Layout: TypeAlias = Literal["tiles", "pills", "menu"]


@dataclass(frozen=True)
class Choice:
    """One entry: ``thumb`` is points, a density, a curve or dots as base64 bytes, ``hint`` a few words on its right."""

    key: str
    title: str
    tip: str = ""
    group: str = ""
    hint: str = ""
    kind: str = ""  # of the thumb: "points" | "density" | "bars" | "curve" | "dots"
    thumb: str = ""
    page: str = ""  # "toys" | "images": the page on which its group is shown, "" on both
    world: str = ""  # of data the capabilities of their space, of a choice those that it is made for: only what has one of the data's is listed; "" is of all


def picker(
    choices: Sequence[Choice], value: str, *, layout: Layout, slot: str, label: str, elem_id: str, elem_classes: list[str], of: str = ""
) -> gr.HTML:
    """A component whose value is the key of the chosen entry. ``slot`` is the field that it sets ('sampler'). ``of``: another picker's slot, to whose
    value belong the entries whose group it is, or, where there is none, those without a group.

    A function and no subclass of gr.HTML: Gradio writes a .pyi file beside the source of every subclass, at each import.
    """
    return gr.HTML(
        value,
        label=label,
        # the template stays constant: Gradio renders it anew for every value, and what scripts have put into it would be lost
        html_template='<div class="pg-picker"></div>',
        js_on_load="window.PG.picker({element, props, watch})",
        apply_default_css=False,
        payload={"layout": layout, "slot": slot, "label": label, "of": of, "choices": [asdict(c) for c in choices]},
        elem_id=elem_id,
        elem_classes=elem_classes,
    )


def _bytes(values: ArrayLike, lo: float = 0.0, hi: float = 1.0) -> str:
    scaled = np.nan_to_num((np.asarray(values, dtype=np.float64) - lo) / (hi - lo), posinf=1.0)
    return base64.b64encode((255 * scaled.clip(0, 1)).round().astype(np.uint8).tobytes()).decode()


def distributions() -> list[Choice]:
    return [law_choice(law, *_thumb(law)) for law in laws()]


def _thumb(law: Law) -> tuple[str, str]:
    """The kind and the bytes of a law's picture: by the first thing it gives of which there is one."""
    return next((PICTURES[word](law) for word in PICTURES if word in law.gives), ("", ""))


def _of_mixture(law: Law) -> tuple[str, str]:
    return ("points", _points(law.mixture)) if law.dim == 2 else ("density", _density(law.mixture))


def _of_table(law: Law) -> tuple[str, str]:
    """How often each symbol is."""
    x, _ = law.sample(4096)
    shares = torch.bincount(x.flatten()).double()
    return "bars", _bytes(shares / shares.max())


def _of_angles(law: Law) -> tuple[str, str]:
    """Draws on the whole square of two angles: its edges are part of the picture."""
    x, _ = law.sample(POINTS)
    return "points", _bytes(x.numpy(), -np.pi, np.pi)


PICTURES = {"mixture": _of_mixture, "table": _of_table, "wrapped mixture": _of_angles}


def law_choice(law: Law, kind: str = "", thumb: str = "") -> Choice:
    page = "images" if law.space.pictures else "toys"
    return Choice(law.key, law.title, law.tip, law.group, law.hint, kind, thumb, page, world(law.space.caps))


def world(caps: frozenset[str]) -> str:
    """The world of a space, or of what moves in it, by its capabilities (core/space.py)."""
    return " ".join(sorted(caps))


WORLDS: dict[str, Callable[[str], str]] = {  # of those families whose members are made for one
    "processes": lambda key: world(registry("processes")[key].lives),
    "samplers": lambda key: world(registry("samplers")[key].moves),
}


def model_choice(model: Model, group: str) -> Choice:
    """The entry of a model; its group is the law that it is of."""
    return Choice(model.key, model.word, model.tip, group, model.hint)


def predictors() -> list[Choice]:
    """Who predicts, for each law that is listed; in the first place, for all laws that have no other, the exact model."""
    every = [(law, models_of(law)) for law in laws()]
    usual = next([model for model in models if "mixture" in model.gives] for law, models in every if "mixture" in law.gives)
    alone = [(model.key, model.tip) for model in usual]
    own = [(law, models) for law, models in every if [(m.key, m.tip) for m in models] != alone]
    return [model_choice(m, "") for m in usual] + [model_choice(m, law.key) for law, models in own for m in models]


def _points(mixture: GaussianMixture) -> str:
    rng, (weights, means, covs) = np.random.default_rng(1), _arrays(mixture)
    k = rng.choice(len(weights), size=POINTS, p=weights)
    x = means[k] + np.einsum("nij,nj->ni", np.linalg.cholesky(covs)[k], rng.standard_normal((POINTS, 2)))
    middle = (x.max(0) + x.min(0)) / 2
    half = float(np.abs(x - middle).max()) * 1.08
    return _bytes((x - middle) / half, -1, 1)


def _arrays(mixture: GaussianMixture) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return mixture.weights.numpy(), mixture.means.numpy(), mixture.covs.numpy()


def _density(mixture: GaussianMixture) -> str:
    weights, means, covs = _arrays(mixture)
    grid = np.linspace(-2.6, 2.6, CURVE)[:, None]
    var = covs[:, 0, 0]
    p = (weights / np.sqrt(var) * np.exp(-0.5 * (grid - means[:, 0]) ** 2 / var)).sum(1)
    return _bytes(p / p.max())


def specs(family: str) -> list[Choice]:
    """A registry as entries: the title, what it is, its order and model calls, its paper."""
    out = []
    for key, cls in registry(family).items():
        info = cls.info
        tip = info.tip + (f"\n{info.paper}" if info.paper else "") + (f", arXiv {info.arxiv}" if info.arxiv else "")
        kind, thumb = THUMBS[family](key) if family in THUMBS else ("", "")
        out.append(
            Choice(key, info.title, tip, info.group, _hint(info), kind, thumb, world=WORLDS[family](key) if family in WORLDS else "")
        )
    return out


def _rate(schedule: str) -> tuple[str, str]:
    made = registry("schedules")[schedule]()
    return "curve", _bytes(made.beta(torch.linspace(0, 1, CURVE, dtype=torch.float64).clamp(max=made.t_max)), 0, 22)


def _times(grid: str) -> tuple[str, str]:
    """Where the grid's times fall, as the stage's clock runs (noise left)."""
    process = registry("processes")["VP"]()
    times = registry("grids")[grid](steps=9, denoise=False).times(process)
    return "dots", _bytes(1 - process.clock(times))


THUMBS: dict[str, Callable[[str], tuple[str, str]]] = {"schedules": _rate, "grids": _times}  # of those families whose members can be drawn


def _hint(info: Info) -> str:
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
