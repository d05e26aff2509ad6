"""The pin and the lab "denoising" with a real pointer and keyboard."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser
KNOB = "(() => { const r = document.querySelector('.pg-pin').getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
KL = "document.querySelector('.pg-in-kl tbody td')?.textContent || ''"


def canvas(site: Any) -> str:
    """A mark of the main picture's pixels."""
    return site.page.evaluate(
        "document.querySelector('.pg-in-main').toDataURL().length + ':' + document.querySelector('.pg-in-main').toDataURL().slice(-4000)"
    )


def shown(site: Any) -> None:
    site.page.wait_for_function("document.querySelectorAll('.pg-in-point tbody tr').length > 3")
    site.settle()
    site.page.wait_for_timeout(300)


@pytest.mark.parametrize("data", ["two_modes", "moons"])
def test_pin_by_click_drag_keys_and_link(visit: Any, data: str) -> None:
    site = visit(f"?data={data}&sampler=DDPM&view.lab=inspector&view.at=0.4")
    page = site.page
    assert "Pin a point" in page.inner_text(".pg-in-empty")
    assert page.locator(".pg-in-q").is_hidden()
    box = page.locator("#pg-stage canvas.pg-canvas").bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    shown(site)
    first, picture = page.evaluate(KL), canvas(site)
    assert "view.pin=x" in page.evaluate("decodeURIComponent(location.search)")
    # dragged: numbers and pictures follow while the pointer is down
    x, y = page.evaluate(KNOB)
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(1, 9):
        page.mouse.move(x + 6 * i, y - 4 * i)
    page.wait_for_function("(old) => document.querySelector('.pg-in-kl tbody td').textContent !== old", arg=first)
    page.mouse.up()
    shown(site)
    assert page.evaluate(KNOB) == pytest.approx([x + 48, y - 32], abs=2.5)
    assert canvas(site) != picture
    # the pin stays while controls change
    pin = page.evaluate("new URLSearchParams(location.search).get('view.pin')")
    page.evaluate("__pg.form.write([['process', '', 'VE']], true)")
    site.settle()
    shown(site)
    kept = page.evaluate("new URLSearchParams(location.search).get('view.pin')")
    assert [float(v) for v in kept.split(",")[1:]] == pytest.approx([float(v) for v in pin.split(",")[1:]], abs=2e-3)
    # a link shows the same
    other = visit("?" + page.evaluate("location.search.slice(1)"))
    shown(other)
    assert other.page.evaluate(KL) == page.evaluate(KL)
    # keys
    page.locator(".pg-pin").focus()
    at = page.evaluate(KNOB)
    page.keyboard.press("ArrowUp")
    site.settle()
    assert page.evaluate(KNOB)[1] < at[1]
    page.keyboard.press("ArrowRight")
    site.settle()
    assert page.evaluate(KNOB)[0] > at[0]
    page.evaluate("__pg.form.tell({ kind: 'error', message: 'something lies on top' })")  # Escape takes it first
    assert "something lies on top" in site.notice()
    page.keyboard.press("Escape")
    assert site.notice() == ""
    assert page.evaluate("__pgStage.pin") is not None
    page.keyboard.press("Escape")
    site.settle()
    assert page.evaluate("__pgStage.pin") is None
    assert "view.pin" not in page.evaluate("location.search")
    assert page.locator(".pg-in-empty").is_visible()
    # one for me
    page.click("text=pin a point for me")
    shown(site)
    assert page.evaluate("__pgStage.pin.panel") == "x"
    assert site.problems == []
    assert page.evaluate("__pg.errors") == []


def test_bad_pins_in_links(visit: Any) -> None:
    for pin, says in (("x,0.4,nan", "cannot be used"), ("x,0.4", "cannot be used"), ("zz,0.4,1", "cannot be used"), ("x,0.4,99", "edge")):
        site = visit(f"?data=two_modes&view.lab=inspector&view.pin={pin}")
        site.page.wait_for_function("(w) => (document.querySelector('#pg-stage .pg-toast')?.innerText || '').includes(w)", arg=says)
        assert (site.page.evaluate("__pgStage.pin") is not None) == (says == "edge")
        assert site.page.evaluate("__pg.errors") == []


def test_step_slider_worst_curve_and_processes_without_it(visit: Any) -> None:
    site = visit("?data=two_modes&sampler=DDPM&view.lab=inspector&view.pin=x,0.4,0.1&view.gap=0.1")
    shown(site)
    page = site.page
    small = float(page.evaluate(KL).split(" ")[0].replace("−", "-"))
    page.locator(".pg-in-slider input").fill("1")
    page.wait_for_function("document.querySelector('.pg-in-slider output').textContent.endsWith('s = 0')")
    site.settle()
    page.wait_for_function(f"parseFloat({KL}) > 0.5")
    assert small < 0.05  # a small step is Gaussian, the whole way is not
    page.click("text=worst step")
    page.wait_for_function(
        "/at 4 steps/.test(document.querySelector('[data-in=worst] canvas')?.getAttribute('aria-label') || '')",
        timeout=90_000,
    )
    page.evaluate("__pg.form.write([['process', '', 'PFGMPP']], true)")
    site.settle()
    page.wait_for_function("!document.querySelector('.pg-in-why').hidden")
    assert "linear Gaussian noising" in page.inner_text(".pg-in-why")
