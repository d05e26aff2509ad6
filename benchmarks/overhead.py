"""Time beyond the model's own evaluations, a step, against `diffusers`: ``python -m benchmarks.overhead`` prints JSON.

The same sampler on the same exact model, 2,000 particles in 2D, float32 states, 50 steps, one thread count for both, runs interleaved. The model's own
time is measured inside the same runs, call by call, and taken off. ``ours`` counts everything between the first state and the last in the sampling loop
(steps, conversions, coefficients, frames); ``simulate`` has besides: making the experiment's objects, the start's draw, the check for divergence.
With a CUDA device the large run is done there too.
"""

from __future__ import annotations

import json
import resource
import statistics
import time
import warnings
from collections.abc import Callable

import diffusers
import torch

import playground as pg
from playground.core.catalog import law_of
from playground.core.problem import Prediction, Problem
from playground.core.rng import Rng
from playground.core.run import run
from playground.engine import simulate
from playground.exact.mixture import MixtureOracle

PARTICLES, STEPS, REPEAT = 2000, 50, 41
DATA = "swiss_roll"


class Timed:
    """The exact model with a stopwatch."""

    gives = frozenset({"mean", "mixture"})

    def __init__(self, oracle: MixtureOracle):
        self.oracle, self.spent = oracle, 0.0
        self.prepare = oracle.prepare

    def __call__(self, z: torch.Tensor, t: float) -> Prediction:
        started = time.perf_counter()
        out = self.oracle(z, t)
        self.spent += time.perf_counter() - started
        return out


def beyond(work: Callable[[], None], model: Timed) -> float:
    """Microseconds of one run beyond the model's evaluations."""
    model.spent = 0.0
    started = time.perf_counter()
    work()
    return 1e6 * (time.perf_counter() - started - model.spent)


def pair(name: str) -> dict[str, float]:
    """µs a step beyond the model, theirs and ours, and their ratio: of the fastest of interleaved runs (other work on the machine only adds), and of medians."""
    edm = name == "Heun"
    process = pg.EDM(sigma_max=160.0) if edm else pg.VP(pg.LinearBeta(beta_max=20.5))
    sampler = {"DDIM": pg.DDIM(), "DPM-Solver++ 2M": pg.DPMSolverPP2M(), "UniPC": pg.UniPC(), "Heun": pg.EDMHeun()}[name]
    make = {
        "DDIM": lambda: diffusers.DDIMScheduler(clip_sample=False, steps_offset=1, prediction_type="sample"),
        "DPM-Solver++ 2M": lambda: diffusers.DPMSolverMultistepScheduler(prediction_type="sample"),
        "UniPC": lambda: diffusers.UniPCMultistepScheduler(prediction_type="sample"),
        "Heun": lambda: diffusers.HeunDiscreteScheduler(use_karras_sigmas=True, prediction_type="sample"),
    }[name]
    model = Timed(MixtureOracle(law_of(DATA).mixture, process))
    scheduler = make()
    scheduler.set_timesteps(STEPS)
    if name == "DDIM":
        bars = scheduler.alphas_cumprod[scheduler.timesteps].double()
        rhos = [*((1 - bars) / bars).sqrt().tolist(), 0.0]
        asked = rhos[:-1]
    else:
        rhos = torch.unique_consecutive(scheduler.sigmas).double().tolist()
        asked = scheduler.sigmas.double().tolist()
    times = [0.0 if r == 0 else float(process.time_at(-torch.tensor(r, dtype=torch.float64).log())) for r in rhos]
    at = dict(zip(rhos, times, strict=True))
    model_times = [at[r] for r in asked[: len(scheduler.timesteps)]]
    start = torch.randn(PARTICLES, 2) * (rhos[0] if edm else 1.0)

    def theirs(table: bool) -> None:
        if table:
            scheduler.set_timesteps(STEPS)
        else:  # what set_timesteps resets besides
            for name, value in (("_step_index", None), ("lower_order_nums", 0), ("last_sample", None), ("dt", None)):
                if hasattr(scheduler, name):
                    setattr(scheduler, name, value)
            if hasattr(scheduler, "model_outputs"):
                scheduler.model_outputs = [None] * len(scheduler.model_outputs)
        x = start
        with torch.no_grad():
            for t, own in zip(scheduler.timesteps, model_times, strict=True):
                x = scheduler.step(model(x, own).x0_hat, t, x, return_dict=False)[0]

    def ours() -> None:
        with torch.no_grad():
            for _ in run(Problem(process, model), sampler, start, times, Rng(0)):
                pass

    table, loop, own = [], [], []
    for index in range(REPEAT + 3):
        found = beyond(lambda: theirs(True), model), beyond(lambda: theirs(False), model), beyond(ours, model)
        if index >= 3:
            for kept, value in zip((table, loop, own), found, strict=True):
                kept.append(value / STEPS)
    best = [min(v) for v in (table, loop, own)]
    return {
        "diffusers, µs a step": round(best[1], 1),
        "diffusers with set_timesteps, µs a step": round(best[0], 1),
        "ours, µs a step": round(best[2], 1),
        "ratio": round(best[2] / best[1], 3),
        "ratio of medians": round(statistics.median(own) / statistics.median(loop), 3),
    }


def large(device: str) -> dict[str, float]:
    """100,000 particles × 50 steps × 64 components, frames thinned to 25: seconds and peak memory."""
    exp = pg.Experiment(data=DATA, particles=100_000, grid={"kind": "UniformLogSNR", "steps": 50})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if device == "cuda":
        simulate(exp.replace(particles=1000), device=device)
        torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    trace = simulate(exp, device=device, max_frames=25)
    if device == "cuda":
        torch.cuda.synchronize()
    spent = time.perf_counter() - started
    frames = sum(f.z.numel() * f.z.element_size() for f in trace.frames) / 2**20
    peak = torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    out = {"seconds": round(spent, 2), "peak memory, MiB": round(peak), "of which kept frames, MiB": round(frames)}
    return out if device == "cuda" else {**out, "process before, MiB": round(before / 1024)}


def main() -> None:
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    out: dict[str, object] = {"torch": torch.__version__, "diffusers": diffusers.__version__, "threads": torch.get_num_threads()}
    out["100,000 x 50 x 64, cpu"] = large("cpu")
    if torch.cuda.is_available():
        out["100,000 x 50 x 64, cuda"] = large("cuda")
    for name in ("DDIM", "DPM-Solver++ 2M", "UniPC", "Heun"):
        out[name] = pair(name)
    print(json.dumps(out, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
