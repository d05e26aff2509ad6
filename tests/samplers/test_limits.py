"""What samplers turn into: each other, the same trajectory under another process, the quantile map, known variances."""

import itertools
import math

import pytest
import torch
from scipy.optimize import brentq
from scipy.special import ndtr

from playground.core.experiment import Experiment
from playground.core.legal import why_illegal
from playground.core.mixture import GaussianMixture
from playground.core.process import t64
from playground.core.spec import from_dict
from playground.engine import simulate
from playground.processes.edm import EDM
from playground.processes.flow import Flow
from playground.processes.sub_vp import SubVP
from playground.processes.ve import VE
from playground.processes.vp import VP
from playground.samplers.ddim import DDIM
from playground.samplers.ddpm import DDPM
from playground.samplers.euler_maruyama import EulerMaruyama
from playground.samplers.ode import RK45, Euler
from playground.schedules.cosine import Cosine
from playground.schedules.linear import LinearBeta
from tests.real import real

LEVELS = torch.linspace(-7.8, 8, 13, dtype=torch.float64)  # ln(α²/σ²)
SAME_SNR = {"VP": VP(), "VP-cosine": VP(Cosine()), "SubVP": SubVP(), "VE": VE(), "EDM": EDM(), "Flow": Flow()}
RESCALED = {  # what needs no noise level integrates in t or draws by the process's own kernel; of the others some use α besides
    f"{key}{''.join(map(str, parameters.values()))}": sampler
    for key, cls in real("samplers").items()
    for parameters in cls.tried
    if "snr" in (sampler := from_dict("samplers", "sampler", {"kind": key, **parameters})).needs and cls.level_only
}
assert len(RESCALED) >= 20


def normal(*shape, seed=2):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def noise(seed=9):
    g = torch.Generator().manual_seed(seed)
    return lambda shape: torch.randn(tuple(shape), generator=g, dtype=torch.float64)


def y_path(process, sampler, data, y, levels, end=True):
    """Trajectory of y = x/α through the given log-SNR levels."""
    levels = torch.cat([levels, t64([float("inf")])]) if end else levels
    start = y * process.at(float(process.time_at(levels[0] / 2))).alpha
    trace = simulate(
        Experiment(process=process, sampler=sampler), data=data, initial=start, log_snr=levels, dtype=torch.float64, noise=noise()
    )
    return trace.states / process.alpha(trace.times)[:, None, None]


def test_ddim_eta_1_is_ddpm_small(scalar, five):
    """Same noise, same path to 1e-12. Mutants killed: β̃ with σ_t for σ_s, in either file."""
    start = normal(32, 2) * float(scalar.prior_cov()) ** 0.5
    runs = [
        simulate(
            Experiment(process=scalar, sampler=s, grid="UniformTime"), data=five, initial=start, dtype=torch.float64, noise=noise()
        ).states
        for s in (DDIM(eta=1.0), DDPM(variance="small"))
    ]
    torch.testing.assert_close(*runs, rtol=1e-12, atol=1e-12 * float(start.abs().max()))


@pytest.mark.parametrize("label", RESCALED)
@pytest.mark.parametrize("name", [k for k in SAME_SNR if k != "EDM"])
def test_same_snr_same_path(name, label, five):
    """VP = sub-VP = VE = flow = EDM in y = x/α (math 1.7), exactly for every sampler that is written in ρ = σ/α or L.

    Mutants killed: EDM Heun without the division by α; DPM++ and DDPM without α_s before the data term.
    """
    y = normal(16, 2) * math.exp(4)
    want = y_path(EDM(), RESCALED[label], five, y, LEVELS)
    got = y_path(SAME_SNR[name], RESCALED[label], five, y, LEVELS)
    torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-10 * float(y.abs().max()))


def test_same_snr_same_flow(five):
    """RK45 at 1e-10 in six different times finds the same flow within 1e-9 of the start's scale (math 1.7).

    Mutant killed: VP's σ̇ with α for α².
    """
    y = normal(8, 2) * math.exp(2.5)
    levels = torch.linspace(-5, 6, 3, dtype=torch.float64)
    paths = {name: y_path(p, RK45(log_tol=-10), five, y, levels, end=False) for name, p in SAME_SNR.items()}
    for name, path in paths.items():
        error = float((path - paths["VP"]).abs().max())
        assert error < 1e-9 * float(y.abs().max()), (name, error)


