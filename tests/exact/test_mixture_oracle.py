"""The exact oracle against independent densities: autograd scores, Tweedie, quadrature and the laws of probability."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from playground.core.mixture import GaussianMixture
from playground.core.problem import Problem
from playground.core.process import t64
from playground.exact.mixture import MixtureOracle
from playground.processes.cld import CLD

CLOCK = (0.02, 0.2, 0.5, 1.0)


def times_of(process):
    """From where sampling ends to pure noise."""
    return process.unclock(t64(CLOCK)).clamp_min(process.t_min).tolist()


def density(data, process, t):
    """p_t written down anew with torch.distributions: N(ψ m_k, ψψᵀ ⊗ C_k + Σ ⊗ I)."""
    psi, sigma = process.mean_and_cov(t64(t))
    eye = torch.eye(data.dim, dtype=torch.float64)
    means = torch.stack([torch.kron(psi, m) for m in data.means])
    covs = torch.stack([torch.kron(torch.outer(psi, psi), c) + torch.kron(sigma, eye) for c in data.covs])
    return MixtureSameFamily(Categorical(data.weights), MultivariateNormal(means, covs))


def points(law, n=7, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return law.sample((n,)) * 1.3


def close(a, b, rtol=1e-8, atol=1e-9):
    torch.testing.assert_close(a, b, rtol=rtol, atol=atol)


@pytest.mark.parametrize("d", [1, 2])
def test_score_is_the_gradient_of_log_p(process, d, g3, five):
    """log p_t, score and responsibilities (CLD: of the full joint) against autograd through an independent density."""
    data = g3 if d == 1 else five
    oracle = MixtureOracle(data, process)
    problem = Problem(process, oracle)
    for t in times_of(process):
        law = density(data, process, t)
        z = points(law).requires_grad_()
        log_p = law.log_prob(z)
        (score,) = torch.autograd.grad(log_p.sum(), z)
        state = z.detach().reshape(process.state_shape(len(z), (d,)))
        scale = float(score.abs().max())
        close(oracle.log_prob(state, t), log_p.detach())
        close(oracle.marginal(t).log_prob(z.detach()), log_p.detach())
        close(oracle.marginal(t).score(z.detach()), score, atol=1e-9 * scale)
        close(problem.score(state, t).reshape(len(z), -1), score, atol=1e-9 * scale)
        parts = data.weights.log() + law.component_distribution.log_prob(z.detach()[:, None])
        close(oracle.component_log_prob(state, t), parts)
        close(oracle.marginal(t).responsibilities(z.detach()), parts.softmax(-1), atol=1e-10)


@pytest.mark.parametrize("d", [1, 2])
def test_x0_hat_is_tweedie(process, d, g3, five):
    """ψ x̂_0 = z + Σ ∇log p in every block; ε̂, velocity and the λ-family's drift follow from the autograd score alone."""
    data = g3 if d == 1 else five
    problem = Problem(process, MixtureOracle(data, process))
    for t in times_of(process):
        law = density(data, process, t)
        z = points(law).requires_grad_()
        (score,) = torch.autograd.grad(law.log_prob(z).sum(), z)
        z = z.detach()
        psi, sigma = process.mean_and_cov(t64(t))
        eye = torch.eye(d, dtype=torch.float64)
        state = z.reshape(process.state_shape(len(z), (d,)))
        x0 = problem.x0(state, t)
        mean = z + score @ torch.kron(sigma, eye)
        close(torch.cat([p * x0 for p in psi], 1), mean, atol=1e-9 * float(z.abs().max()))
        drift, noise = (torch.kron(m, eye) for m in process.sde(t64(t)))
        for strength in (0.0, 0.6, 1.0):
            want = z @ drift.T - 0.5 * (1 + strength**2) * score @ noise
            close(problem.drift(state, t, strength).reshape(len(z), -1), want, atol=1e-8 * float(want.abs().max()))
        close(problem.velocity(state, t), problem.drift(state, t))
        if "snr" in process.caps:
            close(problem.eps(state, t), -math.sqrt(float(sigma[0, 0])) * score, atol=1e-8)
    assert problem.calls == len(CLOCK) * (7 if "snr" in process.caps else 6)


