"""Images in a real browser: they form step by step, stay under the cursor, and share the toys' controls."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser

BRIGHT = """() => [...document.querySelectorAll('.pg-images-cell')].map((c) => {
  const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let s = 0;
  for (let i = 0; i < d.length; i += 4) s += d[i];
  return s / (d.length / 4); })"""


def test_images_form_and_follow_the_cursor(visit: Any) -> None:
    site = visit("?seed=3")
    page = site.page
    page.evaluate(
        "() => { window.formed = []; const step = PG.images.step; PG.images.step = function (p) { formed.push(p.header.step); return step.call(this, p); }; }"
    )
    page.locator("nav a[data-page=images]").click()
    site.until({"seed": "3", "data": "mnist-unet", "particles": "16"})
    assert page.evaluate("formed") == list(range(21))
    assert page.evaluate("__pgStage.run.header.image.shown") == 16
    ink = page.evaluate(BRIGHT)
    assert len(ink) == 16
    assert all(5 < level < 90 for level in ink)  # white strokes on black
    page.evaluate("() => { __pgStage.pause(); __pgStage.cursor = 1; }")
    page.wait_for_function(f"() => ({BRIGHT})().every((level) => level > 100)")  # noise about grey
    page.locator(".pg-images-kinds button").nth(1).click()
    page.wait_for_function(f"() => ({BRIGHT})().every((level) => level < 100)")  # x̂_0 of pure noise: the mean digit
    page.locator(".pg-lab-tab", has_text="film strip").click()
    page.locator(".pg-images-cell").nth(5).click()
    assert "image 6 of 16" in page.locator(".pg-film").inner_text()
    page.locator(".pg-film-rows canvas").nth(10).click()
    page.wait_for_function("() => Math.abs(__pgStage.cursor - __pgStage.run.arrays.clock.data[10]) < 1e-3")
    page.locator("nav a[data-page=toys]").click()
    site.until({"seed": "3"})
    assert page.locator(".pg-images").is_hidden()
    assert site.problems == []


def test_a_run_of_images_can_be_stopped(visit: Any) -> None:
    site = visit("?data=mnist-unet&particles=16&seed=8")
    page = site.page
    page.locator("#pg-particles input[type=number]").fill("256")
    page.wait_for_function("() => __pg.formed === 1 && !document.querySelector('.pg-images-stop').hidden")
    page.locator(".pg-images-stop").click()
    page.wait_for_function("() => document.querySelector('.pg-images-stop').hidden && !__pg.pending")
    assert "Stopped at step" in site.notice()
    page.locator("#pg-particles input[type=number]").fill("4")
    page.wait_for_function("() => __pgStage.run.header.image?.batch === 4 && __pg.settled")
    assert len(page.evaluate(BRIGHT)) == 4
    assert site.problems == []


def test_a_link_opens_images_that_form(visit: Any) -> None:
    site = visit("?data=mnist-unet&seed=12")  # a link that says no number does not mean two thousand
    assert site.query() == {"data": "mnist-unet", "seed": "12", "particles": "16"}
    assert site.page.evaluate("__pg.formed") == 20  # streamed, not waited for
    assert site.page.evaluate("__pgStage.run.header.image.batch") == 16
    assert site.problems == []


def test_what_a_trained_model_has_not_is_struck_with_its_reason(visit: Any) -> None:
    site = visit("?data=mnist-unet&particles=4")
    page = site.page
    assert page.locator("#pg-process [data-key=PFGMPP]").get_attribute("aria-disabled") == "true"
    assert "Gaussian kernel" in page.locator("#pg-process [data-key=PFGMPP]").get_attribute("data-tip")
    assert page.locator("[data-layer=density]").get_attribute("aria-disabled") == "true"
    page.locator("#pg-process [data-key=CLD]").click()
    site.until({"data": "mnist-unet", "particles": "4", "process": "CLD"})
    assert page.locator(".pg-images-kinds button").nth(2).is_visible()  # velocities
    assert site.problems == []
