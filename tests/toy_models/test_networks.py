"""Networks, their preconditioning and the training loop, on sixteen 8×8 images."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.fields import BadValue
from playground.exact import oracle_for
from toy_models.networks.checkpoint import load_model, load_network, models, read_card, save_model, save_network, sha256
from toy_models.networks.denoiser import Denoiser, NetworkPredictor, PhaseDenoiser
from toy_models.networks.unet import UNet, UNetConfig
from toy_models.training.classify import train_classifier
from toy_models.training.configs import TrainConfig
from toy_models.training.data import Images, load_npz
from toy_models.training.loop import Trainer

TINY = TrainConfig(UNetConfig(width=(8, 8), classes=3), steps=8, batch=4, warm=2, ema=4.0)
IMAGES = Images(torch.rand(16, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1, torch.arange(16) % 3)


class Wiener(torch.nn.Module):
    """The exact denoiser of N(0, σ_d²) pixels, D = σ_d²/(σ² + σ_d²) y, in place of a network: F = 0."""

    config = UNetConfig()

    def forward(self, x, noise, label):
        return torch.zeros_like(x)


@pytest.mark.parametrize(
    "process", [pg.VP(), pg.SubVP(), pg.VE(), pg.EDM(), pg.Flow(), pg.CLD(), pg.CLD(gamma=0.3)], ids=lambda p: p.info.key
)
@pytest.mark.parametrize("t", [0.05, 0.4, 0.9])
def test_one_denoiser_serves_every_linear_process(process, t):
    """E[x_0 | z_t] through the scalar statistic y(z), τ is the Gaussian oracle's, CLD's from x and v. Mutant killed: Σ for Σ⁻¹ in y."""
    std = 0.7
    t = float(process.unclock(torch.tensor(t, dtype=torch.float64)))
    data = pg.GaussianMixture([1.0], [[0.0]], [[[std**2]]])
    shape = (5, 1) if len(process.parts) == 1 else (5, 2, 1)
    z = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    want = oracle_for(data, process)(z, t).x0_hat.view(5, 1, 1, 1)
    predictor = NetworkPredictor(process, Denoiser(Wiener(), std))
    got = predictor(z.view(*shape[:-1], 1, 1, 1), t).x0_hat
    torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-12)


def test_preconditioning():
    """At initialisation F = 0, so D is the Wiener filter; with data variance σ_d² the loss is E over pixels of 1 (EDM, table 1)."""
    d = Denoiser(UNet(UNetConfig(width=(8, 8))), 0.5)
    x, sigma = torch.randn(4096, 1, 4, 4) * 0.5, torch.full((4096,), 0.8)
    with torch.no_grad():
        loss = d.loss(x, sigma, torch.randn_like(x), torch.zeros(4096, dtype=torch.long))
    assert float(loss.mean()) == pytest.approx(1.0, abs=0.03)


class ExactNoise(torch.nn.Module):
    """α' of a PhaseDenoiser for pixels N(0, s²) in place of a network: what the exact score leaves to it, from (x, v/√M) and ln τ / 4."""

    config = UNetConfig(inputs=2)

    def __init__(self, process, std):
        super().__init__()
        self.process, self.std = process, std

    def forward(self, xv, noise, label):
        x, v = xv[:, :1], xv[:, 1:] * self.process.mass**0.5
        grid = torch.linspace(1e-5, 1, 200_001, dtype=torch.float64)
        psi, cov = self.process.mean_and_cov(grid)
        tau = torch.einsum("nb,nbc,nc->n", psi, torch.linalg.inv(cov), psi).rsqrt()
        t = grid[torch.searchsorted(tau, (4 * noise.double()).exp() * (1 - 1e-9)).clamp(max=len(grid) - 1)]
        psi, cov = self.process.mean_and_cov(t)
        pull = torch.linalg.inv(cov + self.std**2 * psi[:, :, None] * psi[:, None, :])
        ell = self.process.target_scale(t)
        wide = (-1, 1, 1, 1)
        minus_score = pull[:, 1, 0].view(wide) * x + pull[:, 1, 1].view(wide) * v
        return (minus_score - v / cov[:, 1, 1].view(wide)) / ell.view(wide)


