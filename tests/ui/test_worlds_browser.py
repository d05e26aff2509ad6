"""Symbols and angles on the page: bars, paths of jumps, trails around the torus; what is listed beside them; and back to the plane."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

import playground as pg

pytestmark = pytest.mark.browser

LISTED = """(slot) => [...document.querySelectorAll(`#pg-${slot} .pg-item`)].filter((b) => b.offsetParent).map((b) => b.dataset.key)"""
PANELS = "__pgStage.panels.map((p) => p.spec.kind)"
REST = "__pgStage.seek(0)"
HELD = "(c) => [...__pgStage.run.z.slice(__pgStage.run.at(__pgStage.run.clock.length - 1, c), __pgStage.run.at(__pgStage.run.clock.length - 1, c) + __pgStage.run.count)]"


def options(site: Any, menu: str) -> list[str]:
    site.page.click(f"#{menu} .pg-combo")
    found = site.page.evaluate("[...document.querySelectorAll('.pg-pop .pg-option')].map((o) => o.dataset.key)")
    site.page.keyboard.press("Escape")
    return found


def pick(site: Any, slot: str, key: str) -> None:
    site.page.click(f"#pg-{slot} [data-key='{key}']")
    site.settle()


def test_letters_are_bars_of_the_run(visit: Any) -> None:
    """What the stage holds at the end is the run itself, symbol by symbol; only what is for symbols is listed.

    Mutants killed: symbols read at half a step of their codes; a list that is not filtered.
    """
    site = visit("?data=letters&particles=500&process=UniformTokens")
    assert site.page.evaluate(PANELS) == ["shares", "symbols"]
    ends = np.rint(site.page.evaluate(HELD, 0)).astype(int)
    run = pg.simulate(pg.Experiment.from_query({"data": "letters", "particles": "500", "process": "UniformTokens"}))
    np.testing.assert_array_equal(ends, run.frames[-1].z[:, 0].numpy())
    assert site.page.evaluate(LISTED, "process") == ["Absorbing", "UniformTokens"]
    assert options(site, "pg-sampler") == ["TokenAncestral", "TauLeaping"]
    assert "total variation" in site.page.inner_text("#pg-status")
    assert not site.problems


def test_the_mask_is_one_more_bar(visit: Any) -> None:
    """Under masking all particles are the mask at the start, and none is at the end."""
    site = visit("?data=two_dice&particles=300")
    names = site.page.evaluate("__pgStage.panels[0].spec.a.names")
    assert (names[0], names[-1], len(names)) == ("2", "▨", 12)
    first = site.page.evaluate("[...__pgStage.run.z.slice(0, __pgStage.run.count)]")
    assert np.rint(first).tolist() == [11] * 300
    assert max(np.rint(site.page.evaluate(HELD, 0))) < 11


def test_trails_go_around_the_torus(visit: Any) -> None:
    """A path that crosses an edge is drawn on both sides of it: no stroke is longer than half the square.

    Mutant killed: a straight line across the whole square.
    """
    site = visit("?data=torus_peaks&particles=400&sampler=GeodesicEulerMaruyama&grid.steps=10")
    assert site.page.evaluate(PANELS) == ["torus"]
    found = site.page.evaluate("""() => {
      const panel = __pgStage.panels[0], run = __pgStage.run, strokes = [];
      let from = null, crossing = 0;
      const pen = { moveTo: (x, y) => { from = [x, y]; }, lineTo: (x, y) => { strokes.push(Math.hypot(x - from[0], y - from[1])); from = [x, y]; } };
      const X = (v) => panel.toX.o + panel.toX.k * v, Y = (v) => panel.toY.o + panel.toY.k * v;
      for (let f = 1; f < run.clock.length; f++) for (let i = 0; i < run.count; i++) {
        const p = [f - 1, f].flatMap((k) => [run.z[run.at(k, 0) + i], run.z[run.at(k, 1) + i]]);
        if (Math.abs(p[2] - p[0]) > Math.PI || Math.abs(p[3] - p[1]) > Math.PI) crossing++;
        panel.stroke(pen, X(p[0]), Y(p[1]), X(p[2]), Y(p[3]));
      }
      return { longest: Math.max(...strokes), strokes: strokes.length, crossing, steps: (run.clock.length - 1) * run.count, wide: panel.box.w };
    }""")
    assert found["crossing"] > 100
    assert found["strokes"] == found["steps"] + found["crossing"]
    assert found["longest"] <= found["wide"] * 0.5 * 2**0.5 + 1
    assert options(site, "pg-sampler") == ["WrappedAncestral", "GeodesicHeun", "GeodesicEulerMaruyama"]


def test_from_world_to_world_and_back(visit: Any) -> None:
    """Process, sampler and grid follow the data to another space and back; nothing is refused, nothing is left over."""
    site = visit("")
    assert site.page.evaluate(LISTED, "process")[0] == "VP"
    assert "Absorbing" not in site.page.evaluate(LISTED, "process")
    for data, process, panels in (
        ("letters", "Absorbing", ["shares", "symbols"]),
        ("torus_winding", "TorusBrownian", ["torus"]),
        ("two_modes", "VP", ["spacetime"]),
        ("two_peaks", "Absorbing", ["shares", "symbols"]),
        ("moons", "VP", ["plane"]),
    ):
        pick(site, "data", data)
        assert site.page.evaluate("__pg.form.value('pg-process')") == process
        assert site.page.evaluate(PANELS) == panels
        assert site.page.evaluate("__pgStage.run.header.diverged") is None
    assert site.page.evaluate("location.search") == ""
    assert not site.problems


def test_a_mixture_of_ones_own_is_of_the_plane(visit: Any) -> None:
    """Mutant killed: data that are not listed have all worlds' processes beside them, or none."""
    mixture = '{"weights": [0.5, 0.5], "means": [[-1, 0], [1, 0]], "covs": [0.1, 0.1]}'
    listed = visit(f"?data={quote(mixture)}&particles=50").page.evaluate(LISTED, "process")
    assert listed == visit("?particles=50").page.evaluate(LISTED, "process")
    assert "VP" in listed
    assert "Absorbing" not in listed


@pytest.mark.parametrize("data", ["letters", "torus_backbone"])
def test_noising_is_shown_in_every_world(visit: Any, data: str) -> None:
    site = visit(f"?data={data}&mode=forward&particles=300")
    assert site.page.evaluate("__pgStage.run.header.mode") == "forward"
    site.page.evaluate(REST)
    assert not site.problems


@pytest.mark.parametrize("data", ["torus_peaks", "letters", "moons", "two_modes"])
def test_to_the_images_and_back_nothing_is_lost(visit: Any, data: str) -> None:
    """Density and distances of a toy are there again after a visit to the images. Mutants killed: fields and measures held to be shown still; a process
    without a schedule that is asked for one."""
    site = visit(f"?data={data}&particles=100")
    for page in ("images", "toys"):
        site.page.click(f"nav a[data-page={page}]")
        site.settle()
    site.page.wait_for_function("__pgStage.fields && !__pgStage.fields.stale && __pgStage.far?.key === __pgStage.run.key")
    assert site.page.evaluate("__pgStage.run.header.components.length") == len(pg.Experiment(data=data).law.space.axes)
    assert not site.problems
