"""Whole-path latencies of the page in a real browser, as JSON: ``python -m benchmarks.live``.

A real server and headless Chromium on the same machine. A change is an input event on a real control; it ends at the frame after the one in which
the new particles were seen to be there ("painted"), or when their frame was drawn ("drawn"). Every figure comes from one run, beside an empty Gradio round trip and the bare compute.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import torch
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).resolve().parent / "results"
FLAGS = (
    "--headless=new --no-sandbox --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
)
CHANGES = 36
WORKERS = 8.0  # seconds in which the server's workers start: what is not about a cold start begins after them
START = "data=swiss_roll&particles=2000&grid.steps=40"

# when new particles are handed to the stage and when they are drawn is stamped there: whoever looks once a frame sees it one or two frames later
STAMPED = """
() => {
  const { painted } = window.__pgStage;
  let count = window.__pg.painted, seq = painted.seq;
  Object.defineProperty(window.__pg, 'painted', { get: () => count, set: (n) => { count = n; window.__pgHanded = performance.now(); } });
  Object.defineProperty(painted, 'seq', { get: () => seq, set: (n) => { if (n !== seq) window.__pgDrawn = performance.now(); seq = n; } });
}
"""
# one control is moved; resolves with the milliseconds until the new particles (and the new fields) are on the screen, and until the particles were handed over and drawn
TIMED = """
async ([id, value, layer]) => {
  const frame = () => new Promise(requestAnimationFrame);
  const input = document.querySelector(`#${id} input[type=range]`) || document.querySelector(`#${id} input`);
  const stage = window.__pgStage, before = window.__pg.painted;
  const key = () => stage.painted.fieldsKey;
  const keyBefore = key(), started = performance.now();
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, value);
  input.dispatchEvent(new Event('input', {bubbles: true}));
  input.dispatchEvent(new Event('change', {bubbles: true}));
  const limit = started + 8000;
  while ((layer === 'fields' ? !key() || key() === keyBefore : window.__pg.painted === before) && performance.now() < limit) await frame();
  await frame();
  return [performance.now() - started, window.__pgHanded - started, window.__pgDrawn - started];
}
"""
SETTLED = "() => window.__pg && window.__pg.settled"


def cpu() -> str:
    try:
        return next(line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def summary(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 1),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1),
        "n": len(ordered),
    }


def start_server(port: int) -> subprocess.Popen:
    env = {**os.environ, "GRADIO_SERVER_PORT": str(port), "GRADIO_SERVER_NAME": "127.0.0.1"}
    return subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)


def wait_for(url: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=2).read(1)
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def changes(page: Page, control: str, values: list, layer: str = "run") -> tuple[list[float], ...]:
    """A control takes one value after another: until each is seen on the screen by whoever looks once a frame; until its particles were handed to the stage;
    until they were drawn, in the frame that shows them."""
    spent = []
    for value in values:
        page.wait_for_function(SETTLED, timeout=20_000)
        spent.append(page.evaluate(TIMED, [control, str(value), layer]))
    return tuple(list(times) for times in zip(*spent, strict=True))


def drag(page: Page) -> dict[str, object]:
    """A slider is moved 30 times a second for 3 s: fresh pictures a second, and whether the last one shown is the last value."""
    return page.evaluate(
        """async () => {
          const input = document.querySelector('#pg-grid-steps input[type=range]') || document.querySelector('#pg-grid-steps input');
          const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
          let pictures = 0, last = window.__pg.painted, value = 10;
          const started = performance.now();
          while (performance.now() - started < 3000) {
            value = 10 + Math.round(30 * (performance.now() - started) / 3000);
            set.call(input, value); input.dispatchEvent(new Event('input', {bubbles: true}));
            for (let i = 0; i < 2; i++) { await new Promise(requestAnimationFrame); if (window.__pg.painted !== last) { pictures++; last = window.__pg.painted; } }
          }
          input.dispatchEvent(new Event('change', {bubbles: true}));
          const end = performance.now();
          while ((window.__pg.pending || !window.__pg.settled) && performance.now() - end < 5000) await new Promise(requestAnimationFrame);
          return { 'pictures a second': Math.round(10 * pictures / 3) / 10, 'last value asked': value,
                   'last value shown': window.__pgStage.run.header.steps };
        }"""
    )


def frames(page: Page, scrub: bool, layers: list[str]) -> dict[str, float]:
    """Frames a second over 2 s while playing, or while the time bar is moved each frame; and requests made meanwhile."""
    return page.evaluate(
        """async ([scrub, layers]) => {
          const stage = window.__pgStage, before = window.__pg.asked;
          stage.setLayers ? stage.setLayers(layers) : (stage.layers = new Set(layers));
          const t0 = performance.now();
          while (window.__pg.pending && performance.now() - t0 < 5000) await new Promise(requestAnimationFrame);
          const asked = window.__pg.asked, gaps = [];
          if (scrub) stage.pause(); else stage.play();
          let last = performance.now(); const started = last;
          while (last - started < 2000) {
            if (scrub) stage.cursor = 0.5 + 0.49 * Math.sin((last - started) / 300);
            await new Promise(requestAnimationFrame);
            const now = performance.now(); gaps.push(now - last); last = now;
          }
          gaps.sort((a, b) => a - b);
          return { fps: Math.round(10000 * gaps.length / (last - started)) / 10, 'p95 gap ms': Math.round(10 * gaps[Math.floor(0.95 * gaps.length)]) / 10,
                   requests: window.__pg.asked - asked };
        }""",
        [scrub, layers],
    )


def empty_round_trip(page: Page) -> list[float]:
    """Gradio's own round trip: its event that restores a link, with nothing to restore, unqueued, and a frame."""
    return page.evaluate(
        """async () => {
          const spent = [], all = window.gradio_config.dependencies;
          const fn_index = all.find(d => d.backend_fn && d.targets.some(t => t[1] === 'load')).id;
          const ask = {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify({fn_index, data: [], session_hash: 'bench'})};
          for (let i = 0; i < 24; i++) {
            const t = performance.now();
            await (await fetch('gradio_api/run/predict', ask)).json(); await new Promise(requestAnimationFrame);
            spent.push(performance.now() - t);
          }
          return spent;
        }"""
    )


