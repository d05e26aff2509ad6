"""Metrics of images: likelihood against closed forms, distances against what is constructed."""

import math

import pytest
import torch
from torch.distributions import Normal

import playground as pg
from playground.core.fields import BadValue
from playground.exact import oracle_for
from playground.metrics.images import bits_per_dim, fidelity, nearest
from playground.metrics.likelihood import log_likelihood
from tests.named import mixture_of
from toy_models.networks.denoiser import Denoiser, NetworkPredictor
from toy_models.networks.unet import UNetConfig

STD = 0.3


class Wiener(torch.nn.Module):
    """F = 0: the denoiser is then the exact one of pixels N(0, σ_d²)."""

    config = UNetConfig()

    def forward(self, x, noise, label):
        return torch.zeros_like(x)


class Saddle(torch.nn.Module):
    """F = tanh of the neighbours' sum: a Jacobian with off-diagonal entries, in place of a network."""

    config = UNetConfig()

    def forward(self, x, noise, label):
        return torch.tanh(x.roll(1, -1) - 2 * x.roll(1, -2))


def grey(*shape):
    levels = torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(3))
    return levels.float() / 127.5 - 1


@pytest.mark.parametrize("process", [pg.VP(), pg.EDM(), pg.Flow()], ids=lambda p: p.info.key)
def test_the_probabilities_of_grey_values_sum_to_one(process):
    """One pixel: P(k) = 2^(−bits) over the 256 grey values of the model N(0, .3²) cut into bins: the bits themselves, and Σ P = 1.

    Mutants killed: + 7 for + log₂ 127.5, dequantisation centred off the grey value, nats for bits, log p of the wrong sign.
    """
    levels = torch.arange(256).view(-1, 1, 1, 1) / 127.5 - 1
    out = bits_per_dim(process, NetworkPredictor(process, Denoiser(Wiener(), STD)), levels, tol=1e-6, trace="exact")
    assert float((2.0**-out.bits).sum()) == pytest.approx(1, abs=2e-3)  # .0008 of the mass is outside
    law, x = Normal(0.0, STD), levels.flatten().double()
    want = -torch.log2(law.cdf(x + 1 / 255) - law.cdf(x - 1 / 255))
    torch.testing.assert_close(out.bits, want, rtol=0, atol=0.08)  # one draw inside a bin: log p changes by at most .06 bits there
    assert float((out.bits - want).mean()) == pytest.approx(0, abs=3e-3)
    assert out.probe_error == 0


def test_bits_of_images_are_the_gaussians():
    """4×4 pixels of N(0, .3²), independent: per dimension the same closed form, whatever the trace; Rademacher probes are exact on a multiple of I.

    Mutants killed: bits of the image for bits a pixel, Gaussian probes.
    """
    process, images = pg.VP(), grey(30, 1, 4, 4)
    predictor = NetworkPredictor(process, Denoiser(Wiener(), STD))
    out = bits_per_dim(process, predictor, images, tol=1e-6, probes=2)
    law = Normal(0.0, STD)
    want = -torch.log2(law.cdf(images.double() + 1 / 255) - law.cdf(images.double() - 1 / 255)).flatten(1).mean(1)
    torch.testing.assert_close(out.bits, want, rtol=0, atol=0.02)
    exact = bits_per_dim(process, predictor, images, tol=1e-6, trace="exact")
    torch.testing.assert_close(out.bits, exact.bits, rtol=0, atol=1e-6)
    assert out.probe_error < 1e-9
    assert out.error == pytest.approx(float(out.bits.std()) / math.sqrt(30))


def test_two_dimensions_of_a_mixture():
    """An event of two numbers under an exact mixture: −log₂ p in closed form at the dequantised point, within the bin's and the prior's leak."""
    process, data = pg.VP(), mixture_of("diamond")
    oracle = oracle_for(data, process)
    images = grey(20, 2)
    out = bits_per_dim(process, oracle, images, tol=1e-6)
    want = math.log2(127.5) - oracle.log_prob(images.double(), 1e-5) / (2 * math.log(2))
    assert float((out.bits - want).abs().max()) < 0.2
    assert float((out.bits - want).mean()) == pytest.approx(0, abs=0.03)


