"""Hub models against the library's own loops: the same weights, noise and times, in float32."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import playground as pg
from playground.images import hub, source
from tests.images import tiny

INF = float("inf")
# `diffusers` calls np.array on tensors, of which this numpy complains
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """saved(kind): the name of a tiny pipeline that lies on the disk."""
    folder = tmp_path_factory.mktemp("hub")
    return lambda kind: f"hub:{tiny.save(kind, folder / kind) if not (folder / kind).exists() else folder / kind}"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(source, "_served", False)
    yield
    hub.unload()


def noise(n: int, channels: int, seed: int = 3) -> Tensor:
    return torch.randn(n, channels, 8, 8, generator=torch.Generator().manual_seed(seed))


def levels(bars: Any) -> list[float]:
    """log-SNR of ᾱ."""
    bars = torch.as_tensor(bars, dtype=torch.float64)
    return (bars.log() - torch.log1p(-bars)).tolist()


def ours(data: str, sampler: str, start: Tensor, log_snr: list[float], **choices: Any) -> Tensor:
    exp = pg.Experiment.from_dict({"data": data, "sampler": sampler, "particles": len(start), **choices})
    return pg.simulate(exp, initial=start, log_snr=[*log_snr, INF]).x[-1]


def plain(scheduler: Any, start: Tensor, ask: Any, steps: int) -> tuple[Tensor, Tensor]:
    """The library's loop: the last state, and its timesteps."""
    scheduler.set_timesteps(steps)
    x = start * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        x = scheduler.step(ask(scheduler.scale_model_input(x, t), t), t, x, return_dict=False)[0]
    return x, scheduler.timesteps


@pytest.mark.parametrize("kind", ["ddpm", "ddpm-v", "ddpm-sample"])
def test_ddim_is_the_librarys(saved: Any, kind: str) -> None:
    """DDIM, η = 0, 8 steps on a U-Net of pixels, for each of its predictions: equal to 1e-4.

    Mutants killed: time index off by one, v with the other sign, the input left at unit noise (y for α y).
    """
    import diffusers

    pipe = tiny.pipeline(kind)
    other = diffusers.DDIMScheduler.from_config(pipe.scheduler.config, set_alpha_to_one=True, clip_sample=False)
    begin = noise(2, 3)
    with torch.no_grad():
        want, times = plain(other, begin, lambda x, t: pipe.unet(x, t).sample, 8)
    got = ours(saved(kind), "DDIM", begin, levels(other.alphas_cumprod[times]))
    assert float(want.std()) > 0.1
    torch.testing.assert_close(got, want, rtol=0, atol=1e-4 * max(1.0, float(want.abs().max())))


def test_dpm_solver_is_the_librarys(saved: Any) -> None:
    """DPM-Solver++ 2M with a last step to zero: equal to 1e-4. Mutant killed: α of the level before."""
    import diffusers

    pipe = tiny.pipeline("ddpm-v")
    options = {"algorithm_type": "dpmsolver++", "solver_order": 2, "final_sigmas_type": "zero", "lower_order_final": False}
    other = diffusers.DPMSolverMultistepScheduler.from_config(pipe.scheduler.config, **options)
    begin = noise(2, 3)
    with torch.no_grad():
        want, times = plain(other, begin, lambda x, t: pipe.unet(x, t).sample, 8)
    process = {"kind": "VP", "schedule": {"kind": "LinearBeta", "beta_max": 21.0}}  # its t_max lies beyond the table's last entry
    got = ours(saved("ddpm-v"), "DPMSolverPP2M", begin, levels(other.alphas_cumprod[times]), process=process)
    torch.testing.assert_close(got, want, rtol=0, atol=1e-4 * max(1.0, float(want.abs().max())))


def test_guided_words_are_the_librarys(saved: Any) -> None:
    """The library's text-to-image pipeline with a prompt, a negative prompt and W = 4, DDIM on 6 steps: our latents and our picture are its own.

    Mutants killed: prompts exchanged, W − 1 for W, the latent not divided by its scale before it is decoded.
    """
    pipe = tiny.pipeline("sd")
    begin = noise(2, 4)
    words = {"prompt": ["a cat, red"] * 2, "negative_prompt": ["grey dog"] * 2, "guidance_scale": 4.0, "num_inference_steps": 6}
    with torch.no_grad():
        want = pipe(**words, latents=begin, output_type="latent").images
        picture = pipe.vae.decode(want / pipe.vae.config.scaling_factor).sample
    # the library ends at ᾱ_0 of its table: one step of ours less, to that level
    bars = pipe.scheduler.alphas_cumprod[torch.cat([pipe.scheduler.timesteps, torch.zeros(1, dtype=torch.long)])]
    guidance = pg.registry("guidance")["Prompt"](prompt="a cat, red", negative="grey dog", weight=4.0)
    exp = pg.Experiment(data=saved("sd"), sampler=pg.DDIM(eta=0.0), particles=2, guidance=guidance)
    trace = pg.simulate(exp, initial=begin, log_snr=levels(bars))
    got = trace.x[-1]
    assert trace.model_calls == 12
    size = float(want.abs().max())
    torch.testing.assert_close(got, want, rtol=0, atol=1e-4 * max(1.0, size))
    torch.testing.assert_close(exp.who.show(got, True), picture, rtol=0, atol=1e-3)
    other = exp.replace(guidance=guidance.__class__(prompt="grey dog", negative="a cat, red", weight=4.0))
    assert float((pg.simulate(other, initial=begin, log_snr=levels(bars)).x[-1] - got).abs().max()) > 1e-2


