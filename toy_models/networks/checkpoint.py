"""Trained models in files: weights as safetensors, and a card (JSON) that says what they are. Nothing is unpickled."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from playground.core.fields import BadValue, Record
from playground.core.files import ASSETS
from playground.core.process import LinearProcess
from playground.core.spec import from_dict
from toy_models.networks import card as cards
from toy_models.networks.classifier import Classifier, ClassifierConfig
from toy_models.networks.denoiser import Denoiser, PhaseDenoiser
from toy_models.networks.mlp import MLP, MLPConfig
from toy_models.networks.mlp import network as mlp
from toy_models.networks.unet import UNet, UNetConfig

log = logging.getLogger("playground")
FOLDER = ASSETS / "models"
Configured = UNet | Classifier | MLP
OF_CONFIG = {made: name for name, made in cards.CONFIGS.items()}
ARCHITECTURES: dict[str, Callable[[cards.Card], nn.Module]] = {
    "UNet": lambda entries: UNet(UNetConfig(**entries)),
    "Classifier": lambda entries: Classifier(ClassifierConfig(**entries)),
    "MLP": lambda entries: mlp(MLPConfig(**entries)),
}


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def damage(file: Path) -> str:
    """What is wrong with a file that is no whole safetensors, in words that go on after its name."""
    with file.open("rb") as opened:
        head = opened.read(40)
    if not head:
        return "is empty"
    if head.startswith(b"version https://git-lfs"):
        return "is a pointer of Git LFS, not the file: git lfs pull fetches it"
    return "is cut off, damaged or of another kind"


def save_network(name: str, network: Configured, facts: Record, folder: Path | None = None) -> Path:
    """Writes ``name.safetensors`` (float16) and the card ``name.json``; ``facts``: data, command, seed, time, metrics … Returns the card's path."""
    folder = folder or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    weights, card = folder / f"{name}.safetensors", folder / f"{name}.json"
    state = {k: v.detach().cpu() for k, v in network.state_dict().items()}
    save_file({k: (v.half() if v.is_floating_point() else v).contiguous() for k, v in state.items()}, weights)
    told = {
        "name": name,
        "architecture": OF_CONFIG[type(network.config)],
        "network": asdict(network.config),
        "parameters": sum(p.numel() for p in network.parameters()),
        "precision": "float16 weights, computed in float32",
        **facts,
        "sha256": sha256(weights),
        "bytes": weights.stat().st_size,
    }
    card.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return card


def save_model(name: str, model: Denoiser | PhaseDenoiser, event: tuple[int, ...], facts: Record, folder: Path | None = None) -> Path:
    """A denoiser: its network, and on the card the image's shape, with σ_d or with the process that it was trained for."""
    return save_network(name, cast("Configured", model.network), {**model.card(), "event": list(event), **facts}, folder)


def read_card(name: str, folder: Path | None = None) -> cards.Card:
    """The card of a model. Raises BadValue if there is none, or it cannot be read, or an entry is not what the app needs (card.py)."""
    folder = folder or FOLDER
    file = folder / f"{name}.json"
    if not file.is_file():
        raise BadValue("model", name, "one of " + (", ".join(models(folder)) or "none: no model is installed"))
    stamp = file.stat()
    return _card(name, file, stamp.st_mtime_ns, stamp.st_size)


@functools.lru_cache(maxsize=64)
def _card(name: str, file: Path, changed: int, size: int) -> cards.Card:
    """A card as it was read when the file was last changed: every look at an experiment asks which models there are."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise BadValue("model", name, f"a card {file.name} that is whole JSON ({error})") from None
    if wrong := cards.complaint(told):
        raise BadValue("model", name, f"a card {file.name} {wrong}")
    return told


@functools.cache
def left_out(why: str) -> None:
    """One line in the log for a model that cannot be used, once."""
    log.warning("left out: %s", why)


def models(folder: Path | None = None) -> list[str]:
    """Names of the models that lie in ``folder``."""
    folder = folder or FOLDER
    return sorted(p.stem for p in folder.glob("*.json")) if folder.is_dir() else []


def load_network(name: str, folder: Path | None = None) -> nn.Module:
    """The network of a card, for evaluation. Raises BadValue if the weights are missing, damaged, or belong to another network."""
    folder = folder or FOLDER
    card = read_card(name, folder)
    weights = folder / f"{name}.safetensors"
    if not weights.is_file():
        raise BadValue("model", name, f"the weights {weights.name} beside the card")
    if sha256(weights) != card["sha256"]:
        why = damage(weights) if weights.stat().st_size < 1_000 else "is damaged or another one"
        raise BadValue("model", name, f"weights {weights.name} with the card's sha256 (the file {why})")
    make = ARCHITECTURES[card["architecture"]]
    try:
        network = make({k: tuple(v) if isinstance(v, list) else v for k, v in card["network"].items()})
        network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in load_file(weights).items()})
    except (SafetensorError, TypeError, KeyError, AttributeError, RuntimeError, ValueError) as error:
        raise BadValue("model", name, f"weights that fit the card's network ({str(error).splitlines()[0]})") from None
    return network.eval().requires_grad_(False)


def save_features(name: str, features: torch.Tensor, of: str, folder: Path | None = None) -> Path:
    """Writes what the classifier ``name`` says of real images, (N, d), beside it (float16), and onto its card of which they are. Returns the file's path."""
    folder = folder or FOLDER
    file, card = folder / f"{name}.features.safetensors", read_card(name, folder)
    save_file({"features": features.half().contiguous()}, file)
    told = {**card, "features": {"of": of, "sha256": sha256(file)}}
    (folder / f"{name}.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


@functools.lru_cache(maxsize=2)
def load_features(name: str, folder: Path | None = None) -> torch.Tensor:
    """The features (N, d), float64, of real images that belong to a classifier. Raises BadValue if the card names none, or the file is not that of the card."""
    folder = folder or FOLDER
    told, file = read_card(name, folder).get("features"), folder / f"{name}.features.safetensors"
    if told is None or not file.is_file() or sha256(file) != told["sha256"]:
        raise BadValue("model", name, f"the file {file.name} beside the card, with the sha256 that it names")
    return load_file(file)["features"].double()


def own_process(card: cards.Card) -> LinearProcess | None:
    """The only process that a card's model knows; None if it serves every linear one."""
    if "process" not in card:
        return None
    return from_dict("processes", "process", card["process"]).linear()


def load_model(name: str, folder: Path | None = None, device: str | torch.device = "cpu") -> Denoiser | PhaseDenoiser:
    """The denoiser of a card. Raises BadValue as load_network, or if the card is not a denoiser's."""
    card = read_card(name, folder)
    if "event" not in card:
        raise BadValue("model", name, "a card of a denoiser, with event and sigma_data or process")
    process, network = own_process(card), load_network(name, folder)
    model = Denoiser(network, card["sigma_data"]) if process is None else PhaseDenoiser(network, process)
    return model.to(device).eval()