def test_flow_in_1d_is_the_quantile_map(process, g3):
    """x_s = F_s⁻¹(F_t(x_t)) for every marginal-exact flow in one dimension: an exact reference for a multimodal law.

    Mutant killed: σ̇ halved in the drift.
    """
    if len(process.parts) == 2:
        return  # a plane has no quantile map
    t, s = process.time_at(t64([-2.0, 2.0])).tolist()
    start = process.at(t).alpha * torch.linspace(-3, 3, 9, dtype=torch.float64)[:, None] * 3

    def cdf(x, u):
        c = process.at(u)
        spread = (c.alpha**2 * g3.covs[:, 0, 0] + c.sigma**2).sqrt().numpy()
        return float(g3.weights.numpy() @ ndtr((x - c.alpha * g3.means[:, 0].numpy()) / spread))

    end = simulate(
        Experiment(process=process, sampler=RK45(log_tol=-10)), data=g3, initial=start, times=[t, s], dtype=torch.float64
    ).states[-1, :, 0]
    inside = 0
    for x_t, x_s in zip(start[:, 0].tolist(), end.tolist(), strict=True):
        q = cdf(x_t, t)
        if 1e-5 < q < 1 - 1e-5:  # further out the distribution function has no digits left to invert
            inside += 1
            # the table's β has a kink at each of its 1000 joints, which costs RK45 digits
            precise = 2e-6 if "DDPMTable" in str(process) else 1e-7
            assert x_s == pytest.approx(brentq(lambda x, q=q: cdf(x, s) - q, -40, 40, xtol=1e-13), abs=precise)
    assert inside >= 3


def test_ddim_is_euler_in_sigma_over_alpha(five):
    """Limit of the architecture's list: DDIM(η = 0) on any process = Euler on EDM, whose time is σ/α. Mutant killed: ε̂ over σ_s in DDIM."""
    y = normal(16, 2) * math.exp(4)
    torch.testing.assert_close(y_path(VP(), DDIM(), five, y, LEVELS), y_path(EDM(), Euler(), five, y, LEVELS), rtol=1e-10, atol=1e-9)


def test_em_without_noise_is_euler(process, five):
    """λ = 0 is Euler on the probability-flow ODE, without a draw. Mutant killed: drift at λ = 1 always."""
    solvers = (EulerMaruyama(strength=0.0), Euler())
    runs = [
        simulate(Experiment(process=process, sampler=s, grid="Quadratic", particles=8, dtype="float64"), data=five).states for s in solvers
    ]
    torch.testing.assert_close(*runs, rtol=1e-10, atol=1e-8)


def variance_after(sampler, process, times, c):
    """Variance of a linear sampler's result for N(0, c) data, started from N(0, σ_T² + α_T² c), propagated without noise draws."""
    data = GaussianMixture([1.0], [0.0], [c])
    exp = Experiment(process=process, sampler=sampler)
    v = process.at(times[0]).alpha ** 2 * c + process.at(times[0]).sigma ** 2
    z, xi = t64([[1.0], [0.0]]), t64([[0.0], [1.0]])
    for pair in itertools.pairwise(times):
        gain, push = simulate(exp, data=data, initial=z, times=pair, dtype=torch.float64, noise=lambda _: xi).states[-1, :, 0].tolist()
        v = gain**2 * v + push**2
    return v


@pytest.mark.parametrize(("steps", "small", "large"), [(50, 0.197, 0.262), (1000, 0.246, 0.251)])
def test_small_and_large_variance(steps, small, large):
    """math 2.1, VP, N(0, .25) data, even times: ancestral sampling shrinks with the small variance and swells with the large one.

    Mutant killed: noise added in the last step (both variances move by more than the third digit).
    """
    times = torch.linspace(1, 0, steps + 1, dtype=torch.float64).tolist()
    assert variance_after(DDPM(variance="small"), VP(), times, 0.25) == pytest.approx(small, abs=5.1e-4)
    assert variance_after(DDPM(variance="large"), VP(), times, 0.25) == pytest.approx(large, abs=5.1e-4)


@pytest.mark.parametrize("strength", [0.5, 1.0, 1.5])
def test_em_keeps_the_marginals(strength):
    """Every λ has the same marginals in the limit: the variance error halves with the step (weak order 1).

    Mutants killed: (1 + λ)/2 in the drift; λ in place of λ² in the noise's variance.
    """
    data_var, process = 0.25, VP(LinearBeta(beta_max=12.0))
    errors = []
    for n in (64, 128, 256, 512):
        times = torch.linspace(1, 0.05, n + 1, dtype=torch.float64).tolist()
        c = process.at(0.05)
        errors.append(variance_after(EulerMaruyama(strength=strength), process, times, data_var) - (c.alpha**2 * data_var + c.sigma**2))
    slopes = [math.log2(a / b) for a, b in itertools.pairwise(errors)]
    assert slopes[-1] == pytest.approx(1, abs=0.15), slopes
    assert abs(errors[-1]) < 0.02


def test_one_step_is_the_mean(scalar, five):
    """One denoising step from t_max to 0 gives E[x_0 | x_T], whatever the sampler; not for the exact one, which draws, and those that
    move the state by Langevin steps before it is denoised."""
    exp = Experiment(process=scalar, grid={"kind": "UniformTime", "steps": 1}, particles=8, dtype="float64")
    ends = [
        simulate(exp.replace(sampler=key), data=five).states[-1]
        for key, made in ((key, cls()) for key, cls in real("samplers").items())
        if not why_illegal(made, scalar) and not made.ending.draws and (made.ending.denoised or made.declared_order is not None)
    ]
    assert len(ends) >= 24
    c = scalar.at(scalar.t_max)
    tol = max(1e-12, 1e-15 * c.sigma / c.alpha)  # samplers on y = x/α divide by α, 4.5e-5 where the terminal SNR is zero
    for end in ends[1:]:
        torch.testing.assert_close(end, ends[0], rtol=tol, atol=tol)
