"""Networks of points: trained here or bundled, beside the exact model of their law."""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from playground.core.catalog import models_of
from playground.core.denoiser import StatisticPredictor
from playground.core.exact import Exact
from playground.core.fields import BadValue, is_record
from playground.core.law import Law
from playground.core.model import Model
from playground.core.placed import HOST
from playground.core.predictor import BasePredictor
from playground.core.problem import Prediction
from playground.core.process import Process, t64
from playground.core.space import Space
from toy_models.networks.card import Card
from toy_models.networks.checkpoint import FOLDER, left_out, load_network, read_card, save_network
from toy_models.networks.checkpoint import models as cards
from toy_models.networks.points import PointModel
from toy_models.training.regression import Frame
from toy_models.training.toys import Checkpoint, Training

if TYPE_CHECKING:
    from toy_models.networks.mlp import MLP


def kept() -> Path:
    """Where models that were trained here are kept: $PLAYGROUND_TRAINED, or ~/.local/share/diffusion-playground/models."""
    return Path(os.environ.get("PLAYGROUND_TRAINED") or Path.home() / ".local" / "share" / "diffusion-playground" / "models")


def folder_of(name: str) -> Path:
    """The folder of a model: the bundled one, or where they are kept."""
    return FOLDER if (FOLDER / f"{name}.json").is_file() else kept()


class Learned(Model):
    """A network of points that was trained on a law, under one process. Its runs are compared with the law's exact p_t.

    Of a process with one noise level and Gaussian noise it knows E[x_0 | x_0 + τ ε] for every τ, and so serves every linear process, through the statistic of ``StatisticPredictor``; of CLD and
    PFGM++ it serves its own alone.
    """

    noun = "a trained network"
    rank = 10
    trained = True

    def __init__(self, law: Law, key: str, label: int | Tensor | None = None):
        super().__init__(law)
        card = read_card(key, folder_of(key))
        self.settings, self.sigma_data = settings_of(key, card), float(card["sigma_data"])
        self.key, self.label, self.stamp = key, label, card["sha256"]
        self.own = self.settings.process
        self.everywhere = self.own.caps >= {"linear", "snr"}
        self.process = self.own
        told = frozenset({"mean", "marginals", "oracle", "noising"})
        self.gives = told | {"classes"} if self.settings.classes else told
        self.title = f"{law.title} · {card.get('title', key)}"
        self.word = card.get("title", key)
        self.hint = f"{card['parameters'] / 1000:,.0f} k weights" if "parameters" in card else "network"
        self.tip = (
            f"A network of {card.get('parameters', 0):,} weights that was trained on {law.title} under {self.own.info.title} for {self.settings.steps:,} steps. Its runs are compared with the exact law: what "
            "differs is what it has not learned, and what the sampler does."
        )

    def unserved(self, process: Process) -> str:
        if process == self.own or (self.everywhere and "linear" in process.caps):
            return super().unserved(process)
        return f"is none that this network was trained for: {self.own.info.title}" + (
            " and other processes with Gaussian noise" if self.everywhere else " with its own numbers, and no other"
        )

    def exact(self, process: Process) -> Exact:
        return next(model for model in models_of(self.law) if "mixture" in model.gives).exact(process)

    def predictor(self, process: Process) -> BasePredictor:
        return LearnedPredictor(self, process)

    def only(self, label: int) -> Learned:
        if "classes" not in self.gives:
            raise BadValue("label", label, f"none: {self.word} was trained without classes")
        if not bool((self.law.labels == label).any()):
            raise BadValue("label", label, f"a class of {self.law.title}: {', '.join(map(str, self.law.labels.tolist()))}")
        return Learned(self.law, self.key, label)

    def note(self, process: Process, times: list[float]) -> str:
        if not self.everywhere or not times:
            return ""
        seen, starts = (p.linear().kernel.at(min(t, p.t_level)).ratio for p, t in ((self.own, self.own.t_level), (process, max(times))))
        return f"σ/α above {seen:.3g} was not seen in training (this run starts at {starts:.3g})" if starts > seen * 1.01 else ""


