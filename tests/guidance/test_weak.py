"""Autoguidance by any weak model of the catalogue."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.legal import legal
from playground.engine import Run
from tests.named import mixture_of


def posterior_mean(law, x, alpha, sigma):
    """E[x_0 | x_t] of a mixture on the line, written down again."""
    m, c, w = (a.double().numpy() for a in (law.means[:, 0], law.covs[:, 0, 0], law.weights))
    var = alpha**2 * c + sigma**2
    r = w * np.exp(-0.5 * (x[:, None] - alpha * m) ** 2 / var) / np.sqrt(var)
    return ((m + alpha * c / var * (x[:, None] - alpha * m)) * r).sum(1) / r.sum(1)


def test_any_weak_model():
    """D_0 + W (D_1 − D_0) with the named law's own posterior mean, of the class where it has that class; W = 1 is the class alone. Mutants killed: the weak model of all classes."""
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)[:, None]
    for weight in (1.0, 2.5):
        exp = pg.Experiment(
            data="two_modes", guidance=pg.Autoguidance(weak="three_modes", weight=weight, label=1), dtype="float64", particles=9
        )
        at = exp.process.at(0.4)
        good, bad = (posterior_mean(mixture_of(d).only(1), x[:, 0].numpy(), at.alpha, at.sigma) for d in ("two_modes", "three_modes"))
        told = Run(exp).problem.x0(x, 0.4)[:, 0].numpy()
        np.testing.assert_allclose(told, bad + weight * (good - bad), atol=1e-9)
        assert pg.Experiment.from_query(exp.to_query()) == exp
    _, weak = exp.guidance.pair(mixture_of("two_modes"))
    assert weak == mixture_of("three_modes").only(1)
    assert Run(exp.replace(sampler="DDIM")).finish().calls[-1] == 2 * exp.grid.steps


def test_images_have_weak_models_too():
    """The ideal denoiser of a digit pushed away from the Wiener filter; of data without a mixture, where the inflated model is none."""
    exp = pg.Experiment(
        data="digits", model="ideal", particles=2, guidance=pg.Autoguidance(weak="digits/wiener", label=3), grid={"steps": 3}
    )
    assert torch.isfinite(pg.simulate(exp.replace(sampler="DDIM")).states).all()
    network = {"data": "mnist", "model": "mnist-unet"}
    assert "exact mixture" in legal({**network, "guidance": "Autoguidance"})["guidance"]["Autoguidance"]
    assert not legal({**network, "guidance": {"kind": "Autoguidance", "weak": "mnist/mnist-unet"}})["guidance"]["Autoguidance"]


@pytest.mark.parametrize(
    ("data", "weak", "words"),
    [
        ("moons", "rngs", "rings"),
        ("moons", 7, "inflated, or a model's name"),
        ("moons", "rings/nobody", "exact"),
        ("moons", "two_modes", r"shape \(2,\): those of two_modes have \(1,\)"),
        ("digits", "mnist", "those of mnist have"),
    ],
)
def test_bad_weak_models(data, weak, words):
    with pytest.raises(pg.BadValue, match=words) as told:
        pg.Experiment(data=data, guidance={"kind": "Autoguidance", "weak": weak})
    assert told.value.field == "guidance.weak"