def denoised(data: str, process: pg.VP, y: Tensor, tau: float, **choices: Any) -> Tensor:
    """x̂_0 of our predictor at y = x_0 + τ n."""
    exp = pg.Experiment.from_dict({"data": data, "process": process.to_dict(), "particles": len(y), **choices})
    guided = "mixture" not in exp.guidance.gives
    predictor = exp.guidance.model(exp.who, exp.process) if guided else exp.who.predictor(exp.process)
    t = float(exp.process.time_at(-torch.tensor(tau, dtype=torch.float64).log()))
    return predictor(y * exp.process.at(t).alpha, t).x0_hat


@pytest.mark.parametrize("process", [pg.VP(), pg.EDM(), pg.Flow()], ids=["VP", "EDM", "flow"])
def test_dit_answers_as_in_the_library(saved: Any, process: Any) -> None:
    """Classes of a DiT at one noise level, asked through three processes; no class is its last label. Mutant killed: the variance taken for the noise."""
    pipe = tiny.pipeline("dit")
    bar = float(pipe.scheduler.alphas_cumprod[400])
    x, tau = noise(2, 4), ((1 - bar) / bar) ** 0.5
    for label, guidance in ((3, "NoGuidance"), (1, {"kind": "ClassifierFree", "label": 1, "weight": 1.0})):
        with torch.no_grad():
            out = pipe.transformer(x, timestep=torch.tensor([400, 400]), class_labels=torch.tensor([label] * 2)).sample[:, :4]
        want = (x - (1 - bar) ** 0.5 * out) / bar**0.5
        got = denoised(saved("dit"), process, x / bar**0.5, tau, guidance=guidance)
        torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-4)


def test_v_of_stable_diffusion(saved: Any) -> None:
    """v-prediction of a text-to-image model: x̂_0 = α x − σ v̂. Mutant killed: taken for ε."""
    pipe = tiny.pipeline("sd-v")
    bar = float(pipe.scheduler.alphas_cumprod[700])
    x = noise(1, 4)
    with torch.no_grad():
        words = pipe.encode_prompt("hay", "cpu", 1, False)[0]
        out = pipe.unet(x, 700, encoder_hidden_states=words).sample
    want = bar**0.5 * x - (1 - bar) ** 0.5 * out
    got = denoised(
        saved("sd-v"), pg.VP(), x / bar**0.5, ((1 - bar) / bar) ** 0.5, guidance={"kind": "Prompt", "prompt": "hay", "weight": 1.0}
    )
    torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-4)


def test_sdxl_loop(saved: Any) -> None:
    """Two encoders: the library's Euler pipeline with W = 3 and no negative prompt (zeros) against our Euler on EDM at its σ.

    Mutants killed: an empty prompt encoded where the model wants zeros, sizes or pooled words left out.
    """
    pipe = tiny.pipeline("sdxl")
    begin = noise(1, 4)
    with torch.no_grad():
        want = pipe("a cat", latents=begin, guidance_scale=3.0, num_inference_steps=5, output_type="latent").images
    sigmas = pipe.scheduler.sigmas.double()
    guidance = {"kind": "Prompt", "prompt": "a cat", "weight": 3.0}
    exp = pg.Experiment.from_dict({"data": saved("sdxl"), "process": "EDM", "sampler": "Euler", "particles": 1, "guidance": guidance})
    times = [float(s) for s in sigmas[:-1]] + [0.0]
    got = pg.simulate(exp, initial=begin * pipe.scheduler.init_noise_sigma, times=times).x[-1]
    torch.testing.assert_close(got, want, rtol=0, atol=2e-4 * max(1.0, float(want.abs().max())))


def test_flow_of_stable_diffusion_3(saved: Any) -> None:
    """Flow matching: the library's pipeline with W = 3 against our Euler under the flow process at its σ = t. Mutants killed: time s for 1000 s, α and σ exchanged."""
    pipe = tiny.pipeline("sd3")
    begin = noise(1, 4)
    with torch.no_grad():
        want = pipe("a cat", negative_prompt="hay", latents=begin, guidance_scale=3.0, num_inference_steps=6, output_type="latent").images
    guidance = {"kind": "Prompt", "prompt": "a cat", "negative": "hay", "weight": 3.0}
    exp = pg.Experiment.from_dict({"data": saved("sd3"), "process": "Flow", "sampler": "Euler", "particles": 1, "guidance": guidance})
    times = pipe.scheduler.sigmas.double().tolist()
    times[0] = exp.process.t_max  # ours stops at 0.999
    got = pg.simulate(exp, initial=begin, times=times).x[-1]
    error = float((got - want).abs().max() / want.abs().max())
    assert error < 5e-3, error