class LearnedPredictor(BasePredictor):
    """x̂_0 of a network of points, in float32, as the states' dtype."""

    def __init__(self, model: Learned, process: Process):
        self.model, self.process = model, process
        self.gives = frozenset({"mean", *["classes"] * ("classes" in model.gives)})
        self._frames: dict[float, Frame] = {}

    @property
    def space(self) -> Space:
        return self.model.law.space

    @property
    def dim(self) -> int:
        return self.model.dim

    @property
    def state_dim(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        return len(self.process.parts) * self.dim

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        model, own = self.model, self.model.own
        network = network_of(model.key, z_t.device)
        if self.process == own:
            z, at = self.process.split(z_t), min(t, own.t_level)
        else:
            y, tau = StatisticPredictor(self.process.linear()).statistic(z_t, min(t, self.process.t_level))
            at = min(max(float(own.scalar().time_at(-t64(tau).log())), own.t_min), own.t_level)
            z = (y * float(own.scalar().alpha(t64(at))))[:, None]
        with torch.no_grad():
            return Prediction(network.of(z.float(), self.frame(network, z, max(at, own.t_min)), self.labels(z)).to(z_t.dtype))

    def frame(self, network: PointModel, z: Tensor, t: float) -> Frame:
        """The map at one time, kept."""
        if t not in self._frames:
            if len(self._frames) > 4096:
                self._frames.clear()
            self._frames[t] = network.frame(torch.zeros((), device=z.device), t64([t]))
        return self._frames[t]

    def labels(self, z: Tensor) -> Tensor:
        null = len(self.model.law.labels) if self.model.settings.classes else 0
        if self.model.label is None or not self.model.settings.classes:
            return torch.full((len(z),), null, device=z.device)
        row = torch.as_tensor(self.model.label).reshape(-1)
        row = torch.searchsorted(self.model.law.labels, row).to(z.device)
        return row[torch.arange(len(z), device=z.device) % len(row)]

    def only(self, label: int) -> BasePredictor:
        return self.model.only(label).predictor(self.process)


@functools.lru_cache(maxsize=32)
def _network(name: str, changed: int, device: torch.device) -> PointModel:
    folder = folder_of(name)
    card = read_card(name, folder)
    settings = settings_of(name, card)
    network = cast("MLP", load_network(name, folder))  # what "MLP" on a card means
    model = PointModel(network, settings.regression(float(card["sigma_data"])))
    return model.to(device).eval()


def network_of(name: str, device: torch.device = HOST) -> PointModel:
    """The network of a model, read once for a device while its file stays as it is."""
    return _network(name, (folder_of(name) / f"{name}.json").stat().st_mtime_ns, device)


def settings_of(name: str, card: Card) -> Training:
    """The settings on a card, read once. Raises BadValue naming the card's entry."""
    settings = _settings(name, json.dumps(card.get("training")))
    if asdict(settings.net) != card["network"]:
        raise BadValue("model", name, f"a card {name}.json whose network is that of its training")
    return settings


@functools.lru_cache(maxsize=256)
def _settings(name: str, told: str) -> Training:
    """Of the text of a card's entry: every look at an experiment asks which models there are."""
    record = json.loads(told)
    try:
        return Training.from_dict(record if is_record(record) else {})
    except BadValue as error:
        raise BadValue(
            "model", name, f"a card {name}.json whose entry training.{error.field} is {error.allowed}, not {str(error.value)[:60]}"
        ) from None


def check_name(name: str) -> str:
    """The name of a model that is kept here. Raises BadValue for one that is no file's name, or a bundled model's."""
    if not re.fullmatch(r"[\w-][\w.-]*", name) or name in cards(FOLDER):
        raise BadValue("name", name, "letters, digits, dots, dashes and underlines, and no bundled model's name")
    return name


def keep(checkpoint: Checkpoint, name: str, title: str = "", folder: Path | None = None, **facts: object) -> Path:
    """Writes a checkpoint as a model: weights as safetensors, and a card with settings, step, marks and sha256. It is then a choice of ``model`` for its law. Returns the card's path.
    Raises BadValue as ``check_name``."""
    check_name(name)
    m = checkpoint.marks
    told = {
        "title": title or name,
        "law": checkpoint.settings.data,
        "sigma_data": checkpoint.sigma_data,
        "training": checkpoint.settings.told(),
        "step": checkpoint.step,
        "seconds": round(checkpoint.seconds, 1),
        "loss": round(checkpoint.loss, 6),
        "levels": {"t": m.t.tolist(), "floor": m.floor.tolist(), "excess": m.excess.tolist()},
        **facts,
    }
    return save_network(name, checkpoint.model().network, told, folder or kept())


def of_law(key: str) -> Iterator[str]:
    """Names of the networks of points whose card says that law, the bundled ones first. One whose card cannot be used is left out, with a line in the log."""
    for folder in (FOLDER, kept()):
        for name in cards(folder):
            try:
                card = read_card(name, folder)
                if card["architecture"] != "MLP" or card.get("law") != key:
                    continue
                if folder != FOLDER:
                    check_name(name)
                settings_of(name, card)
                yield name
            except BadValue as error:
                left_out(str(error))


def models(law: Law) -> list[Learned]:
    return [Learned(law, name) for name in of_law(law.key)] if law.key else []
