"""Several attributes in one label: of networks, of data files, of training."""

import itertools
import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from playground.core.fields import BadValue
from toy_models.networks.attributes import Attributes
from toy_models.networks.card import complaint
from toy_models.networks.checkpoint import read_card, save_model
from toy_models.networks.unet import UNet, UNetConfig
from toy_models.training.configs import AVATARS, CONFIGS, TrainConfig, completed
from toy_models.training.data import Images, load_npz
from toy_models.training.loop import Trainer

SIZES = Attributes((2, 3))
CONFIG = TrainConfig(UNetConfig(width=(8, 8), classes=SIZES.silent, attributes=SIZES.sizes), steps=8, batch=4, warm=2, ema=4.0, unsaid=0.5)


def images(count=12):
    values = torch.tensor(list(itertools.product(range(2), range(3))) * 2)[:count]
    return Images(torch.rand(count, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1, SIZES.label(values), SIZES.sizes)


def test_each_label_is_one_set_of_values():
    """All (2 + 1)(3 + 1) of them, in the order of a counter; the last says nothing. Mutants killed: bases without the value of "not said", digits reversed."""
    values = torch.tensor(list(itertools.product(range(3), range(4))))
    assert SIZES.label(values).tolist() == list(range(12))
    assert SIZES.values(torch.arange(12)).tolist() == values.tolist()
    assert SIZES.silent == 11
    assert SIZES.unsay(torch.tensor([0, 5]), torch.tensor([[True, False], [False, True]])).tolist() == [2 * 4 + 0, 1 * 4 + 3]
    assert CONFIGS["avatars-unet"].network.classes == math.prod(size + 1 for size in AVATARS) - 1


def test_a_network_adds_what_it_knows_of_each_attribute():
    """Rows of two tables are added, those of "not said" among them. Mutant killed: one table of all labels, in which an attribute says nothing of another."""
    torch.manual_seed(0)
    net: Any = UNet(CONFIG.network)
    first, second = net.embed.label
    assert (first.num_embeddings, second.num_embeddings) == (3, 4)
    told = net.embed.named(torch.tensor([1 * 4 + 2, SIZES.silent]))
    torch.testing.assert_close(told, torch.stack([first.weight[1] + second.weight[2], first.weight[2] + second.weight[3]]))


def test_training_leaves_attributes_unsaid():
    """The share of each that the network hears: (1 − drop)(1 − unsaid). Mutants killed: all attributes dropped at once; those of a label that says nothing counted twice."""
    config = replace(CONFIG, batch=4_000, drop=0.2, late_drop=0.2, unsaid=0.25)
    trainer: Any = Trainer(config, images(), bf16=False)
    heard: list[torch.Tensor] = []
    trainer.model.loss = lambda x, clock, noise, label: (
        heard.append(label) or trainer.model.network.outlet[-1].weight.sum() * torch.zeros(len(x))
    )
    trainer.step()
    said = SIZES.values(heard[0]) < torch.tensor(SIZES.sizes)
    assert said.double().mean(0).tolist() == pytest.approx([0.8 * 0.75] * 2, abs=0.03)
    assert float((said[:, 0] & said[:, 1]).double().mean()) == pytest.approx(0.8 * 0.75**2, abs=0.03)


def test_a_file_of_attributes(tmp_path):
    """Columns of attributes and the background beside them become one label. Mutants killed: the background first; sizes without the last value."""
    x = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    told, background = np.array([[0, 1], [1, 0], [1, 1], [0, 0], [0, 0], [1, 1]], np.uint8), np.array([2, 0, 1, 0, 2, 1], np.uint8)
    np.savez(tmp_path / "a.npz", train_images=x, train_attributes=told, train_background=background)
    back = load_npz(tmp_path / "a.npz")
    assert back.attributes == (2, 2, 3)
    assert Attributes(back.attributes).values(back.labels).tolist() == np.column_stack([told, background]).tolist()
    assert back.x.shape == (6, 3, 8, 8)
    for wrong in (told[:3], told.astype(float), told + 200, told[0]):
        np.savez(tmp_path / "b.npz", train_images=x, train_attributes=wrong)
        with pytest.raises(BadValue, match="whole numbers from 0 to 99"):
            load_npz(tmp_path / "b.npz")


@pytest.mark.parametrize(
    ("config", "told"),
    [(CONFIG, images()._replace(attributes=())), (replace(CONFIG, network=UNetConfig(width=(8, 8), classes=12)), images())],
)
def test_images_with_other_attributes_are_refused(config, told):
    with pytest.raises(BadValue, match="attributes with 2, 3 values"):
        Trainer(config, told)


def test_a_card_of_attributes(tmp_path):
    """It comes back with them, and its classes must be theirs. Mutant killed: a card whose null label is another."""
    torch.manual_seed(0)
    save_model("small", Trainer(CONFIG, images(), bf16=False).averaged(), (1, 8, 8), {"data": "noise"}, tmp_path)
    card = read_card("small", tmp_path)
    assert card["network"]["attributes"] == [2, 3]
    assert complaint(card | {"network": card["network"] | {"classes": 12}}).startswith("whose entry network.classes is 11")


def test_states_of_before_attributes_go_on(tmp_path):
    """What came later has its usual value in a state that does not tell it. Mutant killed: an older state refused."""
    told: dict[str, Any] = TrainConfig().told()
    older = {k: v for k, v in told.items() if k != "unsaid"} | {"network": {k: v for k, v in told["network"].items() if k != "attributes"}}
    assert completed(json.loads(json.dumps(older))) == told
