"""Bare compute of the engine, as JSON: ``python -m benchmarks.engine``. Medians of repeated runs in one process."""

from __future__ import annotations

import json
import statistics
import time

import torch

import playground as pg
from playground.core.catalog import law_of
from playground.engine import simulate
from playground.exact.mixture import MixtureOracle


def median_ms(work, repeat: int = 15) -> float:
    work()
    spent = []
    for _ in range(repeat):
        started = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - started))
    return round(statistics.median(spent), 2)


def evaluations(particles: int, count: int, data: str, device: str) -> float:
    """``count`` evaluations of the exact denoiser."""
    process = pg.VP()
    oracle = MixtureOracle(law_of(data).mixture, process)
    times = torch.linspace(1.0, 0.01, count).tolist()
    oracle.prepare(times)
    z = torch.randn(particles, 2, device=device)

    def work() -> None:
        with torch.no_grad():
            for t in times:
                oracle(z, t)
        if device == "cuda":
            torch.cuda.synchronize()

    return median_ms(work)


def main() -> None:
    out = {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "threads": torch.get_num_threads(),
        "2,000 particles x 50 evaluations x 64 components, ms": evaluations(2000, 50, "swiss_roll", "cpu"),
        "100,000 particles x 50 evaluations x 64 components, ms": None,
    }
    key = "100,000 particles x 50 evaluations x 64 components, ms"
    out[key] = evaluations(100_000, 50, "swiss_roll", "cuda" if torch.cuda.is_available() else "cpu")
    exp = pg.Experiment(data="swiss_roll", grid=pg.UniformLogSNR(steps=40), particles=2000)
    out["simulate, DPM-Solver++ 2M, 2,000 x 40 x 64, ms"] = median_ms(lambda: simulate(exp))
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
