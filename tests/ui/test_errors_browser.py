"""The lab of errors in a real browser: budget, map and curve follow the controls and the cursor."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser
SHOWN = "() => document.querySelector('#pg-lab-errors')?.dataset.shown && document.querySelector('.pg-err-map').dataset.shown"
NUMBER = "(part) => parseFloat(document.querySelector(`.pg-err-row[data-part=${part}] b`).firstChild.textContent.replace('−', '-'))"
PIXELS = """() => { const c = document.querySelector('.pg-err-map canvas'), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
    let h = 0; for (let i = 0; i < d.length; i += 37) h = (h * 31 + d[i]) | 0; return h; }"""


def opened(site: Any) -> Any:
    site.page.wait_for_function(SHOWN)
    return site


def test_the_budget_adds_up_and_follows_the_sampler(visit: Any) -> None:
    site = visit("?sampler=Euler&grid.steps=6&view.at=0.6")  # in the last step all samplers are the denoiser
    page = site.page
    page.get_by_role("tab", name="errors").click()
    opened(site)
    before = {part: page.evaluate(NUMBER, part) for part in ("stop", "steps", "score", "prior", "total")}
    assert before["total"] == pytest.approx(before["stop"] + before["steps"] + before["score"] + before["prior"], abs=0.002)
    assert before["steps"] > 0.05
    page.wait_for_function("location.search.includes('view.lab=errors')")
    key, pixels = page.evaluate("document.querySelector('#pg-lab-errors').dataset.shown"), page.evaluate(PIXELS)
    page.locator("#pg-sampler .pg-combo").click()
    page.locator(".pg-option[data-key=Heun]").click()
    page.wait_for_function("(k) => document.querySelector('#pg-lab-errors').dataset.shown !== k", arg=key)
    site.settle()
    assert page.evaluate(NUMBER, "steps") < before["steps"]  # a higher order, less discretisation
    page.wait_for_function(f"(k) => ({PIXELS})() !== k", arg=pixels)
    assert site.problems == []


def test_the_map_follows_the_cursor_in_the_plane(visit: Any) -> None:
    site = opened(visit("?sampler=Euler&grid.steps=6&view.lab=errors&view.at=0.9"))
    page = site.page
    before, pixels = page.evaluate("document.querySelector('.pg-err-map').dataset.shown"), page.evaluate(PIXELS)
    page.evaluate("window.__pgStage.seek(0.2)")
    page.wait_for_function("(k) => document.querySelector('.pg-err-map').dataset.shown !== k", arg=before)
    assert page.evaluate(PIXELS) != pixels
    x = page.evaluate("parseFloat(document.querySelector('.pg-err-chart .pg-err-cursor').style.left)")
    page.evaluate("window.__pgStage.seek(0.6)")
    page.wait_for_function("(x) => parseFloat(document.querySelector('.pg-err-chart .pg-err-cursor').style.left) < x - 20", arg=x)
    assert site.problems == []


def test_a_stochastic_sampler_shows_mean_and_covariance(visit: Any) -> None:
    site = opened(visit("?data=two_modes&sampler=EulerMaruyama&view.lab=errors"))
    page = site.page
    pixels = page.evaluate(PIXELS)
    page.get_by_role("radio", name="covariance").click()
    assert page.evaluate(PIXELS) != pixels
    page.wait_for_function("location.search.includes('view.errors_of=spread')")
    again = opened(visit("?" + page.evaluate("location.search.slice(1)")))  # the link says it without a complaint
    assert again.page.get_by_role("radio", name="covariance").get_attribute("aria-checked") == "true"
    assert again.notice() == ""
    assert site.problems == []


def test_what_has_no_lab_says_so_and_a_phone_has_no_overflow(visit: Any) -> None:
    site = visit("?mode=forward")
    tab = site.page.get_by_role("tab", name="errors")
    assert tab.get_attribute("aria-disabled") == "true"
    assert "noising" in tab.get_attribute("title")
    site = visit("?sampler=ExactAncestral&view.lab=errors")
    site.page.wait_for_function("document.querySelector('.pg-err-map.pg-err-none .pg-err-body')?.dataset.why.includes('exact')")
    phone = opened(visit("?view.lab=errors", width=390, height=844, is_mobile=True, has_touch=True))
    assert phone.page.evaluate(
        "[...document.querySelectorAll('.pg-err, .pg-err *')].every((n) => n.getBoundingClientRect().right <= innerWidth + 1)"
    )
