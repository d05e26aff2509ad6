"""What can be trained by name: ``python -m toy_models.train <name>``. A new model is an entry here."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from playground.core.fields import Record, is_record
from toy_models.networks.attributes import Attributes
from toy_models.networks.unet import UNetConfig


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides the weights.

    loss: "edm" (the U-Net of every linear process) or "hsm" (hybrid score matching: CLD's own). sigma_mean, sigma_std: ln σ ~ N(mean, std²) (EDM);
    hsm draws t uniformly. drop: share of images whose label is replaced by the null label; unsaid: of a network of attributes, the share of images, for each
    attribute by itself, in which it is not said. min_snr: γ of min-SNR
    weighting (Hang et al. 2023, 2303.09556), 0 = EDM's weight. importance: times drawn ∝ √E[L²] with a .001 uniform share (iDDPM, math 2.22).
    ema: half-life of the average in steps, at most a tenth of the steps so far. cycles: the steps are so many equal parts (SGDR, Loshchilov &
    Hutter 2016, 1608.03983); in each the learning rate rises for ``warm`` steps and decays as a cosine to a tenth. late_drop: ``drop`` after the first.
    """

    network: UNetConfig = field(default_factory=UNetConfig)
    steps: int = 8_000
    batch: int = 64
    rate: float = 2e-3
    warm: int = 200
    cycles: int = 1
    drop: float = 0.15
    late_drop: float = 0.15
    unsaid: float = 0.0
    sigma_mean: float = -1.2
    sigma_std: float = 1.2
    min_snr: float = 0.0
    importance: bool = False
    ema: float = 500.0
    seed: int = 0
    loss: str = "edm"

    @property
    def clip(self) -> float:
        """The largest norm of a gradient."""
        return 1.0

    def told(self) -> Record:
        """As JSON has it."""
        return json.loads(json.dumps(asdict(self)))


def completed(told: object) -> Record:
    """A configuration as a state or a card has it, with the usual values of what came later."""
    usual, told = TrainConfig().told(), dict(told) if is_record(told) else {}
    mine, theirs = usual["network"], told.get("network")
    return {**usual, **told, "network": {**mine, **theirs} if is_record(mine) and is_record(theirs) else mine}


AVATARS = (2, 2, 2, 2, 6)  # glasses, hat, beard, long hair: no or yes; six backgrounds

CONFIGS = {
    # the second cycle sees more images without their label: what the first leaves weak is unconditional sampling
    "mnist-unet": TrainConfig(steps=16_000, cycles=2, late_drop=0.3),
    # the same data, network and budget as mnist-unet, for CLD alone: it sees data and velocity
    "mnist-cld": TrainConfig(UNetConfig(inputs=2), steps=16_000, cycles=2, late_drop=0.3, loss="hsm"),
    # scikit-learn's 8×8 digits, which need no file: small enough to be trained in minutes
    "digits-unet": TrainConfig(UNetConfig(width=(24, 48)), steps=5_000, ema=300.0),
    # 16×16 faces in colour, with five attributes
    "avatars-unet": TrainConfig(
        UNetConfig(channels=3, width=(24, 48, 96), classes=Attributes(AVATARS).silent, attributes=AVATARS),
        steps=9_000,
        drop=0.1,
        late_drop=0.1,
        unsaid=0.15,
    ),
    # for a GPU: the same data, wider and longer; fits in 8 MB as float16
    "mnist-unet-wide": TrainConfig(UNetConfig(width=(48, 96, 128), blocks=2), steps=60_000, batch=256, rate=1e-3, ema=2000.0),
}

# what the page calls a model, the classifier that says which class an image of it is, the built-in set of its training images
ABOUT = {
    "mnist-unet": {"title": "MNIST digits", "classifier": "mnist-classifier"},
    "mnist-cld": {"title": "MNIST digits, CLD", "classifier": "mnist-classifier"},
    "mnist-unet-wide": {"title": "MNIST digits, wide", "classifier": "mnist-classifier"},
    "digits-unet": {"title": "8×8 digits", "set": "digits"},
    "avatars-unet": {"title": "pixel-art faces"},
}