@pytest.mark.parametrize("t", [0.01, 0.1, 0.4, 0.9])
def test_the_network_of_phase_space_gives_the_exact_score(t):
    """With the α' of Gaussian pixels, x̂_0 is the Gaussian oracle's and the score Problem makes of it is the exact one in v.

    Mutants killed: sign of the mixed part; Σ_xx for Σ_vv; v not divided by √M.
    """
    process, std = pg.CLD(), 0.7
    data = pg.GaussianMixture([1.0], [[0.0]], [[[std**2]]])
    z = torch.randn((5, 2, 1), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    want = oracle_for(data, process)(z, t).x0_hat.view(5, 1, 1, 1)
    predictor = NetworkPredictor(process, PhaseDenoiser(ExactNoise(process, std), process))
    got = predictor(z.view(5, 2, 1, 1, 1), t).x0_hat
    torch.testing.assert_close(got, want, rtol=1e-3, atol=1e-3)  # the test's own search of t by τ; α' is read in float32


def test_hybrid_score_matching():
    """With the exact α' the loss is Var(ε_v | z) of jointly Gaussian z and ε_v. Mutant killed: ε_x for ε_v."""
    process = pg.CLD()
    n, t = 40_000, 0.3
    draw = torch.Generator().manual_seed(0)
    x0, noise = 0.7 * torch.randn(n, 1, 1, 1, generator=draw), torch.randn(n, 2, 1, 1, 1, generator=draw)
    times, label = torch.full((n,), t, dtype=torch.float64), torch.zeros(n, dtype=torch.long)
    with torch.no_grad():
        loss = PhaseDenoiser(ExactNoise(process, 0.7), process).loss(x0, times, noise, label).mean()
    psi, cov = process.mean_and_cov(torch.tensor(t, dtype=torch.float64))
    total = cov + 0.49 * torch.outer(psi, psi)
    seen = torch.linalg.cholesky(cov)[:, 1]  # Cov(z, ε_v)
    want = 1 - float(seen @ torch.linalg.inv(total) @ seen)
    assert float(loss) == pytest.approx(want, rel=0.03)


def test_a_model_of_one_process(tmp_path):
    """A CLD model comes back with its process from its card and predicts the same; a card without σ_d or process is refused."""
    torch.manual_seed(0)
    model = PhaseDenoiser(UNet(UNetConfig(width=(8, 8), classes=3, inputs=2)), pg.CLD(mass=0.3))
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.1)
    save_model("phase", model, (1, 8, 8), {}, tmp_path)
    back = load_model("phase", tmp_path)
    z, t, label = torch.randn(2, 2, 1, 8, 8), torch.tensor([0.1, 0.5], dtype=torch.float64), torch.tensor([0, 3])
    assert back.process == pg.CLD(mass=0.3)
    torch.testing.assert_close(back(z, t, label), model(z, t, label).detach(), rtol=0, atol=0.05)
    card = tmp_path / "phase.json"
    card.write_text(json.dumps({k: v for k, v in json.loads(card.read_text()).items() if k != "process"}))
    with pytest.raises(BadValue, match="sigma_data or process"):
        load_model("phase", tmp_path)


def test_unet_sees_label_and_noise():
    """Mutants killed: label not embedded; noise level not embedded."""
    torch.manual_seed(0)
    net = UNet(UNetConfig(width=(8, 16)))
    for p in net.parameters():
        torch.nn.init.normal_(p, std=0.1)
    x, one = torch.randn(1, 1, 8, 8), torch.ones(1)
    base = net(x, one, torch.tensor([1]))
    assert base.shape == x.shape
    assert not torch.allclose(base, net(x, one, torch.tensor([2])))
    assert not torch.allclose(base, net(x, 2 * one, torch.tensor([1])))


