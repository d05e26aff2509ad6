"""The lab "tasks" in a real browser: a mask painted with a pointer, results that form, a run that is stopped, words for what is missing."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser

CELLS = """() => [...document.querySelectorAll('.pg-task-cell')].map((c) => {
  const d = c.width && c.getContext('2d').getImageData(0, 0, c.width, c.height).data, out = [];
  for (let i = 0; i < d.length; i += 4) out.push(d[i]);
  return out; })"""
IDLE = "() => document.querySelector('.pg-task-go').textContent === 'run'"


def lab(visit: Any, task: str, **more: str) -> Any:
    query = {"data": "mnist-unet", "particles": "4", "seed": "2", "grid.steps": "8", "view.lab": "tasks", "view.task": task, **more}
    site = visit("?" + "&".join(f"{k}={v}" for k, v in query.items()))
    site.page.locator(".pg-task-go").wait_for()
    return site


def paint(page: Any, pad: str, points: list[tuple[float, float]]) -> None:
    page.locator(pad).scroll_into_view_if_needed()
    box = page.locator(pad).bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for spot in at[1:]:
        page.mouse.move(*spot, steps=6)
    page.mouse.up()


def run(page: Any) -> str:
    page.locator(".pg-task-go").click()
    page.wait_for_function(IDLE)
    page.wait_for_function("() => /model calls/.test(document.querySelector('.pg-task-said').innerText)")
    return page.locator(".pg-task-said").inner_text()


def test_a_painted_mask_is_drawn_anew(visit: Any) -> None:
    """What is not painted stays to the last grey level, what is painted differs between variants. Mutant killed: mask turned over."""
    site = lab(visit, "inpaint", **{"view.r": "2"})
    page = site.page
    page.locator(".pg-task-go").click()
    assert "paint a mask" in page.locator(".pg-task-said").inner_text()
    paint(page, ".pg-task-pad-mask", [(0.1, 0.75), (0.9, 0.75), (0.1, 0.9), (0.9, 0.9)])
    assert "15 model calls" in run(page)
    cells = np.array(page.evaluate(CELLS))
    assert cells.shape == (5, 28 * 28)
    source = page.evaluate(
        """() => { const run = __pgStage.run, d = run.arrays['image/x'].data; return [...d.subarray(d.length - 4 * 784, d.length - 3 * 784)]; }"""
    )
    given, variants = cells[0].reshape(28, 28), cells[1:].reshape(4, 28, 28)
    np.testing.assert_array_equal(variants[:, :18], np.broadcast_to(np.array(source).reshape(28, 28)[:18], (4, 18, 28)))
    assert (given[21, 5:23] == 128).all()  # the painted part is given as grey
    assert not (variants[0, 18:] == variants[1, 18:]).all()
    assert page.locator(".pg-task-known").count() == 3
    page.locator(".pg-task-tools button", has_text="clear").click()
    page.locator(".pg-task-go").click()
    assert "paint a mask" in page.locator(".pg-task-said").inner_text()
    assert len(page.evaluate(CELLS)) == 5  # the last good result stays
    assert site.problems == []


def test_a_task_is_stopped_within_a_step(visit: Any) -> None:
    site = lab(visit, "inpaint", **{"grid.steps": "100", "view.r": "20"})
    page = site.page
    page.locator(".pg-task-tools button", has_text="lower half").click()
    page.locator(".pg-task-go").click()
    page.wait_for_function("() => /step [1-9]/.test(document.querySelector('.pg-task-said').innerText)")
    page.locator(".pg-task-go").click()
    page.wait_for_function(IDLE)
    assert "stopped" in page.locator(".pg-task-said").inner_text()
    page.locator(".pg-task-tab", has_text="sweep").click()
    page.wait_for_function("() => document.querySelector('.pg-task-left select').options.length > 2")
    assert site.problems == []


def test_edit_reconstruct_and_sweep(visit: Any) -> None:
    site = lab(visit, "edit")
    page = site.page
    paint(page, ".pg-task-pad-draw", [(0.3, 0.25), (0.7, 0.25), (0.45, 0.5), (0.7, 0.7), (0.3, 0.8)])
    run(page)
    cells = np.array(page.evaluate(CELLS)) / 127.5 - 1
    moved = np.sqrt(((cells[1:] - cells[0]) ** 2).mean(1))
    assert len(moved) == 8
    assert moved[0] < moved[-1]
    assert cells[0].max() > 0.9
    picture = io.BytesIO()
    Image.fromarray(np.kron(np.eye(4, dtype=np.uint8) * 255, np.ones((50, 50), np.uint8))).save(picture, "PNG")
    page.locator(".pg-task-file").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": picture.getvalue()})
    page.locator(".pg-task-tools button", has_text="invert").wait_for()
    page.locator(".pg-task-file").set_input_files({"name": "b.txt", "mimeType": "text/plain", "buffer": b"no picture"})
    page.wait_for_function("() => /no readable image/.test(document.querySelector('.pg-task-said.bad')?.innerText)")

    page.locator(".pg-task-tab", has_text="reconstruct").click()
    run(page)
    assert page.locator(".pg-task-curve circle").count() == 5

    page.locator(".pg-task-tab", has_text="sweep").click()
    page.wait_for_function("() => document.querySelector('.pg-task-left select').options.length > 2")
    page.locator(".pg-task-left select").first.select_option("guidance.weight")
    run(page)
    assert page.locator(".pg-task-cell").count() == 24
    page.locator(".pg-task-column").last.click()
    want = {"grid": "UniformLogSNR", "grid.steps": "8", "guidance": "ClassifierFree", "guidance.weight": "4"}
    site.until({"data": "mnist-unet", "particles": "4", "seed": "2", **want})
    assert site.problems == []


def test_a_process_that_cannot_encode_says_so(visit: Any) -> None:
    site = lab(visit, "reconstruct", process="CLD")
    page = site.page
    page.locator(".pg-task-go").click()
    page.wait_for_function("() => /no velocity/.test(document.querySelector('.pg-task-said')?.innerText)")
    assert site.problems == []
