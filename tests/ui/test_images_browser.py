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
        "() => { window.formed = []; const step = __pg.images.step; __pg.images.step = function (p) { formed.push(p.header.step); return step.call(this, p); }; }"
    )
    page.locator("nav a[data-page=images]").click()
    site.until({"seed": "3", "data": "mnist", "particles": "16", "guidance": "EachClass"})
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


def test_while_images_form_the_status_line_counts_their_calls(visit: Any) -> None:
    """Mutant: it keeps what the run before has cost."""
    site = visit("?seed=33")
    page = site.page
    page.evaluate(
        """() => {
            window.told = [];
            const step = __pg.images.step, number = document.querySelector('#pg-status [data-item=calls] b');
            __pg.images.step = function (p) { told.push([p.header.calls, +number.textContent]); return step.call(this, p); };
        }"""
    )
    page.locator("nav a[data-page=images]").click()
    site.until({"seed": "33", "data": "mnist", "particles": "16", "guidance": "EachClass"})
    told = page.evaluate("told")
    assert len(told) == 21
    assert [shown for _, shown in told[1:]] == [calls for calls, _ in told[:-1]]  # each step finds what was told of the one before
    assert site.problems == []


def test_a_run_of_images_is_paused_replayed_and_goes_on(visit: Any) -> None:
    """While it forms the stage tells its time and fades what is of the run before; paused, the part is a run to scrub; its rest makes a whole one.

    Mutants killed: cells of the paused run filled with the run before, its steps under the old run's time, a rest that is another run.
    """
    site = visit("?data=mnist-unet&particles=4&seed=8")
    page = site.page
    page.locator("#pg-particles input[type=number]").fill("256")
    page.wait_for_function("() => __pg.formed >= 2 && !document.querySelector('.pg-images-stop').hidden")
    assert page.evaluate(
        "document.body.classList.contains('pg-under-way') && document.querySelector('.pg-cap').innerText.includes('forming')"
    )
    page.locator(".pg-images-stop").click()
    page.wait_for_function("() => !document.querySelector('.pg-images-go').hidden && __pg.settled")
    told = page.evaluate("(({ image, steps }) => ({ ...image, steps }))(__pgStage.run.header)")
    assert told["batch"] == 256
    assert not told["done"]
    assert 2 <= told["at"] < told["steps"] == 20
    assert page.locator(".pg-images-said").inner_text() == f"64 of 256 images · paused at step {told['at']} of 20"
    assert not page.evaluate("document.body.classList.contains('pg-under-way')")
    paused = page.evaluate(BRIGHT)
    page.evaluate("__pgStage.seek(1)")
    page.wait_for_function("() => document.querySelector('.pg-cap').innerText.includes('step 0/20')")
    assert page.evaluate(BRIGHT) != paused
    page.locator("#pg-particles input[type=number]").fill("3")
    page.wait_for_function("() => __pgStage.run.header.image?.batch === 3 && __pg.settled")
    assert len(page.evaluate(BRIGHT)) == 3
    page.locator("#pg-particles input[type=number]").fill("64")
    page.wait_for_function("() => __pg.formed >= 2 && __pg.formed < 20 && !document.querySelector('.pg-images-stop').hidden")
    page.locator(".pg-images-stop").click()
    page.wait_for_function("() => !document.querySelector('.pg-images-go').hidden && __pg.settled")
    page.locator(".pg-images-go").click()
    page.wait_for_function("() => __pgStage.run.header.image?.done && __pgStage.run.header.image.batch === 64 && __pg.settled")
    assert page.locator(".pg-images-said").inner_text() == "64 images"
    assert page.locator(".pg-images-go").is_hidden()
    assert site.problems == []


def test_a_link_opens_images_that_form(visit: Any) -> None:
    site = visit("?data=mnist-unet&seed=12")  # a link that says no number does not mean two thousand
    assert site.query() == {"data": "mnist", "seed": "12", "particles": "16"}
    assert site.page.evaluate("__pg.formed") == 20  # streamed, not waited for
    assert site.page.evaluate("__pgStage.run.header.image.batch") == 16
    assert site.problems == []


