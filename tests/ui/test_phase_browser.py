"""The phase-space lab with a real pointer: the critical line holds, the link carries it, other processes say why not."""

from __future__ import annotations

import math
from typing import Any

import pytest

pytestmark = pytest.mark.browser
START = "?data=two_modes&process=CLD&process.friction=1.35&view.lab=phase"
FIELD = ".pg-phase-field"
LIT = """() => { const c = document.querySelector('.pg-phase-sheet'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
    let h = 0, lit = 0; for (let i = 0; i < d.length; i += 4) { h = (h * 31 + d[i] + 7 * d[i + 1] + d[i + 3]) | 0; lit += d[i + 3] > 0; } return [h, lit]; }"""


def numbers(site: Any) -> tuple[float, float]:
    query = site.query()
    return float(query.get("process.friction", 1.0)), float(query.get("process.mass", 0.25))


def words(site: Any) -> str:
    return site.page.locator(".pg-phase-words").inner_text()


def test_one_button_makes_it_exactly_critical(visit: Any) -> None:
    site = visit(START)
    page = site.page
    page.wait_for_function("document.querySelector('.pg-phase-words').textContent.endsWith('overdamped')")
    page.wait_for_function("document.querySelector('.pg-phase-caption').textContent")
    before = page.evaluate(LIT)
    page.locator(".pg-phase-snap").click()
    site.settle()
    friction, mass = numbers(site)
    assert friction == 1.35
    assert mass == 1.35**2 / 4  # not the slider's nearest step
    assert words(site).endswith("critically damped")
    assert page.locator(".pg-phase-snap").is_disabled()
    page.wait_for_function(f"JSON.stringify(({LIT})()) !== '{before!r}'.replaceAll(' ', '')")
    other = visit("?" + page.evaluate("location.search.slice(1)"))
    other.page.wait_for_function("document.querySelector('.pg-phase-words').textContent.startsWith('Γ 1.35 · M 0.456 · critically')")
    page.wait_for_timeout(800)  # a hand on the map is ahead of the server for so long
    page.go_back()
    page.wait_for_function("document.querySelector('.pg-phase-words').textContent.endsWith('overdamped')")
    assert site.problems == []
    assert page.evaluate("__pg.errors") == []


def test_the_point_is_dragged_and_the_line_holds_it(visit: Any) -> None:
    site = visit(START)
    page = site.page
    page.wait_for_function("document.querySelector('.pg-phase-words').textContent.endsWith('overdamped')")
    box = page.locator(FIELD).bounding_box()

    def spot(friction: float, mass: float) -> tuple[float, float]:
        u = math.log(friction / 0.05) / math.log(5 / 0.05)
        v = math.log(mass / 0.02) / math.log(2 / 0.02)
        return box["x"] + 1 + u * (box["width"] - 2), box["y"] + 1 + (1 - v) * (box["height"] - 2)

    entries = page.evaluate("history.length")
    page.mouse.move(*spot(1.35, 0.25))
    page.mouse.down()
    page.mouse.move(*spot(0.5, 1.0), steps=12)
    assert words(site).endswith("underdamped")
    page.mouse.up()
    site.settle()
    friction, mass = numbers(site)
    assert friction == pytest.approx(0.5, rel=0.05)
    assert mass == pytest.approx(1.0, rel=0.05)
    assert page.evaluate("history.length") == entries + 1  # one entry for one drag
    page.mouse.move(*spot(0.5, 1.0))
    page.mouse.down()
    x, y = spot(1.2, 0.36)
    page.mouse.move(x, y - 3, steps=10)  # close to the line
    page.mouse.up()
    site.settle()
    friction, mass = numbers(site)
    assert mass == pytest.approx(friction**2 / 4, rel=1e-12)
    assert words(site).endswith("critically damped")
    assert site.problems == []


def test_every_picture_draws_and_stands_in_the_link(visit: Any) -> None:
    site = visit(START + "&view.phase=damping", width=390, height=844)
    page = site.page
    marks = set()
    told = {"damping": "Too little", "numbers": "exact expectation", "paths": "True forward", "solvers": "At 200 steps"}
    for part, said in told.items():
        page.locator(f".pg-phase-part[data-part={part}]").click()
        page.wait_for_function("(said) => document.querySelector('.pg-phase-caption').textContent.includes(said)", arg=said)
        site.settle()
        value, lit = page.evaluate(LIT)
        assert lit > 2000
        marks.add(value)
        assert ("view.phase=" + part in page.evaluate("location.search")) == (part != "paths")
    assert len(marks) == 4
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("__pg.errors") == []
    assert site.problems == []


def test_another_process_says_why_not(visit: Any) -> None:
    site = visit("?data=two_modes&view.lab=phase")
    tab = site.page.locator("#pg-tab-phase")
    assert tab.get_attribute("aria-disabled") == "true"
    assert "choose the process CLD" in tab.get_attribute("title")
    tab.click(force=True)  # disabled to assistive technology, but it answers
    site.page.wait_for_function("document.querySelector('#pg-stage .pg-toast')?.innerText.includes('CLD')")
    assert site.problems == []
