"""Mixtures as short texts: what comes back is what was sent, within the stated rounding."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.core.mixture import GaussianMixture
from playground.laws.compact import AXIS, CENTRE, MOST, axes_of, covs_of, decode, encode
from tests.named import mixture_of
from toy_models.laws.distributions import TOYS

GOOD = encode(mixture_of("eight_gaussians"))


@pytest.mark.parametrize("key", TOYS)
def test_every_toy_survives_within_the_stated_rounding(key):
    """Mutants killed: low and high byte swapped, centres truncated and not rounded, classes lost, axes and variances mixed up."""
    there = mixture_of(key)
    text = encode(there)
    back = decode(text)
    assert encode(back) == text
    assert back.labels.tolist() == there.labels.tolist()
    assert (back.means - there.means).abs().max() <= 0.5 / CENTRE + 1e-12
    assert (back.weights - there.weights).abs().max() <= 2e-5
    roots = [torch.linalg.eigvalsh(m.covs).sqrt() for m in (there, back)]
    assert (roots[0] - roots[1]).abs().max() <= 0.5 / AXIS + 1e-9
    assert len(text) <= (16 if there.dim == 2 else 8) * there.components + 6 + -(-4 * there.components // 3)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_mixture_survives(data):
    """Turned components too; the angle is that of the longer axis (C's eigenvector), within half a step."""
    count = data.draw(st.integers(1, 12))
    numbers = lambda lo, hi: torch.tensor(data.draw(st.lists(st.floats(lo, hi), min_size=count, max_size=count)), dtype=torch.float64)  # noqa: E731
    axes = torch.stack([numbers(0.02, 5), numbers(0.02, 5)], -1)
    there = GaussianMixture(numbers(0.01, 1), torch.stack([numbers(-7.9, 7.9), numbers(-7.9, 7.9)], -1), covs_of(axes, numbers(0, math.pi)))
    back = decode(encode(there))
    assert encode(back) == encode(there)
    assert (back.means - there.means).abs().max() <= 0.5 / CENTRE + 1e-12
    # |ΔC| ≤ 2 a Δa + a² Δθ for axes up to a = 5
    assert (back.covs - there.covs).abs().max() <= 2 * 2 * 5 * 0.5 / AXIS + 25 * math.pi / 65536
    parts = [m.weights / m.weights.max() for m in (there, back)]
    assert (parts[0] - parts[1]).abs().max() <= 0.5 / 65535 + 1e-12


def test_axes_and_angle_give_the_covariance_again():
    """Against R diag R^T by hand: Mutant killed: the angle's sign."""
    covs = covs_of(torch.tensor([[2.0, 0.5]], dtype=torch.float64), torch.tensor([math.pi / 6], dtype=torch.float64))
    c, s = math.cos(math.pi / 6), math.sin(math.pi / 6)
    r = torch.tensor([[c, -s], [s, c]], dtype=torch.float64)
    assert torch.allclose(covs[0], r @ torch.diag(torch.tensor([4, 0.25], dtype=torch.float64)) @ r.mT, atol=1e-14)
    axes, angle = axes_of(covs)
    assert axes[0].tolist() == pytest.approx([2, 0.5])
    assert float(angle[0]) == pytest.approx(math.pi / 6)


def test_an_experiment_keeps_the_text_in_link_and_json():
    exp = Experiment(data=GOOD)
    assert exp.to_query()["data"] == GOOD
    assert Experiment.from_query(exp.to_query()) == exp
    assert Experiment.from_json(exp.to_json()) == exp
    assert mixture_of(exp.data).components == 8


def test_how_long_links_get():
    """128 components in the plane: 2,053 letters, 256: 4,101 (without classes); a line of a proxy's request is 8,000."""
    for count, letters in ((128, 2053), (256, 4101)):
        mix = GaussianMixture(torch.ones(count), torch.rand(count, 2), torch.eye(2).expand(count, 2, 2))
        assert len(encode(mix)) == letters
    with pytest.raises(BadValue, match=str(MOST)):
        encode(GaussianMixture(torch.ones(257), torch.rand(257, 2), torch.eye(2).expand(257, 2, 2)))


@pytest.mark.parametrize(
    "text",
    [
        "mix2.",
        "mix2.AAAA",  # no whole component
        "mix2." + "A" * 16,  # weight and axes 0
        GOOD[:-1],  # a class is missing
        GOOD + "A",
        GOOD + ".AAEA",
        "mix3." + GOOD[5:],
        "mix1." + "____" * 2 * 257,
        GOOD.replace("_", "/"),
        "mix2.______8AAAAA____",  # axes 0
    ],
)
def test_what_is_no_mixture_is_refused_by_name(text):
    with pytest.raises(BadValue, match=r"^data = "):
        Experiment(data=text)


def test_what_does_not_fit_is_refused():
    with pytest.raises(BadValue, match="within"):
        encode(GaussianMixture([1.0], [[9.0, 0.0]], [[[1.0, 0.0], [0.0, 1.0]]]))  # type: ignore[arg-type]
    with pytest.raises(BadValue, match="dimensions"):
        encode(GaussianMixture([1.0], [[0.0] * 3], [torch.eye(3).tolist()]))  # type: ignore[arg-type]
