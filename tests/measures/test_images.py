"""Measures of images against independent computations."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.linalg
import torch

import playground as pg
from playground.core.run import Frame
from playground.measures.frechet import Frechet
from playground.measures.memorised import MemorisedShare
from playground.measures.panel import offers, why_not
from playground.metrics.fidelity import frechet_distance
from playground.views.sights import whole
from toy_models.models.trained import judge
from toy_models.networks import checkpoint


def ended(x):
    """A run of the digits that ended in x."""
    exp = pg.Experiment(data="digits", particles=len(x))
    return SimpleNamespace(exp=exp, process=exp.process, space=exp.law.space, frames=[Frame(0, 0.0, x, 0)])


def test_memorised_share():
    """Of images that are copies, nearly copies, and far from all: counted by hand. Own images are as close to another as the floor says.

    Mutants killed: < for >; the norm in place of the root mean square; the threshold of all distances in place of the nearest.
    """
    known = pg.law("digits").examples.x
    far = np.sqrt(((known[:, None] - known[None]) ** 2).flatten(2).mean(2).numpy())
    np.fill_diagonal(far, np.inf)
    chosen = far[np.arange(1000) * len(known) // 1000].min(1)
    close = np.median(chosen) / 3
    noise = torch.randn(100, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    noise = noise / noise.square().mean((1, 2, 3), keepdim=True).sqrt()
    x = torch.cat([known[:100], known[100:200] + 0.9 * close * noise, known[200:300] + 1.1 * close * noise])
    told = MemorisedShare().of(ended(x))
    assert told.value == pytest.approx(200 / 300, abs=0.01)  # 1.1 may bring one nearer to another
    assert told.floor == pytest.approx(float((chosen < close).mean()), abs=1e-9)
    assert told.error == pytest.approx((2 / 9 / 300) ** 0.5, rel=0.02)
    ideal, made = (
        pg.measure(pg.Experiment(data="digits", model=model, particles=8, grid={"kind": "UniformLogSNR", "steps": 12}), "MemorisedShare")
        for model in ("ideal", "digits-unet")
    )
    assert ideal.value == 1
    assert ideal.error > 0
    assert made.value < 0.5


def test_frechet_distance():
    """The whole set moved by v is |v|² away; of fewer images the squared W₂ of the Gaussians by scipy's root of a matrix. Draws of the set are at the floor.

    Mutants killed: √ of it; the set's covariance for the images'; as many images of the set as there are new ones.
    """
    law = pg.law("digits")
    known = law.examples.x
    v = 0.2 * torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    moved = Frechet().of(ended(known + v))
    assert moved.value == pytest.approx(float(v.square().sum()), rel=1e-4)
    some = (0.5 * known[:400] + 0.1).flatten(1).double().numpy()
    whole_set = known.flatten(1).double().numpy()
    a, b = np.cov(some.T), np.cov(whole_set.T)
    root = scipy.linalg.sqrtm(a @ b + 1e-12 * np.eye(64)).real
    want = ((some.mean(0) - whole_set.mean(0)) ** 2).sum() + np.trace(a + b - 2 * root)
    assert Frechet().of(ended(torch.from_numpy(some).view(-1, 1, 8, 8))).value == pytest.approx(want, rel=1e-3)
    told = [Frechet().of(ended(law.sample(100, seed)[0].float())) for seed in range(12)]
    assert np.mean([e.value for e in told]) == pytest.approx(np.mean([e.floor for e in told]), rel=0.05)
    assert all(e.error > 0 for e in told)


def test_features_are_those_of_the_card_s_classifier():
    """MNIST's models have one; the digits' pixels speak for themselves."""
    x = torch.rand(5, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1
    who = pg.Experiment(data="mnist").who
    assert who.features(x).shape == (5, 64)
    assert torch.equal(judge(who.key).logits(who.features(x).float()).argmax(1), who.classify(x))
    assert pg.Experiment(data="digits").who.features(torch.zeros(5, 1, 8, 8)).shape == (5, 64)


def test_mnist_is_compared_with_the_features_that_its_classifier_brings(tmp_path):
    """Its images are not here. Real features themselves show the floor; a file that is another one is refused. Mutants killed: a floor of the samples; features of any file."""
    who = pg.Experiment(data="mnist").who
    real = who.real()
    assert real.shape == (10_000, 64)
    run = pg.Experiment(data="mnist", particles=16, grid=pg.UniformLogSNR(steps=1))
    told = pg.measure(run, "Frechet")
    few = np.mean([frechet_distance(real[i * 16 : i * 16 + 16], real) for i in range(40)])
    assert told.floor == pytest.approx(few, rel=0.25)
    assert told.value > 2 * told.floor
    for name in ("mnist-classifier.json", "mnist-classifier.features.safetensors"):
        (tmp_path / name).write_bytes((checkpoint.FOLDER / name).read_bytes())
    assert torch.equal(checkpoint.load_features("mnist-classifier", tmp_path), real)
    checkpoint.load_features.cache_clear()
    checkpoint.save_file({"features": torch.zeros(4, 64)}, tmp_path / "mnist-classifier.features.safetensors")
    with pytest.raises(pg.BadValue, match="sha256"):
        checkpoint.load_features("mnist-classifier", tmp_path)


def test_they_need_a_set_of_images():
    """Toys have none of them."""
    toy = whole(pg.Experiment(particles=60))
    for measure in (MemorisedShare(), Frechet()):
        assert not measure.needs <= offers(toy)
        assert "training images are here" in why_not(measure, toy)
        with pytest.raises(pg.BadValue, match=f"measure = '{measure.info.key}'"):
            pg.measure(pg.Experiment(particles=60), measure)
