"""Fréchet distance and precision/recall against closed forms and brute force."""

import pytest
import torch

from playground.metrics.fidelity import frechet_distance, moments, precision_recall


def draw(n, d, seed):
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_frechet_of_known_moments():
    """Samples whitened to have exactly the moments wanted: commuting covariances give Σ (√a − √b)² + ‖Δm‖². Mutant killed: C_x C_y without the root."""
    x = draw(500, 3, 0)
    mean, cov = moments(x)
    white = (x - mean) @ torch.linalg.inv(torch.linalg.cholesky(cov)).T
    a, b = torch.tensor([1.0, 4.0, 0.25]).double(), torch.tensor([9.0, 1.0, 0.25]).double()
    shift = torch.tensor([1.0, -2.0, 0.5]).double()
    want = float((a.sqrt() - b.sqrt()).square().sum() + shift.square().sum())
    assert frechet_distance(white * a.sqrt(), white * b.sqrt() + shift) == pytest.approx(want, rel=1e-9)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)


def test_frechet_does_not_depend_on_axes():
    """Rotating both samples changes nothing, though the covariances no longer commute with the axes."""
    x, y = draw(400, 4, 1) * torch.tensor([1.0, 2.0, 0.3, 1.5]), draw(300, 4, 2) @ draw(4, 4, 3)
    turn = torch.linalg.qr(draw(4, 4, 4)).Q
    assert frechet_distance(x @ turn, y @ turn) == pytest.approx(frechet_distance(x, y), rel=1e-9)


def test_precision_recall_by_brute_force():
    """Mutants killed: k for k + 1 (a point is its own neighbour); precision and recall swapped."""
    real, fake = draw(60, 2, 5), draw(50, 2, 6) * 0.4

    def share(points, manifold):
        inside = 0
        for p in points:
            inside += any((p - m).norm() <= sorted((m - o).norm() for o in manifold)[3] for m in manifold)
        return inside / len(points)

    got = precision_recall(real, fake)
    assert got.precision == pytest.approx(share(fake, real))
    assert got.recall == pytest.approx(share(real, fake))
    assert got.precision > got.recall
