"""Trained models in files: weights as safetensors, and a card (JSON) that says what they are. Nothing is unpickled."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from playground.core.fields import BadValue
from toy_models.networks.denoiser import Denoiser
from toy_models.networks.unet import UNet, UNetConfig

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "models"
REQUIRED = ("name", "architecture", "network", "sigma_data", "event", "sha256")


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def save_model(name: str, model: Denoiser, event: tuple[int, ...], facts: dict[str, Any], folder: Path = FOLDER) -> Path:
    """Writes ``name.safetensors`` (float16) and the card ``name.json``; ``facts``: data, command, seed, time, metrics … Returns the card's path."""
    folder.mkdir(parents=True, exist_ok=True)
    weights, card = folder / f"{name}.safetensors", folder / f"{name}.json"
    save_file({k: v.detach().cpu().half().contiguous() for k, v in model.network.state_dict().items()}, weights)
    told = {
        "name": name,
        "architecture": "UNet",
        "network": asdict(model.network.config),
        "sigma_data": model.sigma_data,
        "event": list(event),
        "parameters": sum(p.numel() for p in model.parameters()),
        "precision": "float16 weights, computed in float32",
        **facts,
        "sha256": sha256(weights),
        "bytes": weights.stat().st_size,
    }
    card.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return card


def read_card(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """The card of a model. Raises BadValue if there is none, or it cannot be read, or lacks an entry."""
    card = folder / f"{name}.json"
    if not card.is_file():
        raise BadValue("model", name, "one of " + (", ".join(models(folder)) or "none: no model is installed"))
    try:
        told = json.loads(card.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadValue("model", name, f"a card {card.name} that is whole JSON ({error})") from None
    missing = [k for k in REQUIRED if not isinstance(told, dict) or k not in told]
    if missing:
        raise BadValue("model", name, f"a card {card.name} with {', '.join(missing)}")
    return told


def models(folder: Path = FOLDER) -> list[str]:
    """Names of the models that lie in ``folder``."""
    return sorted(p.stem for p in folder.glob("*.json")) if folder.is_dir() else []


def load_model(name: str, folder: Path = FOLDER, device: str | torch.device = "cpu") -> Denoiser:
    """The denoiser of a card. Raises BadValue if the weights are missing, damaged, or belong to another network."""
    card = read_card(name, folder)
    weights = folder / f"{name}.safetensors"
    if not weights.is_file():
        raise BadValue("model", name, f"the weights {weights.name} beside the card")
    if sha256(weights) != card["sha256"]:
        raise BadValue("model", name, f"weights {weights.name} with the card's sha256 (the file is damaged or another one)")
    try:
        config = UNetConfig(**{**card["network"], "width": tuple(card["network"]["width"])})
        model = Denoiser(UNet(config), float(card["sigma_data"]))
        model.network.load_state_dict({k: v.float() for k, v in load_file(weights).items()})
    except (SafetensorError, TypeError, KeyError, RuntimeError, ValueError) as error:
        raise BadValue("model", name, f"weights that fit the card's network ({str(error).splitlines()[0]})") from None
    return model.to(device).eval().requires_grad_(False)
