"""What a model's card must say: every entry that the app reads, by its dotted name, with what is allowed there."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from playground.core.fields import BadValue
from playground.core.spec import from_dict
from toy_models.networks.attributes import Attributes
from toy_models.networks.classifier import ClassifierConfig
from toy_models.networks.mlp import KINDS, MLPConfig
from toy_models.networks.unet import UNetConfig

CONFIGS: dict[str, type[UNetConfig] | type[ClassifierConfig] | type[MLPConfig]] = {
    "UNet": UNetConfig,
    "Classifier": ClassifierConfig,
    "MLP": MLPConfig,
}
Card: TypeAlias = dict[str, Any]  # JSON; what is read of it is checked by ``complaint``
Rule = tuple[Callable[[object], bool], str]


def _number(lo: float, hi: float) -> Rule:
    return lambda v: isinstance(v, (int, float)) and not isinstance(v, bool) and lo <= v <= hi, f"a number from {lo:g} to {hi:g}"


def _whole(lo: int, hi: int) -> Rule:
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and lo <= v <= hi, f"a whole number from {lo:,} to {hi:,}"


def _wholes(lo: int, hi: int, count: int = 0) -> Rule:
    one, _ = _whole(lo, hi)
    words = f"a list of {count or 'one or more'} whole numbers from {lo:,} to {hi:,}"
    return lambda v: isinstance(v, list) and len(v) in ((count,) if count else range(1, 9)) and all(map(one, v)), words


TEXT: Rule = (lambda v: isinstance(v, str) and 0 < len(v) <= 500, "a text of 1 to 500 characters")
SHA256: Rule = (lambda v: isinstance(v, str) and re.fullmatch("[0-9a-f]{64}", v) is not None, "the 64 letters of the weights' SHA-256")
FLAG: Rule = (lambda v: isinstance(v, bool), "true or false")
RECORD: Rule = (lambda v: isinstance(v, dict), "a record {…}")
OF_NETWORK: dict[type, Rule] = {
    bool: FLAG,
    int: _whole(0, 100_000),
    tuple: _wholes(1, 100_000),
    str: (lambda v: isinstance(v, str) and v in KINDS, " or ".join(KINDS)),
}
ATTRIBUTES: Rule = (lambda v: v == [] or _wholes(1, 100)[0](v), "a list of up to 8 whole numbers from 1 to 100, empty without attributes")

ENTRIES: dict[str, Rule] = {
    "name": TEXT,
    "architecture": (lambda v: isinstance(v, str) and v in CONFIGS, " or ".join(CONFIGS)),
    "network": RECORD,
    "network.classes": _whole(0, 1_000),
    "sha256": SHA256,
    "parameters": _whole(1, 10**12),
    "event": _wholes(1, 4_096, 3),
    "sigma_data": _number(1e-6, 1e6),
    "process": RECORD,
    "data": TEXT,
    "title": TEXT,
    "set": TEXT,
    "law": TEXT,
    "classifier": (lambda v: isinstance(v, str) and re.fullmatch(r"[\w-][\w.-]*", v) is not None, "a model's name"),
    "features": RECORD,
    "features.of": TEXT,
    "features.sha256": SHA256,
    "training": RECORD,
    "training.sigma_mean": _number(-100, 100),
    "training.sigma_std": _number(0, 100),
}
REQUIRED = ("name", "architecture", "network", "network.classes", "sha256")


def complaint(card: object) -> str:
    """What is wrong with a card, in words that go on "a card x.json …"; '' if the app can use it."""
    if not isinstance(card, dict):
        return f"that is {RECORD[1]}"
    found = {}
    for entry in ENTRIES:
        group, _, inner = entry.rpartition(".")
        holder = card.get(group, {}) if group else card
        if isinstance(holder, dict) and (inner or entry) in holder:
            found[entry] = holder[inner or entry]
    missing = [entry for entry in REQUIRED if entry not in found]
    if missing:
        return "with " + ", ".join(f"{entry} ({ENTRIES[entry][1]})" for entry in missing)
    for entry, value in found.items():
        right, allowed = ENTRIES[entry]
        if not right(value):
            return _wrong(entry, allowed, value)
    if "event" in card and card["architecture"] != "UNet":
        return _wrong("architecture", "UNet, since it has an event", card["architecture"])
    return _network(card) or (_denoiser(card) if "event" in card else "")


def _wrong(entry: str, allowed: str, value: object) -> str:
    return f"whose entry {entry} is {allowed}, not {repr(value)[:60]}"


def _network(card: Card) -> str:
    """The entries of ``network`` are those of the architecture's config, with its types."""
    fields = {f.name: f.default for f in dataclasses.fields(CONFIGS[card["architecture"]])}
    for entry, value in card["network"].items():
        if entry not in fields:
            return _wrong("network", "a record of " + ", ".join(fields), {entry: value})
        right, allowed = ATTRIBUTES if entry == "attributes" else OF_NETWORK[type(fields[entry])]
        if not right(value):
            return _wrong(f"network.{entry}", allowed, value)
    sizes = card["network"].get("attributes")
    if sizes and card["network"]["classes"] != (silent := Attributes(tuple(sizes)).silent):
        return _wrong(
            "network.classes", f"{silent:,}, as attributes of {', '.join(map(str, sizes))} values have it", card["network"]["classes"]
        )
    return ""


def _denoiser(card: Card) -> str:
    """A denoiser is a U-Net of its images, with σ_d or with the process that it was trained for, which has a velocity."""
    if "process" not in card and "sigma_data" not in card:
        return "with sigma_data or process"
    network = dataclasses.asdict(UNetConfig()) | card["network"]
    part = 2 ** (len(network["width"]) - 1)
    channels, *sides = card["event"]
    if channels != network["channels"] or any(side % part for side in sides):
        return _wrong("event", f"[{network['channels']}, height, width], multiples of {part}", card["event"])
    inputs = network["inputs"] or channels
    if inputs != channels * (2 if "process" in card else 1):
        return _wrong("network.inputs", f"{2 * channels if 'process' in card else f'0 or {channels}'} for these images", network["inputs"])
    if "process" not in card:
        return ""
    try:
        process = from_dict("processes", "process", card["process"])
    except BadValue as error:
        return f"whose entry {error.field} is {error.allowed}, not {error.value}"
    return "" if "phase" in process.caps else _wrong("process", "one with a velocity (CLD)", card["process"]["kind"])
