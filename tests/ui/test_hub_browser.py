"""Hub models on the page: loaded from a folder that the owner gives, told words, refused elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from playground.images import hub, source
from playground.ui import hub as routes
from tests.images import tiny


def lines(data: str) -> list[dict[str, Any]]:
    return [told for told in map(json.loads, routes.steps(data)) if told]


def test_a_load_is_told_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress, then the model with what cannot be chosen with it; an error in its own words; a reader that goes away cancels.

    Mutants killed: a text model that does not allow prompts; a load that goes on without a reader.
    """
    monkeypatch.setattr(source, "_served", True)
    monkeypatch.setattr(source, "_given", [])
    folder = tiny.save("sd", tmp_path / "sd")
    assert "a folder beneath those" in lines(f"hub:{folder}")[-1]["error"]["message"]
    source.allow(tmp_path)
    steps = routes.steps(f"hub:{folder}")
    next(steps)
    steps.close()
    with hub._loading:  # the load that nobody reads has ended
        assert hub.loaded() is None
    *told, last = lines(f"hub:{folder}")
    assert {"words", "done", "of"} == set(told[-1])
    model = last["loaded"]
    assert model["text"]
    told, pool = model["reasons"], model["reasons"]["pool"]
    words = lambda table: {key: pool["words"][word] for key, word in pool["tables"][table].items()}  # noqa: E731
    guidance = words(pool["leaves"][told["under"]["VP"]["NoGuidance"]]["guidance"])
    assert "Prompt" not in guidance
    assert "classes" in guidance["EachClass"]
    assert "Gaussian kernel" in words(told["process"])["PFGMPP"]
    assert "classes" in guidance["ClassifierFree"]
    assert routes.status()["loaded"]["data"] == f"hub:{folder}"
    hub.unload()


@pytest.mark.browser
def test_a_model_is_loaded_and_told_words(visit: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A link to a model that is not loaded opens the form; loaded, it opens what the link says; words make another picture; elsewhere is refused."""
    folder = tiny.save("sd", tmp_path_factory.getbasetemp() / "models" / "sd")
    site = visit(f"?data=hub:{folder}&seed=5&particles=2&guidance=Prompt&guidance.prompt=a+cat")
    page = site.page
    page.wait_for_function("() => document.querySelector('.pg-hub-said').innerText.includes('not loaded here yet')")
    assert site.query() == {"seed": "5", "particles": "2"}
    page.locator("#pg-hub-source").fill("/etc")
    page.locator(".pg-hub-row button").click()
    page.wait_for_function("() => document.querySelector('.pg-hub-said').innerText.includes('a folder beneath those')")
    page.locator("#pg-hub-source").fill(str(folder))
    page.locator(".pg-hub-row button").click()
    page.wait_for_function("() => window.__pgStage?.run?.header.image?.batch === 2 && __pg.settled")
    asked = {"data": f"hub:{folder}", "seed": "5", "particles": "2", "guidance": "Prompt", "guidance.prompt": "a cat"}
    site.until(asked)
    assert page.evaluate("document.querySelector('.pg-images-cell').width") == 16  # the decoder's picture
    page.evaluate("() => { __pgStage.pause(); __pgStage.cursor = 1; }")
    page.wait_for_function("() => document.querySelector('.pg-images-cell').width === 8")  # the quick one of a latent
    page.locator("#pg-guidance-Prompt-negative :is(input, textarea)").fill("dog")
    site.until({**asked, "guidance.negative": "dog"})
    page.locator("nav a[data-page=toys]").click()
    site.until({"seed": "5", "particles": "2"})
    assert page.locator("#pg-guidance [role=combobox]").inner_text() == "none"
    assert site.problems == []