def test_denoise_is_the_posterior_mean(process, five):
    """The last step's E[z_0 | z_t], CLD's velocity included, is the mean of the denoising distribution at s = 0."""
    oracle = MixtureOracle(five, process)
    t = float(process.unclock(t64(0.4)))
    z = points(density(five, process, t))
    log_r, means, _ = oracle.denoising(z, t, 0.0)
    want = (log_r.exp()[..., None] * means).sum(1)
    got = Problem(process, oracle).denoise(z.reshape(process.state_shape(len(z), (2,))), t)
    close(got.reshape(len(z), -1), want)


def test_denoising_law_by_quadrature(scalar, g3):
    """q(z_s | z_t) ∝ p_s(z_s) p(z_t | z_s) on a fine grid: density, mean and variance."""
    oracle = MixtureOracle(g3, scalar)
    for s, t in scalar.unclock(t64([[0.1, 0.2], [0.3, 0.8], [0.05, 1.0]])).tolist():
        a, q = (float(m) for m in scalar.transition(t64(s), t64(t)))
        spread = math.sqrt(float(scalar.sigma(t64(s))) ** 2 + 2)
        x = torch.linspace(-6 * spread, 6 * spread, 40_001, dtype=torch.float64)
        for z_t in points(density(g3, scalar, t), 3):
            joint = density(g3, scalar, s).log_prob(x[:, None]) - 0.5 * (z_t - a * x) ** 2 / q
            p = (joint - joint.max()).exp()
            p = p / torch.trapezoid(p, x)
            log_r, mu, cov = oracle.denoising(z_t[None], t, s)
            got = MixtureSameFamily(Categorical(log_r[0].exp()), MultivariateNormal(mu[0], cov)).log_prob(x[:, None]).exp()
            assert float(torch.trapezoid((got - p).abs(), x)) < 1e-9
            mean, square = torch.trapezoid(p * x, x), torch.trapezoid(p * x * x, x)
            close((log_r[0].exp() * mu[0, :, 0]).sum(), mean, rtol=1e-9, atol=1e-10)
            close((log_r[0].exp() * (cov[:, 0, 0] + mu[0, :, 0] ** 2)).sum(), square, rtol=1e-9, atol=1e-10)


def test_denoising_law_of_cld_in_numbers(g3):
    """math 1.3: G3 under default CLD, s = .1, t = .5, z_t = (.3, −.2)."""
    log_r, mu, cov = MixtureOracle(g3, CLD()).denoising(t64([[0.3, -0.2]]), 0.5, 0.1)
    r = log_r[0].exp()
    mean = r @ mu[0]
    off = mu[0] - mean
    total = torch.einsum("k,kij->ij", r, cov + off[:, :, None] * off[:, None, :])
    close(r, t64([0.4760, 0.3083, 0.2157]), rtol=0, atol=5e-5)
    close(mean, t64([-0.0802, 0.0765]), rtol=0, atol=5e-5)
    close(total, t64([[0.7149, 0.0010], [0.0010, 0.2351]]), rtol=0, atol=5e-5)


