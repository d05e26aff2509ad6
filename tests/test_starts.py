"""From what law a run starts: the whole range, truncated, and where a grid begins."""

import itertools
import math

import pytest
import torch
from scipy import stats

import playground as pg
from playground.core.legal import why_illegal
from playground.core.spec import registry
from playground.engine import grid_times, simulate
from playground.exact import oracle_for
from tests.named import mixture_of
from tests.real import real

N = 40_000


def start(process, at, kind="prior", data="moons", **choices):
    exp = pg.Experiment(
        data=data, process=process, sampler="Euler", grid={"kind": "UniformTime", "steps": 3}, start=kind, start_at=at, **choices
    )
    exp = exp.replace(particles=N, dtype="float64")
    trace = simulate(exp, max_frames=2)
    return trace.states[0], float(trace.times[0])


@pytest.mark.parametrize("at", [0.9, 0.6, 0.3])
@pytest.mark.parametrize("D", [1.0, 2.0, 5.0, 128.0, 1e6])
def test_pfgmpp_starts_with_heavy_tails(D, at):
    """|z|²/2 for z = x_0 + σ ξ √(D/χ²_D), x_0 ~ N(0, I): every quantile up to 99.9 % within four standard errors of the mixture's own.

    Mutant killed: the Gaussian N(0, (1 + σ²) I) of linear processes (99.9 % of |z|/σ at D = 1 is about a thousand, not 3.7).
    """
    z, sigma = start(pg.PFGMPP(D=D), at)
    radius = z.norm(dim=-1).sort().values
    # P(|z| > r) = E exp(−r²/(2 (1 + σ² τ))), τ = D/χ²_D: by the quantiles of χ²
    u = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    tau = D / torch.as_tensor(stats.chi2(D).ppf(u.numpy()))
    for share in (0.5, 0.9, 0.99, 0.999):
        r = radius[int(N * share)]
        beyond = float(torch.exp(-0.5 * r**2 / (1 + sigma**2 * tau)).mean())
        assert abs(beyond - (1 - share)) < 4 * math.sqrt(share * (1 - share) / N) + 1e-5, (share, float(r) / sigma)
    if D == 1 and at == 0.9:
        assert float(radius[int(N * 0.999)]) / sigma > 300


@pytest.mark.parametrize("at", [0.8, 0.4])
@pytest.mark.parametrize(
    "process", [pg.VP(), pg.SubVP(), pg.VE(), pg.EDM(), pg.Flow(), pg.CosinePath(), pg.PolynomialPath(), pg.CLD()], ids=lambda p: p.info.key
)
def test_linear_processes_start_truncated_from_their_kernel(process, at):
    """N(0, Σ(t) + ψψᵀ): every entry of the covariance within five standard errors."""
    z, t = start(process, at)
    k = process.kernel.at(t)
    want = k.cov + torch.outer(k.psi, k.psi)
    blocks = process.split(z)
    for i in range(len(process.parts)):
        for j in range(len(process.parts)):
            each = blocks[:, i] * blocks[:, j]
            assert abs(float(each.mean() - want[i, j])) < 5 * float(each.std()) / math.sqrt(each.numel())


@pytest.mark.parametrize("process", [pg.Interpolant(), pg.Anisotropic(), pg.Interpolant(gamma=1.0, origin="rings")], ids=str)
def test_others_start_truncated_from_the_exact_law(process):
    """Processes without such a law: the very draws that start = exact makes."""
    assert process.source_below(0.5, 3, (2,), pg.core.rng.Rng(0)) is None
    assert torch.equal(start(process, 0.5)[0], start(process, 0.5, "exact")[0])


@pytest.mark.parametrize("process", ["PFGMPP", "VP", "SubVP", "EDM", "Anisotropic", "Interpolant", "CLD"])
def test_gaussian_start(process):
    """Mean and covariance of p_t; where there is none it is said."""
    cls = registry("processes")[process]
    z, t = start(cls(), 0.5, "gaussian")
    law = oracle_for(mixture_of("moons"), cls()).marginal(t)
    z = z.reshape(N, -1)
    assert float(((z.mean(0) - law.mean()) / (law.cov().diagonal() / N).sqrt()).abs().max()) < 5
    torch.testing.assert_close(torch.cov(z.T), law.cov(), rtol=0, atol=0.05 * float(law.cov().diagonal().max()))
    with pytest.raises(ValueError, match="start = 'gaussian' cannot be used; allowed: prior or exact"):
        start(pg.PFGMPP(D=2.0), 0.5, "gaussian")


@pytest.mark.parametrize("denoise", [True, False])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_every_grid_starts_at_t_max(steps, denoise):
    """Unless it says otherwise (leading subsequences, lists of one's own, tables with ends of their own); strictly falling, of the right length, and to 0 with the denoiser.

    Mutant killed: index 0 for a single step of leading and linspace subsequences.
    """
    for name, cls in registry("grids").items():
        variants = [cls(steps=steps, denoise=denoise)] if name != "Custom" else []
        if name == "Subsequence":
            variants = [cls(steps=steps, denoise=denoise, spacing=s) for s in ("leading", "trailing", "linspace")]
        for grid in variants:
            for process in real("processes").values():
                if why_illegal(grid, process()) or (name == "Auto" and process.info.key == "Interpolant"):
                    continue
                times = grid.times(process()).tolist()
                assert len(times) == steps + 1
                assert all(a > b for a, b in itertools.pairwise(times))
                assert (times[-1] == 0) == denoise
                leading = name == "Subsequence" and grid.spacing == "leading" and len(times) - denoise > 1
                if grid.own_ends and name != "Subsequence":  # which is judged by its spacing
                    assert times[0] <= process().t_max
                else:
                    assert (times[0] == process().t_max) != leading, (grid, process)


@pytest.mark.parametrize("spacing", ["leading", "trailing", "linspace"])
def test_one_step_of_a_subsequence_denoises_noise(spacing):
    """x̂_0 of pure noise is the data's mean: no spread, where the start itself has unit spread."""
    exp = pg.Experiment(sampler="DDIM", grid=pg.Subsequence(steps=1, spacing=spacing), particles=500)
    assert grid_times(exp) == [1.0, 0.0]
    assert float(simulate(exp).x[-1].std(0).max()) < 0.1
