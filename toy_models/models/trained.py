"""Trained models of images: a network and its card in assets/models."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from typing import cast

import torch
from torch import Tensor

from playground.core.denoiser import ImageModel, ModelPredictor
from playground.core.fields import BadValue
from playground.core.law import Law
from playground.core.placed import HOST
from playground.core.predictor import BasePredictor
from playground.core.problem import Prediction
from playground.core.process import LinearProcess, Process
from toy_models.laws.mnist import Named
from toy_models.networks.card import Card
from toy_models.networks.checkpoint import left_out, load_features, load_model, load_network, own_process, read_card
from toy_models.networks.checkpoint import models as cards
from toy_models.networks.classifier import Classifier
from toy_models.networks.denoiser import Denoiser, NetworkPredictor, PhaseDenoiser

CHUNK = 32  # images that a CPU's network sees at once: its layers stay in the cache, and memory does not grow with the batch


class TrainedModel(ImageModel):
    """A network and its card; ``label`` may be classes in turn. Raises BadValue if the card cannot be used, or is not of a model that makes images."""

    noun = "a trained denoiser"
    rank = 10
    trained = True

    def __init__(self, law: Law, key: str, label: int | Tensor | None = None):
        super().__init__(law)
        card = read_card(key)
        self.key, self.label = key, label
        self.classes = torch.arange(card["network"]["classes"])
        self.gives = frozenset({"mean", *["classes"] * (len(self.classes) > 1), *["features"] * has_features(card.get("classifier"))})
        self.process = own_process(card)
        told = card.get("training", {})
        self.most = (
            math.exp(told["sigma_mean"] + 4 * told["sigma_std"]) if {"sigma_mean", "sigma_std"} <= set(told) else math.inf
        )  # σ in training
        self.title = card.get("title", key)
        self.word = "network" if self.process is None else f"network, {self.process.info.title}"
        self.rank = self.rank if self.process is None else self.rank + 1
        size = f"A network of {card['parameters']:,} weights" if "parameters" in card else "A network"
        self.hint = f"{card['parameters'] / 1000:,.0f} k weights" if "parameters" in card else card["architecture"]
        self.tip = f"{size} trained on {card.get('data', 'images')}; its samples have no exact law to be compared with."

    @property
    def labels(self) -> Tensor:
        return self.classes

    def only(self, label: int) -> TrainedModel:
        return TrainedModel(self.law, self.key, label)

    def turns(self, process: Process) -> BasePredictor:
        """One network for all classes: one evaluation of the batch."""
        return TrainedModel(self.law, self.key, self.labels).predictor(process)

    def denoiser(self, process: LinearProcess) -> TrainedPredictor:
        return TrainedPredictor(self, process)

    def classify(self, x: Tensor) -> Tensor | None:
        return classify(self.key, x)

    def features(self, x: Tensor) -> Tensor:
        network = judge(self.key)
        return super().features(x) if network is None else seen(network.features, x).double()

    def real(self) -> Tensor:
        return load_features(read_card(self.key)["classifier"]) if "features" in self.gives else super().real()


class TrainedPredictor(NetworkPredictor, ModelPredictor):
    """A network, which computes in float32 on the states' device."""

    model: TrainedModel

    def __init__(self, model: TrainedModel, process: LinearProcess):
        NetworkPredictor.__init__(self, process, network_of(model.key, HOST), model.label)
        self.model = model

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        network = network_of(self.model.key, z_t.device)
        size = CHUNK if z_t.device.type == "cpu" else 16 * CHUNK
        parts = zip(z_t.split(size), self.labels(len(z_t), z_t.device).split(size), strict=True)
        return Prediction(torch.cat([network.x0(self, part.float(), t, label) for part, label in parts]).to(z_t.dtype))

    def note(self, times: list[float]) -> str:
        if self.model.process is not None:
            return "near t = T x̂₀ is a small difference of large numbers: there the score is well known and x̂₀ is not"
        most = self.process.kernel.at(max(times)).ratio
        return (
            f"σ above {self.model.most:.0f} was hardly seen in training (this run starts at {most:.0f})" if most > self.model.most else ""
        )


@functools.lru_cache(maxsize=8)
def network_of(name: str, device: torch.device) -> Denoiser | PhaseDenoiser:
    """The network of a model, loaded once for a device. Channels lie last in memory: convolutions take two thirds of the time."""
    return load_model(name).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


# -- by name -----------------------------------------------------------------------------------------------------------------------


def of_images() -> Iterator[tuple[str, Card]]:
    """Name and card of every model that makes images. One whose card cannot be used is left out, with a line in the log: asked for by name it says
    what is wrong."""
    for name in cards():
        try:
            card = read_card(name)
        except BadValue as error:
            left_out(str(error))
            continue
        if "event" in card:
            yield name, card


def law_key(name: str, card: Card) -> str:
    """The law that a model was trained on: ``law`` or ``set`` on its card; of a card that says neither, one of the model's own name."""
    return card.get("law") or card.get("set") or name


def law(data: str) -> Law | None:
    """A law that only a card knows."""
    for name, card in of_images() if data in cards() else ():
        if name == data == law_key(name, card):
            return Named(name, card.get("title", name), tuple(card["event"]), card["network"]["classes"])
    return None


def laws() -> list[Law]:
    return [made for name, card in of_images() if law_key(name, card) == name and (made := law(name)) is not None]


def models(law: Law) -> list[TrainedModel]:
    return [
        TrainedModel(law, name) for name, card in of_images() if law_key(name, card) == law.key and tuple(card["event"]) == law.space.shape
    ]


def old(data: str) -> tuple[str, str] | None:
    """A model's name as data, as former links have it: the law that it was trained on, and the model. Raises BadValue if its card cannot be used."""
    if data not in cards():
        return None
    try:
        card = read_card(data)
    except BadValue as error:
        raise BadValue("data", data, error.allowed) from None
    return (law_key(data, card), data) if "event" in card else None


@functools.lru_cache(maxsize=4)
def _classifier(name: str) -> Classifier | None:
    try:
        return cast("Classifier", load_network(name))  # what "classifier" on a card means
    except BadValue as error:
        left_out(str(error))
        return None


def judge(name: str) -> Classifier | None:
    """The classifier on the card of the model ``name``; None if it names none that can be used."""
    card = read_card(name).get("classifier") if name in cards() else None
    return _classifier(card) if card else None


def classify(name: str, images: Tensor) -> Tensor | None:
    """Class of each image (n, *event) of the model ``name``, (n,), by the classifier on its card; None if it names none that can be used."""
    network = judge(name)
    return None if network is None else seen(network, images).argmax(1)


def has_features(classifier: str | None) -> bool:
    """Does a classifier's card name features of real images?"""
    try:
        return classifier is not None and "features" in read_card(classifier)
    except BadValue:
        return False


def seen(network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """What a network says of images (n, *event), a few at a time, (n, …)."""
    with torch.no_grad():
        return torch.cat([network(part) for part in images.float().cpu().clamp(-1, 1).split(256)])
