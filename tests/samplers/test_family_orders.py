"""Orders of convergence of the sampler family: slopes over five grids against the exact flow of an anisotropic Gaussian.

The start is pure noise (L = −5), where sampling starts. From a start at a finite noise level (L = −2) a multistep method of order 3 or 4 shows order 2:
its first step is of first order, and one local error of h² remains. ``test_cold_start`` holds that fact.
"""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad

import playground as pg
from playground.core.exponential import phi
from tests.real import real
from tests.samplers.family import F64, TILTED, flow_errors, gaussian_flow, ours, slope
from tests.samplers.family_orders import OWN_TIME, SOLVERS, TEXTBOOK, TIMES, measured


@pytest.mark.parametrize("label", [label for label in SOLVERS if label not in TEXTBOOK])
def test_declared_order(label):
    """|slope − declared order| ≤ 0.15.

    Mutants killed: half a step's ε̂ at the wrong time (DPMSolver 2, 2S); the stage r₂/r₁ = 2 left out (DPMSolver 3); h_prev/h for h/h_prev where it
    changes the order (3M, DEIS nodes in the wrong variable); UniPC without corrector (one order less); the corrector in the last step costs a call
    (see test_calls); KDPM2 with the slope at ρ_t; LMS with σ for σ/α.
    """
    found = measured(label, "EDM")
    assert abs(found - SOLVERS[label].declared_order) <= 0.15, found


@pytest.mark.parametrize("label", sorted(OWN_TIME))
def test_declared_order_on_vp(label):
    """Solvers that see the process's own time, on VP as well."""
    found = measured(label, "VP")
    assert abs(found - SOLVERS[label].declared_order) <= 0.15, found


def test_every_deterministic_sampler_is_here():
    """A new solver's declared order must be met by a test. SSCS and exact ancestral are not ODE solvers, RK45 and adaptive DPM-Solver choose their own
    steps."""
    have = {s.info.key for s in SOLVERS.values()}
    missing = {key for key, cls in real("samplers").items() if cls().declared_order is not None} - have
    assert missing <= {"RK45", "DPMSolverAdaptive"}


def test_unipc_3_in_noise():
    """Its slope falls to 4 from above: 4.38 between 96 and 128 steps, 4.1 from 384 on. Mutant killed: H = −h in the coefficients."""
    steps = [384, 512, 640, 768]
    found = slope(steps, flow_errors(pg.UniPC(order=3, predicts="noise"), TIMES["EDM"], steps))
    assert abs(found - 4) <= 0.15, found


@pytest.mark.parametrize("solver", [pg.DPMSolverPP3M(), pg.LMS(order=4)], ids=lambda s: s.info.key)
def test_cold_start(solver):
    """From a finite noise level the first step's local error h² is left over: slope near 2, not 3 or 4 (docs/samplers.md says so)."""
    found = slope([192, 256, 384, 512], flow_errors(solver, TIMES["EDM"], [192, 256, 384, 512], lo=-2.0))
    assert 1.9 <= found <= 2.4, found


def test_released_third_order_is_second():
    """With the second difference halved, as in `diffusers` (parity is tested with it), the leading error term stays: the order is 2.

    From pure noise the start-up's error does not show, so that the slope is the formula's own.
    """
    for make, order in ((lambda r: pg.DPMSolverPP3M(released=r), 3), (lambda r: pg.DPMSolver(order=3, variant="multistep", released=r), 3)):
        good, bad = (slope([96, 128, 192, 256], flow_errors(make(r), TIMES["EDM"], [96, 128, 192, 256])) for r in (False, True))
        assert abs(good - order) <= 0.15
        assert abs(bad - 2) <= 0.15


def test_third_order_step_is_the_integral():
    """One step of 3M and of DPM-Solver 3 multistep with a made-up history against scipy's quadrature of the quadratic through it.

    Mutants killed: second difference halved; φ_2 and φ_3 exchanged; r_0/(r_0 + r_1) inverted.
    """
    values, points = [0.3, -1.1, 0.7], [-0.4, -0.9, -1.7]  # newest first, at uneven L
    poly = np.polynomial.Polynomial(np.polynomial.polynomial.polyfit(points, values, 2))
    end = 0.5
    tensors = tuple((u, torch.full((1,), v, dtype=F64)) for u, v in zip(points, values, strict=True))
    from playground.samplers.sde_dpmpp import combine

    h = end - points[0]
    data_form = quad(lambda u: np.exp(-(end - u)) * poly(u), points[0], end)[0]
    assert float(h * combine(tensors, h, -h, False)) == pytest.approx(data_form, abs=1e-12)
    noise_form = quad(lambda u: np.exp(end - u) * poly(u), points[0], end)[0]
    edm = pg.EDM()
    kept = tuple((math.exp(-u), v) for u, v in tensors)  # times of these L; the newest value's own part is the DDIM step's
    rest = float(pg.DPMSolver(order=3, variant="multistep")._history(edm, kept, math.exp(-end)))
    assert math.expm1(h) * values[0] + rest == pytest.approx(noise_form, abs=1e-12)
    sde_form = quad(lambda u: 2 * np.exp(-2 * (end - u)) * poly(u), points[0], end)[0]
    assert float(2 * h * combine(tensors, h, -2 * h, False)) == pytest.approx(sde_form, abs=1e-12)


@pytest.mark.parametrize("h", [-8.0, -1.0, -0.999, -0.3, -1e-6, 1e-9, 0.5, 1.0, 5.0])
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_phi_functions(k, h):
    """Against mpmath at 50 digits: no cancellation. Mutant killed: 1/k! for 1/(k−1)! in the recurrence."""
    import mpmath

    mpmath.mp.dps = 50
    value = mpmath.quad(lambda u: mpmath.e ** ((1 - u) * h) * u ** (k - 1) / mpmath.factorial(k - 1), [0, 1])
    assert phi(k, h) == pytest.approx(float(value), rel=1e-13)


def test_exact_for_point_data():
    """For one data point D is constant, and every exponential integrator of the x_0-form is exact in a single step.

    Mutants killed: α_s (e^{−h} − 1) with the wrong sign or with σ_t/σ_s.
    """
    from playground.core.mixture import GaussianMixture

    point = GaussianMixture([1.0], [[0.4, -0.7]], [[[1e-9, 0.0], [0.0, 1e-9]]])
    z = torch.randn(6, 2, generator=torch.Generator().manual_seed(1), dtype=F64)
    process = pg.EDM()
    for solver in (pg.DPMSolverPP2S(), pg.DPMSolverPP3M(), pg.UniPC(order=3), pg.DPMSolverPPSDE(eta=0.0), pg.DEIS(), pg.LMS(), pg.KDPM2()):
        out = ours(solver, process, point, 5 * z, [5.0, 2.0, 1.0, 0.5]).states[-1]
        torch.testing.assert_close(out, gaussian_flow(point, process, 5 * z, 5.0, 0.5), rtol=1e-6, atol=1e-6)


def test_tilted_is_anisotropic():
    values = torch.linalg.eigvalsh(TILTED.covs[0])
    assert values[1] > 10 * values[0]
