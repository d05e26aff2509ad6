"""Dots and knots on the log-SNR curve, held with a real pointer: link, the run's times and the picture follow."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

pytestmark = pytest.mark.browser
MIDDLE = """(n) => { const r = document.querySelectorAll('.pg-handle')[n].getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }"""


def pull(site: Any, n: int, dx: float, dy: float = 0, moves: int = 12) -> None:
    x, y = site.page.evaluate(MIDDLE, n)
    site.page.mouse.move(x, y)
    site.page.mouse.down()
    for i in range(1, moves + 1):
        site.page.mouse.move(x + dx * i / moves, y + dy * i / moves)
    site.page.mouse.up()
    site.settle()


def held(site: Any) -> Any:
    site.page.wait_for_function("document.querySelectorAll('.pg-handle:not([hidden])').length > 2")
    return site


def test_a_dragged_dot_makes_a_list_that_the_link_carries(visit: Any) -> None:
    site = held(visit("?grid=UniformLogSNR&grid.steps=8"))
    page, before = site.page, site.stage()
    entries = page.evaluate("history.length")
    pull(site, 4, 500)  # far beyond its neighbour: it stops there
    query = site.query()
    levels = json.loads(query["grid.levels"])
    assert query["grid"] == "Custom"
    assert len(levels) == 8
    assert all(a > b for a, b in itertools.pairwise(levels))
    assert levels[4] - levels[5] < 2e-4
    assert page.evaluate("history.length") == entries + 1  # one entry for one drag
    assert site.stage() != before
    assert page.evaluate("+document.querySelectorAll('.pg-handle')[4].getAttribute('aria-valuenow')") == pytest.approx(levels[4], abs=1e-4)
    other = visit("?" + page.evaluate("location.search.slice(1)"))
    assert other.stage() == site.stage()  # the link shows the same picture
    page.go_back()
    site.until({"grid": "UniformLogSNR", "grid.steps": "8"})
    assert site.stage() == before
    assert site.problems == []


def test_dots_by_keyboard_and_double_click_and_reset(visit: Any) -> None:
    site = held(visit("?grid=UniformLogSNR&grid.steps=8"))
    page = site.page
    page.locator(".pg-handle").nth(3).focus()
    before = float(page.locator(".pg-handle").nth(3).get_attribute("aria-valuenow"))
    page.keyboard.press("ArrowRight")
    site.settle()
    assert json.loads(site.query()["grid.levels"])[3] == pytest.approx(before - 0.01, abs=2e-4)
    page.keyboard.press("Delete")
    site.settle()
    assert len(json.loads(site.query()["grid.levels"])) == 7
    x, y = page.evaluate(MIDDLE, 3)
    page.mouse.dblclick(x, y)  # removes
    site.settle()
    assert len(json.loads(site.query()["grid.levels"])) == 6
    page.locator(".pg-hold-word", has_text="reset steps").click()
    site.until({"grid": "UniformLogSNR", "grid.steps": "8"})
    assert site.problems == []


def test_a_schedule_is_drawn_and_its_knot_dragged(visit: Any) -> None:
    site = held(visit("?grid=UniformLogSNR&grid.steps=8"))
    page = site.page
    page.locator(".pg-hold-word", has_text="draw it yourself").click()
    page.wait_for_function("new URLSearchParams(location.search).get('process.schedule') === 'Drawn' && __pg.settled")
    knots, before = json.loads(site.query()["process.schedule.knots"]), site.stage()
    page.wait_for_function("document.querySelectorAll('.pg-handle[data-kind=knot]').length > 3")
    first = page.evaluate("[...document.querySelectorAll('.pg-handle')].findIndex((b) => b.dataset.kind === 'knot')")
    pull(site, first + len(knots) - 2, 0, -400)  # far up: it stops below its neighbour
    now = json.loads(site.query()["process.schedule.knots"])
    assert len(now) == len(knots)
    assert now != knots
    assert all(a[0] < b[0] and a[1] > b[1] for a, b in itertools.pairwise(now))
    assert site.stage() != before
    page.locator(".pg-hold-word", has_text="reset schedule").click()
    site.until({"grid": "UniformLogSNR", "grid.steps": "8"})
    assert site.problems == []


def test_a_list_that_does_not_fall_is_refused_with_a_notice(visit: Any) -> None:
    site = visit("?grid=Custom&grid.levels=[0.9,0.95,0.1]")
    assert "levels" in site.notice()
