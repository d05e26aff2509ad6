"""The engine on a real CUDA device against the CPU, from the same noise (``pytest -m gpu``; where there is none, pytest says how many were left out).

Float64 states: they differ by rounding, below 1e-6 of a particle's size, but where a draw of a component or a symbol falls on the other side of an edge: at
most one particle in fifty. Networks compute in float32 (cuDNN may round products to 10 bits): 5e-2 of a pixel's range.
"""

import json

import pytest
import torch

import benchmarks.engine
import playground as pg
from playground.core.legal import legal
from playground.core.spec import registry
from playground.engine import Run
from tests.real import home

pytestmark = pytest.mark.gpu
PARTICLES, STEPS = 256, 8


def apart(exp: pg.Experiment) -> torch.Tensor:
    """The difference of the last states on both devices, relative to their size, of each particle."""
    here, there = (pg.simulate(exp, device=device).states[-1].cpu().double().flatten(1) for device in ("cpu", "cuda"))
    assert torch.equal(here.isfinite(), there.isfinite())
    return ((here - there).abs() / (1 + here.abs())).nan_to_num(0).amax(1)


@pytest.mark.parametrize("key", registry("processes"))
def test_every_sampler(key):
    process, data = registry("processes")[key](), home(registry("processes")[key])
    fit = [k for k, no in legal({"data": data, "process": process})["sampler"].items() if not no]
    assert len(fit) >= 2
    for sampler in fit:
        exp = pg.Experiment(data=data, process=process, sampler=registry("samplers")[sampler](), particles=PARTICLES, dtype="float64")
        far = apart(exp.replace(grid={"kind": "UniformTime", "steps": STEPS}))
        assert (far > 1e-6).double().mean() <= 0.02, (sampler, far.max())


@pytest.mark.parametrize("key", [key for key, cls in registry("guidance").items() if not {"text", "classes"} & cls().needs])
def test_every_guidance(key):
    exp = pg.Experiment(guidance=registry("guidance")[key](), particles=PARTICLES, dtype="float64")
    assert (apart(exp) > 1e-6).double().mean() <= 0.02


@pytest.mark.parametrize(
    "data", ["mnist-unet", "mnist-cld", "digits-unet", "digits-ideal", "digits-wiener", "digits-local", "digits-equivariant"]
)
def test_every_kind_of_model(data):
    assert apart(pg.Experiment(data=data, particles=8, grid={"steps": STEPS})).max() <= 5e-2


@pytest.mark.parametrize("sampler", ["DDIM", "DDPM", "PredictorCorrector", "ExactAncestral", "EDMHeun", "UniPC"])
def test_a_step_waits_for_nothing(sampler):
    """torch itself refuses whatever makes the host wait for the device."""
    run = Run(pg.Experiment(sampler=registry("samplers")[sampler](), particles=PARTICLES), device="cuda")
    run.advance()
    try:
        torch.cuda.set_sync_debug_mode("error")
        while run.advance() is not None:
            pass
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert run.diverged is None


def test_the_benchmark(capsys):
    benchmarks.engine.main()
    told = json.loads(capsys.readouterr().out)
    assert told.pop("device") == torch.cuda.get_device_name()
    assert all(value > 0 for name, value in told.items() if name.endswith("ms"))
