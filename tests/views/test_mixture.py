"""The lattice of a density, and the mixture that hands hold."""

from __future__ import annotations

import torch

from playground.core.experiment import Experiment
from playground.core.mixture import GaussianMixture
from playground.laws.compact import decode, encode
from playground.views.fields import centres, dense
from playground.views.mixture import mixture_packet
from tests.named import mixture_of


def test_the_density_of_turned_components_is_exact():
    """Against log_prob in float64 with narrow, turned components far from the origin. Mutant killed: features in float32."""
    mix = GaussianMixture(
        [0.2, 0.5, 0.3],  # type: ignore[arg-type]
        [[3.5, -2.4], [0.0, 0.1], [-3.0, 2.0]],  # type: ignore[arg-type]
        [[[2e-3, 1.2e-3], [1.2e-3, 1e-3]], [[0.5, -0.3], [-0.3, 0.4]], [[0.1, 0.05], [0.05, 0.2]]],  # type: ignore[arg-type]
    )
    ga, gb = centres(-4.2, 4.2, 140), centres(-3, 3, 100).flip(0)
    points = torch.stack([ga.repeat(100), gb.repeat_interleave(140)], -1).double()
    exact = mix.log_prob(points).exp().view(100, 140)
    got = dense(mix.weights, mix.means, mix.covs, ga, gb)
    assert float((got - exact).abs().max()) < 2e-6 * float(exact.max())


def test_what_hands_hold_is_the_experiments_mixture():
    for data in ("moons", "comb", encode(mixture_of("cross"))):
        header = mixture_packet(Experiment(data=data), {}).header
        assert header["note"] == ""
        held, there = decode(header["text"]), mixture_of(data)
        assert float((held.means - there.means).abs().max()) < 2e-4
    thin = {"weights": [1, 1], "means": [[0, 0], [1, 1]], "covs": [[[1e-12, 0], [0, 1]], [[1, 0], [0, 1]]]}
    assert "1 of 2" in mixture_packet(Experiment(data=thin), {}).header["note"]
