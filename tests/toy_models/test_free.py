"""Training-free denoisers against closed forms, and what a set of images is."""

import math

import pytest
import torch

import playground as pg
from playground.core.examples import Examples
from playground.core.fields import BadValue
from playground.core.mixture import GaussianMixture
from playground.core.process import t64
from playground.exact import oracle_for
from tests.named import images_of
from toy_models.laws.digits import HELD_OUT, held_out
from toy_models.models.free import KINDS, Equivariant, Ideal, Local, Wiener, kinds, patch_size


def some(count=12, event=(1, 5, 6), seed=0, classes=3):
    """A small set with random pixels."""
    x = torch.rand(count, *event, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return Examples(x, torch.arange(count) % classes, "random", f"random{seed}")


def noisy(images, tau, count=4, seed=5):
    draw = torch.Generator().manual_seed(seed)
    x = images.x[:count]
    return (x + tau * torch.randn(x.shape, generator=draw)).double()


def test_digits_are_those_of_scikit_learn():
    """Same pixels, labels and order as load_digits; the last 297 are kept away. Mutants killed: /16 − 1, a transposed image, a held-out image seen."""
    from sklearn.datasets import load_digits

    told = load_digits()
    images = images_of("digits")
    assert images.x.shape == (1797 - HELD_OUT, 1, 8, 8)
    torch.testing.assert_close((images.x[:, 0] + 1) * 8, torch.from_numpy(told.images[:-HELD_OUT]).float(), rtol=0, atol=0)
    assert images.labels.tolist() == told.target[:-HELD_OUT].tolist()
    torch.testing.assert_close((held_out()[0][:, 0] + 1) * 8, torch.from_numpy(told.images[-HELD_OUT:]).float(), rtol=0, atol=0)
    assert float(images.x.min()) == -1
    assert float(images.x.max()) == 1


@pytest.mark.parametrize("tau", [0.05, 0.5, 3.0, 40.0])
def test_ideal_denoiser_is_tweedie_of_the_sets_log_density(tau):
    """D = y + τ² ∇ log Σ_i N(y; y_i, τ²) by autograd. Mutants killed: τ for τ², distances without the images' own norms, a missing mean."""
    images = some()
    y = noisy(images, tau).requires_grad_()
    distance = (y.flatten(1)[:, None] - images.x.flatten(1).double()).square().sum(-1)
    (slope,) = torch.autograd.grad((-distance / (2 * tau**2)).logsumexp(1).sum(), y)
    torch.testing.assert_close(Ideal(images)(y.detach(), tau), y.detach() + tau**2 * slope, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("process", ["VP", "VE", "Flow", "CLD"])
def test_ideal_model_is_the_mixture_oracle_with_tiny_covariances(process, monkeypatch):
    """Images of two pixels are points of a plane: the exact oracle of narrow components says the same. Mutant killed: the statistic without Σ's off-diagonal."""
    images = some(7, (1, 1, 2))
    law = GaussianMixture(torch.full((7,), 1 / 7), images.x.flatten(1).double(), 1e-9 * torch.eye(2).expand(7, 2, 2))
    made = pg.registry("processes")[process]()
    monkeypatch.setattr("toy_models.models.free.free_denoiser", lambda *told: Ideal(images))
    model = pg.Experiment(data="digits-ideal", process=made)
    oracle = model.who.predictor(made)
    exact = oracle_for(law, made)
    for share in (0.2, 0.5, 0.9):
        t = float(made.unclock(t64(share)))
        z = torch.randn(5, *([2] if len(made.parts) > 1 else []), 1, 1, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        told = oracle(z, t).x0_hat.flatten(1)
        torch.testing.assert_close(told, exact(z.reshape(*z.shape[:-3], 2), t).x0_hat.reshape(5, 2), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("count", "event"), [(40, (1, 3, 4)), (6, (3, 4, 4))])
def test_wiener_is_the_posterior_mean_of_a_gaussian(count, event):
    """D = m + C (C + τ²)⁻¹ (y − m) by a linear solve; more and fewer images than pixels. Mutants killed: λ/(λ + τ), C with the mean left in."""
    images, tau = some(count, event), 0.7
    flat = images.x.flatten(1).double()
    cov = torch.cov(flat.T, correction=0)
    y = noisy(images, tau)
    told = torch.linalg.solve(cov + tau**2 * torch.eye(len(cov)), (y.flatten(1) - flat.mean(0)).T)
    torch.testing.assert_close(Wiener(images)(y, tau).flatten(1), (cov @ told).T + flat.mean(0), rtol=1e-8, atol=1e-8)


def test_sampling_under_the_wiener_denoiser_is_the_closed_form():
    """The ODE of a Gaussian scales each eigenvector by √((α_s²λ + σ_s²)/(α_t²λ + σ_t²)) (math 1.8). Mutant killed: variances of the singular values."""
    exp = pg.Experiment.from_dict(
        {
            "data": "digits-wiener",
            "particles": 3,
            "sampler": {"kind": "Heun"},
            "grid": {"kind": "UniformLogSNR", "steps": 400},
            "dtype": "float64",
            "stop_at": 0.3,
        }
    )
    trace = pg.simulate(exp)
    flat = images_of("digits").x.flatten(1).double()
    mean = flat.mean(0)
    value, axes = torch.linalg.eigh(torch.cov(flat.T, correction=0))
    first, last = (exp.process.at(float(t)) for t in (trace.times[0], trace.times[-1]))
    ratio = ((last.alpha**2 * value.clamp_min(0) + last.sigma**2) / (first.alpha**2 * value.clamp_min(0) + first.sigma**2)).sqrt()
    start = trace.x[0].flatten(1) - first.alpha * mean
    exact = (start @ axes * ratio) @ axes.T + last.alpha * mean
    torch.testing.assert_close(trace.x[-1].flatten(1), exact, rtol=0, atol=2e-3)


@pytest.mark.parametrize("machine", [Local, Equivariant])
@pytest.mark.parametrize("tau", [0.1, 1.0])
def test_patches_as_large_as_the_image_give_the_ideal_denoiser(machine, tau):
    """Mutants killed: a window off by one, a kind that joins places with other borders, a sum over channels that is left out."""
    images = some(9, (2, 4, 6))
    y = noisy(images, tau).float()
    torch.testing.assert_close(machine(images, k=11)(y, tau), Ideal(images)(y, tau), rtol=1e-4, atol=1e-5)


def test_local_machine_pixel_by_pixel():
    """Against loops over pixels and images, patches cut at the border. Mutant killed: k for k // 2."""
    images, tau, k = some(6, (1, 4, 5)), 0.6, 3
    y, told = noisy(images, tau, 2), torch.zeros(2, 1, 4, 5, dtype=torch.float64)
    x = images.x.double()
    for n in range(2):
        for i in range(4):
            for j in range(5):
                patch = (..., slice(max(0, i - 1), i + 2), slice(max(0, j - 1), j + 2))
                w = (-(y[n][patch] - x[patch]).square().flatten(1).sum(1) / (2 * tau**2)).softmax(0)
                told[n, 0, i, j] = w @ x[:, 0, i, j]
    torch.testing.assert_close(Local(images, k)(y, tau), told, rtol=1e-6, atol=1e-6)


def test_equivariant_machine_pixel_by_pixel():
    """Against loops over pixels and places of the same kind. Mutants killed: an edge that matches the interior, images without all their places."""
    images, tau, k = some(3, (1, 5, 5)), 0.6, 3
    y, told = noisy(images, tau, 1), torch.zeros(1, 1, 5, 5, dtype=torch.float64)
    x = images.x.double()
    cut = lambda p: (p == 0, p == 4)  # noqa: E731
    pad = lambda a: torch.nn.functional.pad(a, (1, 1, 1, 1))  # noqa: E731
    ours, theirs = pad(y), pad(x)
    for i in range(5):
        for j in range(5):
            places = [(a, b) for a in range(5) for b in range(5) if cut(a) == cut(i) and cut(b) == cut(j)]
            patch = ours[0, 0, i : i + 3, j : j + 3]
            far = torch.stack([(theirs[m, 0, a : a + 3, b : b + 3] - patch).square().sum() for m in range(3) for a, b in places])
            told[0, 0, i, j] = (-far / (2 * tau**2)).softmax(0) @ torch.stack([x[m, 0, a, b] for m in range(3) for a, b in places])
    torch.testing.assert_close(Equivariant(images, k)(y, tau), told, rtol=1e-6, atol=1e-6)


def test_circular_equivariant_machine_commutes_with_shifts():
    """D(shift y) = shift D(y) on the circle; the boundary-broken one does not. Mutant killed: a border kept in the circular machine."""
    images, tau = some(4, (1, 6, 6)), 0.5
    y = noisy(images, tau, 2)
    shifted = y.roll((2, -1), (2, 3))
    whole = Equivariant(images, 3, circular=True)
    torch.testing.assert_close(whole(shifted, tau), whole(y, tau).roll((2, -1), (2, 3)), rtol=1e-6, atol=1e-6)
    broken = Equivariant(images, 3)
    assert float((broken(shifted, tau) - broken(y, tau).roll((2, -1), (2, 3))).abs().max()) > 0.05


def test_patches_shrink_with_the_noise_and_kinds_part_the_places():
    sizes = [patch_size(math.exp(a), 28) for a in torch.linspace(-6, 5, 60).tolist()]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1], patch_size(1e4, 8)) == (3, 31, 15)
    assert all(k % 2 for k in sizes)
    assert sorted(p for g in kinds(8, 5) for p in g.tolist()) == list(range(8))
    assert [len(g) for g in kinds(8, 5)] == [1, 1, 4, 1, 1]


def test_small_noise_in_float32():
    """The ideal and the local machines say the same of float32 and float64 states at τ = 0.002. Mutant killed: float32 distances."""
    images = images_of("digits")
    y = (images.x[:4] + 0.002 * torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))).float()
    for kind in KINDS.values():
        machine = kind.make(images)
        torch.testing.assert_close(machine(y, 0.002).double(), machine(y.double(), 0.002), rtol=0, atol=2e-3)


