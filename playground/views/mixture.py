"""The data's mixture for the hands on the stage, and points of a file or a brush as a mixture."""

from __future__ import annotations

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


def fit_record(points: Tensor, components: str = "0", scale: str = "1") -> dict[str, Json]:
    """The answer of /live/fit: a Fit (playground/laws/em.py) as a record, ``data`` its text. Raises BadValue."""
    if not components.isdigit() or not int(components) <= MOST_COMPONENTS:
        raise BadValue("components", components, f"a whole number from 1 to {MOST_COMPONENTS}, or 0 to have it chosen")
    if scale not in ("0", "1"):
        raise BadValue("scale", scale, "0 or 1")
    fit = fit_points(points, components=int(components), scale=scale == "1")
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
