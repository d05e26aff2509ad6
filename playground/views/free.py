"""The lab "training-free": what a run of an image model expects, beside exact denoisers of the images it was made from (docs/packet.md)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.process import t64
from playground.views.images import ImageRun, as_bytes
from playground.views.packet import Packet
from toy_models.data import law_of
from toy_models.free import KINDS, tip_of
from toy_models.image_sets import facts_of, image_set
from toy_models.images import nearest, siblings, spacing

COMPARED = 16  # images of the batch
STEPS = 24  # states of the run, evenly thinned beyond
CLOSE = 1 / 3  # of the median distance between nearest training images: closer than that counts as memorised


def free_packet(run: ImageRun, params: dict[str, str]) -> Packet:
    """``layer=free``: at the states from which the run's steps start, one training-free denoiser (``lab.of``) or the nearest training image.

    Arrays of a denoiser: ``rms`` (states, images), the root mean square over pixels of its x̂_0 minus the run's, and ``x0``
    (states, images, *event) in bytes. Of "nearest": ``x0``, the training image nearest to the run's x̂_0, and its ``distance`` (states, images),
    a root mean square over pixels. ``state`` (states,): frames of the run; ``clock``; ``own``: the run's x̂_0. A guided run is compared with
    the denoisers of its class. Raises BadValue if the model has no image set, or ``of`` is none of them.
    """
    law, of = law_of(run.exp.data), params.get("of", "nearest")
    if not siblings(law):
        raise BadValue("data", run.exp.data, "a model whose training images are known: digits-unet or a training-free one")
    if of not in (*KINDS, "nearest"):
        raise BadValue("lab.of", of, ", ".join([*KINDS, "nearest"]))
    label = getattr(run.exp.guidance, "label", None)
    facts, images = facts_of(law.set), image_set(law.set) if label is None else image_set(law.set).only(label)
    last = len(run.frames) - 1  # the last frame is where no step starts
    keep = sorted({round(i * (last - 1) / max(1, min(last, STEPS) - 1)) for i in range(min(last, STEPS))})
    own = torch.stack([run.x0[i][:COMPARED] for i in keep])
    header: dict[str, Any] = {
        "kind": "free",
        "key": run.exp.key,
        "of": of,
        "set": facts.title,
        "count": len(images.x),
        "label": label,
        "event": list(run.event),
        "images": own.shape[1],
        "self": getattr(law, "kind", ""),
        "close": CLOSE * spacing(law.set),
        "kinds": [{"kind": k, "word": v.word, "tip": tip_of(k, facts.event, len(images.x))} for k, v in KINDS.items()],
    }
    packet = Packet(header)
    packet.add("state", keep)
    packet.add("clock", run.process.clock(t64([run.frames[i].t for i in keep])).clamp(0, 1))
    if of == "nearest":
        x0, far = nearest(images, own.flatten(0, 1))
        packet.add("distance", far.view(own.shape[:2]).cpu())
        packet.add("own", as_bytes(own), "u1")
        packet.add("x0", as_bytes(x0.view(own.shape)), "u1")
        return packet
    model = law_of(f"{law.set}-{of}")
    oracle = (model if label is None else model.only(label)).oracle(run.process)
    told = torch.stack([_told(oracle, run, i) for i in keep])
    packet.add("rms", (told - own).flatten(2).double().square().mean(2).sqrt().cpu())
    packet.add("x0", as_bytes(told), "u1")
    return packet


@torch.no_grad()
def _told(oracle: Any, run: ImageRun, i: int) -> Tensor:
    frame = run.frames[i]
    return oracle(frame.z[:COMPARED], frame.t).x0_hat
