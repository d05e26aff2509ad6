"""Every measure against the panel, and asked alone."""

from __future__ import annotations

import numpy as np
import pytest

import playground as pg
from docs.measures import TARGET, document
from playground.core.spec import registry
from playground.engine import Run
from playground.measures.model_calls import ModelCalls
from playground.measures.moments import Moments
from playground.measures.nearest_image import NearestImage
from playground.measures.panel import measures, offers
from playground.measures.prior_mismatch import PriorMismatch
from playground.measures.tilted import TiltedLaw
from playground.measures.two_samples import distance
from playground.metrics.prior import prior_mismatch
from playground.views.distances import metrics_packet
from playground.views.sights import whole


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"data": "two_modes", "process": "CLD"},
        {"process": {"kind": "PFGMPP", "D": 1.5}},
        {"guidance": {"kind": "ClassifierFree", "label": 1}, "particles": 300},
        {"particles": 10_500, "sampler": "Euler", "grid": {"kind": "UniformTime", "steps": 12}},
    ],
)
def test_asked_alone_it_is_the_number_on_the_page(changes):
    """A board or a worker process asks one measure of a run: it gets what the page shows, to the last bit, whatever else is measured there. Mutants
    killed: a stream of its own for each measure, an error from the last time alone."""
    run = whole(pg.Experiment(**{"particles": 400, **changes}))
    header = metrics_packet(run).header
    there = offers(run)
    shown = {m["name"]: m for m in header["metrics"]}
    known = [m for m in measures() if m.needs <= there and m.column in shown]
    for column in shown:
        measure = next(m for m in known if m.column == column)
        told = measure.of(run)
        assert measure.along(run).estimates[-1] == told
        of_page = shown[column]
        assert told == (of_page["final"], of_page["final_se"], of_page["floor"], of_page["floor_sd"])
    if header["tilted"]:
        t = header["tilted"]
        assert TiltedLaw().of(run) == (t["final"], t["final_se"], t["floor"], t["floor_sd"])
    else:
        with pytest.raises(pg.BadValue, match="guidance"):
            TiltedLaw().of(run)


def test_measures_are_found():
    """By scanning, in order; the panel's first two are the ones in front."""
    known = registry("measures")
    assert [m.info.key for m in measures()][:4] == ["W1", "W2", "Energy", "Middle"]
    assert {"W1", "W2", "Energy", "Middle", "TiltedLaw"} <= known.keys()


def test_a_copy_is_nearer_than_any_other_image():
    """The ideal denoiser of a set ends on its images; a network's are about as far as the set's own ones are from each other. Mutant killed: the image
    itself counted among the others."""
    measure = NearestImage()
    copies, made = (
        measure.of(Run(pg.Experiment(data="digits", model=model, particles=6, grid={"kind": "UniformLogSNR", "steps": 12})).finish())
        for model in ("ideal", "digits-unet")
    )
    assert copies.floor == made.floor > 1
    assert copies.value < 0.2 * copies.floor
    assert 0.5 < made.value / made.floor < 2


def test_start_calls_and_moments():
    """The numbers that the stage's note and packet tell; moments of exact draws are at their floor, and see a shift."""
    run = whole(pg.Experiment(particles=300, start="gaussian", process="VP"))
    assert PriorMismatch().of(run).value == prior_mismatch(run.exp, run.frames[0].t)
    assert ModelCalls().of(run).value == run.frames[-1].calls == ModelCalls().along(run).estimates[-1].value
    noised = whole(pg.Experiment(particles=300, mode="forward"))
    curve = Moments().along(noised)
    assert np.mean([e.value / e.floor for e in curve.estimates]) == pytest.approx(1, abs=0.25)
    assert Moments().of(noised) == curve.estimates[-1]
    x = np.random.default_rng(0).standard_normal((400, 2))
    assert distance(x, x + np.array([3.0, 4.0]), measure="Moments").value == pytest.approx(5, rel=1e-6)


def test_the_document_is_current():
    """Run ``python -m docs.generate`` after a change. Mutant killed: a measure without a row."""
    assert TARGET.read_text(encoding="utf-8") == document()
    assert all(f"| `{measure.info.key}` |" in document() for measure in measures())


def test_the_floor_is_the_same_whatever_came_there():
    """Of one law, seed and number of particles: for any number of steps and any sampler that ends at the same time; of another seed another.
    Mutant killed: one stream of exact samples for all times, whose last ones depend on how many times came before."""
    runs = [(sampler, steps, 4) for sampler in (pg.Heun(), pg.DDPM()) for steps in (5, 10, 50)]
    for key in ("W2", "Energy"):
        told = [pg.measure(pg.Experiment(sampler=s, grid=pg.Karras(steps=n), seed=seed, particles=300), key) for s, n, seed in runs]
        assert [estimate.floor for estimate in told] == pytest.approx(
            [told[0].floor] * len(told), rel=1e-7
        )  # sums of other particles round otherwise
        assert len({estimate.value for estimate in told}) == len(told)
    other = pg.measure(pg.Experiment(sampler=pg.Heun(), grid=pg.Karras(steps=5), seed=5, particles=300), "Energy")
    assert other.floor != pytest.approx(told[0].floor, rel=1e-3)
