"""How good a bundled image model's samples are: ``python -m benchmarks.images --data mnist.npz``.

Fréchet distance (features of our own classifier, never to be called FID) and precision/recall of samples against the test images, for several
samplers by model calls, beside the floor: as many training images against the test images. Accuracy of conditional samples at guidance 1.5.
Written as JSON to benchmarks/results; ``--samples`` decides the time (10,000 for figures to quote).
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import torch
from torch import Tensor

import playground as pg
from benchmarks.live import cpu, save
from playground.metrics.fidelity import frechet_distance, precision_recall
from toy_models.images import classify
from toy_models.networks.checkpoint import load_network, read_card
from toy_models.training.data import load_npz

MODEL = "mnist-unet"
BATCH = 250
NEIGHBOURS = 2000  # images of each side for precision and recall
RUNS: dict[str, tuple[str, str, str, int]] = {  # process, sampler, grid, model calls a step
    "DDIM (VP)": ("VP", "DDIM", "UniformLogSNR", 1),
    "DPM-Solver++ 2M (VP)": ("VP", "DPMSolverPP2M", "UniformLogSNR", 1),
    "EDM Heun": ("EDM", "EDMHeun", "Karras", 2),
    "Euler (flow)": ("Flow", "Euler", "UniformTime", 1),
    "SSCS (CLD)": ("CLD", "SSCS", "Quadratic", 1),
}


def sample(process: str, sampler: str, grid: str, steps: int, count: int, guidance: Any = None) -> Tensor:
    """``count`` images in batches, each of its own seed."""
    out = []
    for seed in range(-(-count // BATCH)):
        record: dict[str, Any] = {
            "data": MODEL,
            "process": {"kind": process},
            "sampler": {"kind": sampler},
            "grid": {"kind": grid, "steps": steps},
            "particles": min(BATCH, count - seed * BATCH),
            "seed": seed,
        }
        exp = pg.Experiment.from_dict(record | ({"guidance": guidance} if guidance else {}))
        out.append(pg.simulate(exp, max_frames=2).x[-1].clamp(-1, 1))
    return torch.cat(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="an .npz with train and test images and labels")
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--calls", type=int, nargs="*", default=[5, 10, 20, 50])
    told = parser.parse_args()
    judge: Any = load_network(read_card(MODEL)["classifier"])

    @torch.no_grad()
    def features(x: Tensor) -> Tensor:
        return torch.cat([judge.features(part) for part in x.split(500)])

    test = features(load_npz(told.data, "test").x)
    train = features(load_npz(told.data).x[: told.samples])
    out: dict[str, Any] = {
        "model": MODEL,
        "sha256": read_card(MODEL)["sha256"],
        "machine": cpu(),
        "samples": told.samples,
        "floor: training images": {"frechet": round(frechet_distance(train, test), 3)},
    }
    for name, (process, sampler, grid, cost) in RUNS.items():
        for calls in told.calls:
            steps = max(2, round(calls / cost))
            began = time.perf_counter()
            fake = features(sample(process, sampler, grid, steps, told.samples))
            near = precision_recall(test[:NEIGHBOURS], fake[:NEIGHBOURS])
            row = {
                "frechet": round(frechet_distance(fake, test), 3),
                "precision": round(near.precision, 3),
                "recall": round(near.recall, 3),
                "seconds": round(time.perf_counter() - began, 1),
            }
            out[f"{name}, {calls} calls"] = row
            print(f"{name}, {calls} calls: {row}", flush=True)
    right = []
    for label in range(10):
        guidance = {"kind": "ClassifierFree", "label": label, "weight": 1.5}
        found = classify(MODEL, sample("VP", "DPMSolverPP2M", "UniformLogSNR", 20, max(10, told.samples // 10), guidance))
        right.append((found == label).float().mean())  # type: ignore[union-attr]
    out["conditional accuracy at guidance 1.5"] = round(float(torch.stack(right).mean()), 4)
    print(out["conditional accuracy at guidance 1.5"], flush=True)
    save("images", out)


if __name__ == "__main__":
    main()