def test_bits_of_images_of_few_grey_values():
    """17 grey values, bins of 1/8, of N(0, .3²) pixels: what the probability of the bin gives, within Jensen's gap of so wide bins; values between
    them are refused. Mutants killed: bins of 1/127.5 (four bits more), the upper bound of 255."""
    process, predictor = pg.VP(), NetworkPredictor(pg.VP(), Denoiser(Wiener(), STD))
    images = ((grey(40, 1, 4, 4) * 8).round() / 8).clamp(-1, 1)
    out = bits_per_dim(process, predictor, images, grey=8.0, tol=1e-5, probes=2)
    law = Normal(0.0, STD)
    want = -torch.log2(law.cdf(images.double() + 1 / 16) - law.cdf(images.double() - 1 / 16)).flatten(1).mean(1)
    assert out.mean == pytest.approx(float(want.mean()), abs=0.05)
    with pytest.raises(BadValue, match="k/8"):
        bits_per_dim(process, predictor, images + 1 / 16, grey=8.0)


def test_the_probes_tell_their_error():
    """On a Jacobian that is not a multiple of I: the estimate is within 4 standard errors of the exact trace, and the stated error is the spread of
    repeated estimates. Mutants killed: the error not divided by √probes, the probes' mean taken twice."""
    process, image = pg.VP(), grey(1, 1, 3, 3)
    predictor = NetworkPredictor(process, Denoiser(Saddle(), STD))
    z = image.double()
    exact = log_likelihood(process, predictor, z, trace="exact", tol=1e-5)
    told = log_likelihood(process, predictor, z.repeat(200, 1, 1, 1), trace="hutchinson", probes=4, tol=1e-5)
    spread = float(told.log_p.std())
    assert spread > 0.01
    assert float(told.log_p.mean()) == pytest.approx(float(exact.log_p), abs=4 * spread / math.sqrt(200) + 1e-4)
    assert float(told.probe_error.square().mean().sqrt()) == pytest.approx(spread, rel=0.15)
    assert bool(exact.probe_error.eq(0).all())
    assert bool(log_likelihood(process, predictor, z, trace="hutchinson", tol=1e-3).probe_error.isnan().all())


@pytest.mark.parametrize(
    ("images", "more", "field"), [(torch.full((1, 1, 2, 2), 0.001), {}, "images"), (grey(1, 4), {"probes": 0}, "probes")]
)
def test_bad_requests(images, more, field):
    process = pg.VP()
    with pytest.raises(BadValue) as told:
        bits_per_dim(process, NetworkPredictor(process, Denoiser(Wiener(), STD)), images, trace="hutchinson", **more)
    assert told.value.field == field


def test_nearest_is_the_distance_to_the_copy():
    """A training image moved by .1 in one pixel is .1 away, the training image 0. Mutant killed: mean square for Euclidean distance."""
    training = grey(50, 1, 5, 5)
    moved = training[[7, 3]].clone()
    moved[0, 0, 2, 2] += 0.1
    torch.testing.assert_close(nearest(moved, training), torch.tensor([0.1, 0.0]), rtol=0, atol=2e-3)


def test_fidelity_of_a_shift():
    """Fréchet distance d Δ² of features moved by Δ; far away there is neither precision nor recall; of the same points both are 1."""
    x = torch.randn(500, 3, generator=torch.Generator().manual_seed(0))
    told = fidelity(x, x + 20)
    assert told["frechet"] == pytest.approx(3 * 400, abs=1e-2)
    assert (told["precision"], told["recall"]) == (0, 0)
    assert fidelity(x, x) == {"frechet": 0, "precision": 1, "recall": 1}