def test_what_a_trained_model_has_not_is_struck_with_its_reason(visit: Any) -> None:
    site = visit("?data=mnist-unet&particles=4")
    page = site.page
    assert page.locator("#pg-process [data-key=PFGMPP]").get_attribute("aria-disabled") == "true"
    assert "Gaussian kernel" in page.locator("#pg-process [data-key=PFGMPP]").get_attribute("data-tip")
    assert page.locator("[data-layer=density]").is_hidden()
    assert page.locator("#pg-tab-errors").is_hidden()  # a lab of the toys
    assert page.locator("#pg-tab-tasks").is_visible()
    page.locator("#pg-process [data-key=CLD]").click()
    site.until({"data": "mnist", "particles": "4", "process": "CLD"})
    assert page.locator(".pg-images-kinds button").nth(2).is_visible()  # velocities
    assert site.problems == []


def test_two_settings_are_compared_by_a_line_through_every_image(visit: Any) -> None:
    """A on the left of the line, B on its right, by the pixels; dragged by the pointer; from a link too."""
    site = visit("?data=mnist-unet&particles=4&grid=UniformLogSNR&grid.steps=3&seed=5")
    page = site.page
    pixels = "(n) => { const c = document.querySelectorAll('.pg-images-cell')[n]; return [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0); }"
    a = page.evaluate(pixels, 1)
    page.locator(".pg-compare-button").click()
    page.locator("#pg-grid-steps input[type=number]").fill("12")
    page.wait_for_function("() => __pgStage.run.arrays.clock.data.length === 13 && __pg.settled && !__pg.pending")
    assert "steps 3" in page.locator(".pg-compare-a").inner_text()
    assert "steps 12" in page.locator(".pg-compare-b").inner_text()
    box = page.locator(".pg-images-cell").nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + 20, steps=4)
    page.mouse.up()
    assert page.evaluate("__pg.images.compare.share") == pytest.approx(0.75, abs=0.02)
    assert page.evaluate("__pg.images.one.is") is False  # a drag is no click
    mixed = page.evaluate(pixels, 1)
    page.locator(".pg-compare input").fill("0")
    b = page.evaluate(pixels, 1)
    assert a != b
    assert all(mixed[28 * r + column] == a[28 * r + column] for r in range(28) for column in (3, 12, 20))
    assert all(mixed[28 * r + 24] == b[28 * r + 24] for r in range(28))
    site.until({"data": "mnist", "particles": "4", "grid": "UniformLogSNR", "grid.steps": "12", "seed": "5"})
    page.reload()
    site.ready()
    page.wait_for_function("() => __pg.images.compare.run && __pg.images.compare.run.arrays.clock.data.length === 4")
    assert site.problems == []


def test_an_image_is_enlarged_with_its_own_strip(visit: Any) -> None:
    site = visit("?data=mnist-unet&particles=4&grid=UniformLogSNR&grid.steps=5")
    page = site.page
    page.locator(".pg-images-cell").nth(2).click()
    assert "image 3 of 4" in page.locator(".pg-one-words").inner_text()
    assert page.locator(".pg-one-strip canvas").count() == 6
    assert page.locator(".pg-one-image").bounding_box()["width"] > 150
    page.locator(".pg-one-strip canvas").nth(1).click()
    page.wait_for_function("() => document.querySelector('.pg-one-words').textContent.includes('step 1')")
    page.keyboard.press("ArrowRight")
    assert "image 4 of 4" in page.locator(".pg-one-words").inner_text()
    page.keyboard.press("Escape")
    assert page.locator(".pg-images-cell").nth(3).is_visible()
    assert site.problems == []


FRAME = "() => { const r = __pgStage.run, i = __pg.frameAt(r, __pgStage.cursor); return [i, Math.round(r.arrays.step.data[i]), r.arrays.time.data[i], r.arrays.log_snr.data[i]]; }"


