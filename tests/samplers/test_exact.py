"""The exact sampler against the data: at any number of steps no worse than a second sample of the data."""

import pytest
import torch

from playground.core.experiment import Experiment
from playground.core.kernel import symmetric_root
from playground.core.legal import why_illegal
from playground.core.mixture import GaussianMixture
from playground.core.spec import registry
from playground.engine import simulate
from playground.processes.cld import CLD
from playground.processes.edm import EDM
from playground.processes.flow import Flow
from playground.processes.ve import VE
from playground.processes.vp import VP
from playground.samplers.exact import ExactAncestral
from tests.real import real

N, REPEATS = 5_000, 12


def draw(data, seed):
    g = torch.Generator().manual_seed(seed)
    return data.sample(torch.rand(N, generator=g, dtype=torch.float64), torch.randn(N, data.dim, generator=g, dtype=torch.float64))[0]


def ordered(x):
    """Sorted projections on four directions (in 1D: x itself)."""
    angles = torch.arange(4, dtype=torch.float64) * torch.pi / 4
    lines = torch.stack([angles.cos(), angles.sin()]) if x.shape[1] == 2 else torch.ones(1, 1, dtype=torch.float64)
    return (x @ lines).sort(0).values


def w1(a, b):
    """Wasserstein-1 distance of sorted samples, averaged over the directions."""
    return float((a - b).abs().mean())


@pytest.mark.parametrize("process", [VP(), EDM(), Flow(), CLD(), CLD(friction=0.3)], ids=["VP", "EDM", "Flow", "CLD", "CLD-under"])
@pytest.mark.parametrize("d", [1, 2])
def test_exact_at_one_two_and_four_steps(process, d, g3, five):
    """From the true p_T, 1, 2 and 4 steps give p_0 within the floor: the distance that samples of p_0 have among themselves.

    Twelve runs against twelve samples; the floor and its spread are measured from the samples, the bound is three standard errors.
    Mutants killed: V_k left out (draws at μ_k); V_k itself in place of its root; the component drawn from the weights, not from
    r_k(z); the last step without its draw.
    """
    data = g3 if d == 1 else five
    samples = [ordered(draw(data, 100 + i)) for i in range(REPEATS)]
    floor = torch.tensor([sum(w1(a, b) for b in samples) / (REPEATS - 1) for a in samples])  # w1(a, a) = 0
    for steps in (1, 2, 4):
        found = []
        for seed in range(REPEATS):
            grid = {"kind": "Quadratic", "steps": steps}
            exp = Experiment(process=process, sampler=ExactAncestral(), grid=grid, start="exact", particles=N, seed=seed, dtype="float64")
            trace = simulate(exp, data=data)
            assert trace.model_calls == steps
            found.append(sum(w1(ordered(trace.x[-1]), b) for b in samples) / REPEATS)
        bound = float(floor.mean() + 3 * floor.std() * (2 / REPEATS) ** 0.5)
        assert sum(found) / REPEATS <= bound, (steps, found, bound)


def test_path_of_the_exact_sampler_has_the_right_marginals(g3):
    """Not only the end: every frame is a sample of its own p_t (mean and variance within five standard errors)."""
    exp = Experiment(
        process=CLD(), sampler=ExactAncestral(), grid={"kind": "UniformTime", "steps": 6}, start="exact", particles=N, dtype="float64"
    )
    trace = simulate(exp, data=g3)
    for t, z in zip(trace.times.tolist(), trace.states, strict=True):
        law = trace.facts["oracle"].marginal(t) if t > 0 else trace.facts["oracle"].lifted()
        z = z.reshape(N, 2) - law.mean()
        assert float((z.mean(0) / (law.cov().diagonal() / N).sqrt()).abs().max()) < 5
        products = z[:, :, None] * z[:, None, :]
        assert float(((products.mean(0) - law.cov()) / (products.std(0) / N**0.5)).abs().max()) < 5


