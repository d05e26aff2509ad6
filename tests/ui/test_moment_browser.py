"""What is shown at a cursor: held where noise was drawn, straight where none was; and one step for all who tell of it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch

import playground as pg
from playground.engine import grid_times

pytestmark = pytest.mark.browser

DRAWN = "(() => { const { panels, ...m } = __pgStage.drawn(); return { ...m, a: panels[0].a, b: panels[0].b }; })()"
SAID = """() => ({
  caption: document.querySelector('.pg-cap-more').textContent.match(/step (\\d+)\\/(\\d+)/)?.slice(1).map(Number),
  panel: (document.querySelector('.pg-step-says').textContent.match(/step (\\d+) of (\\d+)/)?.slice(1) ?? [0, __pgStage.run.header.steps]).map(Number),
  curve: document.querySelector('.pg-curve-snr .pg-curve-word:last-child b')?.textContent.split('/').map(Number),
  calls: document.querySelector('[data-part=calls]').textContent.split(' / ').map(Number),
  times: document.querySelector('[data-part=times]').textContent.split(' → '),
})"""


def seek(site: Any, clock: float) -> None:
    site.page.evaluate("(c) => __pgStage.seek(c)", clock)
    site.page.wait_for_timeout(120)


def exact(query: dict[str, str]) -> Any:
    return pg.simulate(pg.Experiment.from_query(query))


def test_between_two_draws_the_state_is_held(visit: Any) -> None:
    """Exact ancestral, four steps: halfway on a straight line the cloud has sd 0.80 and 0.73; the sampler never has."""
    query = {"sampler": "ExactAncestral", "grid.steps": "4"}
    site = visit("?sampler=ExactAncestral&grid.steps=4&view.at=0.4")
    shown, states = site.page.evaluate(DRAWN), exact(query)
    x = torch.tensor([shown["a"], shown["b"]]).T
    assert x.std(0).tolist() == pytest.approx(states.x[1].std(0).tolist(), abs=2e-3)
    assert x.std(0).tolist() == pytest.approx([1.0, 1.0], abs=0.06)
    assert (shown["step"], shown["state"], shown["between"]) == (2, 1, True)
    # and everything around it is of the same time: density, caption, curves
    assert shown["t"] == pytest.approx(float(states.times[1]), rel=1e-6)
    assert site.page.evaluate("__pgStage.picture.scene(__pgStage.run, 1).clock") == pytest.approx(shown["clock"])
    told = site.page.evaluate("document.querySelector('.pg-cap').innerText")
    assert "t = 0.604" in told
    assert "held" in told
    site.page.evaluate("__pgStage.step(1)")  # a state itself, whose link is shorter than its clock
    site.settle()
    at = site.page.evaluate("__pgStage.drawn().state")
    site.page.reload()
    site.ready()
    assert site.page.evaluate("[__pgStage.drawn().state, __pgStage.drawn().between]") == [at, False]


@pytest.mark.parametrize(
    ("query", "moves"),
    [
        ("sampler=Euler&grid.steps=6", True),
        ("sampler=DDIM&grid.steps=6", True),
        ("sampler=DDIM&sampler.eta=0.4&grid.steps=6", False),
        ("sampler=DDIM&grid.steps=400", False),  # several steps lie between the states that are sent
        ("sampler=DDPM&grid.steps=6&data=two_modes", False),
        ("mode=forward", False),
        ("mode=forward&process=PFGMPP", True),
        ("process=CLD&data=two_modes", False),
        ("process=CLD&data=two_modes&sampler=Heun", True),
        ("sampler=EulerMaruyama&sampler.strength=0", True),
        ("sampler=AnnealedLangevin&grid.steps=6", False),
    ],
)
def test_particles_move_only_where_nothing_is_drawn(visit: Any, query: str, moves: bool) -> None:
    site = visit(f"?particles=50&{query}")
    clocks = site.page.evaluate("[...__pgStage.run.clock]")
    i = len(clocks) // 2
    pictures = []
    for share in (0.0, 0.5, 1.0):
        seek(site, clocks[i] + (clocks[i + 1] - clocks[i]) * share)
        pictures.append(torch.tensor(site.page.evaluate(DRAWN)["b"]))
    start, middle, end = pictures
    assert not torch.allclose(start, end, atol=1e-4)
    assert torch.allclose(middle, (start + end) / 2 if moves else start, atol=1e-3)


CASES = [
    ({"sampler": "ExactAncestral", "grid.steps": "4"}, (1.0, 0.9, 0.4, 0.11, 0.03, 0.0)),
    ({"data": "two_modes", "sampler": "DDPM", "grid.steps": "1000", "particles": "100"}, (1.0, 0.5, 0.31, 0.0007, 0.0)),
    ({"sampler": "Heun", "grid.steps": "100"}, (0.5, 0.2)),
    ({"sampler": "Euler", "particles": "50000"}, (0.97, 0.5, 0.1)),
    ({"process": "EDM", "sampler": "EDMHeun", "grid": "Karras"}, (0.7, 0.2, 0.0)),
    ({"sampler": "Euler", "grid.steps": "8", "stop_at": "0.05"}, (0.3, 0.05)),
    ({"sampler": "DDPM", "start_at": "0.5"}, (1.0, 0.4, 0.0)),
]


@pytest.mark.parametrize(("query", "clocks"), CASES, ids=lambda v: "-".join(v.values()) if isinstance(v, dict) else "")
def test_all_places_tell_the_step_that_holds_the_cursor(visit: Any, query: dict[str, str], clocks: tuple[float, ...]) -> None:
    exp = pg.Experiment.from_query(query)
    times = grid_times(exp)
    grid = exp.process.clock(torch.tensor(times, dtype=torch.float64)).clamp(0, 1).tolist()
    site = visit("?" + "&".join(f"{k}={v}" for k, v in query.items()))
    for c in clocks:
        seek(site, c)
        step = 0 if c >= grid[0] - 1e-6 else next(j for j in range(1, len(grid)) if grid[j] <= c + 1e-6)
        if c <= grid[-1] + 1e-6:
            step = len(grid) - 1
        said = site.page.evaluate(SAID)
        want = [step, len(grid) - 1]
        assert said["caption"] == said["panel"] == want, c
        if said["curve"]:
            assert said["curve"] == want
        if step:
            start, end = (float(t.replace("−", "-")) for t in said["times"])
            assert start == pytest.approx(times[step - 1], rel=6e-3)
            assert end == pytest.approx(times[step], rel=6e-3)
            if start > 0.01:
                assert start != end
        calls = exp.sampler.calls(step) if step == len(grid) - 1 and times[-1] == 0 else None
        if calls is not None:
            assert said["calls"][0] == calls


def test_the_errors_lab_speaks_of_the_same_step(visit: Any) -> None:
    site = visit("?sampler=Euler&grid.steps=6&view.lab=errors")
    site.page.wait_for_function("document.querySelector('#pg-lab-errors').dataset.shown === __pgStage.run.header.key")
    for clock in (0.9, 0.5, 0.08):
        seek(site, clock)
        step = site.page.evaluate("__pgStage.run.facts(__pgStage.cursor).step")
        site.page.wait_for_function("(s) => document.querySelector('.pg-err-map').dataset.shown?.endsWith('|' + (s - 1))", arg=step)
        times = site.page.evaluate("(() => { const m = __pgStage.run.facts(__pgStage.cursor); return [m.from.t, m.to.t] })()")
        shown = site.page.evaluate("document.querySelector('.pg-err-map .pg-err-caption').textContent")
        curve = site.page.evaluate("document.querySelector('.pg-err-steps .pg-err-word').textContent")
        for words in (shown, curve):
            told = [float(w) for w in words.replace("t = ", "").split(":")[0].split(" → ")]
            assert told == pytest.approx(times, rel=6e-3)


@pytest.mark.parametrize(("scale", "symbol"), [("snr", "log-SNR"), ("sigma", "σ"), ("flow", "τ"), ("ddpm", "n"), ("t", "t")])
def test_told_times_have_round_even_ticks(visit: Any, scale: str, symbol: str) -> None:
    site = visit(f"?data=two_modes&view.time={scale}")
    ticks = site.page.evaluate("__pg.time.ticks((u) => __pgStage.run.moments.timeAt(1 - u), 0, 1, 0.08)")
    values = [t["value"] for t in ticks]
    assert len(values) >= 3
    ratios = {round(b / a, 6) for a, b in itertools.pairwise(values) if a and b / a > 0}
    gaps = {round(b - a, 6) for a, b in itertools.pairwise(values)}
    whole = min(abs(g) for g in gaps)
    assert len(ratios) == 1 or all(abs(g / whole - round(g / whole)) < 1e-6 for g in gaps)  # a label that has no room is left out
    assert site.page.evaluate("document.querySelector('.pg-cap b').textContent").startswith(f"{symbol} = ")
    assert all(0 <= t["x"] <= 1 for t in ticks)
    assert site.problems == []


def test_steps_near_the_data_are_told_apart_and_can_be_reached(visit: Any) -> None:
    site = visit("?sampler=DDIM", width=1280, height=720)
    box = site.page.locator(".pg-range").bounding_box()
    assert box["width"] > 220  # ten pixels a step, also near the data
    told = []
    for step in range(14, 21):
        site.page.mouse.click(box["x"] + 8 + (box["width"] - 16) * step / 20, box["y"] + box["height"] / 2)
        site.page.wait_for_timeout(80)
        moment = site.page.evaluate("__pgStage.run.facts(__pgStage.cursor)")
        assert moment["step"] in (step, step + 1)
        told.append(site.page.evaluate("document.querySelector('.pg-cap b').textContent"))
    assert len(set(told)) == len(told)


def test_a_pin_says_where_it_speaks(visit: Any) -> None:
    site = visit("?sampler=DDPM&view.at=0.5&view.pin=x,0.5,0.5,0.5")
    word = site.page.locator(".pg-pin-word")
    assert word.is_visible()
    word.locator("button").click()
    assert site.page.locator(".pg-lab-tab[aria-selected=true]").inner_text() == "denoising"
    word.wait_for(state="hidden")  # once the lab's script has come
    assert not word.is_visible()


def test_images_tell_the_step_of_the_picture_that_is_shown(visit: Any) -> None:
    site = visit("?data=digits-unet&particles=4&grid.steps=150&view.lab=film")
    for clock in (0.9, 0.6, 0.31, 0.2):
        seek(site, clock)
        moment = site.page.evaluate("__pgStage.run.facts(__pgStage.cursor)")
        column = site.page.evaluate("[...document.querySelectorAll('.pg-film-rows canvas')].find((c) => c.className === 'on').ariaLabel")
        said = site.page.evaluate(SAID)
        assert moment["step"] == moment["state"] == said["caption"][0] == said["panel"][0] == int(column.split(",")[0].split()[-1])
        assert moment["clock"] == pytest.approx(site.page.evaluate("[...__pgStage.run.clock]")[moment["frame"]])
    assert site.problems == []
