"""Takes the pictures of the README and of docs/gallery.md from the running page: ``python -m docs.pictures``."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.live import FLAGS, SETTLED, free_port, start_server, wait_for

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "pictures"
WIDE, PHONE = (1440, 900), (390, 844)
# name → (query, size, dark, milliseconds to wait for what is computed beside the stage)
PICTURES = {
    "stage-light": ("view.at=0.12", WIDE, False, 0),
    "cld-dark": ("data=three_modes&process=CLD&view.at=0.3", WIDE, True, 0),
    "big-steps": ("", WIDE, False, 1500),
    "data-and-velocity": ("data=two_modes&process=CLD&grid.steps=100&view.lab=phase&view.at=0.3", WIDE, False, 1500),
    "errors": ("sampler=Euler&grid.steps=8&stop_at=0.05&view.lab=errors&view.at=0.3", WIDE, True, 6000),
    "your-data": ("data=eight_gaussians&view.lab=data&view.at=0", WIDE, False, 500),
    "drawn-schedule": ("process.schedule=Drawn&view.at=0.4", WIDE, False, 500),
    "digits": ("data=mnist-unet&particles=100&process=Flow&sampler=Heun&grid.steps=30", WIDE, False, 500),
    "digits-cld": ("data=mnist-unet&particles=16&process=CLD&view.lab=film&view.at=0.1", WIDE, True, 500),
    "phone": ("view.at=0.12", PHONE, False, 0),
}


def main() -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    server = start_server(port)
    try:
        wait_for(base)
        with sync_playwright() as p:
            browser = p.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS.split())
            for name, (query, (width, height), dark, wait) in PICTURES.items():
                context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light")
                page = context.new_page()
                page.goto(f"{base}/?{query}")
                page.wait_for_function(SETTLED, timeout=120_000)
                page.wait_for_timeout(700 + wait)
                page.screenshot(path=str(FOLDER / f"{name}.png"))
                context.close()
            browser.close()
    finally:
        server.terminate()
        server.wait(10)


if __name__ == "__main__":
    main()