@pytest.mark.parametrize("c", [(0.02, 0.5), (0.3, 0.31), (0.1, 1.0), (0.0, 0.4)])
def test_bridge_after_marginal_is_marginal(process, c, five):
    """Chapman–Kolmogorov backwards, by linear algebra: q(z_s | z_t) averaged over p_t is p_s, and Cov(z_s, z_t) = S_s Aᵀ."""
    s, t = process.unclock(t64(c)).tolist()
    oracle = MixtureOracle(five, process)
    gain, offset, cov = oracle.bridge(t, s)
    later = oracle.marginal(t)
    earlier = oracle.marginal(s) if s > 0 else oracle.lifted()
    a, _ = process.transition(t64(s), t64(t))
    scale = float(earlier.covs.abs().max())
    close(offset + (gain @ later.means[..., None])[..., 0], earlier.means, rtol=1e-10, atol=1e-11)
    close(gain @ later.covs @ gain.mT + cov, earlier.covs, rtol=1e-10, atol=1e-11 * scale)
    close(gain @ later.covs, earlier.covs @ torch.kron(a, torch.eye(2, dtype=torch.float64)).mT, rtol=1e-10, atol=1e-11 * scale)
    assert float(torch.linalg.eigvalsh(cov).min()) > -1e-12 * scale


def test_point_like_evaluation(five):
    """The model is the same for one particle, many (in chunks) and none prepared; float32 follows float64."""
    oracle = MixtureOracle(five, CLD())
    z = points(density(five, CLD(), 0.3), 3000)
    whole = oracle(z.reshape(-1, 2, 2), 0.3).x0_hat
    few = MixtureOracle(five, CLD())(z[1234:1236].reshape(-1, 2, 2), 0.3).x0_hat
    close(whole[1234:1236], few, rtol=1e-13, atol=1e-13)
    single = oracle(z.reshape(-1, 2, 2).float(), 0.3).x0_hat
    assert single.dtype == torch.float32
    close(single.double(), whole, rtol=1e-3, atol=1e-3)


def test_mixture_moments_and_draws(five):
    """mean, cov, affine and sample agree: moments of 200 000 draws within five standard errors."""
    g = torch.Generator().manual_seed(0)
    n = 200_000
    x, k = five.sample(torch.rand(n, generator=g, dtype=torch.float64), torch.randn(n, 2, generator=g, dtype=torch.float64))
    error = (x.mean(0) - five.mean()) / (five.cov().diagonal() / n).sqrt()
    assert float(error.abs().max()) < 5
    assert np.abs(np.bincount(k, minlength=5) / n - five.weights.numpy()).max() < 5 * math.sqrt(0.25 / n)
    centred = x - five.mean()
    products = centred[:, :, None] * centred[:, None, :]
    assert float(((products.mean(0) - five.cov()) / (products.std(0) / math.sqrt(n))).abs().max()) < 5
    a = t64([[1.0, 2.0], [0.5, -1.0]])
    moved = five.affine(a, 0.1 * torch.eye(2, dtype=torch.float64))
    close(moved.mean(), a @ five.mean(), atol=1e-13)
    close(moved.cov(), a @ five.cov() @ a.T + 0.1 * torch.eye(2, dtype=torch.float64))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"weights": [0.5, -0.5]}, "weights"),
        ({"weights": [0.5, float("nan")]}, "weights"),
        ({"weights": [1.0]}, "weights"),
        ({"means": [[0.0], [float("inf")]]}, "means"),
        ({"means": []}, "means"),
        ({"covs": [[[1.0]], [[0.0]]]}, "covs"),
        ({"covs": [1.0, -1.0]}, "covs"),
        ({"means": [[0.0, 0], [1, 1]], "covs": [[[1.0, 2], [2, 1]], [[1, 0], [0, 1]]]}, "covs"),
        ({"means": [[0.0, 0], [1, 1]], "covs": [[[1.0, 0.5], [0, 1]], [[1, 0], [0, 1]]]}, "covs"),
        ({"labels": [0, -1]}, "labels"),
        ({"labels": [0]}, "labels"),
    ],
)
def test_mixtures_that_are_none(change, field):
    """Weights, means, covariances and labels that make no mixture are refused by name."""
    good = {"weights": [0.5, 0.5], "means": [[0.0], [1.0]], "covs": [1.0, 1.0], "labels": [0, 1]}
    GaussianMixture(**good)
    with pytest.raises(ValueError, match=f"^{field} = .* allowed: "):
        GaussianMixture(**(good | change))
