"""Kernels and transitions of every process against numerical integration of the moment equations, and among themselves."""

import itertools

import numpy as np
import pytest
import torch
from scipy.integrate import solve_ivp

from playground.core.kernel import semi_cholesky
from playground.core.process import t64
from playground.core.rng import Rng

CLOCK = (0.0, 0.05, 0.3, 0.6, 1.0)


def integrated(process, s, t):
    """Ψ(t, s) and Q(t, s) from dΨ/dt = FΨ, dQ/dt = FQ + QFᵀ + GGᵀ."""
    k = len(process.parts)

    def rhs(time, state):
        f, g = (m.numpy() for m in process.sde(t64(time)))
        psi, q = state.reshape(2, k, k)
        return np.concatenate([(f @ psi).ravel(), (f @ q + q @ f.T + g).ravel()])

    start = np.concatenate([np.eye(k).ravel(), np.zeros(k * k)])
    out = solve_ivp(rhs, (s, t), start, method="DOP853", rtol=1e-12, atol=1e-14)
    return out.y[:, -1].reshape(2, k, k)


def test_kernel_and_transition_against_moment_equations(process):
    """z_t | z_s ~ N(Ψ z_s, Q) and z_t | x_0 ~ N(ψ x_0, Σ) as integrated from F and GGᵀ alone."""
    clock = (0.0, 0.02, 0.3) if len(process.parts) == 2 and process.mass < 0.1 else CLOCK  # Γ/M = 250 is stiff: a short stretch
    if getattr(process, "schedule", None) and process.schedule.info.key in ("DDPMTable", "Drawn"):
        return  # a curve in pieces: a step-controlled integrator crawls over the joints; tests/schedules integrates it piece by piece
    times = process.unclock(t64(clock)).tolist()
    for s, t in itertools.pairwise(times):
        psi, q = integrated(process, s, t)
        a, cov = process.transition(t64(s), t64(t))
        np.testing.assert_allclose(a, psi, rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(cov, q, rtol=1e-9, atol=1e-10 * max(1, np.abs(q).max()))
    a, q = (torch.as_tensor(m) for m in integrated(process, 0.0, times[-1]))
    psi, cov = process.mean_and_cov(t64(times[-1]))
    np.testing.assert_allclose(psi, a[:, 0], rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(cov, a @ process.start_cov() @ a.T + q, rtol=1e-9, atol=1e-10 * float(cov.abs().max()))


def test_transitions_compose(process):
    """transition(s, t) ∘ transition(r, s) = transition(r, t), and transition(0, t) of the start is the kernel."""
    r, s, t = process.unclock(t64([0.1, 0.35, 0.9]))
    (a1, q1), (a2, q2), (a, q) = process.transition(r, s), process.transition(s, t), process.transition(r, t)
    scale = float(q.abs().max())
    torch.testing.assert_close(a2 @ a1, a, rtol=1e-11, atol=1e-14)
    torch.testing.assert_close(a2 @ q1 @ a2.T + q2, q, rtol=1e-11, atol=1e-13 * scale)
    a, q = process.transition(t64(0.0), t)
    psi, cov = process.mean_and_cov(t)
    torch.testing.assert_close(a[:, 0], psi, rtol=1e-11, atol=1e-14)
    torch.testing.assert_close(a @ process.start_cov() @ a.T + q, cov, rtol=1e-11, atol=1e-14 * scale)
    assert bool(torch.linalg.eigvalsh(cov).min() > 0)


def test_kernel_table(process):
    """kernel(t) is mean_and_cov and sde of that time, with Σ⁻¹; batches of times give the same numbers as single ones."""
    times = process.unclock(t64([0.01, 0.4, 1.0]))
    psi, cov = process.mean_and_cov(times)
    drift, noise = process.sde(times)
    for i, t in enumerate(times.tolist()):
        k = process.kernel.at(t)
        for got, want in ((k.psi, psi[i]), (k.cov, cov[i]), (k.drift, drift[i]), (k.noise, noise[i])):
            torch.testing.assert_close(got, want, rtol=1e-12, atol=1e-15)
        torch.testing.assert_close(k.precision @ k.cov, torch.eye(len(process.parts), dtype=torch.float64), rtol=0, atol=1e-8)


@pytest.mark.parametrize("d", [1, 2])
def test_draws_are_affine_in_the_injected_noise(process, d):
    """marginal, diffuse, lift and source place their mean and a root of their covariance on the noise that they are given."""
    s, t = process.unclock(t64([0.2, 0.7])).tolist()
    rows = len(process.parts) * d
    x0 = torch.linspace(-1, 1, d, dtype=torch.float64)[None].expand(rows + 1, d)

    def law(draw):
        """Mean and covariance of draw(rng) from its values at noise 0 and at every unit vector."""
        unit = torch.cat([torch.zeros(1, rows, dtype=torch.float64), torch.eye(rows, dtype=torch.float64)])
        out = draw(Rng(0, dtype=torch.float64, noise=lambda shape: unit[:, : int(np.prod(shape[1:]))].reshape(shape))).reshape(rows + 1, -1)
        root = out[1:] - out[:1]
        return out[0], root.T @ root

    def kron(m):
        return torch.kron(m, torch.eye(d, dtype=torch.float64))

    def same(got, mean, cov):
        torch.testing.assert_close(got[0], mean, rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(got[1], kron(cov), rtol=1e-9, atol=1e-12)

    psi, cov = process.mean_and_cov(t64(t))
    same(law(lambda rng: process.marginal(x0, t, rng)), torch.outer(psi, x0[0]).flatten(), cov)
    z = torch.linspace(0.5, 2, rows, dtype=torch.float64)
    a, q = process.transition(t64(s), t64(t))
    same(law(lambda rng: process.diffuse(z.expand(rows + 1, -1).reshape(process.state_shape(rows + 1, (d,))), s, t, rng)), kron(a) @ z, q)
    same(law(lambda rng: process.source(rows + 1, (d,), rng)), torch.zeros(rows, dtype=torch.float64), process.prior_cov())
    lifted = process.lift(x0, Rng(0, dtype=torch.float64))
    assert tuple(lifted.shape) == process.state_shape(rows + 1, (d,))
    assert torch.equal(process.project(lifted), x0)


def test_semi_cholesky_keeps_zeros():
    """A singular covariance (noise in the velocity only) has an exact root."""
    cov = torch.diag(t64([0.0, 2.0]))
    root = semi_cholesky(cov)
    assert torch.equal(root, torch.diag(t64([0.0, 2.0]).sqrt()))