@pytest.mark.parametrize("process", ["VP", "VE", "EDM", "Flow", "CLD"])
def test_runs_under_the_ideal_denoiser_end_on_training_images(process):
    """It memorises, whatever the process. Mutant killed: another set's images, or a τ that stays too large."""
    trace = pg.simulate(
        pg.Experiment.from_dict({"data": "digits-ideal", "process": {"kind": process}, "particles": 5, "grid": {"steps": 30}})
    )
    far = torch.cdist(trace.x[-1].flatten(1).double(), images_of("digits").x.flatten(1).double()).amin(1)
    assert float(far.max()) < 1e-3


def test_one_class_alone_and_guidance_towards_it():
    """only(7) ends on sevens; guidance asks both models. Mutant killed: a label that is dropped on the way to the set."""
    images = images_of("digits")
    exp = pg.Experiment(data="digits-ideal", particles=6, guidance=pg.ClassifierFree(label=7, weight=1.0))
    x = pg.simulate(exp).x[-1]
    nearest = torch.cdist(x.flatten(1), images.x.flatten(1)).argmin(1)
    assert images.labels[nearest].tolist() == [7] * 6
    two = pg.simulate(exp.replace(guidance=pg.ClassifierFree(label=7, weight=2.0)))
    assert two.model_calls == 2 * pg.simulate(exp.replace(guidance=pg.ClassifierFree(label=7, weight=1.0))).model_calls


