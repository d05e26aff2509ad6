"""Points as a mixture: EM climbs, finds what is there, and says how far off it is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from playground.core.fields import BadValue
from playground.core.mixture import GaussianMixture
from playground.laws import em
from playground.laws.compact import decode
from tests.named import mixture_of
from toy_models.laws.distributions.fit import distance


def draw(mix: GaussianMixture, count: int, seed: int = 0) -> torch.Tensor:
    g = torch.Generator().manual_seed(seed)
    return mix.sample(torch.rand(count, generator=g), torch.randn(count, mix.dim, generator=g, dtype=torch.float64))[0]


TURNED = GaussianMixture(
    [0.5, 0.3, 0.2],  # type: ignore[arg-type]
    [[-1.5, 0.0], [1.0, 1.0], [1.2, -1.4]],  # type: ignore[arg-type]
    [[[0.3, 0.2], [0.2, 0.25]], [[0.1, 0.0], [0.0, 0.02]], [[0.2, -0.1], [-0.1, 0.1]]],  # type: ignore[arg-type]
)


def test_likelihood_by_features_is_that_of_the_mixture():
    """Mutant killed: a missing ½ or log-determinant in ``_rows``."""
    for mix in (TURNED, mixture_of("three_modes")):
        x = draw(mix, 300)
        assert em.mean_log_likelihood(mix, x) == pytest.approx(float(mix.log_prob(x).mean()), abs=1e-10)


def test_one_step_is_the_textbook_step():
    """Responsibilities and weighted moments in numpy, from Bishop's formulas 9.23–9.26."""
    x = draw(TURNED, 400)
    start = GaussianMixture([0.4, 0.6], [[-1.0, 0.0], [1.0, 0.0]], [torch.eye(2).tolist()] * 2)  # type: ignore[arg-type]
    got, _ = em._climb(start, em._features(x), 1)
    p, dense = x.numpy(), []
    for w, m in zip(start.weights.tolist(), start.means.numpy(), strict=True):
        dense.append(w * np.exp(-0.5 * ((p - m) ** 2).sum(1)) / (2 * np.pi))
    r = np.array(dense) / np.sum(dense, axis=0)
    for k in range(2):
        size = r[k].sum()
        mean = (r[k][:, None] * p).sum(0) / size
        cov = (r[k][:, None, None] * (p - mean)[:, :, None] * (p - mean)[:, None, :]).sum(0) / size
        assert got.weights[k].item() == pytest.approx(size / len(p), abs=1e-10)
        assert got.means[k].numpy() == pytest.approx(mean, abs=1e-10)
        assert got.covs[k].numpy() == pytest.approx(cov, abs=1e-9)


def test_every_step_climbs():
    """EM's theorem. Mutant killed: an axis's floor that is added and not a bound."""
    x = draw(mixture_of("smiley"), 1500)
    x[:40] = x[0]  # many equal points: the floor is reached
    phi = em._features(x)
    mix = em._first(x, phi, 16, np.random.default_rng(3))
    levels = []
    for _ in range(30):
        levels.append(em.mean_log_likelihood(mix, x))
        mix, _ = em._climb(mix, phi, 1)
    assert all(b >= a - 1e-9 for a, b in itertools.pairwise(levels))
    assert float(torch.linalg.eigvalsh(mix.covs).sqrt().min()) == pytest.approx(em.LEAST_AXIS, rel=1e-6)


@pytest.mark.parametrize("key", ["turned", "three_modes", "comb", "cross", "eight_gaussians", "moons", "checkerboard"])
def test_a_known_mixture_is_found(key):
    """Held-out mean log-likelihood within 0.06 nats of the truth's; error near the floor."""
    truth = TURNED if key == "turned" else mixture_of(key)
    fit = em.fit_points(draw(truth, 6000), scale=False)
    fresh = draw(truth, 6000, seed=1)
    gap = float(truth.log_prob(fresh).mean()) - em.mean_log_likelihood(decode(fit.text), fresh)
    assert -0.01 < gap < 0.06
    assert fit.error < 2 * fit.floor
    assert fit.rows == fit.fitted == 6000
    assert fit.points == 2000


def test_the_number_of_components_is_about_right():
    assert em.choose_count(draw(GaussianMixture([1.0], [[0.0, 0.0]], [[[1.0, 0.7], [0.7, 1.0]]]), 3000)) == 1  # type: ignore[arg-type]
    assert em.choose_count(draw(mixture_of("eight_gaussians"), 3000)) in (8, 16)


def test_the_stated_error_is_the_distance_to_the_rows():
    """A fit by one Gaussian to two far modes: the stated number against one computed from fresh draws."""
    x = draw(mixture_of("eight_gaussians"), 3000)
    fit = em.fit_points(x, components=1, scale=False)
    rng = np.random.default_rng(5)
    y = draw(decode(fit.text), 2000, seed=9).numpy()
    assert fit.error == pytest.approx(distance(x.numpy()[rng.permutation(3000)[:2000]], y), rel=0.2)
    assert fit.error > 2 * fit.floor


def test_scales_are_stated_so_that_rows_can_be_had_back():
    """One scale where columns are alike (a circle stays one), two where they are not. Mutant killed: standard deviation and variance mixed up."""
    x = draw(TURNED, 2000)
    for factor, alike in ((3.0, True), (1000.0, False)):
        rows = x * torch.tensor([5.0, 5.0 * factor]) + torch.tensor([100.0, -7.0])
        y, columns = em.standardise(rows)
        assert (columns[0][1] == columns[1][1]) == alike
        shift, scale = torch.tensor(columns, dtype=torch.float64).unbind(-1)
        back = y * scale + shift
        assert torch.allclose(back, rows, atol=1e-8)
        assert float(y.var(0, correction=0).mean()) == pytest.approx(1)
        assert em.fit_points(rows).columns == columns


def test_degenerate_points_are_fitted_and_said_to_be_widened():
    """A line in the plane, two points, a column without spread, far outliers."""
    line = torch.linspace(-1, 1, 400, dtype=torch.float64)[:, None]
    fit = em.fit_points(torch.cat([line, 2 * line], -1))
    assert any("widened" in note for note in fit.notes)
    assert em.fit_points(torch.tensor([[0.0, 0.0], [1.0, 2.0]], dtype=torch.float64)).components <= 2
    assert em.fit_points(torch.cat([line, 0 * line], -1)).columns[1][1] > 0
    far = torch.cat(
        [torch.zeros(4000, 1, dtype=torch.float64) + 0.001 * line.repeat(10, 1), torch.full((4, 1), 900.0, dtype=torch.float64)]
    )
    assert any("beyond" in note for note in em.fit_points(far, components=2).notes)


def test_many_rows_are_thinned_and_that_is_said():
    fit = em.fit_points(draw(mixture_of("three_modes"), em.MOST_POINTS + 500), components=3)
    assert fit.fitted == em.MOST_POINTS
    assert "random" in fit.notes[0]


def test_the_same_points_give_the_same_fit():
    x = draw(TURNED, 500)
    assert em.fit_points(x) == em.fit_points(x.clone())
    with pytest.raises(BadValue, match="components"):
        em.fit_points(x, components=129)
