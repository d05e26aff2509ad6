"""Our run of the bundled U-Net beside a plain `diffusers` loop around the same weights: ``python -m benchmarks.images_speed``.

16 images, 20 steps, the same timesteps and noise, in one process, in turn; the median over rounds of ours / theirs. "plain" is the network as it is
loaded, "plain, channels last" the one that our runs use. tests/images/test_plain_loop.py holds the images equal.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

import playground as pg
from benchmarks.live import cpu, save
from playground.core.placed import HOST
from toy_models.models.trained import network_of
from toy_models.networks.checkpoint import load_model

MODEL = "mnist-unet"
IMAGES, STEPS = 16, 20
SCHEDULERS: dict[str, dict[str, Any]] = {
    "DDIM": {"cls": "DDIMScheduler", "clip_sample": False},
    "DPMSolverPP2M": {"cls": "DPMSolverMultistepScheduler", "final_sigmas_type": "zero"},
}


def scheduler(sampler: str, steps: int) -> Any:
    """Their scheduler of ε-models on DDPM's table, with its timesteps set."""
    import diffusers

    config = dict(SCHEDULERS[sampler])
    table = {"beta_start": 1e-4, "beta_end": 0.02, "beta_schedule": "linear", "timestep_spacing": "trailing"}
    made = getattr(diffusers, config.pop("cls"))(**table, **config)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # np.array on tensors
        made.set_timesteps(steps)
    return made


@torch.no_grad()
def plain_loop(sampler: str, steps: int, model: Any, noise: Tensor, label: Tensor) -> Tensor:
    """What one would write without this project: at every timestep the network is asked for ε, and the scheduler steps."""
    made, x = scheduler(sampler, steps), noise
    for t in made.timesteps:
        bar = made.alphas_cumprod[t]
        y, sigma = x / bar.sqrt(), ((1 - bar) / bar).sqrt()
        eps = (y - model(y, sigma.expand(len(x)), label)) / sigma
        x = made.step(eps, t, x).prev_sample
    return x


def experiment(sampler: str, steps: int, images: int, label: int | None = None) -> pg.Experiment:
    """The same choices in ours: DDPM's table, its trailing timesteps; a label as guidance of weight 1, the conditional model itself."""
    record: dict[str, Any] = {
        "data": MODEL,
        "process": {"kind": "VP", "schedule": {"kind": "DDPMTable"}},
        "sampler": {"kind": sampler},
        "grid": {"kind": "Subsequence", "steps": steps},
        "particles": images,
    }
    if label is not None:
        record["guidance"] = {"kind": "ClassifierFree", "label": label, "weight": 1.0}
    return pg.Experiment.from_dict(record)


def timed(run: Callable[[], Any], clock: Callable[[], float]) -> float:
    began = clock()
    run()
    return clock() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--cpu-time", action="store_true", help="seconds of this process's CPU time, for a machine that is busy otherwise")
    told = parser.parse_args()
    if told.threads:
        torch.set_num_threads(told.threads)
    clock = time.process_time if told.cpu_time else time.perf_counter
    noise = torch.randn(IMAGES, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    null = torch.full((IMAGES,), 10)
    networks = {"plain": load_model(MODEL), "plain, channels last": network_of(MODEL, HOST)}
    out: dict[str, Any] = {"machine": cpu(), "threads": torch.get_num_threads(), "images": IMAGES, "steps": STEPS, "rounds": told.rounds}
    out["clock"] = "CPU time" if told.cpu_time else "wall time"
    for sampler in SCHEDULERS:
        exp = experiment(sampler, STEPS, IMAGES)
        runs: dict[str, Callable[[], Any]] = {
            "ours": lambda exp=exp: pg.simulate(exp, initial=noise),
            **{k: lambda net=net, s=sampler: plain_loop(s, STEPS, net, noise, null) for k, net in networks.items()},
        }
        for run in runs.values():
            run()
        took = [{k: timed(run, clock) for k, run in runs.items()} for _ in range(told.rounds)]
        row: dict[str, Any] = {f"{k}, ms": round(1000 * statistics.median(t[k] for t in took)) for k in runs}
        row |= {f"ours / {k}": round(statistics.median(t["ours"] / t[k] for t in took), 3) for k in networks}
        out[sampler] = row
    save("images_speed", out)


if __name__ == "__main__":
    main()