@pytest.mark.parametrize("kind", KINDS)
def test_every_training_free_model_runs_from_python_and_from_a_link(kind):
    exp = pg.Experiment.from_query({"data": f"digits-{kind}", "particles": "2", "grid.steps": "4"})
    trace = pg.simulate(exp)
    assert trace.x.shape == (5, 2, 1, 8, 8)
    assert bool(torch.isfinite(trace.x).all())
    assert pg.Experiment.from_query(exp.to_query()) == exp


@pytest.mark.parametrize(
    ("change", "field", "word"),
    [
        ({"data": "digits-best"}, "data", "-ideal"),
        ({"data": "set:12345678-ideal"}, "data", "given on this machine"),
        ({"data": "set:../../x-ideal"}, "data", "eight"),
        ({"start": "exact"}, "start", "prior"),
        ({"mode": "forward"}, "mode", "toys"),
        ({"process": {"kind": "PFGMPP"}}, "process", "Gaussian kernel"),
        ({"process": {"kind": "Interpolant"}}, "process", "Gaussian kernel"),
        ({"process": {"kind": "Anisotropic"}}, "process", "Gaussian kernel"),
        ({"sampler": {"kind": "ExactAncestral"}}, "sampler", "training-free"),
        ({"guidance": {"kind": "ClassifierFree", "label": 12}}, "label", "class"),
    ],
)
def test_what_a_training_free_model_cannot_do_is_named(change, field, word, monkeypatch, tmp_path):
    monkeypatch.setenv("PLAYGROUND_CACHE", str(tmp_path))
    with pytest.raises(BadValue) as caught:
        pg.simulate(pg.Experiment.from_dict({"data": "digits-ideal", "particles": 2, "grid": {"steps": 3}, **change}))
    assert field in caught.value.field
    assert word in str(caught.value)
