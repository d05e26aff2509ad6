"""Grids against the tables of diffusers, their own formulas, and what the automatic one promises."""

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, FlowMatchEulerDiscreteScheduler

import playground as pg
from playground.core.process import t64
from playground.grids.flow_shift import shifted
from tests.real import real


@pytest.mark.parametrize("spacing", ["leading", "trailing", "linspace"])
@pytest.mark.parametrize("steps", [1, 5, 10, 20, 30, 50, 1000])
def test_subsequences_are_diffusers(spacing, steps):
    """The very timesteps of diffusers, but for a single one, which is index 999 in every spacing (theirs may be 0: data taken for noise).

    Mutants killed: floor for round in linspace, trailing without its −1, leading counted from 1.
    """
    theirs = DDPMScheduler(num_train_timesteps=1000, timestep_spacing=spacing, steps_offset=0)
    theirs.set_timesteps(steps)
    times = pg.Subsequence(steps=steps, spacing=spacing).times(pg.VP(pg.DDPMTable()))
    assert times[-1] == 0
    assert bool((times.diff() < 0).all())
    if steps == 1:
        assert times.tolist() == [1, 0]
        return
    np.testing.assert_array_equal((times[:-1] * 1000 - 1).round().long().numpy(), theirs.timesteps.numpy())
    bar = theirs.alphas_cumprod[theirs.timesteps].double()
    torch.testing.assert_close(pg.VP(pg.DDPMTable()).alpha(times[:-1]) ** 2, bar, rtol=2e-5, atol=1e-9)


def test_leading_starts_before_the_end():
    """Its known flaw, shown: 20 leading steps start at index 950, the others at 999."""
    process = pg.VP(pg.DDPMTable())
    assert float(pg.Subsequence(steps=20, spacing="leading").times(process)[0]) == pytest.approx(0.951)
    assert float(pg.Subsequence(steps=20).times(process)[0]) == 1


@pytest.mark.parametrize("shift", [0.5, 1.0, 3.0, 6.0])
def test_flow_shift_is_stable_diffusion_3s(shift):
    """The σ of FlowMatchEuler from the same unshifted ones; ends stay; ln(α/σ) of the flow is moved by −ln shift."""
    theirs = FlowMatchEulerDiscreteScheduler(shift=shift)
    even = np.linspace(1, 0.02, 15)
    theirs.set_timesteps(sigmas=even.tolist())
    np.testing.assert_allclose(shifted(t64(even), shift), theirs.sigmas[:-1].double(), rtol=2e-6)
    flow = pg.Flow()
    times = pg.FlowShift(steps=15, shift=shift, denoise=False).times(flow)
    unshifted = shifted(times / flow.t_max, 1 / shift)
    torch.testing.assert_close(unshifted.diff(), unshifted.diff().mean().expand(15), rtol=1e-9, atol=0)
    u = t64([0.2, 0.7])
    moved = flow.half_log_snr(shifted(u, shift)) - flow.half_log_snr(u)
    torch.testing.assert_close(moved, torch.full_like(u, -np.log(shift)), rtol=1e-9, atol=1e-12)


def test_exponential_is_geometric():
    times = pg.Exponential(steps=12, denoise=False).times(pg.EDM())
    ratio = times[1:] / times[:-1]
    torch.testing.assert_close(ratio, ratio[0].expand(12), rtol=1e-12, atol=0)
    torch.testing.assert_close(times, pg.UniformLogSNR(steps=12, denoise=False).times(pg.EDM()), rtol=1e-12, atol=0)


