"""Randomness: the same seed, the same noise, whatever the number of particles, the precision or what else was drawn."""

import pytest
import torch

from playground.core.fields import BadValue
from playground.core.rng import Rng


@pytest.mark.parametrize("kind", ["normal", "uniform"])
def test_first_particles_do_not_depend_on_the_count(kind):
    """Draw after draw, n particles see the first n rows of what 1000 see; float64 sees float32's numbers."""
    for shape in ((), (2,), (2, 3)):
        runs = [Rng(3).stream("path"), Rng(3).stream("path"), Rng(3, dtype=torch.float64).stream("path")]
        for _ in range(3):
            few, many, double = (getattr(rng, kind)((n, *shape)) for rng, n in zip(runs, (5, 1000, 37), strict=True))
            assert torch.equal(few, many[:5])
            assert torch.equal(double.float(), many[:37])
            assert double.dtype == torch.float64


def test_streams_are_independent():
    """Streams differ by name and seed, not by the order of use; successive draws differ."""
    a = Rng(1)
    a.normal((4,))
    assert torch.equal(a.stream("prior").normal((8,)), Rng(1).stream("prior").normal((8,)))
    different = [Rng(1).stream("prior"), Rng(1).stream("path"), Rng(2).stream("prior")]
    assert len({tuple(rng.normal((4,)).tolist()) for rng in different}) == 3
    rng = Rng(1)
    assert not torch.equal(rng.normal((4,)), rng.normal((4,)))
    z = torch.cat([rng.normal((500,)) for _ in range(200)])
    assert abs(float(z.mean())) < 5 / 100_000**0.5
    assert abs(float(z.var()) - 1) < 5 * (2 / 100_000) ** 0.5


def test_injected_noise():
    """noise is used in the order of the draws, uniforms are Φ of it, and wrong shapes are refused."""
    rng = Rng(0, dtype=torch.float64, noise=lambda shape: torch.zeros(shape))
    assert torch.equal(rng.normal((2, 3)), torch.zeros(2, 3, dtype=torch.float64))
    assert torch.equal(rng.uniform((2,)), torch.full((2,), 0.5, dtype=torch.float64))
    with pytest.raises(BadValue, match=r"^noise = .* allowed: a tensor of the asked shape"):
        Rng(0, noise=lambda shape: torch.zeros(1)).normal((2, 3))
