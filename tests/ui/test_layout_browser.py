"""Layout at the sizes and zooms that people have: no word cut or over another, nothing outside the window, the stage keeps its share."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser

SIZES = {
    "projector": (1280, 720),
    "laptop": (1366, 768),
    "usual": (1440, 900),
    "large": (1920, 1080),
    "larger": (2560, 1440),
    "usual at 125 %": (1152, 720),
    "usual at 150 %": (960, 600),
    "usual at 200 %": (720, 450),
}
INSPECTOR = (
    "?data=two_modes&sampler=DDPM&grid=UniformLogSNR&grid.steps=4&view.lab=inspector&view.pin=x,0.4,0.1&view.gap=0.75&view.side=worst"
)
PAGES = {
    "toys": "?particles=200000",
    "denoising": INSPECTOR,
    "errors": "?sampler=Euler&grid=UniformLogSNR&grid.steps=8&stop_at=0.05&view.lab=errors&view.at=0.3",
    "phase space": "?data=two_modes&process=CLD&grid=Quadratic&grid.steps=40&view.lab=phase",
    "your data": "?data=eight_gaussians&view.lab=data",
    "images": "?data=mnist-unet&particles=16&guidance=EachClass&grid=UniformLogSNR&grid.steps=4",
    "tasks": "?data=mnist-unet&particles=16&sampler=DDIM&grid=UniformLogSNR&grid.steps=4&view.lab=tasks",
}
WRONG = """() => {
  // what is wrong with the layout: clipped words, words over words, things outside the window, a stage that is too small
  const out = [];
  const seen = (n) => n.getClientRects().length && getComputedStyle(n).visibility !== "hidden" && !n.closest("[hidden], .katex-mathml, .katex, svg, .js-plotly-plot, .pg-offscreen, .pg-pop");
  const own = (n) => [...n.childNodes].some((c) => c.nodeType === 3 && c.data.trim());
  const name = (n) => `${n.tagName.toLowerCase()}.${[...n.classList].join(".")} "${(n.textContent || n.value || "").trim().slice(0, 40)}"`;
  const scrolls = (n) => { for (let p = n.parentElement; p; p = p.parentElement) { const s = getComputedStyle(p); if (/(auto|scroll)/.test(s.overflowX) && p.scrollWidth > p.clientWidth + 1) return true; } return false; };
  const boxes = [];
  for (const n of document.querySelectorAll(".gradio-container *")) {
    if (!own(n) || !seen(n)) continue;
    const range = document.createRange(); range.selectNodeContents(n);
    const s = getComputedStyle(n);
    if (s.clipPath !== "none" || +s.opacity === 0) continue;
    const r = range.getBoundingClientRect();
    if (!r.width || !r.height) continue;
    for (let p = n; p && p !== document.body; p = p.parentElement) {
      const cs = getComputedStyle(p);
      if (/(auto|scroll)/.test(cs.overflowX) || /(auto|scroll)/.test(cs.overflowY)) break;
      if (cs.overflowX === "visible" && cs.overflowY === "visible") continue;
      const b = p.getBoundingClientRect();
      if (r.right > b.right + 1.5 || r.left < b.left - 1.5) { out.push(`cut by ${p.id || p.className}: ${name(n)} by ${Math.round(Math.max(r.right - b.right, b.left - r.left))} px`); break; }
      if (r.bottom > b.bottom + 4 || r.top < b.top - 4) { out.push(`cut in height by ${p.id || p.className}: ${name(n)} by ${Math.round(Math.max(r.bottom - b.bottom, b.top - r.top))} px`); break; }
    }
    if ((r.right > innerWidth + 1 || r.left < -1) && !scrolls(n)) out.push(`outside the window: ${name(n)}`);
    boxes.push([n, [...range.getClientRects()].filter((q) => q.width > 1 && q.height > 1)]);
  }
  const clipped = (n, q) => { // the part that is seen of a rectangle in scrolling columns
    let [l, t, r, b] = [q.left, q.top, q.right, q.bottom];
    for (let p = n.parentElement; p; p = p.parentElement) { const cs = getComputedStyle(p); if (cs.overflowX === "visible" && cs.overflowY === "visible") continue; const e = p.getBoundingClientRect(); l = Math.max(l, e.left); r = Math.min(r, e.right); t = Math.max(t, e.top); b = Math.min(b, e.bottom); }
    return [l, t, r, b];
  };
  const flat = boxes.flatMap(([n, qs]) => qs.map((q) => [n, clipped(n, q)])).filter(([, [l, t, r, b]]) => r - l > 1 && b - t > 1);
  for (let i = 0; i < flat.length; i++) for (let j = i + 1; j < flat.length; j++) {
    const [m, [l, t, r, b]] = flat[i], [n, [L, T, R, B]] = flat[j];
    if (m === n || m.contains(n) || n.contains(m)) continue;
    const w = Math.min(r, R) - Math.max(l, L), h = Math.min(b, B) - Math.max(t, T);
    if (w > 2 && h > Math.min(b - t, B - T) * 0.35) {
      if (m.closest("#pg-summary, .pg-done, .pg-toast, .pg-intro") || n.closest(".pg-done, .pg-toast, .pg-intro")) continue;
      out.push(`over each other: ${name(m)} and ${name(n)} by ${Math.round(w)} px`);
    }
  }
  for (const n of document.querySelectorAll("#pg-left input[type=range]")) {  // its thumb would lie under the number at the maximum
    const wide = n.getBoundingClientRect().right - n.parentElement.getBoundingClientRect().right;
    if (seen(n) && wide > 1) out.push(`slider of ${n.closest(".pg-row")?.id} is ${Math.round(wide)} px too wide`);
  }
  const stage = document.querySelector("#pg-stage").getBoundingClientRect();
  if (stage.height < 0.45 * innerHeight) out.push(`stage ${Math.round(stage.height)} of ${innerHeight}`);
  if (document.documentElement.scrollWidth > innerWidth + 1) out.push(`page is ${document.documentElement.scrollWidth} px wide`);
  const range = document.querySelector(".pg-range").getBoundingClientRect();
  if (range.width < 240 && innerWidth >= 960) out.push(`time slider ${Math.round(range.width)} px`);
  return [...new Set(out)];
}"""


@pytest.mark.parametrize("page", PAGES)
def test_nothing_collides_or_is_cut(visit: Any, page: str) -> None:
    site = visit(PAGES[page])
    found = []
    for size, (width, height) in SIZES.items():
        site.page.set_viewport_size({"width": width, "height": height})
        site.settle()
        site.page.wait_for_timeout(400)  # plots and canvases follow their boxes
        found += [f"{page}, {size}: {words}" for words in site.page.evaluate(WRONG)]
    assert found == []
    assert site.problems == []


def test_type_grows_with_the_window(visit: Any) -> None:
    site = visit()
    label = site.page.locator("#pg-sec-grid .pg-label")
    sizes = {}
    for width, height in ((1280, 720), (1440, 900), (1920, 1080), (2560, 1440)):
        site.page.set_viewport_size({"width": width, "height": height})
        sizes[width] = label.first.evaluate("(e) => parseFloat(getComputedStyle(e).fontSize)")
    assert sizes[1440] == pytest.approx(13, abs=0.05)
    assert sizes[1920] == pytest.approx(16, abs=0.2)
    assert sizes[1280] >= 11.5
    assert sizes[2560] > 19


def test_a_phone_has_every_menu_whole_and_everything_in_it(visit: Any) -> None:
    site = visit(width=390, height=844, has_touch=True)
    page = site.page
    for button in page.locator("#pg-header [data-do=menu]:visible").all():  # "?" is in "⋯" here
        button.click()
        menu = page.locator("#pg-header .pg-menu-list:not([hidden])")
        box = menu.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["y"] + box["height"] <= 844
        assert menu.evaluate("(m) => [...m.querySelectorAll('[role=menuitem]')].every((i) => i.scrollWidth <= i.clientWidth + 1)")
    words = menu.inner_text()
    assert all(word in words for word in ("Copy link", "Copy as Python", "PNG", "GIF", "MP4", "States"))
    menu.get_by_text("Copy link").click()
    page.wait_for_function("__pg.copied")
    page.keyboard.press("Escape")
    assert page.locator("#pg-header .pg-menu-list:not([hidden])").count() == 0
    page.locator("[data-do=drawer]").click()
    done, own = page.locator(".pg-done").bounding_box(), page.locator(".pg-own-open").bounding_box()
    assert own["y"] >= done["y"] + done["height"] or own["x"] + own["width"] <= done["x"]


@pytest.mark.parametrize("key", "rlcLRC1359 ?[")
def test_keys_stay_where_the_keyboard_is(visit: Any, key: str) -> None:
    """Open lists, menus, text and number boxes, and the closed box of a list: what is typed there is theirs alone."""
    site = visit()
    page = site.page
    page.evaluate("__pgStage.pause()")  # it would come to its end and rest there
    state = "JSON.stringify([__pgStage.mode, __pgStage.loop, __pgStage.speed, __pgStage.colour, __pgStage.layers, __pgStage.playing, __pgStage.keys.open])"
    before = page.evaluate(state)
    name = "Space" if key == " " else key
    for opens, here in (
        ("#pg-schedule .pg-combo", ""),
        ("#pg-sampler .pg-combo", ""),
        ("#pg-header [data-do=menu] >> nth=0", ""),
        ("#pg-header [data-do=menu] >> nth=1", ""),
        ("", "#pg-grid .pg-combo"),
        ("", "#pg-particles input[type=number]"),
        ("", "#pg-process [aria-checked=true]"),
    ):
        if opens:
            page.locator(opens).click()
            page.wait_for_function("document.querySelector('#pg-left [aria-expanded=true], #pg-header [aria-expanded=true]')")
            page.evaluate("document.activeElement.blur()")  # a finger may have taken the keyboard elsewhere: what is open still has it
        else:
            page.locator(here).focus()
        if here and key == " ":
            continue  # opens the list, chooses the pill: its own
        page.keyboard.press(name)
        assert page.evaluate(state) == before, (opens, here)
        page.keyboard.press("Escape")
        page.mouse.click(700, 430)
        page.keyboard.press("Escape")