def test_custom_lists():
    """Times as given, log-SNR levels through the process, the clock as a fraction of the stage; a link brings them back."""
    vp = pg.VP()
    assert pg.Custom(unit="times", levels=(1, 0.4, 0.1)).times(vp).tolist() == [1, 0.4, 0.1, 0]
    grid = pg.Custom(unit="log-SNR", levels="-8, 0, 6", denoise=False)
    torch.testing.assert_close(vp.log_snr(grid.times(vp)), t64([-8.0, 0, 6]), rtol=1e-9, atol=1e-9)
    assert grid.steps == 2
    assert pg.Custom().steps == len(pg.Custom().times(pg.EDM())) - 1
    e = pg.Experiment(grid=grid)
    assert pg.Experiment.from_query(e.to_query()) == e
    assert pg.Experiment.from_json(e.to_json()) == e
    assert pg.simulate(e.replace(particles=10)).grid.tolist() == grid.times(vp).tolist()
    text = pg.Experiment.from_query({"grid": "Custom", "grid.unit": "times", "grid.levels": "1,0.5,0.1"})
    assert text.grid.levels == (1.0, 0.5, 0.1)


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"unit": "times", "levels": (1, 0.5, 0.5)}, "fall strictly"),
        ({"unit": "times", "levels": (0.1, 1)}, "fall strictly"),
        ({"levels": (0.1, 1)}, "clock readings that fall strictly"),
        ({"unit": "log-SNR", "levels": (3, 2)}, "rise strictly"),
        ({"unit": "times", "levels": (1.2, 0.5)}, "up to 1"),
        ({"unit": "times", "levels": (0.5, 0.0)}, "above 0"),
        ({"unit": "log-SNR", "levels": (-30, 2)}, "log-SNR from"),
        ({"levels": ()}, "numbers"),
        ({"levels": "x"}, "numbers"),
        ({"levels": (1, float("inf"))}, "numbers"),
        ({"levels": tuple(1 - i / 2000 for i in range(1001))}, "1 to 1000"),
        ({"levels": (1,), "denoise": False}, "at least two"),
    ],
)
def test_bad_lists_are_named(choices, words):
    with pytest.raises(pg.BadValue, match=words) as told:
        pg.Experiment(grid={"kind": "Custom", **choices})
    assert told.value.field == "grid.levels"


def test_custom_log_snr_needs_a_noise_level():
    with pytest.raises(pg.BadValue, match="single noise level"):
        pg.Experiment(process=pg.Interpolant(), sampler="Euler", grid=pg.Custom(unit="log-SNR", levels=(-3, 3)))


def end(exp):
    return pg.simulate(exp, dtype=torch.float64).states[-1]


@pytest.mark.parametrize("key", ["VP", "EDM", "SubVP", "PFGMPP", "Anisotropic"])
def test_auto_beats_uniform_time_for_euler(key):
    """12 Euler steps from the same start: the mean error against 200 steps of RK4 is at most 0.8 of uniform t's (measured 0.1 to 0.65).

    Mutant killed: density ∝ error instead of its root; the coordinate run backwards.
    """
    base = pg.Experiment(process=key, sampler="Euler", grid=pg.UniformTime(steps=12), particles=300, seed=1)
    fine = pg.Karras(steps=200) if "snr" in base.process.caps else pg.Quadratic(steps=200)
    ref = end(base.replace(sampler="RK4", grid=fine))
    error = {g: float((end(base.replace(grid=g)) - ref).norm(dim=-1).mean()) for g in (base.grid, pg.Auto(steps=12))}
    assert error[pg.Auto(steps=12)] < 0.8 * error[base.grid], error


@pytest.mark.parametrize("sampler", real("samplers"))
def test_auto_is_deterministic_and_asks_beside_the_run(sampler):
    """The same times twice, and its model calls are not the run's."""
    for process in ("VP", "CLD"):
        try:
            e = pg.Experiment(process=process, sampler=sampler, grid=pg.Auto(steps=10), particles=20)
        except pg.BadValue:
            continue
        a = pg.simulate(e)
        b = pg.simulate(e)
        assert torch.equal(a.grid, b.grid)
        assert bool((a.grid.diff() < 0).all())
        assert a.grid[0] == e.process.t_max
        assert a.grid[-1] == 0
        if e.sampler.calls(10) is not None:
            assert b.model_calls == e.sampler.calls(10)
        assert b.model_calls == pg.simulate(e, times=b.grid).model_calls


