"""Training-free models in a real browser: the lab beside a run, and images of one's own from a folder and from an .npz."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.browser

SHOWN = "() => document.querySelector('#pg-lab-free').dataset.shown === __pgStage.run.header.key"


def test_the_lab_follows_the_run_and_the_cursor(visit: Any) -> None:
    site = visit("?data=digits-unet&particles=4&view.lab=free")
    page = site.page
    page.wait_for_function(SHOWN)
    assert page.locator(".pg-free-plot path").count() == 4
    assert page.locator(".pg-free-cell b").all_inner_texts() == ["this run", "ideal", "Wiener", "local", "equivariant", "nearest"]
    box = page.locator(".pg-free-plot").bounding_box()
    page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
    page.wait_for_function("() => /step (?!20)/.test(document.querySelector('.pg-free-images .pg-free-word').textContent)")
    page.locator("#pg-model [data-key=ideal]").click()
    site.until({"data": "digits", "model": "ideal", "particles": "4"})
    page.wait_for_function(SHOWN)
    page.evaluate("__pgStage.seek(0)")
    page.wait_for_function("() => document.querySelector('.pg-free-memorised')")  # the ideal denoiser ends on a training image
    assert page.locator(".pg-free-plot path").count() == 3  # not with itself
    page.locator("#pg-data [data-key=mnist]").click()
    site.until({"data": "mnist", "particles": "4"})
    assert "training images are here" in page.locator("#pg-tab-free").get_attribute("title")
    assert site.problems == []


def test_images_of_ones_own(visit: Any, tmp_path: Path) -> None:
    site = visit("?data=digits-wiener&particles=4")
    page = site.page
    draw = np.random.default_rng(0)
    folder = tmp_path / "pets"
    for kind in ("cat", "dog"):
        (folder / kind).mkdir(parents=True)
        for i in range(3):
            Image.fromarray(draw.integers(0, 256, (12, 16, 3), dtype=np.uint8)).save(folder / kind / f"{i}.png")
    page.locator(".pg-mine-images").click()
    page.locator(".pg-mine-area input").nth(0).set_input_files(folder)
    page.wait_for_function("() => /^set:[0-9a-f]{8}$/.test(new URLSearchParams(location.search).get('data')) && __pg.settled")
    assert "6 images, 12 × 12, colour, 2 classes" in page.locator(".pg-mine-said").inner_text()
    assert page.evaluate("__pgStage.run.header.image.event") == [3, 12, 12]
    data = site.query()["data"]
    assert page.locator(f"#pg-data [data-key='{data}']").inner_text().startswith("pets")
    assert (
        page.locator("#pg-model [data-key]:visible").count() == 4
    )  # ideal, Wiener, local, equivariant; 432 numbers are too many for the Gaussian

    empty = tmp_path / "papers"
    empty.mkdir()
    (empty / "a.txt").write_text("no image")
    page.locator(".pg-mine-area input").nth(0).set_input_files(empty)
    page.wait_for_function("() => /No images in papers/.test(document.querySelector('.pg-mine-bad')?.textContent)")
    out = io.BytesIO()
    np.savez(out, images=300 * draw.random((5, 8, 8)))  # no range that images have
    page.locator(".pg-mine-area input").nth(1).set_input_files({"name": "x.npz", "mimeType": "", "buffer": out.getvalue()})
    page.wait_for_function("() => /float64 from .* uint8 images/.test(document.querySelector('.pg-mine-bad')?.textContent)")
    assert site.query()["data"] == data  # the last good picture stays

    again = visit(f"?data={data}&particles=4")  # a link: another browser, the same machine
    assert again.page.evaluate("__pgStage.run.header.image.batch") == 4
    again.page.wait_for_function("() => document.querySelectorAll('#pg-data [data-key^=\"set:\"]').length === 1")
    again.page.locator(".pg-mine-forget").click()
    again.page.wait_for_function(
        "() => !document.querySelector('#pg-data [data-key^=\"set:\"]') && __pgStage.run.header.title.data === 'MNIST digits' && __pg.settled"
    )
    gone = visit("?data=set:00000000-ideal&particles=4")
    assert "give the same images again" in gone.notice()
    assert again.problems == []
    assert site.problems == []


def test_the_lab_compares_with_what_was_asked_and_is_in_sight(visit: Any) -> None:
    """Each class by itself, in words; at 1280 × 720 all of the lab, "memorised" too, is on the screen."""
    site = visit("?data=digits-unet&particles=16&guidance=EachClass&guidance.weight=1&view.lab=free", width=1280, height=720)
    page = site.page
    page.wait_for_function(SHOWN)
    assert "of each image’s own class" in page.locator(".pg-free-lines .pg-free-title").inner_text()
    said = page.locator(".pg-free-says")
    assert "training images of class 0" in said.inner_text()
    lab = page.locator("#pg-labs").bounding_box()
    for part in (said, page.locator(".pg-free-cell").last, page.locator(".pg-free-legend")):
        box = part.bounding_box()
        assert box["y"] + box["height"] <= lab["y"] + lab["height"]
        assert box["x"] + box["width"] <= lab["x"] + lab["width"]
    assert page.locator(".pg-of-plane").count() == 1
    assert site.problems == []
