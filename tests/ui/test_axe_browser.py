"""axe-core on both pages, every lab, light and dark: nothing critical, serious or moderate."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
CHECK = """async ([within, rules]) => (await axe.run(within ?? document, { resultTypes: ['violations'], ...(rules && { runOnly: rules }) })).violations
    .filter((v) => ['critical', 'serious', 'moderate'].includes(v.impact))
    .map((v) => `${v.impact} ${v.id}: ${v.nodes.slice(0, 4).map((n) => n.target + ' ' + (n.any[0]?.message ?? n.all[0]?.message ?? '')).join(' | ')}`)"""
COLOURS = ["color-contrast", "link-in-text-block"]  # what dark can break that light has not
PAGES = {
    "toys": "?data=two_modes&process=CLD&grid.steps=20&view.pin=xv,0.4,0.1,0.2",
    "plane": "?sampler=Euler&grid.steps=5&guidance=ClassifierFree&view.example=euler&view.pin=x1x2,0.4,0.1,0.2",
    "images": "?data=digits-unet&particles=4&grid.steps=4",
}


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_found(visit: Any, page: str) -> None:
    site = visit(PAGES[page], newcomer=page == "plane")
    site.page.add_script_tag(content=AXE)
    site.page.add_style_tag(content="* { transition: none !important }")  # Gradio fades from one theme to the other
    found: dict[str, list[str]] = {}

    def check(what: str, within: str | None = None) -> None:
        """The part of the page that is new, in both themes."""
        site.page.wait_for_timeout(300)
        site.settle()
        for theme, rules in (("light", None), ("dark", COLOURS)):
            site.page.emulate_media(color_scheme=theme)
            site.page.wait_for_timeout(100)
            if words := site.page.evaluate(CHECK, [within, rules]):
                found[f"{what}, {theme}"] = words
        site.page.emulate_media(color_scheme="light")

    check("first picture")
    tabs = "[...document.querySelectorAll('.pg-lab-tab:not([aria-disabled=true])')].filter((t) => t.offsetParent).map((t) => t.id)"
    for tab in site.page.evaluate(tabs):
        site.page.click(f"#{tab}")
        site.page.wait_for_timeout(1200)  # what it computes is there
        check(tab, "#pg-labs")
        for inner in site.page.locator("#pg-labs [role=tab]:not(.pg-lab-tab):visible").all()[1:] if "tasks" in tab else []:
            inner.click()
            check(f"{tab} {inner.inner_text()}", "#pg-labs")
    site.page.click("text=Examples")
    check("examples")
    site.page.keyboard.press("Escape")
    site.page.click("[aria-label=Help]")
    site.page.click("[data-do=glossary]:visible")
    check("glossary")
    site.page.keyboard.press("Escape")
    site.page.keyboard.press("?")
    check("keys")
    site.page.keyboard.press("Escape")
    site.page.click("#pg-sampler .pg-combo")
    check("open list")
    assert found == {}


def test_phone(visit: Any) -> None:
    site = visit("?view.example=euler&data=swiss_roll&sampler=Euler&grid.steps=5", width=390, height=844, has_touch=True, is_mobile=True)
    site.page.add_script_tag(content=AXE)
    assert site.page.evaluate(CHECK, [None, None]) == []
    site.page.click("[data-do=drawer]")
    site.page.wait_for_timeout(400)
    assert site.page.evaluate(CHECK, [None, None]) == []
