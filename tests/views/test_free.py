"""The lab "training-free" against numbers of its own: each image is compared with what was asked of it."""

from __future__ import annotations

import numpy as np
import pytest

import playground as pg
from playground.engine import Run
from playground.views.free import free_packet
from playground.views.sights import begin
from tests.named import images_of

SET = images_of("digits")
X, LABELS = SET.x.flatten(1).double().numpy(), SET.labels.numpy()  # type: ignore[union-attr]


def ran(**query: str) -> Run:
    run = begin(pg.Experiment.from_query({"data": "digits-unet", "particles": "13", **query}))
    for _ in run.told():
        pass
    return run


def ideal(y: np.ndarray, tau: float, of: np.ndarray) -> np.ndarray:
    """E[x_0 | y = x_0 + τ n] of the training images ``of``, by the sum over them: (pixels,)."""
    logit = -((y - of) ** 2).sum(1) / (2 * tau**2)
    weight = np.exp(logit - logit.max())
    return weight @ of / weight.sum()


def asked(i: int, guidance: str, weight: float, label: int) -> int | None:
    return None if weight == 0 or guidance == "NoGuidance" else i % 10 if guidance == "EachClass" else label


CASES = [
    ("EachClass", 1.0),
    ("EachClass", 1.5),
    ("EachClass", 0.0),
    ("ClassifierFree", 0.0),
    ("ClassifierFree", 1.0),
    ("ClassifierFree", 4.0),
]


@pytest.mark.parametrize(("guidance", "weight"), CASES, ids=[f"{g}-{w:g}" for g, w in CASES])
def test_denoisers_are_of_what_was_asked(guidance: str, weight: float) -> None:
    """D_∅ + W (D_c − D_∅) of the reference denoisers, c of each image's own; nearest image and threshold within the class.

    Mutants killed: all classes under "each class", one class at W = 0, no blend, one threshold for all classes.
    """
    label = 3
    told = {"guidance": guidance, "guidance.weight": str(weight)} | ({"guidance.label": str(label)} if guidance == "ClassifierFree" else {})
    run = ran(**told)
    packet, near = free_packet(run, {"of": "ideal"}), free_packet(run, {"of": "nearest"})
    for at, state in enumerate(packet["state"].astype(int)[::4]):
        frame = run.frames[state]
        alpha, sigma = (float(v) for v in (run.process.at(frame.t).alpha, run.process.at(frame.t).sigma))  # type: ignore[attr-defined]
        y, own = (frame.z.flatten(1) / alpha).double().numpy(), run.x0[state].flatten(1).double().numpy()
        for i in range(13):
            kind = asked(i, guidance, weight, label)
            of = X if kind is None else X[kind == LABELS]
            every, one = ideal(y[i], sigma / alpha, X), ideal(y[i], sigma / alpha, of)
            rms = np.sqrt(((every + (weight if kind is not None else 0) * (one - every) - own[i]) ** 2).mean())
            assert packet["rms"][4 * at, i] == pytest.approx(rms, rel=2e-3, abs=2e-4)
            far = np.sqrt(((of - own[i]) ** 2).mean(1))
            assert near["distance"][4 * at, i] == pytest.approx(far.min(), rel=1e-4)
            assert int(near["class"][i]) == (-1 if kind is None else kind)
            assert int(near["count"][i]) == len(of)
    of = X if weight == 0 else X[(0 if guidance == "EachClass" else label) == LABELS]
    known = of if weight else of[(np.arange(1000) * len(of)) // 1000]
    apart = np.sqrt(((known[:, None] - of) ** 2).mean(2))
    apart[apart == 0] = np.inf
    assert near["close"][0] == pytest.approx(np.median(apart.min(1)) / 3, rel=2e-3)


def test_each_class_is_near_its_own_ideal_denoiser() -> None:
    """The size of it: mean over ten images at states 0, 3, 6, 9 (shown before: 0.618 0.368 0.343 0.244, against all classes)."""
    run = ran(particles="10", guidance="EachClass", **{"guidance.weight": "1"})
    rms = free_packet(run, {"of": "ideal"})["rms"]
    assert rms[[0, 3, 6, 9]].mean(1) == pytest.approx([0.464, 0.121, 0.050, 0.085], abs=0.002)
    assert free_packet(run, {}).header["with"] == "of each image’s own class"


def test_outside_of_the_interval_the_class_alone() -> None:
    """As the run's own guidance: the blend only between "on from" and "off at"."""
    told = {"guidance": "ClassifierFree", "guidance.label": "5", "guidance.weight": "3", "guidance.start": "0.5", "guidance.stop": "0.2"}
    run = ran(**told)
    packet = free_packet(run, {"of": "ideal"})
    frame = run.frames[0]
    c = run.process.at(frame.t)  # type: ignore[attr-defined]
    alone = ideal((frame.z[0].flatten() / c.alpha).double().numpy(), float(c.sigma / c.alpha), X[LABELS == 5])
    rms = np.sqrt(((alone - run.x0[0][0].flatten().double().numpy()) ** 2).mean())
    assert packet["rms"][0, 0] == pytest.approx(rms, rel=2e-3)


def test_an_early_stop_is_compared_at_its_end_too() -> None:
    run = ran(stop_at="0.4")
    packet = free_packet(run, {"of": "ideal"})
    assert packet["state"][-1] == len(run.frames) - 1
    assert free_packet(ran(), {"of": "ideal"})["state"][-1] == 19
