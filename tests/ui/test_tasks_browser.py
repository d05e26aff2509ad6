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
    site.until({"data": "mnist", "particles": "4", "seed": "2", **want})
    assert site.problems == []


def test_a_process_that_cannot_encode_says_so(visit: Any) -> None:
    site = lab(visit, "reconstruct", process="CLD")
    page = site.page
    page.locator(".pg-task-go").click()
    page.wait_for_function("() => /no velocity/.test(document.querySelector('.pg-task-said')?.innerText)")
    assert site.problems == []


DONE = "() => /model calls/.test(document.querySelector('.pg-task-said')?.innerText)"


def test_a_link_makes_the_task_again(visit: Any) -> None:
    """Picture, mask, numbers travel: the link opens with the very same cells, without a button. Mutants killed: a mask that is lost, another picture."""
    site = lab(visit, "inpaint", data="digits-wiener", **{"view.task": ""})
    page = site.page
    page.locator(".pg-images-cell").nth(2).click()
    assert page.evaluate("__pg.images.one.is") is False  # it was picked for the task
    paint(page, ".pg-task-pad-mask", [(0.2, 0.6), (0.7, 0.6), (0.7, 0.9)])
    page.locator(".pg-task-left input[type=range]").nth(3).fill("2")  # variants
    run(page)
    assert "from the exact mean" in page.locator(".pg-task-numbers").inner_text()
    before = page.evaluate(CELLS)
    page.wait_for_function("() => ['image=2', 'mask=z', 'variants=2'].every((w) => location.search.includes(w))")
    again = visit(page.evaluate("location.search"))
    again.page.wait_for_function(DONE)
    after = again.page.evaluate(CELLS)
    assert len(after) == 6
    assert after == before
    again.page.locator(".pg-lab-tab", has_text="curves").click()
    again.page.wait_for_function("() => !location.search.includes('view.mask')")  # a lab that is shut is not in the link
    assert site.problems == again.problems == []


def test_a_mask_on_the_first_image_travels(visit: Any) -> None:
    """That image opens anyway and is not said; the mask on it is, and bounds are what the server takes. Mutant killed: its number asked of what is not there."""
    site = lab(visit, "inpaint", data="digits-wiener", **{"view.r": "44", "view.variants": "13"})
    page = site.page
    page.locator(".pg-task-tools button", has_text="lower half").click()
    page.wait_for_function("() => location.search.includes('mask=z') && !location.search.includes('view.image=')")
    assert page.evaluate("[...document.querySelectorAll('.pg-task-left input[type=range]')].map((i) => `${i.value} of ${i.max}`)") == [
        "3 of 12",
        "44 of 50",
        "1 of 8",
        "13 of 16",
    ]
    assert site.problems == []


@pytest.mark.parametrize(
    ("task", "more", "cells"),
    [
        ("reconstruct", {"sampler": "DDIM"}, 12),
        ("sweep", {"view.sweep": "guidance.weight,0,2,3,4"}, 12),
        ("interpolate", {"sampler": "DDIM", "view.image": "3", "view.image2": "1"}, 18),
    ],
)
def test_a_link_to_a_task_runs_it(visit: Any, task: str, more: dict[str, str], cells: int) -> None:
    site = lab(visit, task, data="digits-unet", **more)
    page = site.page
    page.wait_for_function(DONE)
    assert page.locator(".pg-task-cell").count() == cells
    if task == "sweep":
        assert page.locator(".pg-task-caption").all_inner_texts()[-3:] == ["8 calls", "8 calls", "16 calls"]
    if task == "interpolate":
        assert "from those that were given" in page.locator(".pg-task-numbers").inner_text()
    assert site.problems == []


def test_what_a_link_lacks_is_named(visit: Any) -> None:
    site = lab(visit, "inpaint", data="digits-unet", **{"view.mask": "!"})
    site.page.wait_for_function("() => /does not carry the mask/.test(document.querySelector('.pg-task-said').innerText)")
    site = lab(visit, "edit", data="digits-unet")
    site.page.wait_for_function("() => /without this: draw or upload/.test(document.querySelector('.pg-task-said').innerText)")
    site = lab(visit, "edit", data="digits-unet", **{"view.image": "zAAAA"})
    site.page.wait_for_function("() => /does not fit this model/.test(document.querySelector('.pg-task-said').innerText)")
    assert site.problems == []


def test_a_drawing_travels(visit: Any) -> None:
    site = lab(visit, "edit", data="digits-unet")
    page = site.page
    paint(page, ".pg-task-pad-draw", [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)])
    run(page)
    page.wait_for_function("() => /view.image=z/.test(location.search)")
    again = visit(page.evaluate("location.search"))
    again.page.wait_for_function(DONE)
    far = np.abs(np.array(again.page.evaluate(CELLS)[0], int) - np.array(page.evaluate(CELLS)[0], int)).max()
    assert far <= 1  # the drawing as the model saw it
    assert site.problems == again.problems == []


def test_states_and_expectations_differ_where_a_run_stops_early(visit: Any) -> None:
    site = lab(visit, "sweep", data="digits-unet", stop_at="0.4")
    page = site.page
    page.wait_for_function(DONE)
    assert "for the last x̂₀" in page.locator(".pg-task-said").inner_text()
    expected = np.array(page.evaluate(CELLS))
    page.locator(".pg-task-switch button", has_text="x").last.scroll_into_view_if_needed()
    page.locator('.pg-task-bar [data-kind="x"]').click()
    assert (np.array(page.evaluate(CELLS)) != expected).mean() > 0.5
    assert site.problems == []
