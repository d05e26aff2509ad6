"""The exact sampler against the data: at any number of steps no worse than a second sample of the data."""

import pytest
import torch

from playground.core.experiment import Experiment
from playground.engine import simulate
from playground.processes.cld import CLD
from playground.processes.edm import EDM
from playground.processes.flow import Flow
from playground.processes.vp import VP
from playground.samplers.exact import ExactAncestral, semi_root

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


def test_semi_root():
    """A root of singular matrices too. Mutant killed: eigenvalues in place of their roots."""
    cov = torch.tensor([[[4.0, 2.0], [2.0, 1.0]], [[0.0, 0.0], [0.0, 3.0]]], dtype=torch.float64)
    root = semi_root(cov)
    torch.testing.assert_close(root @ root.mT, cov, rtol=1e-12, atol=1e-12)
