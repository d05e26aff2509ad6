"""What the page says of itself: the example's sentence, the first visit, tips by pointer, keyboard and finger, the glossary, what is read aloud."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser

TIP = "#pg-tooltip"
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}


def tip(site: Any) -> str:
    site.page.wait_for_selector(f"{TIP}:visible", timeout=5000)
    return site.page.inner_text(TIP)


def apart(page: Any, one: str, other: str) -> bool:
    """Do the boxes of two elements not meet?"""
    a, b = page.locator(one).first.bounding_box(), page.locator(other).first.bounding_box()
    return (
        a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"] or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]
    )


def asked(page: Any, what: str) -> None:
    """An entry of the help menu; on a phone it stands in the menu of everything else."""
    page.locator("button[aria-haspopup=menu]:visible").last.click()
    page.locator(f"[data-do={what}]:visible").click()


def hold(page: Any, selector: str, ms: int = 700) -> None:
    """A long press of a finger."""
    box = page.locator(selector).first.bounding_box()
    session = page.context.new_cdp_session(page)
    at = [{"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at})
    page.wait_for_timeout(ms)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, {"width": 1280, "height": 720}, PHONE], ids=["1440", "1280", "phone"])
def test_first_visit_says_what_this_is_once(visit: Any, size: dict[str, Any]) -> None:
    site = visit("", newcomer=True, **size)
    page = site.page
    what = page.locator(".pg-what:visible")
    assert "noise" in what.inner_text()
    assert what.evaluate("n => n.scrollWidth <= n.clientWidth + 1 && n.getBoundingClientRect().right <= innerWidth")
    intro = page.locator(".pg-intro")
    assert intro.is_visible()
    for head in ("What moves", "What is true", "Try"):
        assert head in intro.inner_text()
    page.locator("#pg-stage canvas").first.click(position={"x": 60, "y": 120})  # goes through: it is no wall
    assert intro.is_hidden()
    page.reload()
    site.ready()
    assert page.locator(".pg-intro:visible").count() == 0
    asked(page, "intro")
    assert intro.is_visible()
    page.keyboard.press("Escape")
    assert intro.is_hidden()
    assert site.problems == []


def test_a_browser_that_forbids_storage_still_shows_the_page(visit: Any) -> None:
    site = visit("", newcomer=True, script="Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })")
    assert site.page.locator(".pg-intro").is_visible()
    site.page.keyboard.press("Shift+ArrowRight")
    assert site.page.locator(".pg-intro").is_hidden()
    assert site.problems == []


@pytest.mark.parametrize("size", [{}, PHONE], ids=["wide", "phone"])
def test_the_example_keeps_its_sentence_while_it_is_followed(visit: Any, size: dict[str, Any]) -> None:
    site = visit("", **size)
    page = site.page
    page.click("text=Examples")
    entry = page.locator("[data-example=euler]")
    assert "Each step goes straight on" in entry.inner_text()
    box = page.locator(".pg-examples").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= page.viewport_size["width"]
    entry.click()
    site.ready()
    lesson = page.locator(".pg-lesson")
    assert "Each step goes straight on" in lesson.inner_text()
    page.evaluate("__pg.setNumber('pg-grid-steps', 9)")
    page.wait_for_function("new URLSearchParams(location.search).get('grid.steps') === '9' && __pg.settled")
    assert "Try" in lesson.inner_text()  # the instruction is followed
    assert "view.example=euler" in page.url
    page.reload()
    site.ready()
    assert "Try" in lesson.inner_text()
    page.evaluate("__pg.form.choose('rings')")
    page.wait_for_function("new URLSearchParams(location.search).get('data') === 'rings' && __pg.settled")
    lesson.locator("text=Open it again").wait_for()
    page.click("[aria-label='Close the example\\'s words']")
    page.wait_for_function("!location.search.includes('view.example')")
    assert lesson.is_hidden()
    assert site.problems == []


def test_a_link_of_before_is_known_again_and_leads_on(visit: Any) -> None:
    site = visit("?data=swiss_roll&sampler=Euler&grid.steps=5")
    page = site.page
    assert "Five straight steps" in page.inner_text(".pg-lesson")
    page.click("text=next example")
    site.ready()
    assert "Randomness repairs" in page.inner_text(".pg-lesson")
    page.go_back()
    site.ready()
    assert "Five straight steps" in page.inner_text(".pg-lesson")
    assert visit("?data=swiss_roll&sampler=Euler&grid.steps=6").page.locator(".pg-lesson:visible").count() == 0


def test_tips_stand_beside_what_is_chosen_from(visit: Any) -> None:
    """Mutant killed: a tip over the neighbours in the open list; a browser's own title."""
    site = visit("")
    page = site.page
    page.click("#pg-grid .pg-combo")
    for key in ("Quadratic", "Karras"):
        page.hover(f".pg-option[data-key={key}]")
        page.wait_for_function(
            "(k) => document.querySelector('#pg-tooltip')?.innerText.startsWith(k)", arg=key.lower() if key == "Quadratic" else key
        )
        assert apart(page, TIP, ".pg-pop")
    page.keyboard.press("ArrowDown")
    assert "flow shift" in tip(site)  # by keyboard too
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert page.locator(TIP).is_hidden()  # closed by the choice
    page.hover("#pg-grid-steps-row [data-testid=block-info]")
    assert "number of steps" in tip(site)
    assert apart(page, TIP, "#pg-left")
    page.keyboard.press("Escape")
    assert page.locator(TIP).is_hidden()
    page.hover("#pg-status [data-item=distance]")
    assert "±" in tip(site)
    page.wait_for_selector(f"{TIP} .katex")
    assert apart(page, TIP, "#pg-status")
    page.mouse.move(700, 300)
    page.wait_for_selector(TIP, state="hidden")
    page.hover("#pg-tab-errors")
    page.wait_for_function("document.querySelector('#pg-tooltip').innerText.startsWith('errors')")
    assert site.problems == []


