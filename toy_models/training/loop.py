"""Training of models of images."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from playground.core.fields import BadValue, Record
from playground.core.spec import registry
from toy_models.networks.attributes import Attributes
from toy_models.networks.denoiser import Denoiser, PhaseDenoiser
from toy_models.networks.unet import UNet
from toy_models.training.configs import TrainConfig, completed
from toy_models.training.data import Images, check_labels, check_shape, digest, told_of
from toy_models.training.learner import Learner, Losses

EARLIEST = 1e-5  # t of hybrid score matching: ℓ diverges at 0


def bf16_pays(device: torch.device) -> bool:
    """Does a device compute in bfloat16 by itself? A CPU that does not takes twenty times as long as in float32."""
    return device.type != "cpu" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


class Trainer(Learner[Denoiser | PhaseDenoiser]):
    """The training of a model of images.

    Images, labels dropped, noise levels and noise are drawn step by step. Raises BadValue for images that the network cannot take or all of one grey,
    and labels that are no classes of it.
    """

    config: TrainConfig

    def __init__(self, config: TrainConfig, images: Images, device: str | torch.device = "cpu", bf16: bool | None = None):
        if config.loss == "hsm" and config.min_snr:
            raise BadValue("min_snr", config.min_snr, "0 for a model of CLD: the weight belongs to EDM's loss")
        check_shape(images, config.network.channels, 2 ** (len(config.network.width) - 1))
        check_labels(images, config.network.classes, config.network.attributes, each=False)
        if float(images.x.std()) == 0:
            raise BadValue(
                "data", f"{len(images.x):,} images that are all alike and even", "images that differ: σ_data, their deviation, is 0"
            )
        self.images, self.sigma_data = images, float(images.x.std())
        super().__init__(config, device, bf16_pays(torch.device(device)) if bf16 is None else bf16)

    def fresh(self) -> Denoiser | PhaseDenoiser:
        network, cld = UNet(self.config.network), registry("processes")["CLD"]
        return (PhaseDenoiser(network, cld()) if self.config.loss == "hsm" else Denoiser(network, self.sigma_data)).to(self.device)  # type: ignore[arg-type]

    def losses(self, draw: torch.Generator) -> Losses:
        c = self.config
        pick = torch.randint(len(self.images.x), (c.batch,), generator=draw)
        x = self.images.x[pick].to(self.device)
        dropped = torch.rand(c.batch, generator=draw) < (c.drop if self.at < c.steps // c.cycles else c.late_drop)
        label = torch.where(dropped, c.network.classes, self.images.labels[pick])
        if c.network.attributes:
            attributes = Attributes(c.network.attributes)
            label = attributes.unsay(label, torch.rand(c.batch, len(attributes.sizes), generator=draw) < c.unsaid)
        label = label.to(self.device)
        level, weight = self.levels(draw, c.batch)
        if c.loss == "hsm":
            clock = EARLIEST + (1 - EARLIEST) * level  # t of T = 1
            shape = (c.batch, 2, *x.shape[1:])
        else:
            clock = (c.sigma_mean + c.sigma_std * math.sqrt(2) * torch.erfinv(2 * level - 1)).exp()  # σ
            shape = tuple(x.shape)
        clock, noise = clock.to(self.device), torch.randn(shape, generator=draw).to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            loss = self.model.loss(x, clock, noise, label)
        return Losses(loss * self.reweight(clock) if c.min_snr else loss, weight.to(self.device), level)

    def remedy(self) -> str:
        if not bool(torch.isfinite(self.images.x).all()):
            return "images whose pixels are all finite numbers"
        less = f"a learning rate below {self.config.rate:g}" + (", float32 (--no-bf16)" if self.bf16 else "")
        spread = f" or images that differ more (σ_data is {self.sigma_data:.2g})" if self.sigma_data < 0.01 else ""
        return f"{less}{spread}; the state saved last is kept"

    def rate(self) -> float:
        c = self.config
        part = max(1, c.steps // c.cycles)
        at = self.at % part if self.at < c.steps else part
        return c.rate * min(1.0, (at + 1) / c.warm) * (0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * at / part)))

    def reweight(self, sigma: Tensor) -> Tensor:
        """Min-SNR: the weight on the x_0 loss becomes min(SNR, γ) in place of EDM's 1/c_out²; SNR = σ_d²/σ²."""
        snr = (self.sigma_data / sigma).square()
        edm = (sigma.square() + self.sigma_data**2) / (sigma * self.sigma_data).square()
        return snr.clamp(max=self.config.min_snr) / (edm * self.sigma_data**2)

    def facts(self) -> Record:
        return {"sigma_data": self.sigma_data, "data": digest(self.images), "images": told_of(self.images)}

    def completed(self, config: object) -> Record:
        return completed(config)

    def check_facts(self, told: Record, folder: Path) -> None:
        """States of before have no digest: σ_data tells them apart."""
        data, spread = told.get("data"), float(str(told.get("sigma_data", self.sigma_data)))
        if data not in (None, digest(self.images)) or (
            isinstance(spread, float) and not math.isclose(spread, self.sigma_data, rel_tol=1e-4)
        ):
            of = f"{told.get('images', 'other images')} (σ_data {spread:.3g})"
            here = f"{told_of(self.images)} (σ_data {self.sigma_data:.3g})"
            raise BadValue(
                "out",
                str(folder),
                f"a folder whose state was trained on the same images, or an empty one; its state has seen {of}, here are {here}",
            )


def train(
    trainer: Trainer, folder: Path, *, every: int, minutes: float, tell: Callable[[str], None], grid: Callable[[Trainer, Path], None]
) -> None:
    """Until ``config.steps`` or ``minutes``; saves a state and a grid of samples every ``every`` steps and at the end."""
    began, losses = time.monotonic(), []
    while trainer.at < trainer.config.steps and time.monotonic() - began < 60 * minutes:
        losses.append(trainer.step())
        if trainer.at % 100 == 0:
            left = (trainer.config.steps - trainer.at) * trainer.seconds / trainer.at
            mean = sum(losses) / len(losses)
            tell(
                f"step {trainer.at:,} of {trainer.config.steps:,} · loss {mean:.4f} · {trainer.seconds / trainer.at:.2f} s a step · {left / 60:.0f} min left"
            )
            losses.clear()
        if trainer.at % every == 0:
            trainer.save(folder)
            grid(trainer, folder / f"samples-{trainer.at:06d}.png")
    trainer.save(folder)
    grid(trainer, folder / f"samples-{trainer.at:06d}.png")