def bare_compute() -> dict[str, float]:
    """The same run without a server or browser."""
    import playground as pg
    from playground.views.sights import whole
    from playground.views.stage import run_packet

    spent = []
    for seed in range(20):
        exp = pg.Experiment(data="swiss_roll", particles=2000, seed=seed, grid=pg.UniformLogSNR(steps=40))
        started = time.perf_counter()
        run_packet(whole(exp)).to_bytes()
        spent.append(1000 * (time.perf_counter() - started))
    return summary(spent[2:])


def bare_metrics() -> dict[str, float]:
    """The distances of a run, with one thread as the server's."""
    import playground as pg
    from playground.views.distances import metrics_packet
    from playground.views.sights import whole

    torch.set_num_threads(max(1, torch.get_num_threads() - 1))
    run, spent = whole(pg.Experiment()), []
    for _ in range(24):
        started = time.perf_counter()
        metrics_packet(run).to_bytes()
        spent.append(1000 * (time.perf_counter() - started))
    return summary(spent[4:])


def payload(base: str) -> dict[str, int]:
    from playground.server.jobs import first

    out = {}
    for asked in first():
        out[asked["layer"]] = len(urllib.request.urlopen(f"{base}/live/packet?{START}&{urlencode(asked)}").read())
    return {**out, "total": sum(out.values())}


def measure() -> dict[str, object]:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    out: dict[str, object] = {}
    machine: dict[str, object] = {
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "load before": round(os.getloadavg()[0], 2),
    }
    out["machine"] = machine
    with sync_playwright() as p:
        # a person's browser is open before the app is started
        browser = p.chromium.launch(executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"), args=FLAGS.split())
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        machine["browser"] = browser.version
        launched = time.perf_counter()
        server = start_server(port)
        try:
            wait_for(base)
            page.goto(base + "/")
            page.wait_for_function("() => window.__pg && window.__pg.painted > 0", timeout=60_000)
            out["app start to first picture, s"] = round(time.perf_counter() - launched, 2)
            page.goto(f"{base}/?{START}")
            page.wait_for_function(SETTLED, timeout=60_000)
            page.evaluate("() => window.__pgStage.pause()")
            page.evaluate(STAMPED)
            time.sleep(WORKERS)
            compute = bare_compute()
            trip = summary(empty_round_trip(page))
            changes(page, "pg-seed", [1001, 1002, 1003])  # warm up
            shown, handed, drawn = changes(page, "pg-seed", list(range(1, CHANGES + 1)))
            seed = summary(shown)
            steps = summary(changes(page, "pg-grid-steps", [22 + i for i in range(CHANGES)])[0])  # each once: nothing comes from a cache
            beta = summary(changes(page, "pg-schedule-LinearBeta-beta_max", [12 + i / 2 for i in range(CHANGES)], "fields")[0])
            out["control change to painted particles, ms"] = {"seed": seed, "steps": steps}
            out["seed change to particles handed to the stage, ms"] = summary(handed)
            out["seed change to particles drawn, ms"] = summary(drawn)
            out["control change to painted density and score, ms"] = beta
            out["empty Gradio round trip and a frame, ms"] = trip
            out["bare compute and packet, ms"] = compute
            out["ratios"] = {
                "change / empty round trip": round(seed["p50"] / trip["p50"], 2),
                "change to particles handed over / empty round trip": round(statistics.median(handed) / trip["p50"], 2),
                "change to particles drawn / empty round trip": round(statistics.median(drawn) / trip["p50"], 2),
                "change / bare compute": round(seed["p50"] / compute["p50"], 2),
            }
            out["slider dragged for 3 s"] = drag(page)
            page.wait_for_function(SETTLED, timeout=20_000)
            few, all_layers = (
                ["particles", "trails", "density", "score"],
                ["particles", "trails", "density", "contours", "score", "velocity", "x0", "prior", "data"],
            )
            out["play, default layers"] = frames(page, False, few)
            out["play, all layers"] = frames(page, False, all_layers)
            out["scrub, default layers"] = frames(page, True, few)
            out["scrub, all layers"] = frames(page, True, all_layers)
            out["payload, bytes"] = payload(base)
            out["metrics packet, ms"] = bare_metrics()
            browser.close()
        finally:
            server.terminate()
            server.wait(10)
    return out


def save(name: str, result: dict[str, Any]) -> None:
    """Prints the figures and writes them to benchmarks/results."""
    text = json.dumps(result, indent=1, ensure_ascii=False)
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    save("live", measure())