def test_tips_by_keyboard(visit: Any) -> None:
    site = visit("")
    page = site.page
    page.focus("[data-layer=density]")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert "score" in tip(site)
    assert page.evaluate("document.activeElement.getAttribute('aria-describedby')") == "pg-tooltip"
    page.keyboard.press("Escape")
    assert page.locator(TIP).is_hidden()


def test_a_long_press_explains_and_does_nothing_else(visit: Any) -> None:
    site = visit("", **PHONE)
    page = site.page
    before = page.get_attribute("[data-layer=score]", "aria-pressed")
    hold(page, "[data-layer=density]")
    assert "exact law" in tip(site)
    assert page.get_attribute("[data-layer=density]", "aria-pressed") == "true"
    assert page.get_attribute("[data-layer=score]", "aria-pressed") == before
    page.touchscreen.tap(200, 400)
    assert page.locator(TIP).is_hidden()
    page.locator("#pg-status [data-item=distance]").scroll_into_view_if_needed()
    page.locator("#pg-status [data-item=distance]").tap()  # a word of the glossary
    assert "exact samples" in tip(site)
    box = page.locator(TIP).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert site.problems == []


def test_every_word_on_the_page_is_in_the_glossary(visit: Any) -> None:
    """All terms of both pages and all labs; and the dialog finds them."""
    for query in ("", "?data=two_modes&process=CLD&grid.steps=20", "?data=digits-unet&particles=4&grid.steps=4"):
        site = visit(query)
        labs = site.page.evaluate(
            "[...document.querySelectorAll('.pg-lab-tab:not([aria-disabled=true])')].filter(t => t.offsetParent).map(t => t.id)"
        )
        for lab in labs:
            site.page.click(f"#{lab}")
            site.page.wait_for_timeout(200)
            unknown = site.page.evaluate(
                "[...document.querySelectorAll('[data-term]')].map(n => n.dataset.term).filter(t => !(t in PG_START.config.glossary))"
            )
            assert unknown == [], lab
    asked(site.page, "glossary")
    site.page.keyboard.type("floor")
    assert site.page.locator(".pg-glossary article:visible").first.inner_text().startswith("floor")
    site.page.keyboard.press("Escape")
    assert site.page.locator(".pg-glossary").is_hidden()


def test_documents_are_pages(visit: Any) -> None:
    site = visit("")
    site.page.goto(site.url + "live/docs/glossary")
    assert site.page.inner_text("h1") == "Glossary"
    site.page.wait_for_selector(".tex .katex")
    assert site.page.goto(site.url + "live/docs/nothing").status == 404
    assert site.foreign() == []


def test_at_rest_the_picture_is_told(visit: Any) -> None:
    site = visit("")
    site.page.wait_for_function("/floor/.test(document.querySelector('.pg-aloud').textContent)")
    assert site.page.get_attribute(".pg-aloud", "role") == "status"
    site.page.keyboard.press("ArrowLeft")
    site.page.wait_for_function("/step 19 of 20/.test(document.querySelector('.pg-aloud').textContent)")
