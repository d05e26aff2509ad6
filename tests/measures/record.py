"""``python -m tests.measures.record [--check]``: records what the panel of distances shows of nine links, or says what differs by a single bit.

As tests/golden/record.py: a link, its packet's header and arrays. ``--check`` is for the machine that recorded; test_packets.py allows what other
processors round otherwise.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import torch

import playground as pg
from playground.views.distances import metrics_packet
from playground.views.packet import Packet
from playground.views.sights import whole

FILE = Path(__file__).parent / "packets.npz"
LINKS = (
    "seed=3",
    "data=two_modes&process=CLD&seed=3",
    "data=two_modes&sampler=Euler&grid.steps=8&stop_at=0.1&particles=10500",
    "process=PFGMPP&process.D=2&particles=800",
    "guidance=ClassifierFree&guidance.weight=3&guidance.label=1",
    "data=two_modes&process=EDM&guidance=ClassifierFree&guidance.weight=2&stop_at=0.2",
    "process=Interpolant&sampler=Heun&particles=600",
    "data=rings&process=VE&mode=forward&particles=500",
    "process=Flow&sampler=EulerMaruyama&grid=UniformTime&grid.steps=10&particles=300",  # diverges
)


def packet(link: str) -> tuple[dict, dict[str, np.ndarray]]:
    """Header and arrays of a link's distances, as they are sent."""
    exp = pg.Experiment.from_query(dict(parse_qsl(link)))
    made = Packet.from_bytes(metrics_packet(whole(exp, device="cpu")).to_bytes())
    return made.header, {name: a for name, (a, _) in made.arrays.items()}


def recorded() -> dict[str, tuple[dict, dict[str, np.ndarray]]]:
    """By link."""
    with np.load(FILE) as told:
        out: dict[str, tuple[dict, dict[str, np.ndarray]]] = {link: (json.loads(str(told[f"{link} header"])), {}) for link in LINKS}
        for name in told.files:
            link, what = name.split(" ", 1)
            if what != "header":
                out[link][1][what] = told[name]
    return out


def main() -> None:
    torch.set_num_threads(1)
    if "--check" in sys.argv:
        differ = []
        for link, (header, arrays) in recorded().items():
            now, new = packet(link)
            same = now == header and new.keys() == arrays.keys() and all(np.array_equal(new[k], arrays[k]) for k in arrays)
            differ += [] if same else [link]
        print(f"{len(LINKS)} packets, {len(differ)} differ", *differ, sep="\n")  # noqa: T201
        sys.exit(bool(differ))
    made: dict[str, np.ndarray] = {}
    for link in LINKS:
        header, arrays = packet(link)
        made[f"{link} header"] = np.array(json.dumps(header, sort_keys=True))
        made |= {f"{link} {name}": a for name, a in arrays.items()}
    np.savez_compressed(FILE, **made)  # type: ignore[arg-type]
    print(f"{len(LINKS)} packets, {FILE.stat().st_size / 1e3:.0f} kB")  # noqa: T201


if __name__ == "__main__":
    main()
