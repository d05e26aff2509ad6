"""Takes the pictures of the README and of docs/gallery.md from the running page: ``python -m docs.pictures``, of some by their names behind it."""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from playwright.sync_api import sync_playwright

import playground as pg
from benchmarks.live import FLAGS, SETTLED, free_port, start_server, wait_for
from playground.core.rng import Rng
from playground.presets import preset

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "pictures"
GRID = pg.UniformLogSNR(steps=20)
WIDE, PHONE = (1440, 900), (390, 844)
BIG_STEPS = preset("big-steps").query
# name → (query, size, dark, milliseconds to wait for what is computed beside the stage)
PICTURES = {
    "stage-light": ("view.at=0.12", WIDE, False, 0),
    "cld-dark": ("data=three_modes&process=CLD&view.at=0.3", WIDE, True, 0),
    "big-steps": (BIG_STEPS, WIDE, False, 9000),
    "data-and-velocity": ("data=two_modes&process=CLD&grid.steps=100&view.lab=phase&view.at=0.3", WIDE, False, 1500),
    "errors": ("sampler=Euler&grid.steps=8&stop_at=0.05&view.lab=errors&view.at=0.3", WIDE, True, 6000),
    "your-data": ("data=eight_gaussians&view.lab=data&view.at=0", WIDE, False, 500),
    "drawn-schedule": ("process.schedule=Drawn&view.at=0.4", WIDE, False, 500),
    "digits": ("data=mnist-unet&particles=64&guidance=EachClass&process=Flow&sampler=Heun&grid.steps=30", WIDE, False, 500),
    "digits-cld": ("data=mnist-cld&particles=16&guidance=EachClass&view.lab=film&view.at=0.1", WIDE, True, 500),
    "inpaint": (
        "data=mnist-unet&particles=16&seed=4&view.lab=tasks&view.task=inpaint&guidance=ClassifierFree&guidance.label=3&guidance.weight=1.5",
        WIDE,
        False,
        0,
    ),
    "compare": ("data=mnist-unet&particles=16&guidance=EachClass&sampler=DDIM&grid.steps=5", WIDE, True, 500),
    "training-free": ("data=digits-unet&particles=16&seed=1&view.lab=free&view.at=0.25", WIDE, False, 6000),
    "letters": ("data=letters&process=UniformTokens&sampler=TauLeaping&grid.steps=20&view.at=0.2", WIDE, False, 0),
    "torus": ("data=torus_peaks&sampler=GeodesicHeun&view.at=0.2", WIDE, True, 0),
    "phone": ("view.at=0.12", PHONE, False, 0),
    "phone-digits": ("data=mnist-unet&particles=16&guidance=EachClass&view.at=0", PHONE, True, 0),
}
CLIP = "data=mnist-unet&particles=16&guidance=EachClass&seed=2"
CLIP_FRAMES, CLIP_MS = 28, 90
MET = "try { localStorage.setItem('pg-met', '1') } catch {}"  # no words of a first visit


def inpaint(page: Any) -> None:
    """The lower half of an image drawn anew."""
    page.get_by_text("lower half").click()
    page.locator("button:visible:text-is('run')").click()
    page.wait_for_function("() => /model calls/.test(document.querySelector('#pg-lab-tasks').innerText)", timeout=120_000)


def compare(page: Any) -> None:
    """Five steps on the left of the line, twenty on its right."""
    page.locator(".pg-compare-button").click()
    page.locator("#pg-grid-steps input[type=number]").fill("20")
    page.wait_for_function("() => __pgStage.run.arrays.clock.data.length === 21")
    page.wait_for_function(SETTLED, timeout=120_000)


HANDS = {"inpaint": inpaint, "compare": compare}


def clip(page: Any) -> None:
    """assets/pictures/digits-forming.gif: the stage while its cursor goes from noise to data."""
    stage, frames = page.locator("#pg-stage"), []
    for i in range(CLIP_FRAMES):
        page.evaluate("c => __pgStage.seek(c)", 1 - i / (CLIP_FRAMES - 1))
        page.wait_for_timeout(60)
        picture = Image.open(io.BytesIO(stage.screenshot())).convert("RGB")
        frames.append(picture.resize((picture.width * 3 // 4, picture.height * 3 // 4), Image.Resampling.LANCZOS).quantize(48))
    waits = [CLIP_MS] * (CLIP_FRAMES - 1) + [CLIP_MS * 16]
    frames[0].save(FOLDER / "digits-forming.gif", save_all=True, append_images=frames[1:], duration=waits, loop=0, optimize=True)


def hundred_digits() -> None:
    """assets/pictures/digits-100.png: ten of each class in a row, DPM-Solver++ 2M, 20 steps, guidance 2.5, all noise of seed 0; none is picked."""
    process = pg.VP()
    noise = process.source(100, (1, 28, 28), Rng(0).stream("prior"))
    rows = []
    for label, start in enumerate(noise.split(10)):
        guidance = pg.ClassifierFree(label=label, weight=2.5)
        exp = pg.Experiment(data="mnist-unet", process=process, particles=10, guidance=guidance, sampler=pg.DPMSolverPP2M(), grid=GRID)
        rows.append(pg.simulate(exp, initial=start, max_frames=2).x[-1])
    pixels = ((torch.stack(rows)[:, :, 0].clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    pixels = torch.nn.functional.pad(pixels, (2, 2, 2, 2)).permute(0, 2, 1, 3).reshape(320, 320)
    Image.fromarray(255 - pixels.numpy()).quantize(16).save(FOLDER / "digits-100.png", optimize=True)


def main(*names: str) -> None:
    wanted = set(names) or {*PICTURES, "digits-100", "digits-forming"}
    if "digits-100" in wanted:
        hundred_digits()
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    server = start_server(port)
    try:
        wait_for(base)
        with sync_playwright() as p:
            browser = p.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS.split())
            for name, (query, (width, height), dark, wait) in PICTURES.items():
                if name not in wanted:
                    continue
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
                context.add_init_script(MET)
                page = context.new_page()
                page.goto(f"{base}/?{query}")
                page.wait_for_function(SETTLED, timeout=120_000)
                HANDS.get(name, lambda page: None)(page)
                page.wait_for_timeout(700 + wait)
                picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
                picture.quantize(256, kmeans=3, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)  # a third of the size
                context.close()
            if "digits-forming" in wanted:
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                page.add_init_script(MET)
                page.goto(f"{base}/?{CLIP}")
                page.wait_for_function(SETTLED, timeout=120_000)
                clip(page)
            browser.close()
    finally:
        server.terminate()
        server.wait(10)


if __name__ == "__main__":
    main(*sys.argv[1:])
