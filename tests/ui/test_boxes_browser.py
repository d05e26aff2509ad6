"""Boxes: nothing half-typed counts, what is wrong says so and gives way, and link, code and form are always those of the run shown."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser

STEPS = "#pg-grid-steps input[type=number]"
SAID = "document.querySelector('.pg-said.on')?.textContent ?? ''"


def steps_asked(site: Any) -> list[str]:
    """What every run that was asked for had as its steps."""
    from urllib.parse import parse_qs, urlparse

    runs = [parse_qs(urlparse(r).query) for r in site.requests if "layer=run" in r]
    return [r.get("grid.steps", ["20"])[0] for r in runs]


def one_truth(site: Any) -> None:
    """Form, address, copied link and code tell the run that is on the stage."""
    page = site.page
    shown = page.evaluate("Object.fromEntries(new URLSearchParams(__pg.shown()))")
    assert page.evaluate("__pg.query()") == site.query() == shown
    page.evaluate("__pg.copied = ''")
    page.locator("[data-do=link]").click()
    page.wait_for_function("__pg.copied")
    assert page.evaluate("Object.fromEntries([...new URL(__pg.copied).searchParams].filter(([k]) => !k.startsWith('view.')))") == shown
    page.evaluate("__pg.copied = ''")
    page.locator("[data-do=python]").click()
    page.wait_for_function("__pg.copied")
    code = page.evaluate("__pg.copied")
    for name, value in shown.items():
        assert value in code, name


def test_a_number_typed_digit_by_digit_is_never_run_in_part(visit: Any) -> None:
    site = visit()
    box = site.page.locator(STEPS)
    box.click(click_count=3)
    box.press_sequentially("100000", delay=60)
    site.settle()
    assert set(steps_asked(site)) == {"20"}
    assert box.get_attribute("aria-invalid") == "true"
    assert "1 to 1,000" in site.page.evaluate(SAID)
    site.page.locator("[data-do=link]").click()
    assert "1,000, the most" in site.page.evaluate(SAID)  # on leaving, for a few seconds
    site.page.wait_for_function("__pg.copied")
    assert "100000" not in site.page.evaluate("__pg.copied")
    site.settle()
    assert box.input_value() == "1000"  # the most that is allowed
    assert box.get_attribute("aria-invalid") is None
    site.until({"grid": "UniformLogSNR", "grid.steps": "1000"})
    site.page.locator("#pg-process [data-key=VE]").click()
    site.until({"process": "VE", "grid": "Subsequence", "grid.steps": "1000"})
    assert "Forward process: VE" in site.page.locator("#pg-panel").inner_text()
    assert site.page.locator("#pg-process [aria-checked=true]").get_attribute("data-key") == "VE"
    one_truth(site)
    assert site.problems == []


@pytest.mark.parametrize(
    ("selector", "typed", "left", "words"),
    [
        ("#pg-seed input", "99999999999", "2147483647", "the most"),
        ("#pg-seed input", "-3", "0", "the least"),
        (STEPS, "", "20", "back to 20"),
        (STEPS, "-", "20", "back to 20"),
        (STEPS, "12.4", "12", "whole numbers"),
        (STEPS, "1e2", "100", ""),
        (STEPS, "0", "1", "the least"),
        ("#pg-particles input[type=number]", "1e9", "200000", "the most"),
        ("#pg-schedule-LinearBeta-beta_max input[type=number]", "5000", "40", "the most"),
        ("#pg-schedule-LinearBeta-beta_max input[type=number]", "", "20", "back to 20"),
        ("#pg-schedule-LinearBeta-beta_max input[type=number]", "17.123", "17.123", ""),
        ("#pg-start_at input[type=number]", "0", "0.05", "the least"),
    ],
)
def test_what_cannot_count_gives_way_in_words(visit: Any, selector: str, typed: str, left: str, words: str) -> None:
    site = visit("?particles=300")
    box = site.page.locator(selector)
    box.click(click_count=3)
    box.press("Delete")
    box.press_sequentially(typed, delay=20)
    box.press("Tab")
    said = site.page.evaluate(SAID)
    assert words in said
    assert bool(words) == bool(said)
    site.settle()
    assert box.input_value() == left
    assert box.get_attribute("aria-invalid") is None
    one_truth(site)
    site.page.locator("#pg-process [data-key=VE]").click()
    site.page.wait_for_function("__pg.settled && new URLSearchParams(location.search).get('process') === 'VE'")
    one_truth(site)
    assert site.problems == []


def test_every_way_in_counts_once(visit: Any) -> None:
    site = visit()
    page, box = site.page, site.page.locator(STEPS)
    box.click(click_count=3)
    box.press_sequentially("33", delay=20)
    box.press("Enter")  # at once
    site.until({"grid": "UniformLogSNR", "grid.steps": "33"})
    box.press("ArrowUp")
    site.until({"grid": "UniformLogSNR", "grid.steps": "34"})
    box.click(click_count=3)
    box.press_sequentially("44", delay=20)  # the hand rests
    site.until({"grid": "UniformLogSNR", "grid.steps": "44"})
    box.press_sequentially("4", delay=20)
    box.press("Escape")  # taken back; nothing else hears of it
    site.settle()
    assert box.input_value() == "44"
    page.locator("#pg-grid-steps-row input[type=range]").press("ArrowRight")
    site.until({"grid": "UniformLogSNR", "grid.steps": "45"})
    assert steps_asked(site) == ["20", "33", "34", "44", "45"]
    box.click(click_count=3)
    box.press_sequentially("100000", delay=10)
    page.locator("#pg-grid-steps-row input[type=range]").press("ArrowRight")  # the rail goes on from what counts
    site.until({"grid": "UniformLogSNR", "grid.steps": "1000"})


def test_what_the_server_refuses_gives_way_too(visit: Any) -> None:
    """A stop above the start is legal in each box and not in both together."""
    site = visit("?start_at=0.5")
    box = site.page.locator("#pg-stop_at input[type=number]")
    box.click(click_count=3)
    box.press_sequentially("0.7", delay=20)
    box.press("Enter")
    site.page.wait_for_function("__pg.errors.length > 0")
    site.settle()
    assert "start_at = 0.5" in site.notice()
    assert box.get_attribute("aria-invalid") == "true"
    one_truth(site)  # leaves the box
    assert box.input_value() == "0"
    assert site.query() == {"start_at": "0.5"}
    slider = site.page.locator("#pg-stop_at input[type=range]")
    slider.evaluate("(e) => { e.value = 0.8; e.dispatchEvent(new Event('input', {bubbles: true})) }")
    site.page.wait_for_function("__pg.errors.length > 1")
    site.settle()
    one_truth(site)
    assert box.input_value() == "0"


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1280, 720), (960, 600), (390, 844)])
def test_every_digit_of_a_box_is_seen(visit: Any, width: int, height: int) -> None:
    site = visit("?particles=200000&seed=2147483647", width=width, height=height)
    if width < 821:
        site.page.locator("[data-do=drawer]").click()
    for selector in ("#pg-particles input[type=number]", STEPS, "#pg-seed input"):
        assert site.page.locator(selector).evaluate("(e) => e.scrollWidth <= e.clientWidth"), selector
    box = site.page.locator(STEPS)
    box.click(click_count=3)
    box.press_sequentially("10000000", delay=10)
    assert box.evaluate("(e) => e.scrollWidth <= e.clientWidth")


def test_what_does_nothing_now_is_off_and_says_why(visit: Any) -> None:
    site = visit("?sampler=DDPM&mode=forward")
    page = site.page
    for selector in ("#pg-grid-steps", "#pg-start_at", "#pg-stop_at", "#pg-start"):
        node = page.locator(selector)
        assert "only with mode reverse" in node.get_attribute("data-tip"), selector
        assert node.locator("input").first.get_attribute("aria-disabled") == "true"
    combo = page.locator("#pg-sampler .pg-combo")
    assert combo.get_attribute("aria-disabled") == "true"
    assert "only with mode reverse" in combo.get_attribute("data-tip")
    combo.click(force=True)
    assert page.locator(".pg-pop").count() == 0
    box = page.locator(STEPS)
    box.focus()  # the keyboard still comes by
    box.press("7")
    box.press("ArrowUp")
    assert box.input_value() == "20"
    assert site.runs() == 1
    page.keyboard.press("Tab")
    page.locator(".pg-reverse").click()
    site.until({"sampler": "DDPM"})
    assert box.get_attribute("aria-disabled") is None
    weight = page.locator("#pg-sampler-DDPM-weight")
    assert "only with variance interpolated" in weight.get_attribute("data-tip")
    page.locator("#pg-sampler-DDPM-variance .pg-combo").click()
    page.locator(".pg-option[data-key=interpolated]").click()
    site.until({"sampler": "DDPM", "sampler.variance": "interpolated"})
    assert weight.get_attribute("data-tip") is None
    assert site.problems == []


def test_a_process_brings_a_grid_that_suits_it(visit: Any) -> None:
    site = visit("?process=Flow")  # a link that names no grid means what it always meant
    page = site.page
    assert page.locator("#pg-grid .pg-shown").inner_text() == "uniform log-SNR"
    page.locator("#pg-process [data-key=CosinePath]").click()
    site.until({"process": "CosinePath", "grid": "Subsequence"})
    assert "suits it" in site.notice()
    page.locator("#pg-process [data-key=EDM]").click()
    site.until({"process": "EDM"})
    page.locator("#pg-grid .pg-combo").click()
    page.locator(".pg-option[data-key=Karras]").click()
    site.until({"process": "EDM", "grid": "Karras"})
    page.locator("#pg-process [data-key=VE]").click()  # chosen by hand: it stays
    site.until({"process": "VE", "grid": "Karras"})
    page.locator("#pg-process [data-key=CLD]").click()  # unless it cannot
    site.until({"process": "CLD"})
    page.locator("#pg-process [data-key=VE]").click()
    site.until({"process": "VE", "grid": "Karras"})
    page.reload()
    site.ready()
    page.locator("#pg-process [data-key=Flow]").click()
    site.until({"process": "Flow", "grid": "Karras"})


def test_calls_stand_beside_steps_and_can_be_kept(visit: Any) -> None:
    site = visit("?sampler=Heun&grid=UniformLogSNR&grid.steps=5")
    page, cost = site.page, site.page.locator("#pg-calls")
    assert "= 9 model calls" in cost.inner_text()
    cost.locator("button").click()

    def choose(key: str, steps: str, calls: str) -> None:
        page.locator("#pg-sampler .pg-combo").click()
        page.locator(f".pg-option[data-key={key}]").click()
        page.wait_for_function("(n) => __pg.settled && document.querySelector('#pg-grid-steps input').value === n", arg=steps)
        site.settle()
        assert f"= {calls} model calls" in cost.inner_text()

    choose("Euler", "9", "9")
    assert "view.keep=calls" in page.evaluate("location.search")
    choose("Heun", "5", "9")
    choose("DPMSolverPP2M", "9", "9")
    page.reload()
    site.ready()
    assert cost.locator("button").get_attribute("aria-pressed") == "true"
    choose("Heun", "5", "9")
    cost.locator("button").click()
    choose("Euler", "5", "5")
    assert "keep" not in page.evaluate("location.search")
    page.locator("#pg-guidance .pg-combo").click()
    page.locator(".pg-option[data-key=ClassifierFree]").click()
    site.settle()
    assert "guided" in cost.inner_text()
    shown = page.evaluate("document.querySelector('.pg-status').textContent")
    assert cost.inner_text().split()[1] in shown


def test_an_unreadable_view_is_told_and_leaves_the_address(visit: Any) -> None:
    site = visit("?seed=4&view.lab=zzz&view.at=7&view.color=plaid&view.wings=2")
    notice = site.notice()
    for words in ("view.lab = zzz", "view.at = 7", "0 to 1"):
        assert words in notice
    site.page.wait_for_function("location.search === '?seed=4'")
    site = visit("?seed=4&sampler=Nonsense&view.speed=2&view.loop=off")
    site.page.wait_for_function("!location.search.includes('Nonsense')")
    assert site.page.evaluate("location.search") == "?seed=4&view.speed=2&view.loop=off"
    assert site.page.evaluate("[__pgStage.speed, __pgStage.loop]") == [2, False]
    assert site.problems == []
