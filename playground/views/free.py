"""The lab "training-free": what a run of an image model expects, beside exact denoisers of the images it was made from (docs/packet.md)."""

from __future__ import annotations

import torch
from torch import Tensor

from playground.core.catalog import models_of
from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Json
from playground.core.legal import require
from playground.core.predictor import BasePredictor
from playground.core.process import t64
from playground.engine import Run
from playground.views.packet import Packet
from playground.views.sights.pictures import as_bytes

COMPARED = 16  # images of the batch
STEPS = 24  # states of the run, evenly thinned beyond


def free_packet(run: Run, params: dict[str, str]) -> Packet:
    """``layer=free``: at the states from which the run's steps start, one training-free denoiser (``lab.of``) or the nearest training image.

    Each image is compared with what was asked of it: with the denoiser D_c of its class under guidance with W = 1, of all images (D_∅)
    without guidance or with W = 0, and with the same blend D_∅ + W (D_c − D_∅) of them for any other W, inside the guidance interval as there.
    The nearest training image is sought among those of its class, of all where none was asked for.

    Arrays of a denoiser: ``rms`` (states, images), the root mean square over pixels of its x̂_0 minus the run's, and ``x0``
    (states, images, *event) in bytes. Of "nearest": ``x0``, the training image nearest to the run's x̂_0, and its ``distance`` (states, images),
    a root mean square over pixels. ``state`` (states,): frames of the run; ``clock``; ``own``: the run's x̂_0. ``class`` (images,): the class
    that was searched, −1 for all; ``count`` and ``close`` (images,): its images, and the distance below which x̂_0 counts as memorised.
    Raises BadValue if the model has no image set, or ``of`` is none of them.
    """
    require(frozenset({"pictures", "examples"}), run.exp)
    law, of = run.exp.law, params.get("of", "nearest")
    kinds = {model.key: model for model in models_of(law) if not model.trained and "mixture" not in model.gives}
    if of not in (*kinds, "nearest"):
        raise BadValue("lab.of", of, ", ".join([*kinds, "nearest"]))
    images = law.examples
    ends = len(run.frames) - (run.frames[-1].t == 0)  # at t = 0 there is nothing left to expect
    keep = sorted({round(i * (ends - 1) / max(1, min(ends, STEPS) - 1)) for i in range(min(ends, STEPS))})
    own = torch.stack([run.x0[i][:COMPARED] for i in keep])
    asked = run.exp.guidance.classes(run.exp.who.labels.tolist(), own.shape[1])
    sets = {c: images if c < 0 else images.only(c) for c in set(asked)}
    header: dict[str, Json] = {
        "kind": "free",
        "key": run.exp.key,
        "of": of,
        "set": law.title,
        "with": _compared_with(run.exp, asked),
        "steps": run.steps,
        "event": list(run.space.shape),
        "images": own.shape[1],
        "self": run.exp.model if run.exp.model in kinds else "",
        "label": None,  # with count and close: of all images alike, null where each has its own
        "count": None,
        "close": None,
        "kinds": [{"kind": k, "word": model.word, "tip": model.about} for k, model in kinds.items()],
    }
    packet = Packet(header)
    packet.add("state", keep)
    packet.add("clock", run.process.clock(t64([run.frames[i].t for i in keep])).clamp(0, 1))
    packet.add("class", asked)
    close = {c: known.close for c, known in sets.items()}
    packet.add("count", [len(sets[c].x) for c in asked])
    packet.add("close", [close[c] for c in asked])
    if len(sets) == 1:
        header |= {"label": None if asked[0] < 0 else asked[0], "count": len(sets[asked[0]].x), "close": close[asked[0]]}
    if of == "nearest":
        x0, far = torch.empty_like(own), torch.empty(own.shape[:2], dtype=torch.float64)
        for c, known in sets.items():
            rows = [n for n, of_image in enumerate(asked) if of_image == c]
            found, distance = known.nearest(own[:, rows].flatten(0, 1))
            x0[:, rows], far[:, rows] = found.view_as(own[:, rows]).to(own), distance.view(len(keep), len(rows))
        packet.add("distance", far)
        packet.add("own", as_bytes(own), "u1")
        packet.add("x0", as_bytes(x0), "u1")
        return packet
    oracle = run.exp.guidance.model(kinds[of], run.process)
    told = torch.stack([_told(oracle, run, i) for i in keep])
    packet.add("rms", (told - own).flatten(2).double().square().mean(2).sqrt().cpu())
    packet.add("x0", as_bytes(told), "u1")
    return packet


def _compared_with(exp: Experiment, asked: list[int]) -> str:
    """In words: the law that the denoisers are of."""
    if asked[0] < 0:
        return "of all classes"
    weight = exp.guidance.weight
    of = "of each image’s own class" if exp.guidance.by_place else f"of class {asked[0]}"
    return of if weight == 1 else f"{of}, guided alike with W = {weight:g}"


@torch.no_grad()
def _told(oracle: BasePredictor, run: Run, i: int) -> Tensor:
    frame = run.frames[i]
    return oracle(frame.z[:COMPARED], frame.t).mean
