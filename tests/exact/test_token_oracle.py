"""One token: kernels against the matrix exponential, posteriors by Bayes' rule, steps against the law that they must have."""

import math

import pytest
import torch

from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.spec import registry
from playground.exact.token import TokenOracle
from playground.processes.absorbing import Absorbing
from playground.processes.uniform_tokens import UniformTokens
from playground.samplers.tau_leaping import TauLeaping
from playground.samplers.token_ancestral import TokenAncestral
from toy_models.laws.tokens import dice, letters, two_peaks

PROCESSES = [Absorbing(), UniformTokens()]
F = torch.float64


def quantiles(shape, count):
    """A source of normals whose uniforms are the ``count`` even quantiles, the same for every draw of a step: one draw a particle."""
    u = (torch.arange(count, dtype=F) + 0.5) / count
    return lambda asked: torch.special.ndtri(u)[:, None].expand(asked)


@pytest.mark.parametrize("process", PROCESSES, ids=lambda p: p.info.key)
@pytest.mark.parametrize("schedule", registry("schedules"))
def test_tables_are_the_exponential_of_the_rates(process, schedule):
    """Q̄ from s to t is exp((B(t) − B(s)) R/β), rows sum to 1, steps compose, and ``rates`` is its derivative."""
    process = type(process)(schedule=registry("schedules")[schedule]())
    tables, b = process.kernel.on(5), process.schedule.integral
    for s, t in ((0.0, 0.3), (0.2, 0.7), (0.5, 0.9)):
        s, t = s * process.t_max, t * process.t_max
        unit = tables.noise - torch.eye(len(tables.noise), dtype=F)
        told = tables.between(s, t)
        torch.testing.assert_close(
            told, torch.matrix_exp(float(b(torch.tensor(t, dtype=F)) - b(torch.tensor(s, dtype=F))) * unit), atol=1e-12, rtol=0
        )
        torch.testing.assert_close(told.sum(1), torch.ones(len(told), dtype=F))
        m = (s + t) / 2
        torch.testing.assert_close(tables.between(s, m) @ tables.between(m, t), told, atol=1e-12, rtol=0)
        torch.testing.assert_close(tables.rates(m), process.rate(m) * unit)
        h = 1e-5 * process.t_max
        slope = (tables.between(s, m + h) - tables.between(s, m - h)) / (2 * h)
        torch.testing.assert_close(slope, tables.between(s, m) @ tables.rates(m), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("process", PROCESSES, ids=lambda p: p.info.key)
@pytest.mark.parametrize("law", [letters, dice, two_peaks])
def test_posterior_is_bayes(process, law):
    """Against the joint table; under masking p(x_0 | mask) is p_0 at every time, and a symbol that shows is certain."""
    p, oracle = law().table, TokenOracle(law(), process)
    for t in (0.05, 0.5, 0.9):
        joint = p[:, None] * oracle.tables.shares(t)
        z = torch.arange(oracle.space.count)[:, None]
        told = oracle(z, t).probabilities
        assert told.shape == (oracle.space.count, 1, len(p))
        torch.testing.assert_close(told[:, 0], (joint / joint.sum(0)).T, atol=1e-13, rtol=0)
        torch.testing.assert_close(oracle.log_prob(z, t).exp(), joint.sum(0), atol=1e-13, rtol=0)
        torch.testing.assert_close(oracle.shares(torch.tensor([t]))[0], joint.sum(0), atol=1e-7, rtol=0)
        if process.mask:
            torch.testing.assert_close(told[-1, 0], p)
            torch.testing.assert_close(told[:-1, 0], torch.eye(len(p), dtype=F))


@pytest.mark.parametrize("process", PROCESSES, ids=lambda p: p.info.key)
@pytest.mark.parametrize("s", [0.0, 0.1, 0.45])
def test_ancestral_step_is_the_true_reverse_law(process, s):
    """q(x_s | x_t) from 40,000 even quantiles in every state, against p(x_s) p(x_t | x_s)/p(x_t), to a quantile a symbol; mutant: q_s without p(x_t | x_s)."""
    oracle, t, count = TokenOracle(dice(), process), 0.6, 40_000
    before, step = (oracle.data.table @ oracle.tables.shares(s)), oracle.tables.between(s, t)
    for x in range(oracle.space.count):
        z = torch.full((count, 1), x)
        rng = Rng(0, dtype=F, noise=quantiles(z.shape, count))
        sampler, problem = TokenAncestral(), Problem(process, oracle)
        made = sampler.last(problem, z, t, None, rng) if s == 0 else sampler.step(problem, z, t, s, None, rng)[0]
        assert made.dtype == torch.int64
        exact = before * step[:, x] / (before @ step[:, x])
        found = torch.bincount(made[:, 0], minlength=oracle.space.count) / count
        torch.testing.assert_close(found.double(), exact, atol=2 / count, rtol=0)


def leap(oracle, t, s):
    """One τ-leap as a matrix (S, S), from the rates of the reverse process by p_t alone."""
    p = oracle.data.table @ oracle.tables.shares(t)
    rate = oracle.tables.rates(t).T * p / p[:, None]
    rate.fill_diagonal_(0)
    total = rate.sum(1, keepdim=True)
    jump = -torch.expm1(-(t - s) * total)
    return torch.where(total > 0, jump * rate / total.clamp_min(1e-300), 0) + torch.diag(1 - jump[:, 0])


@pytest.mark.parametrize("process", PROCESSES, ids=lambda p: p.info.key)
def test_tau_leaping_is_of_first_order(process):
    """The law after n leaps from t = 0.9 to 0.1, as a product of matrices: its distance to p_t halves with the step; and 200,000 particles follow that
    product (χ², p > 0.001)."""
    oracle = TokenOracle(two_peaks(), process)
    start, end = (oracle.data.table @ oracle.tables.shares(t) for t in (0.9, 0.1))

    def law(n):
        p = start
        for i in range(n):
            p = p @ leap(oracle, 0.9 - 0.8 * i / n, 0.9 - 0.8 * (i + 1) / n)
        return p

    errors = [0.5 * float((law(n) - end).abs().sum()) for n in (16, 32, 64, 128)]
    slope = math.log2(errors[0] / errors[-1]) / 3
    assert 0.9 < slope < 1.15, errors
    count, n, rng = 200_000, 4, Rng(1).stream("path")
    problem = Problem(process, oracle)
    z = oracle.marginal(0.9).sample(Rng(0).uniform((count,)))[0]
    for i in range(n):
        z, _ = TauLeaping().step(problem, z, 0.9 - 0.2 * i, 0.9 - 0.2 * (i + 1), None, rng)
    assert problem.calls == n
    expected = count * law(n)
    found = torch.bincount(z[:, 0], minlength=len(expected))
    there = expected > 5
    chi2 = float(((found - expected)[there] ** 2 / expected[there]).sum())
    freedom = int(there.sum()) - 1
    assert chi2 < freedom + 4 * math.sqrt(2 * freedom) + 6


def test_leaps_leave_masks_and_the_last_draw_does_not():
    """Masking, one leap to t = 0 from where half is masked: e^{−h β α/(1 − α)} of the masks stay; the last step leaves none."""
    process = Absorbing()
    oracle = TokenOracle(letters(), process)
    problem, t, count = Problem(process, oracle), 0.5, 100_000
    z = torch.full((count, 1), 26)
    left, _ = TauLeaping().step(problem, z, t, 0.0, None, Rng(0))
    kept = process.kept(t)
    share = math.exp(-t * process.rate(t) * kept / (1 - kept))
    assert float((left == 26).double().mean()) == pytest.approx(share, abs=5 * math.sqrt(share / count))
    assert int(TauLeaping().last(problem, z, t, None, Rng(0)).max()) < 26


@pytest.mark.parametrize("process", PROCESSES, ids=lambda p: p.info.key)
def test_paths_have_the_exact_marginals(process):
    """Forward paths at three times, χ² against p_t; a mask never turns back."""
    oracle, count = TokenOracle(dice(), process), 100_000
    x0 = oracle.data.sample(Rng(3).uniform((count,)))[0]
    before = None
    for t, z in zip((0.0, 0.2, 0.6, 0.95), process.noising(oracle.data.space, x0, [0.0, 0.2, 0.6, 0.95], Rng(4)), strict=True):
        expected = count * (oracle.data.table @ oracle.tables.shares(t))
        found = torch.bincount(z[:, 0], minlength=len(expected))
        there = expected > 5
        freedom = max(1, int(there.sum()) - 1)
        assert float(((found - expected)[there] ** 2 / expected[there]).sum()) < freedom + 4 * math.sqrt(2 * freedom) + 6, t
        if process.mask and before is not None:
            assert bool((z[before == 11] == 11).all())
        before = z