def test_one_step_is_told_of_one_picture(visit: Any) -> None:
    """More steps than frames: caption, panel and curves speak of the state that is shown. Mutants killed: the step of the cursor, interpolated values."""
    site = visit("?data=digits-unet&particles=4&grid.steps=150")
    page = site.page
    for clock in (0.9, 0.61, 0.31, 0.2):
        page.evaluate("(c) => __pgStage.seek(c)", clock)
        page.wait_for_function("() => __pg.settled")
        page.wait_for_timeout(120)
        _, step, t, snr = page.evaluate(FRAME)
        assert f"step {step}/150" in page.locator("#pg-stage").inner_text()
        assert f"step {step} of 150" in page.locator(".pg-step-says").inner_text()
        told = page.locator(".pg-curve-snr .pg-curve-word").all_inner_texts()
        assert float(told[0].partition("SNR")[2].replace("−", "-")) == pytest.approx(snr, abs=0.02)
        assert told[1].endswith(f"{step}/150")
        assert t > 0
    assert site.problems == []


def test_two_sides_are_compared_at_one_noise_level(visit: Any) -> None:
    """A is shown at the log-SNR nearest to B's, both are told; where A has no velocity its half is grey. Mutants killed: A by the clock, x_t for v_t."""
    a = "data%3Ddigits-unet%26particles%3D4%26seed%3D2"
    site = visit(f"?data=digits-unet&process=CLD&particles=4&seed=2&view.at=0.4&view.compare={a}")
    page = site.page
    page.wait_for_function("() => __pg.images.compare.run && document.querySelector('.pg-compare-a .pg-compare-level').textContent")
    _, _, _, snr = page.evaluate(FRAME)
    levels = page.evaluate("[...__pg.images.compare.run.arrays.log_snr.data]")
    near = min(range(len(levels)), key=lambda i: abs(levels[i] - snr))
    say = lambda v: f"log-SNR {v:.2f}".replace("-", "−").replace("log−SNR", "log-SNR")  # noqa: E731
    assert page.locator(".pg-compare-level").all_inner_texts() == [say(levels[near]), say(snr)]
    left = "() => { const c = document.querySelector('.pg-images-cell'); return [...c.getContext('2d').getImageData(0, 0, 3, 8).data].filter((_, i) => i % 4 === 0); }"
    of_a = f"(i) => {{ const r = __pg.images.compare.run, d = r.arrays['image/x'].data, n = 4 * 64 * i, out = []; for (let y = 0; y < 8; y++) for (let x = 0; x < 3; x++) out.push(d[n + 8 * y + x]); return out; }}"  # noqa: F541
    assert page.evaluate(left) == page.evaluate(of_a, near)
    page.locator(".pg-images-kinds button").nth(2).click()
    assert set(page.evaluate(left)) == {0x8A}
    assert page.locator(".pg-compare-a .pg-compare-level").inner_text() == "no velocity"
    assert site.problems == []


def test_the_film_strip_shows_all_and_goes_by_keyboard(visit: Any) -> None:
    """At 1280 × 720 the last column, the result, is in sight; arrows go from step to step, with one stop for the whole strip."""
    site = visit("?data=digits-unet&particles=4&view.lab=film", width=1280, height=720)
    page = site.page
    scroll = page.locator(".pg-film-scroll").bounding_box()
    last = page.locator(".pg-film-rows canvas").nth(20).bounding_box()
    assert last["x"] + last["width"] <= scroll["x"] + scroll["width"]
    assert page.locator('.pg-film-rows canvas[tabindex="0"]').count() == 1
    page.locator('.pg-film-rows canvas[tabindex="0"]').focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "step 2, what the model expects"
    assert page.evaluate(FRAME)[1] == 2
    assert site.problems == []


def test_an_enlarged_image_has_a_name_and_a_strip_for_the_keyboard(visit: Any) -> None:
    site = visit("?data=digits-unet&particles=4&grid.steps=5")
    page = site.page
    page.locator(".pg-images-cell").nth(1).click()
    assert page.locator(".pg-one-image").get_attribute("aria-label") == "image 2 of 4 · step 5, the state x_t"
    assert page.locator('.pg-one-step[tabindex="0"]').count() == 1
    page.locator('.pg-one-step[tabindex="0"]').focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("() => document.querySelector('.pg-one-words').innerText.includes('step 4')")  # drawn with the next frame
    assert page.evaluate("document.activeElement.innerText") == "4"
    assert site.problems == []