@pytest.mark.parametrize(
    "config",
    [
        TINY,
        replace(TINY, importance=True),
        replace(TINY, min_snr=5.0),
        replace(TINY, cycles=2, late_drop=0.9),
        replace(TINY, loss="hsm", network=replace(TINY.network, inputs=2)),
    ],
    ids=["edm", "importance", "min-snr", "cycles", "hsm"],
)
@pytest.mark.parametrize("stop", [1, 5])
def test_an_interrupted_run_ends_the_same(tmp_path, config, stop):
    """Bit for bit. Mutants killed: Adam's moments, the average or the loss history left out of the state."""
    whole = Trainer(config, IMAGES, bf16=False)
    if config.importance:  # as if every bin had been seen, so that times are drawn by their losses
        whole.seen += 10
        whole.history += torch.rand(whole.history.shape, generator=torch.Generator().manual_seed(2))
    first = Trainer(config, IMAGES, bf16=False)
    first.history, first.seen = whole.history.clone(), whole.seen.clone()
    for _ in range(config.steps):
        whole.step()
    for _ in range(stop):
        first.step()
    first.save(tmp_path)
    again = Trainer(config, IMAGES, bf16=False)
    assert again.resume(tmp_path)
    assert again.at == stop
    for _ in range(config.steps - stop):
        again.step()
    for name, value in whole.average.items():
        assert torch.equal(value, again.average[name]), name
        assert torch.equal(whole.model.state_dict()[name], again.model.state_dict()[name]), name


def test_cycles_of_the_learning_rate():
    """Each part rises, then falls to a tenth; the first part is that of a run of half the steps. Mutant killed: one cosine over all steps."""
    two, one = Trainer(replace(TINY, steps=40, cycles=2, warm=4), IMAGES), Trainer(replace(TINY, steps=20, warm=4), IMAGES)

    def rates(trainer, count):
        out = []
        for at in range(count):
            trainer.at = at
            out.append(trainer.rate() / trainer.config.rate)
        return out

    both = rates(two, 40)
    assert both[:20] == both[20:] == rates(one, 20)
    assert both[0] < 0.3
    assert max(both) > 0.9
    assert both[19] == pytest.approx(0.1, abs=0.02)


def test_a_state_of_another_configuration_is_refused(tmp_path):
    first = Trainer(TINY, IMAGES, bf16=False)
    first.save(tmp_path)
    with pytest.raises(BadValue, match="same configuration"):
        Trainer(replace(TINY, rate=1e-4), IMAGES).resume(tmp_path)


def test_importance_weights_keep_the_mean():
    """E_p[w f(u)] = E_uniform[f(u)] for f = u². Mutant killed: weights left out."""
    trainer = Trainer(replace(TINY, importance=True, batch=200_000), IMAGES)
    trainer.seen += 10
    trainer.history += torch.linspace(0.2, 3, len(trainer.history))[:, None]
    u, weight = trainer.levels(torch.Generator().manual_seed(0), 200_000)
    assert float((weight * u.square()).mean()) == pytest.approx(1 / 3, abs=0.005)
    assert float(u.mean()) > 0.55


def test_min_snr_weight():
    """Weight min(SNR, γ) on the x_0 loss in place of EDM's (Hang et al. 2023, math 2.22). Mutant killed: max for min."""
    trainer = Trainer(replace(TINY, min_snr=5.0), IMAGES)
    sigma = torch.tensor([0.05, 0.3, 2.0])
    snr = (trainer.sigma_data / sigma).square()
    want = snr.clamp(max=5.0) / (snr + 1)  # EDM's own weight on standardised data is SNR + 1
    torch.testing.assert_close(trainer.reweight(sigma), want)


def test_training_learns(tmp_path):
    """Forty steps on one image halve the loss at middling noise."""
    images = Images(IMAGES.x[:1].repeat(8, 1, 1, 1), torch.zeros(8, dtype=torch.long))
    trainer = Trainer(replace(TINY, steps=60, batch=8, rate=5e-3), images, bf16=False)
    losses = [trainer.step() for _ in range(60)]
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])