@pytest.mark.parametrize("rho", [0.5, 1.0, 3.0])
def test_poly_exponential(rho):
    """k-diffusion's: σ_i = exp(r_i (ln σ_max − ln σ_min) + ln σ_min) with r an even ramp from 1 to 0 to the power ρ. Mutant killed: the ramp from 0 to 1."""
    edm = pg.EDM()
    ramp = np.linspace(1, 0, 12) ** rho
    want = np.exp(ramp * (np.log(edm.t_max) - np.log(edm.t_min)) + np.log(edm.t_min))
    np.testing.assert_allclose(pg.PolyExponential(steps=12, rho=rho).times(edm)[:-1], want, rtol=1e-12)
    for process in (pg.VP(), pg.Flow()):
        times = pg.PolyExponential(steps=12, rho=rho, denoise=False).times(process)
        heights = process.half_log_snr(times)
        torch.testing.assert_close(
            ((heights[-1] - heights) / (heights[-1] - heights[0])) ** (1 / rho), torch.linspace(1, 0, 13, dtype=torch.float64)
        )
        assert (float(times[0]), float(times[-1])) == (process.t_max, process.t_min)


def test_time_quadratic():
    """Equal steps in √t (DPM-Solver's "time_quadratic"), which the quadratic grid has only from t_min = 0."""
    for process in (pg.VP(), pg.CLD(), pg.EDM()):
        roots = pg.TimeQuadratic(steps=9, denoise=False).times(process).sqrt()
        torch.testing.assert_close(roots, torch.linspace(process.t_max**0.5, process.t_min**0.5, 10, dtype=torch.float64))
    assert not torch.allclose(pg.TimeQuadratic(steps=9).times(pg.EDM()), pg.Quadratic(steps=9).times(pg.EDM()), rtol=1e-3)


def test_iddpm():
    """The table of iDDPM by its own β: ᾱ̃_k = Π (1 − β), β = min(1 − ᾱ_{k+1}/ᾱ_k, 0.999), ᾱ = cos²(π/2 (k/1000 + 0.008)/1.008), σ² = (1 − ᾱ̃)/ᾱ̃ [k noise steps done].

    The paper's figures of EDM's rewriting: σ from 0.0064 to 81 at j₀ = 8. Mutants killed: the table read from the other end, C₁ as an upper bound, floor for round.
    """
    bar = np.cos(np.pi / 2 * (np.arange(1001) / 1000 + 0.008) / 1.008) ** 2
    kept = np.cumprod(1 - np.minimum(1 - bar[1:] / bar[:-1], 0.999))
    table = np.sqrt((1 - kept) / kept)[::-1]  # falling
    edm = pg.EDM(sigma_max=81.0, sigma_min=0.002)
    inside = table[(table <= 81.0) & (table >= 0.002)]
    assert inside[0] == pytest.approx(80.1, abs=0.5)
    assert inside[-1] == pytest.approx(0.0064, abs=1e-4)
    for steps in (1, 2, 7, 18, 500):
        times = pg.IDDPM(steps=steps).times(edm)
        assert times[-1] == 0
        assert bool((times.diff() < 0).all())
        picks = np.floor(np.linspace(0, len(inside) - 1, steps) + 0.5).astype(int)
        np.testing.assert_allclose(times[:-1], inside[picks], rtol=1e-9)
    times = pg.IDDPM(steps=10, denoise=False).times(pg.Flow())
    assert len(times) == 11
    assert min(abs(float(pg.Flow().at(float(times[3])).sigma / pg.Flow().at(float(times[3])).alpha) / table - 1)) < 1e-9
    with pytest.raises(pg.BadValue, match="at most") as told:
        pg.Experiment(process=edm, sampler="DDIM", grid=pg.IDDPM(steps=1000))
    assert told.value.field == "grid.steps"
