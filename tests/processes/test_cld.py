"""CLD's kernel in its three regimes against 80-digit arithmetic, the numbers of math.md section 3, limits and tiny times."""

import itertools
import math

import mpmath as mp
import numpy as np
import pytest
import torch

from playground.core.process import t64
from playground.processes.cld import CLD
from playground.schedules.constant import ConstantBeta

# Γ, M: critical, under-, over-, nearly critical from both sides, the corners of the sliders
REGIMES = [(1.0, 0.25), (0.3, 0.25), (3.0, 0.25), (1.0 + 1e-7, 0.25), (1.0 - 1e-7, 0.25), (1.001, 0.25)]
REGIMES += list(itertools.product((0.05, 5.0), (0.02, 2.0)))
SIZES = (1e-8, 1e-6, 1e-4, 1e-2, 0.1, 0.29, 0.31, 1.0, 4.0, 20.0, 40.0)


def reference(friction, mass, gamma, b):
    """A(b), Q(b) = E − A E Aᵀ and Σ(b) = A diag(0, γM) Aᵀ + Q in 80 digits, rounded at the end."""
    with mp.workdps(80):
        g, m, b = mp.mpf(friction), mp.mpf(mass), mp.mpf(b)
        a, root = g / (2 * m), mp.sqrt(mp.mpc(g**2 / (4 * m**2) - 1 / m))
        c = mp.cosh(root * b).real
        n = (mp.sinh(root * b) / root).real if root != 0 else b
        p = mp.exp(-a * b) * mp.matrix([[c + a * n, n / m], [-n, c - a * n]])
        e = mp.diag([1, m])
        q = e - p * e * p.T
        cov = p * mp.diag([0, mp.mpf(gamma) * m]) * p.T + q
        return tuple(np.array([[float(x[i, j]) for j in range(2)] for i in range(2)]) for x in (p, q, cov))


def relative(got, want):
    """Largest error in units of what Cauchy–Schwarz allows an entry: √(W_ii W_jj) for covariances (so Σ_xx ~ B³ counts in full)."""
    d = np.sqrt(np.diag(want))
    return float(np.abs((got.numpy() - want) / np.outer(d, d)).max())


@pytest.mark.parametrize(("friction", "mass"), REGIMES)
def test_kernel_to_twelve_digits(friction, mass):
    """A, Q and Σ within 1e-12 relative from B = 1e-8 to 40, every entry of the covariances in its own units."""
    process = CLD(friction=friction, mass=mass)
    b = t64(SIZES)
    a, q = process.propagator(b), process.noise_cov(b)
    start = process.start_cov()
    cov = a @ start @ a.mT + q
    for i, size in enumerate(SIZES):
        want_a, want_q, want_cov = reference(friction, mass, process.gamma, size)
        assert np.abs(a[i].numpy() - want_a).max() <= 1e-12 * np.abs(want_a).max(), size
        assert relative(q[i], want_q) <= 1e-12, size
        assert relative(cov[i], want_cov) <= 1e-12, size


def test_numbers_of_the_sheet():
    """Section 3: A(4) at M = .25 critical, under- and overdamped; critical closed form; regimes by name."""
    a = CLD().propagator(t64(4.0))
    want = torch.tensor([[0.0030192, 0.0053674], [-0.0013419, -0.0023482]], dtype=torch.float64)
    torch.testing.assert_close(a, want, rtol=0, atol=5e-8)
    b, g = 1.7, 1.0
    critical = math.exp(-2 * b / g) * t64([[1 + 2 * b / g, 4 * b / g**2], [-b, 1 - 2 * b / g]])
    torch.testing.assert_close(CLD().propagator(t64(b)), critical, rtol=1e-14, atol=0)
    assert float(CLD(friction=0.3).propagator(t64(4.0))[0, 0]) == pytest.approx(0.048, abs=5e-4)
    assert float(CLD(friction=3.0).propagator(t64(4.0))[0, 0]) == pytest.approx(0.26, abs=5e-3)
    assert [CLD(friction=f).regime for f in (0.3, 1.0, 3.0)] == ["underdamped", "critically damped", "overdamped"]


def test_small_b_asymptotics():
    """Σ_0 = 0: Q_xx ≈ 2ΓB³/(3M²), Q_xv ≈ ΓB²/M, Q_vv ≈ 2ΓB, det ≈ Γ²B⁴/(3M²)."""
    g, m, b = 0.7, 0.4, 1e-6
    q = CLD(friction=g, mass=m).noise_cov(t64(b))
    want = [2 * g * b**3 / (3 * m**2), g * b**2 / m, 2 * g * b, g**2 * b**4 / (3 * m**2)]
    got = [float(x) for x in (q[0, 0], q[0, 1], q[1, 1], q[0, 0] * q[1, 1] - q[0, 1] ** 2)]
    assert got == pytest.approx(want, rel=1e-4)


def test_small_mass_is_vp():
    """M → 0 is VP with β_VP = 2β/Γ: ψ_x and Σ_xx approach it, twice as close when M is halved."""
    gaps = []
    for mass in (0.08, 0.04, 0.02):
        process = CLD(friction=5.0, mass=mass, schedule=ConstantBeta(4.0))
        psi, cov = process.mean_and_cov(t64(1.0))
        b_vp = 2 * 4.0 / 5.0
        gaps.append((float(psi[0]) - math.exp(-b_vp / 2), float(cov[0, 0]) - (1 - math.exp(-b_vp))))
    for (p1, c1), (p2, c2) in itertools.pairwise(gaps):
        assert p1 / p2 == pytest.approx(2, abs=0.1)
        assert c1 / c2 == pytest.approx(2, abs=0.1)
    assert abs(gaps[-1][0]) < 1e-3
    assert abs(gaps[-1][1]) < 1e-3


@pytest.mark.parametrize(("friction", "mass"), [(1.0, 0.25), (0.3, 0.25), (5.0, 0.02), (0.05, 2.0)])
def test_tiny_times_are_finite(friction, mass):
    """Down to t = 1e-6 the kernel is positive definite, its inverse right, and nothing is NaN."""
    process = CLD(friction=friction, mass=mass)
    for t in (1e-6, 1e-5, 1e-4, 1e-3):
        k = process.kernel.at(t)
        assert all(bool(torch.isfinite(m).all()) for m in k)
        assert float(torch.linalg.eigvalsh(k.cov).min()) > 0
        _, _, cov = reference(friction, mass, process.gamma, float(process.schedule.integral(t64(t))))
        want = np.array([[cov[1, 1], -cov[0, 1]], [-cov[0, 1], cov[0, 0]]])
        with mp.workdps(60):
            det = mp.mpf(cov[0, 0]) * mp.mpf(cov[1, 1]) - mp.mpf(cov[0, 1]) ** 2
        assert np.abs(k.precision.numpy() * float(det) / want - 1).max() < 1e-8