def test_data_files(tmp_path):
    """Missing file, missing array, wrong type: each named."""
    with pytest.raises(BadValue, match=r"a file \.npz"):
        load_npz(tmp_path / "none.npz")
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    with pytest.raises(BadValue, match="train_images or x_train"):
        load_npz(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", train_images=np.zeros((2, 8, 8)), train_labels=np.zeros(2))
    with pytest.raises(BadValue, match="uint8 images"):
        load_npz(tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", train_images=np.full((2, 8, 8), 255, np.uint8), train_labels=np.array([1, 2]))
    images = load_npz(tmp_path / "c.npz")
    assert images.x.shape == (2, 1, 8, 8)
    assert float(images.x.max()) == 1.0
    assert images.labels.tolist() == [1, 2]


def objects(file):
    np.savez(file, allow_pickle=True, train_images=np.array([{}], dtype=object), train_labels=np.zeros(1, int))


def cut(file):
    np.savez_compressed(
        file, train_images=np.random.default_rng(0).integers(0, 256, (50, 8, 8), dtype=np.uint8), train_labels=np.zeros(50, int)
    )
    raw = bytearray(file.read_bytes())
    raw[60:90] = b"\xff" * 30  # where the packed pixels begin, which is then no deflate stream: the archive's own list is whole
    file.write_bytes(raw)


@pytest.mark.parametrize(
    "damage",
    [
        objects,
        cut,
        lambda file: file.write_bytes(pickle.dumps([1])),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"PK\3\4"),
    ],
    ids=["objects", "cut", "a pickle", "empty", "half a zip"],
)
def test_a_data_file_that_cannot_be_read(tmp_path, damage):
    """One line that names the file; never the advice to unpickle it. Mutants killed: np.load's own error; zlib's error let through."""
    file = tmp_path / "bad.npz"
    damage(file)
    with pytest.raises(BadValue) as caught:
        load_npz(file)
    assert "bad.npz" in caught.value.value
    assert caught.value.allowed == "a whole .npz with arrays of numbers (objects are not read)"


def stored(folder):
    torch.manual_seed(0)
    model = Denoiser(UNet(UNetConfig(width=(8, 8), classes=3)), 0.5)
    save_model("tiny", model, (1, 8, 8), {"data": "noise"}, folder)
    return model


def test_a_model_comes_back(tmp_path):
    """The same picture up to float16 weights; the card counts the parameters."""
    model = stored(tmp_path)
    back = load_model("tiny", tmp_path)
    y, sigma, label = torch.randn(2, 1, 8, 8), torch.tensor([0.5, 2.0]), torch.tensor([0, 3])
    torch.testing.assert_close(back(y, sigma, label), model(y, sigma, label).detach(), rtol=0, atol=5e-3)
    assert read_card("tiny", tmp_path)["parameters"] == sum(p.numel() for p in model.parameters())
    assert models(tmp_path) == ["tiny"]


def broken(folder, how):
    card, weights = folder / "tiny.json", folder / "tiny.safetensors"
    told = json.loads(card.read_text())
    if how == "cut weights":
        weights.write_bytes(weights.read_bytes()[:-50])
    elif how == "cut card":
        card.write_text(card.read_text()[:100])
    elif how == "card lacks":
        card.write_text(json.dumps({"name": "tiny"}))
    elif how == "another network":
        card.write_text(json.dumps({**told, "network": {**told["network"], "width": [8, 16]}}))
    elif how == "a foreign file":
        weights.write_bytes(b"PK not safetensors")
        card.write_text(json.dumps({**told, "sha256": sha256(weights)}))
    else:
        weights.unlink()


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("cut weights", "damaged"),
        ("cut card", "whole JSON"),
        ("card lacks", "network"),
        ("another network", "fit the card's network"),
        ("a foreign file", "fit the card's network"),
        ("no weights", "beside the card"),
    ],
)
def test_a_broken_model_is_named(tmp_path, how, told):
    stored(tmp_path)
    broken(tmp_path, how)
    with pytest.raises(BadValue, match=told):
        load_model("tiny", tmp_path)


def test_no_such_model(tmp_path):
    with pytest.raises(BadValue, match="no model is installed"):
        load_model("none", tmp_path)


def test_the_classifier_learns(tmp_path):
    """Two kinds of 8×8 image, told apart after one epoch; it comes back from its file with the same logits."""
    g = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 2, (512,), generator=g)
    x = 0.3 * torch.randn(512, 1, 8, 8, generator=g) + torch.where(labels == 1, 0.7, -0.7)[:, None, None, None]
    images = Images(x, labels)
    net, facts = train_classifier(images, images, epochs=2, batch=32, tell=lambda line: None)
    assert facts["test accuracy"] > 0.95
    save_network("tiny-classifier", net, facts, tmp_path)
    torch.testing.assert_close(load_network("tiny-classifier", tmp_path)(x[:8]), net(x[:8]).detach(), rtol=0, atol=0.05)
    with pytest.raises(BadValue, match="card of a denoiser"):
        load_model("tiny-classifier", tmp_path)
