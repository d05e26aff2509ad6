"""The training loop: every step is a function of (seed, step), so that a run that was interrupted anywhere ends the same."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from playground.core.fields import BadValue, Record
from playground.core.spec import registry
from toy_models.networks.attributes import Attributes
from toy_models.networks.checkpoint import damage
from toy_models.networks.denoiser import Denoiser, PhaseDenoiser
from toy_models.networks.unet import UNet
from toy_models.training.configs import TrainConfig, completed
from toy_models.training.data import Images, check_labels, check_shape, digest, told_of

BINS, HISTORY = 32, 10  # of the importance-sampled times
EARLIEST = 1e-5  # t of hybrid score matching: ℓ diverges at 0


def bf16_pays(device: torch.device) -> bool:
    """Does a device compute in bfloat16 by itself? A CPU that does not takes twenty times as long as in float32."""
    return device.type != "cpu" or torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


class Trainer:
    """State of one training run.

    ``step()`` draws everything (images, labels dropped, noise levels, noise) from a generator seeded by (seed, step); weights, average and Adam's
    moments go to one safetensors file, and numbers to its metadata. Raises BadValue for images that the network cannot take or all of one grey,
    and labels that are no classes of it.
    """

    def __init__(self, config: TrainConfig, images: Images, device: str | torch.device = "cpu", bf16: bool | None = None):
        if config.loss == "hsm" and config.min_snr:
            raise BadValue("min_snr", config.min_snr, "0 for a model of CLD: the weight belongs to EDM's loss")
        check_shape(images, config.network.channels, 2 ** (len(config.network.width) - 1))
        check_labels(images, config.network.classes, config.network.attributes, each=False)
        if float(images.x.std()) == 0:
            raise BadValue(
                "data", f"{len(images.x):,} images that are all alike and even", "images that differ: σ_data, their deviation, is 0"
            )
        self.config, self.images, self.device = config, images, torch.device(device)
        self.bf16 = bf16_pays(self.device) if bf16 is None else bf16
        torch.manual_seed(config.seed)
        self.sigma_data = float(images.x.std())
        self.model = self.fresh()
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=config.rate, betas=(0.9, 0.99))
        self.at = 0
        self.seconds = 0.0
        self.history = torch.zeros(BINS, HISTORY)  # latest losses of each bin of noise levels
        self.seen = torch.zeros(BINS, dtype=torch.long)

    def fresh(self) -> Denoiser | PhaseDenoiser:
        """The configuration's model before training."""
        network, cld = UNet(self.config.network), registry("processes")["CLD"]
        return (PhaseDenoiser(network, cld()) if self.config.loss == "hsm" else Denoiser(network, self.sigma_data)).to(self.device)  # type: ignore[arg-type]

    # -- one step ------------------------------------------------------------------------------------------------------------

    def step(self) -> float:
        """One Adam step; the mean loss. Raises BadValue, before the weights are touched, if the loss or its gradient is not finite."""
        began, c = time.perf_counter(), self.config
        draw = torch.Generator().manual_seed(c.seed * 1_000_003 + self.at)
        pick = torch.randint(len(self.images.x), (c.batch,), generator=draw)
        x = self.images.x[pick].to(self.device)
        dropped = torch.rand(c.batch, generator=draw) < (c.drop if self.at < c.steps // c.cycles else c.late_drop)
        label = torch.where(dropped, c.network.classes, self.images.labels[pick])
        if c.network.attributes:
            attributes = Attributes(c.network.attributes)
            label = attributes.unsay(label, torch.rand(c.batch, len(attributes.sizes), generator=draw) < c.unsaid)
        label = label.to(self.device)
        level, weight = self.levels(draw)
        if c.loss == "hsm":
            clock = EARLIEST + (1 - EARLIEST) * level  # t of T = 1
            shape = (c.batch, 2, *x.shape[1:])
        else:
            clock = (c.sigma_mean + c.sigma_std * math.sqrt(2) * torch.erfinv(2 * level - 1)).exp()  # σ
            shape = tuple(x.shape)
        clock, noise = clock.to(self.device), torch.randn(shape, generator=draw).to(self.device)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            loss = self.model.loss(x, clock, noise, label)
        if c.min_snr:
            loss = loss * self.reweight(clock)
        self.optimizer.zero_grad()
        (loss * weight.to(self.device)).mean().backward()
        norm, mean = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)), float(loss.detach().mean())
        if not math.isfinite(norm) or not math.isfinite(mean):
            raise BadValue("loss", f"no finite number at step {self.at + 1:,}", self.remedy(x))
        self.remember(level, loss.detach().cpu())
        self.optimizer.step()
        self.at += 1
        half = min(c.ema, max(1.0, self.at / 10))
        keep = 0.5 ** (1 / half)
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        self.seconds += time.perf_counter() - began
        return mean

    def remedy(self, x: Tensor) -> str:
        """What may help against a loss that is not finite, the likeliest first."""
        if not bool(torch.isfinite(x).all()):
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

    def levels(self, draw: torch.Generator) -> tuple[Tensor, Tensor]:
        """Quantiles u in (0, 1) of the noise level and the weights 1/(density of u) that keep the loss unbiased."""
        u = torch.rand(self.config.batch, generator=draw)
        if not self.config.importance or int(self.seen.min()) < HISTORY:
            return u.clamp(1e-6, 1 - 1e-6), torch.ones_like(u)
        p = self.history.square().mean(1).sqrt()
        p = 0.999 * p / p.sum() + 0.001 / BINS
        bins = torch.multinomial(p, self.config.batch, True, generator=draw)
        return ((bins + u) / BINS).clamp(1e-6, 1 - 1e-6), 1 / (BINS * p[bins])

    def remember(self, level: Tensor, loss: Tensor) -> None:
        for b, value in zip((level * BINS).long().clamp(max=BINS - 1).tolist(), loss.tolist(), strict=True):
            self.history[b, int(self.seen[b]) % HISTORY] = value
            self.seen[b] += 1

    # -- files ---------------------------------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """state.safetensors and state.json, each replaced in one move: an interruption leaves the state before."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"model.{k}": v for k, v in self.model.state_dict().items()} | {f"average.{k}": v for k, v in self.average.items()}
        for i, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{i}.{k}": torch.as_tensor(v) for k, v in moments.items()}
        tensors |= {"history": self.history, "seen": self.seen}
        told = {
            "step": self.at,
            "seconds": round(self.seconds, 1),
            "bf16": self.bf16,
            "config": self.config.told(),
            "sigma_data": self.sigma_data,
            "data": digest(self.images),
            "images": told_of(self.images),
        }
        save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "state.new", metadata={"state": json.dumps(told)})
        (folder / "state.new").replace(folder / "state.safetensors")

    def resume(self, folder: Path) -> bool:
        """Continues from ``folder`` if a state lies there, in that state's precision. Raises BadValue if it cannot be read, or belongs to another
        configuration (its seed is in it) or to other images."""
        file = folder / "state.safetensors"
        if not file.is_file():
            return False
        whole = f"a folder with a whole state, or an empty one; its {file.name}"
        try:
            with safe_open(file, "pt") as opened:
                told = json.loads((opened.metadata() or {})["state"])
            tensors = load_file(file)
        except (SafetensorError, OSError, ValueError, KeyError, RuntimeError, TypeError):
            raise BadValue("out", str(folder), f"{whole} {damage(file)}") from None
        self._same(told if isinstance(told, dict) else {}, folder)
        state: dict[int, dict[str, object]] = {}
        try:
            self.model.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("model.")})
            for name, value in tensors.items():
                if name.startswith("adam."):
                    _, i, key = name.split(".")
                    state.setdefault(int(i), {})[key] = value
            self.optimizer.load_state_dict({"state": state, "param_groups": self.optimizer.state_dict()["param_groups"]})
            self.average = {k: tensors[f"average.{k}"].to(self.device) for k in self.average}
            self.history, self.seen = tensors["history"], tensors["seen"]
            self.at, self.seconds, self.bf16 = int(told["step"]), float(told["seconds"]), bool(told.get("bf16", self.bf16))
        except (RuntimeError, KeyError, ValueError, TypeError) as error:
            raise BadValue("out", str(folder), f"{whole} lacks something ({str(error).splitlines()[0][:120]})") from None
        return True

    def _same(self, told: Record, folder: Path) -> None:
        """Raises BadValue if a state is of another configuration or of other images. States of before have no digest: σ_data tells them apart."""
        mine, theirs = self.config.told(), completed(told.get("config"))
        differ = [f"{k} {theirs.get(k)} and here {v}" for k, v in mine.items() if theirs.get(k) != v]
        if differ or set(theirs) - set(mine):
            words = "; ".join(differ[:3]) or "others"
            raise BadValue(
                "out", str(folder), f"a folder whose state has the same configuration, or an empty one; its state has {words}"[:500]
            )
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

    def averaged(self) -> Denoiser | PhaseDenoiser:
        """The model with its averaged weights, for sampling."""
        model = self.fresh()
        model.load_state_dict(self.average)
        return model.eval()


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
