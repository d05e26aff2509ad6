"""What of a run's packet goes into a page: all of it, or the first particles (images) and some of the states, told in its notes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from playground.core.fields import Json
from playground.views.packet import Packet

FEWEST, FEWEST_IMAGES = 200, 4
"""Particles, or images, that are kept before states are left out."""
LEAST_STATES = 5


class Axes(NamedTuple):
    """Along which axes of an array states and particles stand; None: it has no such axis."""

    states: int | None
    particles: int | None


ARRAYS = {
    "z": Axes(0, 2),
    "x0": Axes(0, 2),
    "clock": Axes(0, None),
    "time": Axes(0, None),
    "step": Axes(0, None),
    "calls": Axes(0, None),
    "noise": Axes(0, None),
    "log_snr": Axes(0, None),
    "label": Axes(None, 0),
    "image/x": Axes(0, 1),
    "image/x0": Axes(0, 1),
    "image/v": Axes(0, 1),
    "image/final": Axes(None, 0),
    "image/norm": Axes(0, None),
    "image/change": Axes(0, None),
}
"""Of a run's packet (docs/packet.md); all others belong to neither."""


def thinned(packet: Packet, particles: int, states: int) -> Packet:
    """A run's packet with its first particles, and with ``states`` of its states: the first, the last and such as lie evenly between. What is left out its notes say."""
    frames, _, count = packet["z"].shape
    kept = np.unique(np.linspace(0, frames - 1, min(frames, states)).round().astype(int))
    few = min(count, particles)
    if len(kept) == frames and few == count:
        return packet
    noise = (
        np.maximum.reduceat(packet["noise"][1:], kept[:-1]) if len(kept) < frames else packet["noise"][1:]
    )  # drawn since the state before
    out = Packet(dict(packet.header), dict(packet.arrays))
    for name, axes in ARRAYS.items():
        if name in packet.arrays:
            values, entry = packet.arrays[name]
            values = values if axes.particles is None else values.take(np.arange(few), axes.particles)
            values = values if axes.states is None else values.take(kept, axes.states)
            out.arrays[name] = (np.ascontiguousarray(values), entry)
    out.arrays["noise"] = (np.concatenate([packet["noise"][:1], noise]).astype(np.uint8), packet.arrays["noise"][1])
    image = packet.header.get("image")
    if isinstance(image, dict) and isinstance(shown := image["shown"], int):
        out.header["image"] = {**image, "shown": min(few, shown)}
    said = [f"this page holds the first {few:,} of {count:,} {'images' if image else 'particles'}"] * (few < count)
    said += [f"this page holds {len(kept)} of {frames} states"] * (len(kept) < frames)
    notes = packet.header["notes"]
    told: list[Json] = [*(notes if isinstance(notes, list) else []), *said]
    out.header |= {"frames": len(kept), "notes": told}
    return out


def shape_for(packet: Packet, share: float) -> tuple[int, int]:
    """Particles and states of about ``share`` of a packet's size: fewer particles first."""
    frames, _, count = packet["z"].shape
    particles = max(min(count, FEWEST_IMAGES if "image" in packet.header else FEWEST), int(count * share))
    return particles, max(min(frames, LEAST_STATES), int(frames * min(1.0, share * count / particles)))
