"""Six stages beside each other in a real browser, 1,000 particles × 30 steps each, as JSON: ``python -m benchmarks.compare``.

A change is an input event on a real control of a page at rest; it ends at the frame after the one in which every stage that it concerns had drawn its new run.
One of the selected stage's own numbers concerns that stage alone; the seed, which all share, concerns all six.
"""

from __future__ import annotations

import json
import sys
from urllib.parse import quote

from playwright.sync_api import sync_playwright

from benchmarks.live import FLAGS, SETTLED, WORKERS, cpu, free_port, start_server, summary, wait_for

BASE = "particles=1000&grid=UniformLogSNR&grid.steps=30&sampler=DDIM"
OTHERS = ("sampler:DPMSolverPP2M", "sampler:Heun", "sampler:DDPM", "sampler:Euler", "process:VE")
CHANGES = 24
TIMED = """
async ([id, value, all]) => {
  const frame = () => new Promise(requestAnimationFrame), { places, selected } = window.__pg.form.compare;
  const input = document.querySelector(`#${id} input[type=number]`);
  const keys = new Map(places.map((p) => [p, p.stage.painted.key])), concerned = all ? places : [selected];
  const started = performance.now();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, value);
  input.dispatchEvent(new Event('input', {bubbles: true}));
  input.dispatchEvent(new Event('change', {bubbles: true}));
  while (concerned.some((p) => p.stage.painted.key === keys.get(p)) && performance.now() < started + 8000) await frame();
  await frame();
  return performance.now() - started;
}
"""


def main() -> None:
    port = free_port()
    server = start_server(port)
    try:
        wait_for(f"http://127.0.0.1:{port}/")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS.split())
            page = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce").new_page()
            page.goto(f"http://127.0.0.1:{port}/?{BASE}&view.compare={quote(''.join('*' + other for other in OTHERS))}&view.selected=2")
            page.wait_for_function(f"({SETTLED})() && __pg.form.compare.places.length === 6 && __pg.form.compare.at === 1", timeout=60_000)
            page.wait_for_timeout(1000 * WORKERS)
            told = {"cpu": cpu(), "stages": 6, "particles": 1000, "steps": 30}
            for name, control, values, every in (
                ("one stage changes, ms", "pg-grid-steps", [29 + 2 * (i % 2) + i // 2 for i in range(CHANGES)], False),
                ("the seed changes, all six painted, ms", "pg-seed", list(range(101, 101 + CHANGES)), True),
            ):
                spent = []
                for value in values:
                    page.wait_for_function(SETTLED, timeout=20_000)
                    spent.append(page.evaluate(TIMED, [control, str(value), every]))
                told[name] = summary(spent)
            browser.close()
        sys.stdout.write(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()
