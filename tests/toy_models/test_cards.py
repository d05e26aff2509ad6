"""Cards of models that are not what the app needs: each entry is named, and the other models live on."""

import json
import logging

import pytest
import torch

import playground as pg
import toy_models.networks.checkpoint as checkpoint
from playground.core.catalog import laws, models_of
from playground.core.fields import BadValue
from playground.ui.picker import distributions
from toy_models.models import trained
from toy_models.networks.checkpoint import FOLDER, models, read_card, save_model, save_network
from toy_models.networks.classifier import Classifier, ClassifierConfig
from toy_models.networks.denoiser import Denoiser
from toy_models.networks.unet import UNet, UNetConfig

GONE = object()
DAMAGE = {
    "parameters": ("many", -1, True, 1.5),
    "network": ([], {"classes": 3, "colour": "red"}),
    "network.classes": (GONE, "ten", -1),
    "network.width": (8, ["8", 8]),
    "network.attention": ("yes",),
    "network.channels": (None,),
    "network.inputs": (2,),
    "network.attributes": (2, [0], [2] * 9),
    "architecture": (GONE, "Transformer", ["UNet"], "Classifier"),
    "sha256": (GONE, "0", 5),
    "event": (8, [1, 8], [1, 8, "8"], [3, 8, 8], [1, 8, 7]),
    "sigma_data": (GONE, "half", float("nan"), 0),
    "process": ("CLD!", 7),
    "title": (3, ""),
    "data": (["images"],),
    "set": (1,),
    "classifier": ("../judge", 1),
    "training": ([],),
    "training.sigma_mean": ("low", 1e9),
    "training.sigma_std": (None,),
}


@pytest.fixture
def two(tmp_path, monkeypatch):
    """Two untrained models, 'broken' (to be) and 'whole', in a folder of their own."""
    torch.manual_seed(0)
    net = UNet(UNetConfig(width=(8, 8), classes=3))
    for name in ("broken", "whole"):
        save_model(name, Denoiser(net, 0.5), (1, 8, 8), {"training": {"sigma_mean": -1.2, "sigma_std": 1.2}}, tmp_path)
    monkeypatch.setattr(checkpoint, "FOLDER", tmp_path)
    caches = (trained.network_of, trained._classifier, trained.left_out)
    for cache in caches:
        cache.cache_clear()
    yield tmp_path
    for cache in caches:
        cache.cache_clear()


def damage(file, entry, value):
    card = json.loads(file.read_text())
    *groups, last = entry.split(".")
    holder = card[groups[0]] if groups else card
    if value is GONE:
        del holder[last]
    else:
        holder[last] = value
    file.write_text(json.dumps(card))


@pytest.mark.parametrize(("entry", "value"), [(entry, value) for entry, values in DAMAGE.items() for value in values])
def test_a_card_that_cannot_be_used_hides_its_model_only(two, caplog, entry, value):
    """The app's tiles and reasons are made of the others, the log has one line, and by name the card and the entry are told.

    Mutants killed: an entry that is not checked (each of them), a model that is asked for its title before it is checked, a line a call.
    """
    damage(two / "broken.json", entry, value)
    with caplog.at_level(logging.WARNING, "playground"):
        assert [m.key for law in laws() if law.space.pictures and law.key != "digits" for m in models_of(law)] == ["whole"]
        assert "broken" not in {choice.key for choice in distributions()} | {m.key for law in laws() for m in models_of(law)}
    assert [line.count("broken.json") for line in caplog.messages] == [1]
    with pytest.raises(BadValue) as caught:
        pg.Experiment(data="broken")
    assert caught.value.field == "data"
    assert "broken.json" in str(caught.value)
    assert entry in caught.value.allowed
    assert pg.simulate(pg.Experiment(data="whole", particles=1, grid=pg.UniformLogSNR(steps=2))).x.shape[1:] == (1, 1, 8, 8)


def test_the_cards_that_come_with_the_app_are_whole():
    """Mutant killed: a rule that is stricter than what training writes."""
    for name in models(FOLDER):
        assert read_card(name, FOLDER)["name"] == name


def test_a_damaged_classifier_costs_the_classes_only(two, caplog):
    """A model whose classifier cannot be read still gives its images, told once in the log. Mutant killed: the classifier's error ends the run."""
    save_network("judge", Classifier(ClassifierConfig(size=8, width=4, features=5)), {}, two)
    damage(two / "whole.json", "classifier", "judge")
    x = torch.zeros(2, 1, 8, 8)
    assert trained.classify("whole", x) is not None
    trained._classifier.cache_clear()
    (two / "judge.safetensors").write_bytes(b"cut")
    with caplog.at_level(logging.WARNING, "playground"):
        assert trained.classify("whole", x) is trained.classify("whole", x) is None
    assert len(caplog.messages) == 1
