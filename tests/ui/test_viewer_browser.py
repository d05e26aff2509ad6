"""A page without a server opens from a file with the network off: it draws, plays, scrubs and shows its layers; two runs have one clock."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import playground as pg
from playground.viewer.document import MOST

MARK = """(n) => { const c = document.querySelectorAll('.pg-canvas')[n], d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
    let h = 0, lit = 0; for (let i = 0; i < d.length; i += 4) { h = (h * 31 + d[i] * 65536 + d[i + 1] * 256 + d[i + 2]) | 0; lit += d[i + 3] > 0 }
    return [h, lit] }"""
PAINTED = "() => window.__pgStage?.painted.count > 0 && window.__pgStage.painted.fieldsKey && !window.__pgStage.dirty"
RESTS = "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => r(true)))))"


class Opened:
    """A page from a file in a browser without a network."""

    def __init__(self, chromium: Any, path: Path, painted: str = PAINTED, **options: Any):
        self.context = chromium.new_context(
            **{"reduced_motion": "reduce", "viewport": {"width": 1280, "height": 720}, **options}, offline=True
        )
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda e: self.problems.append(str(e)))
        self.page.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        self.page.on("request", lambda r: self.asked.append(r.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_function(painted)

    def mark(self, n: int = 0) -> list[int]:
        self.page.evaluate(RESTS)
        return self.page.evaluate(MARK, n)


@pytest.fixture
def opened(chromium: Any) -> Iterator[Callable[..., Opened]]:
    made: list[Opened] = []

    def go(path: Path, **options: Any) -> Opened:
        made.append(Opened(chromium, path, **options))
        return made[-1]

    yield go
    for one in made:
        one.context.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pg.show(pg.Experiment()).save(tmp_path_factory.mktemp("page") / "page.html")


def test_images_under_one_cursor(opened: Any, tmp_path: Path) -> None:
    """Two runs of an image model: their images follow the one clock, one is enlarged, and nothing is asked for."""
    exp = pg.Experiment(data="digits-unet", particles=4, grid={"steps": 3})
    one = opened(pg.compare(exp, exp.replace(sampler="DDIM")).save(tmp_path / "images.html"), painted="() => window.__pgStage?.run")
    page = one.page
    cells = "() => [...document.querySelectorAll('.pg-images-cell')].map((c) => c.getContext('2d').getImageData(0, 0, 8, 8).data.join())"
    page.evaluate("__pgStage.seek(1)")
    page.evaluate(RESTS)
    noise = page.evaluate(cells)
    assert len(noise) == 8
    assert noise[:4] == noise[4:]  # the same noise in both
    page.evaluate("__pgStage.seek(0)")
    page.evaluate(RESTS)
    made = page.evaluate(cells)
    assert not {*made} & {*noise}
    assert made[:4] != made[4:]
    page.locator(".pg-images-cell").first.click()
    page.wait_for_selector(".pg-one:not([hidden])")
    assert not one.problems
    assert [url for url in one.asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_it_opens_without_a_server(opened: Any, file: Path) -> None:
    assert file.stat().st_size <= MOST
    one = opened(file)
    page = one.page
    start = one.mark()
    assert start[1] > 10_000
    seen = {start[0]}
    for at in (1, 0.6, 0.2):
        page.evaluate("(at) => __pgStage.seek(at)", at)
        seen.add(one.mark()[0])
    assert len(seen) == 4
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowRight")
    assert "step 1/20" in page.locator(".pg-cap").inner_text()
    assert page.locator(".pg-time input[type=range]").get_attribute("aria-valuetext")
    for layer in ("density", "score", "x0"):
        was = one.mark()
        page.evaluate("(key) => __pgStage.toggleLayer(key)", layer)
        assert one.mark() != was, layer
    page.keyboard.press(" ")
    at = page.evaluate("__pgStage.cursor")
    page.wait_for_function("(at) => Math.abs(__pgStage.cursor - at) > 0.01", arg=at)
    page.keyboard.press(" ")
    status = " ".join(page.locator(".pg-viewer-status").inner_text().split())
    assert status.startswith("20 model calls")
    assert "floor" in status
    page.keyboard.press("?")
    assert "undo" not in page.locator(".pg-help").inner_text()
    page.keyboard.press("Escape")
    page.locator(".pg-viewer-theme").click()
    assert page.evaluate("document.documentElement.dataset.pgTheme") == "dark"
    assert one.problems == []
    assert [url for url in one.asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_it_is_the_run(opened: Any, file: Path) -> None:
    """What is drawn are the engine's states, to the packet's rounding."""
    one = opened(file)
    drawn = one.page.evaluate(
        "(() => { __pgStage.seek(0); const { run } = __pgStage; return [run.count, Array.from(run.z.slice(run.at(run.frames - 1, 0), run.at(run.frames - 1, 0) + 50))] })()"
    )
    trace = pg.simulate(pg.Experiment())
    assert drawn[0] == pg.Experiment().particles
    assert drawn[1] == pytest.approx(trace.x[-1][:50, 0].tolist(), abs=5e-4)


def test_it_says_what_it_is(file: Path) -> None:
    text = file.read_text()
    exp = pg.Experiment()
    assert re.search(r'<meta name="diffusion-playground" content="Diffusion Playground [\w.]+ \?[^"]*">', text)
    assert f"{exp.particles:,} particles · seed 0" in text
    assert "pg.Experiment(" in text
    sent = json.loads(re.search(r'id="pg-sent">(.*?)</script>', text, re.DOTALL)[1])
    assert [*sent] == ["runs", "view"]


def test_two_runs_have_one_clock(opened: Any, tmp_path: Path) -> None:
    base = pg.Experiment(particles=200, grid={"kind": "UniformTime", "steps": 10})
    two = pg.compare(base, base.replace(sampler="Heun"), at=1.0)
    one = opened(two.save(tmp_path / "two.html"))
    assert one.page.locator(".pg-time:visible").count() == 1
    first, second = one.mark(0), one.mark(1)
    one.page.evaluate("__pgStage.seek(0.3)")
    assert one.mark(0) != first
    assert one.mark(1) != second
    held = one.page.locator(".pg-cap b")
    assert held.nth(0).inner_text() == held.nth(1).inner_text()
    colours = one.page.evaluate(
        "[...document.querySelectorAll('.pg-view')].map((v) => getComputedStyle(v).getPropertyValue('--pg-sampler'))"
    )
    assert len({*colours}) == 2  # as in the app
    legend = one.page.locator(".pg-legend").first
    assert legend.evaluate("(e) => e.scrollWidth <= e.clientWidth")  # every word is seen
    assert one.problems == []


def test_in_a_notebook_s_frame(chromium: Any, tmp_path: Path) -> None:
    """It plays in a frame that may run scripts and nothing else."""
    context = chromium.new_context(reduced_motion="reduce", offline=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda e: problems.append(str(e)))
    where = tmp_path / "cell.html"
    where.write_text(f"<!doctype html><body>{pg.show(pg.Experiment(particles=100))._repr_html_()}</body>")
    page.goto(where.as_uri())
    frame = page.frames[1]
    frame.wait_for_function(PAINTED)
    assert frame.evaluate(MARK, 0)[1] > 10_000
    assert problems == []
    context.close()


def test_the_menu_saves_it(visit: Any, opened: Any, tmp_path: Path, server: str) -> None:
    query = "?data=rings&sampler=DDIM&grid=UniformLogSNR&grid.steps=5&particles=200&seed=3&view.at=0.4&view.layers=particles,score&view.color=class"
    site = visit(query)
    site.page.locator("[data-do=menu]", has_text="Export").click()
    with site.page.expect_download() as download:
        site.page.locator("[data-do=page]").click()
    assert download.value.suggested_filename.endswith(".html")
    path = tmp_path / "page.html"
    download.value.save_as(path)
    one = opened(path)
    told = "({ at: __pgStage.cursor, layers: __pgStage.layers, color: __pgStage.colour })"
    assert one.page.evaluate(told) == site.page.evaluate(told)
    assert one.page.locator("footer a").get_attribute("href").startswith(server)
    assert site.problems == one.problems == []
