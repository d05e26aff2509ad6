"""Every measure against the panel, and asked alone."""

from __future__ import annotations

import pytest

import playground as pg
from playground.core.spec import registry
from playground.measures.panel import measures, offers
from playground.measures.tilted import TiltedLaw
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
