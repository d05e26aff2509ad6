"""Tokens and the torus as spaces: moves, distances, what they refuse."""

import math

import pytest
import torch

from playground.core.fields import BadValue
from playground.spaces.tokens import Tokens, draw
from playground.spaces.torus import Torus, wrap


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_wrapped_angles_are_in_their_range(dtype):
    """[−π, π) exactly, also just beyond π in float32, where the nearest number to π lies above it; and a turn changes nothing."""
    at = torch.cat([torch.linspace(-40, 40, 20001, dtype=dtype), torch.tensor([math.pi, -math.pi, 3 * math.pi], dtype=dtype)])
    w = wrap(at)
    assert bool((w >= -math.pi).all())
    assert bool((w.double() < math.pi).all())
    torch.testing.assert_close(w.cos(), at.cos(), atol=1e-5 if dtype == torch.float32 else 1e-12, rtol=0)
    torch.testing.assert_close(wrap(w), w, rtol=0, atol=0)


def test_torus_geometry():
    """move(b, difference(a, b)) = a; the distance is the shorter arc's, at most π √d, symmetric, and invariant to turns of both."""
    torus, g = Torus(2), torch.Generator().manual_seed(0)
    a, b, turn = (torch.rand(3, 500, 2, generator=g, dtype=torch.float64) * 2 * math.pi - math.pi).unbind()
    torch.testing.assert_close(wrap(torus.move(b, torus.difference(a, b)) - a), torch.zeros_like(a), atol=1e-12, rtol=0)
    d = torus.distance(a, b)
    torch.testing.assert_close(d, torus.distance(b, a))
    torch.testing.assert_close(d, torus.distance(torus.move(a, turn), torus.move(b, turn)), atol=1e-12, rtol=0)
    assert float(d.max()) <= math.pi * math.sqrt(2)
    assert float(Torus(1).distance(torch.tensor([[3.0]]), torch.tensor([[-3.0]]))) == pytest.approx(2 * math.pi - 6, abs=1e-6)
    assert torus.size(torch.tensor([[1.0, 2.0], [math.nan, 0.0]])).isnan().tolist() == [False, True]


def test_arcs_on_the_torus_are_not_of_negative_type():
    """Why energy distances take chords: on one circle the arc's Fourier coefficients are ≤ 0 beyond the constant; those of √(d₁² + d₂²) are not, so that
    2E d(x, y) − E d(x, x') − E d(y, y') < 0 for some laws; the chord's are."""
    at = wrap(torch.arange(256, dtype=torch.float64) * 2 * math.pi / 256)
    one = torch.fft.fft(at.abs()).real / 256
    assert float(one[1:].max()) < 1e-12
    arcs = torch.fft.fft2((at[:, None].square() + at.square()).sqrt()).real / 256**2
    arcs[0, 0] = 0
    assert float(arcs.max()) > 1e-3
    chords = torch.fft.fft2((4 - 2 * at.cos()[:, None] - 2 * at.cos()).clamp_min(0).sqrt()).real / 256**2
    chords[0, 0] = 0
    assert float(chords.max()) < 1e-6


def test_tokens():
    """Names, the mask as the last symbol, Hamming distance, and what is refused by name."""
    plain, masked = Tokens(("a", "b", "c"), length=2), Tokens(("a", "b", "c"), length=2, mask="?")
    assert (plain.count, masked.count, masked.names[-1], masked.shape, masked.integral) == (3, 4, "?", (2,), True)
    z = torch.tensor([[0, 3], [1, 2]])
    assert masked.distance(z, torch.tensor([[0, 1], [1, 2]])).tolist() == [1, 0]
    assert masked.check("z", z) is z
    assert plain.size(z).isnan().tolist() == [True, False]
    for bad in (z.float(), z[:, :1], torch.tensor([[4, 0]]), torch.tensor([[-1, 0]]), [[0, 1]]):
        with pytest.raises(BadValue, match=r"^z = "):
            masked.check("z", bad)
    with pytest.raises(BadValue, match=r"from 0 to 2: a, b, c"):
        plain.check("z", z)


def test_draws_never_give_what_has_no_share():
    """Inverse distribution: shares of 0 at either end are never drawn, not by u = 0 nor by the largest float32 below 1; shares come out as told (χ²)."""
    share = torch.tensor([[0.0, 2.0, 0.0, 1e-9, 1.0, 0.0]])
    edge = torch.tensor([0.0, 1 - 2**-24])
    assert draw(share.expand(2, -1), edge).tolist() == [1, 4]
    u = torch.rand(300_000, generator=torch.Generator().manual_seed(1))
    counts = torch.bincount(draw(share.expand(len(u), -1), u), minlength=6)
    assert counts[[0, 2, 5]].tolist() == [0, 0, 0]
    chi2 = float(((counts[[1, 4]] - len(u) * torch.tensor([2 / 3, 1 / 3])) ** 2 / (len(u) * torch.tensor([2 / 3, 1 / 3]))).sum())
    assert chi2 < 10.8  # one degree of freedom, p = 0.001
