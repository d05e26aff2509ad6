"""Several stages beside each other in a real browser: what each is, who edits what, one clock, one link."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import torch
from PIL import Image

from playground.core.experiment import Experiment
from playground.engine import simulate
from playground.metrics.budget import error_budget, exact_model
from playground.metrics.flow import any_flow

pytestmark = pytest.mark.browser

BASE = "?sampler=DDIM&grid=UniformLogSNR&grid.steps=8&particles=300"
STAGES = "__pg.form.compare.places.map((p) => p.stage)"
KEYS = f"JSON.stringify({STAGES}.map((s) => s.run.key))"


def link(base: str, *others: str, **view: str) -> str:
    return "&".join([base, f"view.compare={quote(''.join('*' + other for other in others))}", *(f"view.{k}={v}" for k, v in view.items())])


def choose(site: Any, slot: str, key: str) -> None:
    site.page.locator(f"#pg-{slot} .pg-combo").click()
    site.page.locator(f".pg-option[data-key={key}]").click()
    site.settle()


def words(site: Any) -> list[str]:
    return site.page.locator(".pg-place-words").all_inner_texts()


def test_the_same_seed_is_the_same_noise_for_every_sampler() -> None:
    """What stages share: two stochastic samplers start at the very same points, and so do the first of more particles."""
    runs = [
        simulate(Experiment.from_query({"sampler": sampler, "grid.steps": "6", "particles": particles, "seed": "5"}))
        for sampler, particles in (("DDPM", "64"), ("EulerMaruyama", "64"), ("DDIM", "128"))
    ]
    first = [run.frames[0].z[:64] for run in runs]
    assert torch.equal(first[0], first[1])
    assert torch.equal(first[0], first[2])


def test_a_second_stage_is_a_copy_that_is_edited_alone(visit: Any) -> None:
    site = visit(BASE)
    page = site.page
    first = page.evaluate("__pgStage.run.key")
    page.locator(".pg-compare-stages").click()
    site.settle()
    assert words(site) == ["DDIM", "a copy: change it"]
    assert page.locator(".pg-place.pg-selected .pg-place-no").inner_text() == "2"
    assert page.locator(".pg-editing-which button").all_inner_texts() == ["1", "2", "all"]
    assert page.evaluate(KEYS) == page.evaluate("(k) => JSON.stringify([k, k])", first)
    choose(site, "sampler", "Heun")
    assert words(site) == ["DDIM", "Heun"]
    keys = page.evaluate(f"{STAGES}.map((s) => s.run.key)")
    assert keys[0] == first != keys[1]
    page.wait_for_function("[...document.querySelectorAll('.pg-place-far b')].every((b) => +b.textContent > 0)")
    assert [text.split("·")[1].strip() for text in page.locator(".pg-place-far span").all_inner_texts()] == ["8 calls", "15 calls"]
    # both in one plot, each word a toggle that leaves the axis where it is
    word = page.locator(".pg-curve-distance .pg-curve-word")
    page.wait_for_function("document.querySelectorAll('.pg-curve-distance .pg-curve-word').length === 3")
    assert [text[:5] for text in word.all_inner_texts()] == ["floor", "1DDIM", "2Heun"]
    axis = "JSON.stringify(document.querySelector('.pg-curve-distance .pg-curve-plotly').layout?.yaxis.range ?? null)"
    page.wait_for_function(f"{axis} !== 'null'")
    before = page.evaluate(axis)
    word.nth(1).focus()
    page.keyboard.press("Enter")
    assert word.nth(1).get_attribute("aria-pressed") == "false"
    page.wait_for_function("document.querySelectorAll('.pg-curve-distance .scatterlayer .trace').length === 5")
    assert page.evaluate(axis) == before
    page.wait_for_function("location.search.includes('view.hide=distance.stage1')")
    word.nth(1).click()
    # the numbers belong to the right stages
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("1")
    site.settle()
    assert page.evaluate("__pg.query().sampler") == "DDIM"
    assert page.locator(".pg-place.pg-selected .pg-place-no").inner_text() == "1"
    assert page.evaluate(f"{STAGES}.map((s) => s.run.key)") == keys
    page.wait_for_function("[...document.querySelectorAll('.pg-place-far b')].every((b) => +b.textContent > 0)")
    assert page.locator(".pg-status [data-item=calls] b").inner_text() == "8"
    # what is shared changes everywhere, the rest only here
    page.locator("#pg-seed input[type=number]").fill("4")
    site.until({"sampler": "DDIM", "grid": "UniformLogSNR", "grid.steps": "8", "particles": "300", "seed": "4"})
    page.wait_for_function(f"{STAGES}.every((s) => s.run.header.seed === 4)")
    page.locator("#pg-grid-steps input[type=number]").fill("5")
    page.wait_for_function(f"JSON.stringify({STAGES}.map((s) => s.run.header.steps)) === '[5,8]'")
    page.locator(".pg-editing-which button", has_text="all").click()
    page.locator("#pg-grid-steps input[type=number]").fill("6")
    page.wait_for_function(f"JSON.stringify({STAGES}.map((s) => s.run.header.steps)) === '[6,6]'")
    site.settle()
    # the same initial points in both
    starts = page.evaluate(f"{STAGES}.map(({{ run }}) => [...run.z.slice(0, 2 * run.count)])")
    assert max(abs(a - b) for a, b in zip(*starts, strict=True)) < 1e-3
    page.locator(".pg-place-away").nth(1).click()
    site.settle()
    assert page.locator(".pg-place").count() == 0
    assert "view.compare" not in page.url
    assert page.evaluate("__pgStage.run.header.steps") == 6
    assert site.problems == []


def test_a_race_by_calls_a_link_and_undo(visit: Any) -> None:
    """At the same number of calls Heun has done half the steps; the link opened anew shows the same; a step back is a step back."""
    site = visit(link(BASE, "sampler:Heun", "grid.steps:12,sampler:DPMSolverPP2M", selected="2", clock="calls"))
    page = site.page
    page.wait_for_function(f"{STAGES}.length === 3 && {STAGES}.every((s) => s.run)")
    site.settle()
    assert page.evaluate("__pg.query().sampler") == "Heun"
    page.evaluate("__pgStage.clock.seek(__pg.form.compare.common.race.hand(6))")
    moments = f"{STAGES}.map((s) => {{ const m = s.run.facts(s.cursor); return [m.step, m.calls, +s.cursor.toFixed(6)]; }})"
    (ddim, heun, _) = page.evaluate(moments)
    assert (ddim[0], ddim[1]) == (6, 6)
    assert (heun[0], heun[1]) == (3, 6)
    assert "6 of 15 calls" in page.locator(".pg-unit-said").inner_text()
    page.evaluate("__pgStage.clock.seek(__pg.form.compare.common.race.hand(13))")
    assert page.evaluate(moments)[0][0] == 8  # done: it waits
    # what is copied and saved is of all three
    with page.expect_download() as sheet:
        page.evaluate("document.querySelector('[data-do=png]').click()")
    with page.expect_download(timeout=60000) as saved:
        page.evaluate("document.querySelector('[data-do=page]').click()")
    size = page.evaluate("(() => { const { width } = __pgStage.picture.size; return 6 * Math.max(360, width); })()")
    with Image.open(sheet.value.path()) as picture:
        assert picture.width == pytest.approx(size, abs=8)
    html = Path(saved.value.path()).read_text(encoding="utf-8")
    assert [html.count(f'aria-label="two moons · VP · {name}') for name in ("DDIM", "Heun", "DPM-Solver++ 2M")] == [1, 1, 1]
    page.evaluate("document.querySelector('[data-do=python]').click()")
    page.wait_for_function("(__pg.copied ?? '').includes('pg.compare(*runs)')")
    assert page.evaluate("__pg.copied").count("pg.Experiment(") == 3
    site.settle()
    state = f"JSON.stringify([__pg.query(), __pg.form.compare.at, {moments}, {KEYS}, [...document.querySelectorAll('.pg-place-words')].map((n) => n.textContent), document.querySelector('.pg-unit').value])"
    told = page.evaluate(state)
    page.reload()
    site.ready()
    page.wait_for_function(f"{STAGES}.length === 3 && {STAGES}.every((s) => s.run) && __pg.settled")
    assert page.evaluate(state) == told
    page.locator("#pg-grid-steps input[type=number]").fill("3")
    page.wait_for_function(
        f"JSON.stringify({STAGES}.map((s) => s.run.header.steps)) === '[8,3,12]' && location.search.includes('grid.steps:3')"
    )
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+z")
    page.wait_for_function(f"JSON.stringify({STAGES}.map((s) => s.run.header.steps)) === '[8,8,12]' && __pg.settled")
    assert page.evaluate("__pg.query().sampler") == "Heun"
    assert site.problems == []


def test_fields_are_asked_for_once(visit: Any) -> None:
    """Stages of the same data and process share them."""
    site = visit(link(BASE, "sampler:Heun", "sampler:DDPM", "process:VE"))
    page = site.page
    page.wait_for_function(f"{STAGES}.length === 4 && {STAGES}.every((s) => s.run && s.fields && !s.fields.stale)")
    site.settle()
    assert sum("layer=fields" in r for r in site.requests) <= 3  # of VP, perhaps once more while the page began, and of VE
    assert site.problems == []


def test_a_bad_link_says_what_is_wrong_and_shows_the_rest(visit: Any) -> None:
    site = visit(link(BASE, "sampler:Heun", "nonsense", "sampler:NoSuch"))
    page = site.page
    page.wait_for_function(f"{STAGES}.length === 2 && {STAGES}.every((s) => s.run) && __pg.settled")
    assert words(site) == ["DDIM", "Heun"]
    assert "nonsense" in site.notice()
    assert "Stage 4 is left out" in site.notice()  # by its number in the link
    site = visit(BASE + "&view.compare=garbage")
    assert "view.compare" in site.notice()
    assert site.page.locator(".pg-place").count() == 0
    site = visit(link(BASE, *["grid.steps:4"] * 6))
    assert "7 stages; at most 6" in site.notice()
    site.page.wait_for_function(f"{STAGES}.length === 6 && {STAGES}.every((s) => s.run) && __pg.settled")
    assert site.page.locator(".pg-stage-more").is_disabled()
    assert site.problems == []


def test_keys_of_digits_select_and_then_are_layers_again(visit: Any) -> None:
    site = visit(link(BASE, "sampler:Heun"))
    page = site.page
    page.wait_for_function(f"{STAGES}.length === 2 && {STAGES}.every((s) => s.run) && __pg.settled")
    layers = page.evaluate("__pgStage.layers.length")
    page.keyboard.press("2")
    site.settle()
    assert page.evaluate("__pg.form.compare.at") == 1
    assert page.evaluate("__pgStage.layers.length") == layers
    page.keyboard.press("3")
    assert abs(page.evaluate("__pgStage.layers.length") - layers) == 1
    page.wait_for_function(f"new Set({STAGES}.map((s) => String(s.layers))).size === 1")
    page.keyboard.press("3")
    # the link of what is shown is opened once more: nothing is waited for
    page.evaluate("history.pushState({}, '', location.href), dispatchEvent(new PopStateEvent('popstate'))")
    site.settle()
    assert "view.selected=2" in page.url
    page.locator(".pg-place-away").nth(0).click()
    site.settle()
    assert "view.selected" not in page.url
    page.keyboard.press("2")
    assert page.evaluate("__pgStage.layers.length") != layers
    assert page.evaluate("__pg.query().sampler") == "Heun"
    assert site.problems == []


def test_twins_are_apart_by_what_numpy_finds(visit: Any) -> None:
    """Laid over each other: the mean distance of particles with the same noise, at the end and on the way, is that of two runs of the engine."""
    site = visit(link(BASE, "sampler:Heun", "process:VE", overlay="2"))
    page = site.page
    page.wait_for_function(f"{STAGES}.length === 3 && {STAGES}.every((s) => s.run) && __pg.settled")
    query = {"sampler": "DDIM", "grid": "UniformLogSNR", "grid.steps": "8", "particles": "300"}
    runs = [simulate(Experiment.from_query(query | {"sampler": sampler})) for sampler in ("DDIM", "Heun")]
    assert page.locator(".pg-place:visible").count() == 1
    for step in (8, 5):
        page.evaluate("(c) => __pgStage.seek(c)", page.evaluate("(j) => __pgStage.run.moments.grid[j]", step))
        page.wait_for_function("!__pgStage.dirty")
        a, b = (run.frames[step].z.numpy() for run in runs)
        assert page.evaluate("__pg.form.compare.overlay.mean") == pytest.approx(np.linalg.norm(a - b, axis=1).mean(), abs=1e-3)
    assert page.evaluate("__pg.form.compare.overlay.curve.values[0]") == 0  # they begin as one
    site.settle()
    page.keyboard.press("2")
    site.settle()
    assert "view.overlay=1" in page.url
    page.keyboard.press("3")
    site.settle()
    assert "different coordinates" in page.locator(".pg-twins").inner_text()
    page.locator(".pg-stage-over").click()
    site.settle()
    assert page.locator(".pg-place:visible").count() == 3
    assert page.locator(".pg-twins").is_hidden()
    # the exact flow of the selected run's own particles; the other stages stay
    page.keyboard.press("1")
    page.locator(".pg-flow-over").click()
    page.evaluate("__pgStage.seek(__pgStage.end)")
    page.wait_for_function("!__pgStage.dirty && __pg.form.compare.overlay.mean > 0")
    run = runs[0]
    ends = any_flow(exact_model(Experiment.from_query(query)), run.frames[0].z.double(), float(run.times[0]), float(run.times[-1])).numpy()
    apart = np.linalg.norm(run.frames[-1].z.numpy() - ends, axis=1).mean()
    assert page.evaluate("__pg.form.compare.overlay.mean") == pytest.approx(apart, abs=1e-3)
    assert page.evaluate("__pg.form.compare.overlay.curve.values[0]") < 1e-3
    assert page.locator(".pg-place:visible").count() == 3
    choose(site, "sampler", "DDPM")
    assert "draws noise" in page.locator(".pg-twins").inner_text()
    assert site.problems == []


def test_on_a_phone_stages_are_swiped(visit: Any) -> None:
    site = visit(link(BASE, "sampler:Heun", "process:CLD,sampler:SSCS,-grid"), width=390, height=844, has_touch=True)
    page = site.page
    page.wait_for_function(f"{STAGES}.length === 3 && {STAGES}.every((s) => s.run) && __pg.settled")
    boxes = [cell.bounding_box() for cell in page.locator(".pg-place").all()]
    assert all(box["width"] > 340 for box in boxes)
    page.evaluate("document.querySelector('.pg-stages').scrollTo({ left: 400 })")
    page.wait_for_function("document.querySelectorAll('.pg-place')[1].getBoundingClientRect().x < 30")
    page.locator(".pg-place").nth(1).locator(".pg-further canvas.pg-canvas").tap()
    site.settle()
    assert page.evaluate("__pg.form.compare.at") == 1
    wide = "[...document.querySelectorAll('#pg-main *')].filter((n) => !n.closest('.pg-stages, .pg-legend, .pg-chips, .pg-lab-strip, #pg-left') && n.getBoundingClientRect().right > innerWidth + 1).map((n) => n.className || n.id)"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.evaluate(wide)
    assert site.problems == []


def test_images_stand_beside_each_other_or_on_two_sides_of_a_line(visit: Any) -> None:
    """From the same noise, under one cursor; the overlay of images is the line; the link opened anew shows the same."""
    site = visit("?data=digits-unet&particles=4&grid.steps=4&seed=2")
    page = site.page
    panes = "__pg.form.compare.places.map((p) => p.further?.images ?? __pg.images)"
    page.locator(".pg-compare-stages").click()
    site.settle()
    assert words(site)[1] == "a copy: change it"
    page.locator("#pg-grid-steps input[type=number]").fill("8")
    page.wait_for_function(
        f"JSON.stringify({panes}.map(({{ run }}) => run?.header.steps)) === '[4,8]' && location.search.includes('steps:8')"
    )
    site.settle()
    starts = page.evaluate(f"{panes}.map(({{ run }}) => [...run.arrays['image/x'].data.slice(0, 256)])")
    assert starts[0] == starts[1]
    page.evaluate("__pgStage.seek(0.5)")
    frames = page.evaluate(f"{STAGES}.map((s) => s.run.facts(0.5).frame)")
    page.wait_for_function(
        f"(f) => JSON.stringify({panes}.map(({{ drawn }}) => +drawn?.split('|').at(-1))) === JSON.stringify(f)", arg=frames
    )
    page.locator(".pg-stage-over").click()
    site.settle()
    assert page.locator(".pg-place:visible").count() == 1
    assert page.evaluate("__pg.images.compare.run.header.steps") == 4
    assert "steps 4" in page.locator(".pg-compare-a:visible").inner_text()
    assert "view.overlay=1" in page.url
    page.locator(".pg-stage-over").click()
    site.settle()  # the address is written when hands rest
    page.reload()
    site.ready()
    page.wait_for_function(
        f"{STAGES}.length === 2 && JSON.stringify({panes}.map(({{ run }}) => run?.header.steps)) === '[4,8]' && __pg.settled"
    )
    assert page.evaluate("__pg.images.compare.run") is None
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("1")
    site.settle()
    assert page.evaluate("__pg.query()['grid.steps']") == "4"
    assert page.evaluate(f"{panes}.map(({{ run }}) => run.header.steps)") == [4, 8]
    # the toys are no stage beside images: these are kept, and come back with their page
    page.locator("nav a[data-page=toys]").click()
    page.wait_for_function("!__pgStage.run.header.image && __pg.settled")
    assert page.locator(".pg-place").count() == 0
    assert "2 stages are kept" in site.notice()
    page.locator("nav a[data-page=images]").click()
    page.wait_for_function(
        f"{STAGES}.length === 2 && JSON.stringify({panes}.map(({{ run }}) => run?.header.steps)) === '[4,8]' && __pg.settled"
    )
    page.locator(".pg-place-away").nth(1).click()
    site.settle()
    assert page.locator(".pg-place").count() == 0
    assert "view.compare" not in page.url
    assert site.problems == []


def test_budgets_of_all_stages_stand_in_one_plot(visit: Any) -> None:
    """A lane each in every row; hiding one leaves the other where it stands."""
    site = visit(link(BASE.replace("particles=300", "particles=300&data=two_modes"), "sampler:Heun", lab="errors"))
    page = site.page
    page.wait_for_function("document.querySelectorAll('.pg-err-stage').length === 2", timeout=60000)
    lanes = page.locator(".pg-err-row[data-part=steps] .pg-err-lane")
    assert lanes.count() == 2
    said = [float(lanes.nth(n).get_attribute("title").split("): ")[1].split(" ±")[0].replace("−", "-")) for n in (0, 1)]
    for sampler, value in zip(("DDIM", "Heun"), said, strict=True):
        budget = error_budget(Experiment.from_query({"data": "two_modes", "sampler": sampler, "grid": "UniformLogSNR", "grid.steps": "8"}))
        assert value == pytest.approx(next(one.share for one in budget.parts if one.name == "steps"), abs=2e-3)
    place = lanes.nth(1).get_attribute("style")
    page.locator(".pg-err-stage").nth(0).press("Enter")
    assert page.locator(".pg-err-stage").nth(0).get_attribute("aria-pressed") == "false"
    assert lanes.count() == 1
    assert lanes.nth(0).get_attribute("style") == place
    assert site.problems == []
