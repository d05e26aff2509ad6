"""The data's mixture for the hands on the stage, and points of a file or a brush as a mixture."""

from __future__ import annotations

import re

import torch
from torch import Tensor

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Json
from playground.laws.compact import AXIS, encode, is_compact
from playground.laws.em import MOST_COMPONENTS, fit_points
from playground.views.packet import Packet


def mixture_packet(exp: Experiment, params: dict[str, str]) -> Packet:
    """``layer=mixture``: header ``text``, the compact form (playground/laws/compact.py) of the experiment's data, and ``note``, what it widened."""
    if is_compact(exp.data):
        return Packet({"kind": "mixture", "text": exp.data, "note": ""})
    mixture = exp.law.mixture
    thin = int((torch.linalg.eigvalsh(mixture.covs).amin(-1).sqrt() * AXIS < 1).sum())
    note = f"{thin} of {mixture.components} components are narrower than {1 / AXIS:.2g}: held by hand they are that wide" if thin else ""
    return Packet({"kind": "mixture", "text": encode(mixture), "note": note})


def fit_asked(components: str = "0", scale: str = "1") -> tuple[int, bool]:
    """How many components a fit shall have, 0: as many as fit best, and whether the points are scaled. Raises BadValue."""
    if not re.fullmatch("[0-9]{1,9}", components) or int(components) > MOST_COMPONENTS:  # isdigit() is also true of "²"
        raise BadValue("components", components, f"a whole number from 1 to {MOST_COMPONENTS}, or 0 to have it chosen")
    if scale not in ("0", "1"):
        raise BadValue("scale", scale, "0 or 1")
    return int(components), scale == "1"


def fit_record(points: Tensor, components: int = 0, scale: bool = True) -> dict[str, Json]:
    """The answer of /live/fit: a Fit (playground/laws/em.py) as a record, ``data`` its text. Raises BadValue."""
    fit = fit_points(points, components=components, scale=scale)
    return {
        "data": fit.text,
        "dim": points.shape[1],
        "components": fit.components,
        "rows": fit.rows,
        "fitted": fit.fitted,
        "distance": round(fit.error, 5),
        "floor": round(fit.floor, 5),
        "points": fit.points,
        "columns": [list(c) for c in fit.columns],
        "notes": list(fit.notes),
    }
