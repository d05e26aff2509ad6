"""The page in a second browser, Firefox: it starts, is changed, scrubbed, and forms images, and says nothing to the console."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import playground as pg
from tests.ui.firefox import Firefox, firefox

pytestmark = pytest.mark.browser
FIREFOX = os.environ.get("PG_FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
SETTLED = "window.__pg?.ready && __pg.painted > 0 && __pg.settled"
QUERY = "Object.fromEntries(new URLSearchParams(location.search))"
RANGE = ".pg-track input[type=range]"
LEFT = "\ue012"
INK = """[...document.querySelectorAll('SELECTOR')].map((c) => {
  const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let s = 0;
  for (let i = 0; i < d.length; i += 4) s += d[i + 1];
  return s / (d.length / 4); })"""
STAGE, CELLS = INK.replace("SELECTOR", "#pg-stage canvas"), INK.replace("SELECTOR", ".pg-images-cell")


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Firefox]:
    if not FIREFOX or not Path(FIREFOX).exists():
        pytest.skip("no firefox (set PG_FIREFOX)")
    with firefox(FIREFOX, tmp_path) as browser:
        yield browser
        assert browser.problems == []


def shows_the_end_of(page: Firefox, query: dict[str, str]) -> None:
    """The particles at the data end are those that Python computes."""
    page.evaluate("__pgStage.seek(0)")
    drawn = page.evaluate("(({ a, b }) => [[...a], [...b]])(__pgStage.drawn().panels[0])")
    wanted = pg.simulate(pg.Experiment.from_query(query)).x[-1].T.tolist()
    for shown, exact in zip(drawn, wanted, strict=True):
        assert shown == pytest.approx(exact, abs=2e-3)


def test_start_change_and_scrub(page: Firefox, server: str) -> None:
    page.open(server)
    page.until(SETTLED)
    assert page.evaluate("[__pg.errors, __pg.query(), __pgStage.run.header.steps]") == [[], {}, 20]
    shows_the_end_of(page, {})
    first, picture = page.evaluate("__pg.painted"), page.evaluate(STAGE)
    assert any(picture)

    page.evaluate("document.querySelector('#pg-grid-steps-row input[type=range]').focus()")
    page.press(LEFT)
    page.until(f"__pg.painted > {first} && __pg.settled && {QUERY}['grid.steps'] === '19'")
    assert page.evaluate("[__pg.errors, __pgStage.run.header.steps]") == [[], 19]
    assert page.evaluate(STAGE) != picture
    shows_the_end_of(page, page.evaluate("__pg.query()"))

    page.drag(RANGE, 0.95, 0.3)
    page.until(f"__pg.settled && +{QUERY}['view.at'] > 0.5")
    # the handle is in the sixth of nineteen steps, of equal widths along the bar, and everything tells that moment
    assert page.evaluate(f"document.querySelector('{RANGE}').valueAsNumber") == pytest.approx(5.5 / 19, abs=0.5 / 19)
    cursor, linked = page.evaluate(f"[__pgStage.cursor, +{QUERY}['view.at']]")
    assert cursor == pytest.approx(linked, abs=1e-3)
    caption = page.evaluate("document.querySelector('.pg-cap').innerText")
    assert f"t = {cursor:.3f}" in caption
    assert "step 6/19" in caption
    assert page.evaluate("document.querySelector('.pg-step-says').innerText").startswith("step 6 of 19")
    assert page.evaluate(f"document.querySelector('{RANGE}').getAttribute('aria-valuetext')") == f"t = {cursor:.3f}"
    assert page.evaluate("__pgStage.drawn().t") == pytest.approx(cursor, abs=1e-6)


def test_images_form(page: Firefox, server: str) -> None:
    page.open(server + "?data=digits&particles=4&seed=3")
    page.until(SETTLED)
    page.evaluate(
        "(() => { window.formed = []; const step = __pg.images.step; __pg.images.step = function (p) { formed.push(p.header.step); return step.call(this, p); }; })()"
    )
    page.evaluate("document.querySelector('#pg-grid-steps-row input[type=range]').focus()")
    page.press(LEFT)
    page.until("__pgStage.run.header.image?.done && __pgStage.run.header.steps === 19 && __pg.settled")
    assert page.evaluate("formed") == list(range(20))
    digits = page.evaluate(CELLS)
    assert len(digits) == 4
    assert all(20 < level < 160 for level in digits)
    page.evaluate("__pgStage.seek(1)")
    page.until(f"({CELLS}).every((level, i) => level !== {digits}[i])")  # noise
    assert page.evaluate("__pg.errors") == []