def test_symmetric_root():
    """A root of singular matrices too, symmetric, and one for every basis: R(QCQᵀ) = Q R(C) Qᵀ. Mutant killed: V √Λ."""
    cov = torch.tensor([[[4.0, 2.0], [2.0, 1.0]], [[0.0, 0.0], [0.0, 3.0]]], dtype=torch.float64)
    root = symmetric_root(cov)
    torch.testing.assert_close(root @ root.mT, cov, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(root, root.mT, rtol=0, atol=1e-15)
    turn = torch.linalg.qr(torch.randn(2, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)).Q
    torch.testing.assert_close(
        symmetric_root(turn @ cov @ turn.mT), turn @ root @ turn.mT, rtol=1e-12, atol=1e-7
    )  # √ of the rounding error


@pytest.mark.parametrize("steps", [10, 300])
@pytest.mark.parametrize("process", [VP(), VE(), CLD(), CLD(friction=0.3)], ids=["VP", "VE", "CLD", "CLD under"])
@pytest.mark.parametrize("dim", [1, 2])
def test_one_seed_one_cloud_in_every_precision(process, dim, steps, five):
    """float32 is float64 to 1e-5, up to particles whose uniform lies within the precision of a boundary between two components."""
    data = five if dim == 2 else GaussianMixture(five.weights, five.means[:, :1], five.covs[:, :1, :1])
    ends = []
    for dtype in ("float32", "float64"):
        exp = Experiment(process=process, sampler=ExactAncestral(), grid={"kind": "Quadratic", "steps": steps}, particles=400, dtype=dtype)
        ends.append(simulate(exp, data=data, max_frames=2).x[-1].double())
    gap = (ends[0] - ends[1]).abs().amax(-1)
    assert int((gap > 1e-5).sum()) <= 2
    assert float(gap.median()) < 2e-6


def other_eigenvectors(cov, real=torch.linalg.eigh):
    """What another LAPACK may return: other signs, and another basis where eigenvalues meet."""
    values, vectors = real(cov)
    signs = torch.ones(values.shape[-1], dtype=cov.dtype)
    signs[::2] = -1
    vectors = vectors * signs
    for i in range(values.shape[-1] - 1):
        c, s = torch.where((values[..., i + 1] - values[..., i]).abs() < 1e-12, 0.6, 1.0), 0.8
        s = torch.where(c < 1, s, 0.0)[..., None]
        a, b = vectors[..., i].clone(), vectors[..., i + 1].clone()
        vectors[..., i], vectors[..., i + 1] = c[..., None] * a - s * b, s * a + c[..., None] * b
    return values, vectors


def test_no_draw_depends_on_eigenvectors(monkeypatch, five):
    """Every sampler, both directions and every kind of start are the same with other eigenvectors of the same matrices."""
    solid = GaussianMixture([0.4, 0.6], [[1.0, 0.0, 0.2], [-1.0, 0.3, 0.0]], 0.1 * torch.eye(3).expand(2, 3, 3))
    runs = [({"sampler": key}, five) for key in real("samplers") if not why_illegal(registry("samplers")[key], VP())]
    runs += [({"sampler": registry("samplers")["AnalyticDPM"](covariance=c)}, solid) for c in ("diagonal", "full")]
    runs += [({"process": "CLD", "sampler": s}, five) for s in ("ExactAncestral", "SSCS", "EulerMaruyama")]
    runs += [({"process": p, "mode": "forward"}, five) for p in real("processes")]
    runs += [
        ({"start": s, "start_at": 0.7, "process": p, "sampler": "Euler"}, five)
        for s in ("exact", "gaussian")
        for p in ("VP", "CLD", "Anisotropic")
    ]

    def states():
        out = []
        for choices, data in runs:
            exp = {"particles": 16, "dtype": "float64", "grid": {"kind": "Quadratic", "steps": 5}} | choices
            out.append(
                simulate(Experiment.from_dict({k: v.to_dict() if hasattr(v, "to_dict") else v for k, v in exp.items()}), data=data).states
            )
        return out

    before = states()
    monkeypatch.setattr(torch.linalg, "eigh", other_eigenvectors)
    for (choices, _), one, two in zip(runs, before, states(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-7, atol=1e-7, msg=str(choices))
