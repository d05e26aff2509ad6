"""A board of 12 samplers × 8 numbers of steps × 5 seeds × 2,000 particles of 64 components with all cheap measures, against the same cells one at a time:
``python -m benchmarks.board``. Both in this run, by turns over the same places, in seconds of the processor on one thread, so that other programs disturb little; JSON with the ratios.

``--share``: the part of the places, evenly taken, at which cells are also made one at a time (1: all of them). The whole sweep is timed as well, here and in two processes, from its start to the
first cell and to the last. ``--stage``: instead, how long the stage's run takes over HTTP at a server of its own, alone and while a sweep runs there, by turns.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator

import httpx
import torch

import playground as pg
from benchmarks.live import WORKERS, cpu, free_port, start_server, summary, wait_for
from playground.engine import Run
from playground.measures.panel import named, why_not
from playground.sweeps.compute import Computer, one_thread
from playground.sweeps.running import Running

SAMPLERS = [
    "DDIM",
    "DDPM",
    "Euler",
    "Heun",
    "EulerMaruyama",
    "EulerAncestral",
    "DPMSolverPP2M",
    "DPMSolverPP3M",
    "SDEDPMSolverPP",
    "UniPC",
    "DEIS",
    "EDMHeun",
]
STEPS = [5, 8, 10, 15, 20, 30, 50, 100]
SWEEP = pg.Sweep(
    base=pg.Experiment(data="swiss_roll", particles=2000),
    axes=[{"sampler": SAMPLERS}, {"grid.steps": STEPS}],
    seeds=5,
    measures="quick",
)
MEASURES = SWEEP.measures


def one_at_a_time(exp: pg.Experiment) -> dict[str, pg.Estimate]:
    """A cell by hand: one run, and every measure of it."""
    run = Run(exp).finish()
    return {key: named(key).of(run) for key in MEASURES if not why_not(named(key), run)}


def by_public_functions(exp: pg.Experiment) -> dict[str, pg.Estimate]:
    """A cell as a notebook makes it: ``pg.measure`` for each number, which runs the experiment for it."""
    return {key: pg.measure(exp, key) for key in MEASURES}


def timed(workers: int) -> dict[str, float | int]:
    """The whole sweep without the cells that are kept: seconds to the first cell and to the last."""
    started = time.perf_counter()
    running = Running(SWEEP, workers=workers)
    first = 0.0
    for _ in running:
        first = first or time.perf_counter() - started
    return {"cells": len(running.results.cells), "first s": round(first, 2), "all s": round(time.perf_counter() - started, 1)}


def stage_times(url: str, seeds: range) -> list[float]:
    """Milliseconds of a run that nobody has asked for yet, one after the other."""
    times = []
    for seed in seeds:
        started = time.perf_counter()
        httpx.get(f"{url}live/packet?layer=run&particles=2000&seed={seed}", timeout=60).raise_for_status()
        times.append(1000 * (time.perf_counter() - started))
        time.sleep(0.05)  # as a hand does
    return times


@contextlib.contextmanager
def swept(url: str) -> Iterator[list[int]]:
    """A sweep whose cells are read by a thread; how many there are."""
    cells, gone, begun = [0], threading.Event(), threading.Event()

    def read() -> None:
        with httpx.stream("POST", f"{url}live/board", content=SWEEP.to_json(), timeout=60) as answer:
            for line in answer.iter_lines():
                cells[0] += len(json.loads(line).get("cells", []))
                if cells[0]:
                    begun.set()
                if gone.is_set():
                    return

    reader = threading.Thread(target=read)
    reader.start()
    begun.wait(60)
    try:
        yield cells
    finally:
        gone.set()
        reader.join()


def stage(rounds: int = 4, each: int = 20) -> dict[str, object]:
    """The stage's run while a sweep runs and alone, by turns."""
    port, alone, beside, cells = free_port(), list[float](), list[float](), 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PLAYGROUND_CACHE"] = folder
        server, url = start_server(port), f"http://127.0.0.1:{port}/"
        try:
            wait_for(url)
            time.sleep(WORKERS)
            stage_times(url, range(1, each))
            for n in range(rounds):
                first = 1000 * (n + 1)
                alone += stage_times(url, range(first, first + each))
                with swept(url) as told:
                    beside += stage_times(url, range(first + 500, first + 500 + each))
                    cells = told[0]
        finally:
            server.terminate()
            server.wait(20)
    p50 = [statistics.median(times) for times in (alone, beside)]
    return {
        "machine": cpu(),
        "cores": os.cpu_count(),
        "stage's run over HTTP alone, ms": summary(alone),
        "while a sweep runs, ms": summary(beside),
        "ratio of the medians": round(p50[1] / p50[0], 2),
        "cells of the last round meanwhile": cells,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1 / 7)
    parser.add_argument("--stage", action="store_true")
    asked = parser.parse_args()
    if asked.stage:
        print(json.dumps(stage(), indent=1, ensure_ascii=False))
        return
    share = asked.share
    places = SWEEP.places()
    some = places[:: max(1, round(1 / share))]  # not a multiple of 8, so that all numbers of steps are among them
    computer, ours, theirs, public, equal, cells = Computer(), 0.0, 0.0, 0.0, True, 0
    with one_thread():
        for place in sorted(some, key=lambda place: STEPS[place.at[1]]):
            started = time.process_time()
            told = list(computer.cells(place.at, place.exp, SWEEP.seeds, MEASURES))
            ours += time.process_time() - started
            started = time.process_time()
            alone = [one_at_a_time(place.exp.replace(seed=seed)) for seed in SWEEP.seeds]
            theirs += time.process_time() - started
            started = time.process_time()
            by_public_functions(place.exp.replace(seed=SWEEP.seeds[0]))
            public += (time.process_time() - started) * len(SWEEP.seeds)
            cells += len(told)
            equal &= all(cell.values == values for cell, values in zip(told, alone, strict=True))
    out = {
        "machine": cpu(),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "places compared": len(some),
        "cells compared": cells,
        "measures": MEASURES,
        "CPU ms a cell, pg.measure for each number (one seed of each place)": round(1000 * public / cells, 1),
        "CPU ms a cell, one run and its measures": round(1000 * theirs / cells, 1),
        "CPU ms a cell, as a sweep": round(1000 * ours / cells, 1),
        "pg.measure / sweep": round(public / ours, 2),
        "one run and its measures / sweep": round(theirs / ours, 2),
        "equal to the bit": equal,
        "whole sweep, this process": timed(0),
        "whole sweep, two processes": timed(2),
    }
    out["whole sweep, one run and its measures at a time, CPU s (extrapolated)"] = round(theirs / cells * SWEEP.count, 1)
    print(json.dumps(out, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
