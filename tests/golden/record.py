"""``python -m tests.golden.record [--check]``: records golden runs, or says which differ from the recorded ones by a single bit.

Recorded is a link (what ``Experiment.to_query`` gives) and the states of its run at the start, in the middle and at the end, so that the file needs
nothing of the code but that old links open. ``--check`` is for the machine that recorded; tests/golden/test_golden.py allows what other
processors round otherwise.
"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import numpy as np
import torch

import playground as pg
from playground.presets import PRESETS

FILE = Path(__file__).parent / "runs.npz"
MOST = 64  # numbers of one state that are kept


def links() -> list[str]:
    """Every sampler with every process that it fits, every grid with every process, schedules, guidances, modes, starts, image models, examples."""
    from playground.core.spec import registry

    found: list[str] = []

    def add(**choices: object) -> None:
        try:
            found.append(urlencode(pg.Experiment(**{"particles": 16, "seed": 3, **choices}).to_query()))
        except pg.BadValue:
            return

    for process in registry("processes").values():
        for data in ("moons", "two_modes"):
            for sampler in registry("samplers").values():
                add(data=data, process=process(), sampler=sampler())
            add(data=data, process=process(), mode="forward")
            for start in ("gaussian", "exact"):
                add(data=data, process=process(), start=start, start_at=0.6, stop_at=0.1)
        for grid in registry("grids").values():
            add(process=process(), grid=grid())
        for guidance in registry("guidance").values():
            add(process=process(), guidance=guidance())
    for schedule in registry("schedules").values():
        add(process=pg.VP(schedule=schedule()))
    for coupling in ("independent", "minibatch OT"):
        for source in ("gaussian", "eight_gaussians"):
            add(process=pg.Interpolant(coupling=coupling, origin=source), sampler=pg.Euler())
    for data in IMAGES:
        for process in ("VP", "EDM", "Flow", "CLD"):
            add(data=data, particles=2, process=registry("processes")[process]())
        add(data=data, particles=2)
        add(data=data, particles=2, guidance=pg.ClassifierFree(label=3, weight=1.5))
        add(data=data, particles=2, sampler=pg.EulerAncestral())
    return list(dict.fromkeys([*found, *(urlencode(p.experiment | {"particles": "16"}) for p in PRESETS)]))


IMAGES = ("mnist-unet", "mnist-cld", "digits-unet", "digits-ideal", "digits-wiener", "digits-local", "digits-equivariant")


def states(link: str) -> np.ndarray:
    """The first ``MOST`` numbers of the states at the start, in the middle and at the end of a link's run, (3, n)."""
    exp = pg.Experiment.from_query(dict(parse_qsl(link, keep_blank_values=True)))
    z = pg.simulate(exp, device="cpu").states
    return z[[0, len(z) // 2, -1]].flatten(1)[:, :MOST].numpy()


def main() -> None:
    torch.set_num_threads(1)
    if "--check" in sys.argv:
        with np.load(FILE) as told:
            differ = [link for link in told.files if not np.array_equal(states(link), told[link], equal_nan=True)]
        print(f"{len(told.files)} runs, {len(differ)} differ")  # noqa: T201
        print(*differ, sep="\n")  # noqa: T201
        sys.exit(bool(differ))
    made = {link: states(link) for link in links()}
    np.savez_compressed(FILE, **made)  # type: ignore[arg-type]
    print(f"{len(made)} runs, {FILE.stat().st_size / 1e3:.0f} kB")  # noqa: T201


if __name__ == "__main__":
    main()
