"""What "this step" says of a run's last step, which goes to t = 0: each sampler's own words."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser

MEAN = "x0 is the model’s E[x0 | xt]"
ENDS = {
    "?sampler=Euler": MEAN,
    "?sampler=DDIM": MEAN,
    "?sampler=ExactAncestral": "x0 is a draw from the model’s exact p(x0 | xt)",
    "?data=letters&sampler=TokenAncestral": "every symbol of x0 is a draw from the model’s p(x0 | xt)",
    "?data=torus_peaks&sampler=WrappedAncestral": "θ0 is a draw from the exact p(θ0 | θt)",
    "?process=CLD": "z0 is the model’s E[z0 | zt]",
    "?guidance=ClassifierFree": "x0 is the guided x̂0 of the formula below",
    "?sampler=PredictorCorrector": "1 Langevin step more at this level; then " + MEAN,
}


@pytest.mark.parametrize("query", ENDS)
def test_the_last_step_is_told_as_the_sampler_makes_it(visit: Any, query: str) -> None:
    """Mutant killed: one sentence for all samplers, which is false for those that draw."""
    site = visit(query + "&view.at=0")
    says = site.page.locator(".pg-step-says").inner_text()
    assert says.partition("to t = 0 at once, ")[2].replace("₀", "0") == ENDS[query], says
    assert site.problems == []


def test_symbols_are_told_in_no_time_of_noise_levels(visit: Any) -> None:
    """σ/α and the times that are functions of it mean nothing for symbols: they cannot be chosen, and a link's falls back to t."""
    site = visit("?data=letters&view.time=sigma&view.at=0.5")
    page = site.page
    off = page.evaluate("[...document.querySelectorAll('.pg-scale option')].filter((o) => o.disabled).map((o) => o.value)")
    assert off == ["sigma", "flow", "ddpm"]
    assert page.locator(".pg-scale").input_value() == "t"
    assert page.evaluate("__pg.time.said(__pgStage.run.facts(0.5))").startswith("t = ")
    page.locator("#pg-data [data-key=moons]").click()
    site.until({})
    assert page.locator(".pg-scale").input_value() == "sigma"
    assert page.evaluate("__pg.time.said(__pgStage.run.facts(0.5))").startswith("σ = ")
    assert site.problems == []


def test_a_start_that_the_judge_refuses_is_crossed_out_and_gives_way(visit: Any) -> None:
    """A Gaussian of symbols there is none of. Mutants killed: the switch offers it; data that refuse it keep it."""
    site = visit("?start=gaussian")
    page = site.page
    page.locator("#pg-data [data-key=letters]").click()
    site.until({"data": "letters", "process": "Absorbing", "grid": "UniformTime"})
    refused = page.locator("#pg-start label.pg-no")
    assert [words.strip() for words in refused.all_inner_texts()] == ["gaussian"]
    assert refused.get_attribute("data-tip") == page.evaluate("__pg.why('start', 'gaussian')") != ""
    assert refused.locator("input").is_disabled()
    page.locator("#pg-start label", has_text="exact").click()
    site.until({"data": "letters", "process": "Absorbing", "grid": "UniformTime", "start": "exact"})
    page.locator("#pg-data [data-key=moons]").click()
    site.until({"start": "exact"})
    assert refused.count() == 0
    assert site.problems == []
