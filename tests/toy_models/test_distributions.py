"""The toy distributions are what they claim to be: mixtures, on the stage, close to their shapes."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
import torch

from toy_models.laws.distributions import TOYS, fit, toy, toys
from toy_models.laws.distributions.base import errors, make

KEYS_1D = ["two_modes", "three_modes", "narrow_wide", "skewed", "comb", "uniform", "heavy_tails"]
KEYS_2D = ["moons", "eight_gaussians", "swiss_roll", "checkerboard", "rings", "pinwheel", "diamond", "cross"]
KEYS_2D += ["grid25", "smiley", "word"]
each = pytest.mark.parametrize("key", KEYS_1D + KEYS_2D)


def test_the_list_of_toys_and_its_order():
    assert list(TOYS) == KEYS_1D + KEYS_2D
    assert [t.key for t in toys()] == list(TOYS)
    assert [t.key for t in toys(1)] == KEYS_1D
    assert [t.key for t in toys(dim=2)] == KEYS_2D
    assert len({t.title for t in toys()}) == len(TOYS)
    assert toy("moons") is TOYS["moons"] is toy("moons")  # built once


@each
def test_a_toy_is_a_valid_mixture(key):
    t = toy(key)
    count = len(t.weights)
    assert t.key == key
    assert 1 <= count <= 128
    assert t.weights.shape == (count,)
    assert t.means.shape == (count, t.dim)
    assert t.covs.shape == (count, t.dim, t.dim)
    assert t.labels.shape == (count,)
    assert all(a.dtype == np.float64 for a in (t.weights, t.means, t.covs))
    assert np.all(t.weights > 0)
    assert abs(t.weights.sum() - 1) < 1e-12
    assert np.array_equal(t.covs, t.covs.transpose(0, 2, 1))
    assert np.linalg.eigvalsh(t.covs).min() >= 1e-4 * (1 - 1e-9)
    assert t.diagonal  # the fast path of the density pictures
    assert set(t.labels.tolist()) == set(range(len(t.class_names)))  # every class occurs and has a name
    with pytest.raises(ValueError, match="read-only"):
        t.means[0] = 0


@each
def test_scale_and_place(key):
    """On the stage, centred, with a std near 1 along each axis; these moments are exact."""
    t = toy(key)
    assert np.all(np.abs(t.mean) < 0.25)
    std = np.sqrt(np.diag(t.cov))
    assert np.all((std >= 0.8) & (std <= 1.25))
    assert np.all(np.abs(t.means) <= (2.5 if t.dim == 1 else 2.3))


@each
def test_samples_have_the_exact_moments(key):
    t, n = toy(key), 40_000
    x, label = t.sample(n, np.random.default_rng(1))
    assert x.shape == (n, t.dim)
    assert label.shape == (n,)
    off = x - t.mean
    products = off[:, :, None] * off[:, None, :]
    for values, exact in ((x, t.mean), (products, t.cov)):  # five standard errors
        error = np.abs(values.mean(0) - exact)
        assert np.all(error <= 5 * values.std(0) / np.sqrt(n) + 1e-12)
    for c in range(len(t.class_names)):
        p = t.weights[t.labels == c].sum()
        assert abs((label == c).mean() - p) <= 5 * np.sqrt(p * (1 - p) / n) + 1e-12


def test_the_reference_mixture_keeps_its_numbers():
    g3 = toy("three_modes")
    np.testing.assert_allclose(g3.weights, [0.5, 0.3, 0.2], atol=1e-15)
    np.testing.assert_allclose(g3.means[:, 0], [-1, 0.2, 1.2])
    np.testing.assert_allclose(np.sqrt(g3.covs[:, 0, 0]), [0.1, 0.15, 0.05])


def test_diamond_is_twice_the_official_one():
    turn = np.array([[1, -1], [1, 1]]) / np.sqrt(2)
    official = {tuple(np.round(turn @ [x, y], 9) + 0.0) for x in (-0.5, 0, 0.5) for y in (-0.5, 0, 0.5)}
    assert {tuple(np.round(m / 2, 9) + 0.0) for m in toy("diamond").means} == official
    np.testing.assert_allclose(toy("diamond").covs, np.tile(0.08**2 * np.eye(2), (9, 1, 1)))


def test_heavy_tails_are_heavy():
    """The tail mass of 0.6 t_4, P(|x| > c) = 1 - u (3 - u^2) / 2 with s = c / 0.6, u = s / sqrt(4 + s^2)."""
    t = toy("heavy_tails")
    for c in (1.0, 2.0, 4.0, 6.0):
        s = c / 0.6
        u = s / np.sqrt(4 + s * s)
        exact = 1 - u * (3 - u * u) / 2
        z = torch.tensor(c / np.sqrt(2 * t.covs[:, 0, 0]))
        assert float(t.weights @ torch.erfc(z).numpy()) == pytest.approx(exact, rel=0.15)


def test_uniform_is_flat():
    t, x = toy("uniform"), np.linspace(-1.4, 1.4, 500)
    std = np.sqrt(t.covs[:, 0, 0])
    density = np.exp(-0.5 * ((x[:, None] - t.means[:, 0]) / std) ** 2) / std @ t.weights / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(density, 1 / 3.4, rtol=0.005)


def test_classes_lie_where_their_names_say():
    t = toy("moons")
    upper, lower = (t.means[t.labels == c, 1].mean() for c in (0, 1))
    assert upper > 0.3
    assert lower < -0.3
    t = toy("rings")
    radius = np.linalg.norm(t.means, axis=1)
    assert radius[t.labels == 0].max() < radius[t.labels == 1].min()
    t = toy("word")
    left = [t.means[t.labels == c, 0].mean() for c in range(4)]
    assert t.class_names == ("f", "l", "o", "w")
    assert left == sorted(left)


def test_every_fitted_shape_has_its_error_on_file_and_nothing_else_has():
    assert set(errors()) == set(fit.SHAPES)
    for t in toys():
        if t.key in fit.SHAPES:
            assert f"{len(t.weights)} Gaussians fitted to " in t.tip
        else:
            assert t.tip.startswith(f"Exactly a mixture of {len(t.weights)} Gaussians")
        assert t.tip.endswith(".")
        assert len(t.tip) < 200


@pytest.mark.parametrize("key", list(fit.SHAPES))
def test_the_stated_fit_error_is_right(key):
    """The table is up to date (same samples: same numbers), the tooltip quotes it, and a fresh measurement,
    from other samples, agrees within the sampling error of both (about 20 %)."""
    for name, values in fit.measure(toy(key)).items():
        assert errors()[key][name] == pytest.approx(values.mean(), abs=1e-4)
    said = re.search(r"to the shape (\d\.\d{3}) \(floor (\d\.\d{3}) at 2,000 points\)", toy(key).tip)
    assert said is not None
    fresh = fit.measure(toy(key), seed=11, repeats=60)
    for stated, name in zip(said.groups(), ("error", "floor"), strict=True):
        assert float(stated) == pytest.approx(errors()[key][name], abs=0.00051)
        values = fresh[name]
        standard_error = values.std(ddof=1) * np.sqrt(1 / 60 + 1 / fit.STATED_REPEATS)
        assert abs(float(stated) - values.mean()) <= 4 * standard_error + 0.0005  # + rounding
    assert fresh["error"].mean() < 1.3 * fresh["floor"].mean()  # as good as a fresh sample, nearly


def test_the_measure_sees_a_bad_fit():
    t = toy("moons")
    moved = make("", "", t.means + np.array([0.15, 0]), 0.11, shape=t.shape)
    m = fit.measure(moved, repeats=5)
    assert m["error"].mean() > 1.8 * m["floor"].mean()


def test_distance_of_known_samples():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((500, 2))
    assert fit.distance(x, x) == 0
    # a shift by v moves each projection by <v, a>: the mean square over directions is |v|^2 / 2
    assert fit.distance(x, x + np.array([0.3, 0.4])) == pytest.approx(0.5 / np.sqrt(2), rel=1e-9)
    assert fit.distance(x[:, :1], x[:, :1] + 0.7) == pytest.approx(0.7)


def test_tensors_are_copies():
    t = toy("pinwheel")
    w, m, c, labels = t.tensors()
    assert w.dtype == m.dtype == c.dtype == torch.float64
    assert labels.dtype == torch.int64
    np.testing.assert_array_equal(m.numpy(), t.means)
    np.testing.assert_array_equal(c.numpy(), t.covs)
    before = t.weights.copy()
    w.zero_()
    np.testing.assert_array_equal(t.weights, before)
    assert t.tensors(dtype=torch.float32)[1].dtype == torch.float32


@pytest.mark.parametrize("bad", ["mooons", "", 3, None, ["moons"]])
def test_an_unknown_key_names_field_value_and_choices(bad):
    with pytest.raises(ValueError, match=r"^data = ") as caught:
        toy(bad)
    message = str(caught.value)
    assert "data" in message
    assert repr(bad) in message
    assert all(key in message for key in TOYS)


def test_the_dict_answers_like_a_dict():
    assert "moons" in TOYS
    assert "mooons" not in TOYS
    assert TOYS.get("mooons") is None
    with pytest.raises(KeyError, match="mooons"):
        TOYS["mooons"]
    with pytest.raises(ValueError, match="dim"):
        toys(3)


def test_importing_and_building_is_fast_and_light():
    """In a fresh interpreter with numpy: all toys in 0.3 s of processor time, and no heavy import."""
    code = (
        "import sys, time, numpy; t = time.process_time()\n"
        "from toy_models.laws.distributions import toys; n = len(toys())\n"
        "heavy = {'torch', 'scipy', 'matplotlib', 'gradio', 'plotly'} & set(sys.modules)\n"
        "print(n, time.process_time() - t, sorted(heavy))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    count, seconds, heavy = out.stdout.split(maxsplit=2)
    assert int(count) == len(TOYS)
    assert heavy.strip() == "[]"
    assert float(seconds) < 0.3
