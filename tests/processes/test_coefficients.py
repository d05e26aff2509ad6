"""α, σ, L, g² and B against autograd, their inverses, and the numbers of math.md."""

import math

import pytest
import torch

from playground.core.spec import registry
from playground.processes.edm import EDM
from playground.processes.sub_vp import SubVP
from playground.processes.vp import VP
from playground.schedules.cosine import Cosine

CLOCK = torch.tensor([1e-3, 0.02, 0.2, 0.5, 0.9, 1.0], dtype=torch.float64)


def slope(f, t):
    t = t.clone().requires_grad_()
    return torch.autograd.grad((f(t) + 0 * t).sum(), t)[0]


def close(a, b, rtol=1e-11, atol=0.0):
    torch.testing.assert_close(a, b, rtol=rtol, atol=atol)


def test_derivatives_and_g2(scalar):
    """α̇ and σ̇ are the derivatives; g² = dσ²/dt − 2fσ² = −2σ² dL/dt; L = ln(α/σ)."""
    t = scalar.unclock(CLOCK)
    alpha, sigma = scalar.alpha(t), scalar.sigma(t)
    close(scalar.dalpha(t), slope(scalar.alpha, t))
    close(scalar.dsigma(t), slope(scalar.sigma, t), atol=2e-13)  # where ᾱ is tiny, autograd itself rounds: d expm1(−B) = 1 + expm1(−B)
    close(scalar.half_log_snr(t), (alpha / sigma).log(), atol=1e-12)
    f = slope(scalar.alpha, t) / alpha
    # at the data end both terms are small beside what they are made of: σ α̇ and α σ̇
    close(scalar.g2(t), slope(lambda u: scalar.sigma(u) ** 2, t) - 2 * f * sigma**2, rtol=1e-10)
    close(scalar.g2(t), -2 * sigma**2 * slope(scalar.half_log_snr, t), rtol=1e-10)
    drift, noise = scalar.sde(t)
    close(drift[:, 0, 0], f)
    close(noise[:, 0, 0], scalar.g2(t))
    for k, time in enumerate(t.tolist()):
        assert scalar.at(time).alpha == float(alpha[k])
        assert scalar.at(time).g2 == float(scalar.g2(t)[k])


def test_times_from_levels(scalar):
    """time_at inverts L, also a little beyond t_max, where churn raises the noise level by up to √2."""
    t = scalar.unclock(CLOCK)
    close(scalar.time_at(scalar.half_log_snr(t)), t, rtol=1e-9)
    beyond = scalar.half_log_snr(t[-1:]) - 0.5 * math.log(2)
    close(scalar.half_log_snr(scalar.time_at(beyond)), beyond, rtol=1e-9)


@pytest.mark.parametrize("key", registry("schedules"))
def test_schedules(key):
    """β = dB/dt, B(0) = 0, B grows, time_at inverts B."""
    schedule = registry("schedules")[key]()
    t = CLOCK * schedule.t_max
    close(schedule.beta(t), slope(schedule.integral, t))
    assert float(schedule.integral(torch.zeros((), dtype=torch.float64))) == 0
    assert bool((schedule.integral(t).diff() > 0).all())
    close(schedule.time_at(schedule.integral(t)), t, rtol=1e-12, atol=1e-15)


def test_variance_identities(scalar):
    """VP keeps α² + σ² = 1; sub-VP's σ is VP's σ²; VE's σ vanishes at t = 0 in every process."""
    t = scalar.unclock(CLOCK)
    if type(scalar) is VP:
        close(scalar.alpha(t) ** 2 + scalar.sigma(t) ** 2, torch.ones_like(t))
    if type(scalar) is SubVP:
        close(scalar.sigma(t), VP(scalar.schedule).sigma(t) ** 2)
    zero = torch.zeros(1, dtype=torch.float64)
    assert float(scalar.sigma(zero)) == 0
    assert float(scalar.alpha(zero)) == 1
    assert 0 < scalar.t_min < scalar.t_max
    close(scalar.clock(scalar.unclock(CLOCK)), CLOCK)
    close(scalar.view_scale(t).clamp(max=1), scalar.view_scale(t))


def test_numbers_of_the_papers():
    """α(1)² = 4.32e-5 for the linear schedule; the cosine one is cut at L = −5.1, t ≈ 0.996."""
    assert VP().at(1.0).alpha ** 2 == pytest.approx(math.exp(-10.05), rel=1e-12)
    assert VP().at(1.0).alpha ** 2 == pytest.approx(4.32e-5, abs=5e-8)
    cosine = VP(Cosine())
    assert cosine.t_max == pytest.approx(0.996, abs=5e-4)
    assert cosine.at(cosine.t_max).half_log_snr == pytest.approx(-5.1, abs=1e-11)
    bar = [math.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2 for u in (0.3, 0.0)]
    assert cosine.at(0.3).alpha ** 2 == pytest.approx(bar[0] / bar[1], rel=1e-13)


def test_karras_grid():
    """EDM's own grid, N = 18 levels and then 0: σ_0 = 80, σ_1 = 57.586, σ_17 = 0.002 (math 2.6)."""
    times = registry("grids")["Karras"](steps=18).times(EDM())
    assert len(times) == 19
    assert times[0] == 80
    assert times[-1] == 0
    assert float(times[1]) == pytest.approx(57.586, abs=5e-4)
    assert float(times[17]) == pytest.approx(0.002, abs=1e-15)
    i = torch.arange(18, dtype=torch.float64)
    close(times[:-1], (80 ** (1 / 7) + i / 17 * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7, rtol=1e-12)


@pytest.mark.parametrize("key", registry("grids"))
def test_grids(key, process):
    """Every grid falls strictly from t_max to t_min and 0, has the promised number of steps, and is even in what it claims."""
    cls = registry("grids")[key]
    if cls.info.needs - process.caps:
        return  # not a legal choice
    if cls.own_ends:
        return  # says where it starts and ends: tests/grids
    for steps in (1, 2, 7, 50):
        for denoise in (True, False):
            times = cls(steps=steps, denoise=denoise).times(process)
            assert times.dtype == torch.float64
            assert len(times) == steps + 1
            assert bool((times.diff() < 0).all())
            assert times[0] == process.t_max
            assert times[-1] == (0 if denoise else process.t_min)
    times = cls(steps=20, denoise=False).times(process)
    measure = {
        "UniformTime": lambda t: t,
        "Quadratic": lambda t: (t - process.t_min).clamp_min(0).sqrt(),
        "UniformLogSNR": lambda t: process.half_log_snr(t),
        "Karras": lambda t: (-process.half_log_snr(t) / 7).exp(),
    }.get(key)
    if measure:
        gaps = measure(times).diff()
        close(gaps, gaps.mean().expand_as(gaps), rtol=1e-7)
