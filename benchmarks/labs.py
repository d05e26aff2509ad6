"""What is dragged by hand, in a real browser, as JSON: ``python -m benchmarks.labs``.

A step of the grid, a knot of a drawn schedule and a component of the data are dragged with real pointer events for 3 s; every full
recomputation that reaches the screen counts. Image runs: time to the first and to the last picture.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import time
from typing import Any
from urllib.parse import urlencode

import torch
from playwright.sync_api import Page, sync_playwright

from benchmarks.live import FLAGS, SETTLED, WORKERS, cpu, free_port, save, start_server, summary, wait_for

SECONDS = 3.0
HANDLE = "(n) => { const r = document.querySelectorAll('.pg-handle')[n].getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }"
POINT = """([x, y]) => { const s = __pgStage, p = s.panels[0], r = s.ui.canvas.getBoundingClientRect();
  return [r.x + p.toX.o + p.toX.k * x, r.y + p.toY.o + p.toY.k * y]; }"""


def dragged(page: Page, start: Any, reach: tuple[float, float]) -> dict[str, float]:
    """The pointer circles about ``start`` within ``reach``: recomputations painted a second, and pointer moves a second."""
    x, y = start
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 1, y + 1)
    before, moves, began = page.evaluate("__pg.painted"), 0, time.perf_counter()
    painted = page.evaluate(
        "() => { window.drawn = 0; let last = __pg.painted; const look = () => { if (__pg.painted !== last) { drawn++; last = __pg.painted; } window.looking = requestAnimationFrame(look); }; look(); return drawn; }"
    )
    while (spent := time.perf_counter() - began) < SECONDS:
        page.mouse.move(x + reach[0] * math.sin(3 * spent), y + reach[1] * math.sin(4 * spent))
        moves += 1
        time.sleep(1 / 60)
    painted = page.evaluate("() => { cancelAnimationFrame(looking); return drawn; }")
    page.mouse.up()
    assert page.evaluate("__pg.painted") != before
    page.wait_for_function(SETTLED, timeout=20_000)
    return {"recomputations a second": round(painted / SECONDS, 1), "pointer moves a second": round(moves / SECONDS, 1)}


def visit(page: Page, url: str) -> None:
    page.goto(url)
    page.wait_for_function(SETTLED, timeout=60_000)
    page.evaluate("() => window.__pgStage.pause()")


def pin(page: Page, base: str) -> dict[str, Any]:
    """The pin is moved to 40 places of a mixture of 64 components: ms from each move to all panels of the lab drawn anew."""
    draw = torch.Generator().manual_seed(0)
    record = {
        "weights": [round(float(w), 3) for w in torch.rand(64, generator=draw) + 0.2],
        "means": [[round(float(v), 2) for v in m] for m in torch.randn(64, 2, generator=draw)],
        "covs": [[[0.02, 0.01], [0.01, 0.03]]] * 64,
    }
    query = {
        "data": json.dumps(record, separators=(",", ":")),
        "sampler": "DDPM",
        "grid.steps": 20,
        "view.lab": "inspector",
        "view.pin": "x,0.4,0.1,0.2",
    }
    visit(page, f"{base}/?{urlencode(query)}")
    page.wait_for_function("() => window.__pgInspector && __pgInspector.times.length > 0")
    times = page.evaluate(
        """async () => {
          const stage = __pgStage, out = [], count = () => __pgInspector.times.length;
          for (let i = 0; i < 44; i++) {
            const before = count();
            stage.pinTo(stage.hand.made(stage.panels[0], 0.4, 0.8 * Math.sin(i), 0.6 * Math.cos(2 * i)));
            while (count() === before) await new Promise(requestAnimationFrame);
            await new Promise((r) => setTimeout(r, 120));
            if (i > 3) out.push(__pgInspector.times.at(-1));
          }
          return out;
        }"""
    )
    return summary(times)


def cold(browser: Any) -> dict[str, float]:
    """Seconds from the start of ``python app.py`` to the first x̂_0 of 16 images on the page, and to the last step of their run."""
    port, began = free_port(), time.perf_counter()
    server = start_server(port)
    try:
        wait_for(f"http://127.0.0.1:{port}")
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"http://127.0.0.1:{port}/?data=mnist-unet&particles=16&guidance=EachClass")
        out = {}
        for word, done in (("first preview", "window.__pg?.formed >= 1"), ("last picture", "window.__pgStage?.run?.header.image")):
            page.wait_for_function(done, timeout=120_000)
            out[word] = round(time.perf_counter() - began, 2)
        page.close()
        return out
    finally:
        server.terminate()
        server.wait(10)


def images(page: Page, base: str, more: str = "") -> dict[str, Any]:
    """16 images by 20 steps of DPM-Solver++ 2M, eight seeds: ms to the first picture of x̂_0, to the last, and of compute."""
    visit(page, f"{base}/?data=mnist-unet&particles=16&grid.steps=20{more}")
    rows = [
        page.evaluate(
            """async (seed) => {
              let first = 0; const step = __pg.images.step;
              __pg.images.step = function (p) { const out = step.call(this, p); if (!first && p.header.step === 1) first = performance.now(); return out; };
              const input = document.querySelector('#pg-seed input'), before = __pg.painted, began = performance.now();
              Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, seed);
              input.dispatchEvent(new Event('input', {bubbles: true}));
              while (__pg.painted === before) await new Promise(requestAnimationFrame);
              __pg.images.step = step;
              return [first - began, performance.now() - began, __pgStage.run.header.compute_ms];
            }""",
            seed,
        )
        for seed in range(50, 58)
    ]
    return {name: summary([r[i] for r in rows]) for i, name in enumerate(("first preview, ms", "last picture, ms", "compute, ms"))}


def measure() -> dict[str, Any]:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    out: dict[str, Any] = {"machine": {"cpu": cpu(), "cores": os.cpu_count(), "load before": round(os.getloadavg()[0], 2)}}
    server = start_server(port)
    try:
        wait_for(base)
        time.sleep(WORKERS)
        with sync_playwright() as p:
            browser = p.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS.split())
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            run = "particles=2000&grid.steps=30"
            visit(page, f"{base}/?{run}")
            page.wait_for_function("document.querySelectorAll('.pg-handle:not([hidden])').length > 2")
            out["a step of the grid"] = dragged(page, page.evaluate(HANDLE, 12), (8, 0))
            visit(page, f"{base}/?process.schedule=Drawn&{run}")
            page.wait_for_function("document.querySelectorAll('.pg-handle[data-kind=knot]').length > 3")
            first = page.evaluate("[...document.querySelectorAll('.pg-handle')].findIndex((b) => b.dataset.kind === 'knot')")
            out["a knot of the schedule"] = dragged(page, page.evaluate(HANDLE, first + 2), (4, 8))
            visit(page, f"{base}/?data=eight_gaussians&{run}&view.lab=data&view.at=0")
            out["a component of eight"] = dragged(page, page.evaluate(POINT, [1.5, 0]), (60, 60))
            out["pin moved to panels redrawn, ms"] = pin(page, base)
            out["images"] = images(page, base)
            out["images, each class (two calls a step)"] = images(page, base, "&guidance=EachClass")
            out["images from a cold start, s"] = cold(browser)
            browser.close()
    finally:
        server.terminate()
        server.wait(10)
    return out


if __name__ == "__main__":
    save("labs", measure())
