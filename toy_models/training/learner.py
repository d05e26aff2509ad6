"""What every training has in common: every step is a function of (seed, step), so that a run that was interrupted anywhere ends the same."""

from __future__ import annotations

import json
import math
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from playground.core.fields import BadValue, Record
from toy_models.networks.checkpoint import damage

BINS, HISTORY = 32, 10  # of the importance-sampled times


class Settings(Protocol):
    """What is read of a training's configuration."""

    @property
    def seed(self) -> int: ...
    @property
    def batch(self) -> int: ...
    @property
    def rate(self) -> float: ...
    @property
    def clip(self) -> float: ...
    @property
    def ema(self) -> float: ...
    @property
    def importance(self) -> bool: ...
    def told(self) -> Record:
        """As JSON has it."""
        ...


class Losses(NamedTuple):
    """Of one batch: ``each`` (batch,), which is learned from; ``weight`` (batch,), 1/(density of its noise level), which keeps the mean; ``level`` (batch,), the
    level as a quantile of its usual law."""

    each: Tensor
    weight: Tensor
    level: Tensor


Model = TypeVar("Model", bound=nn.Module)


class Learner(ABC, Generic[Model]):
    """State of one training.

    ``step()`` draws everything from a generator seeded by (seed, step); weights, average and the optimiser's moments go to one safetensors file, and numbers to
    its metadata. A subclass says what the model is (``fresh``), and what its losses are.
    """

    def __init__(self, config: Settings, device: str | torch.device, bf16: bool):
        self.config, self.device, self.bf16 = config, torch.device(device), bf16
        torch.manual_seed(config.seed)
        self.model = self.fresh()
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.optimizer = self.optimiser()
        self.at = 0
        self.seconds = 0.0
        self.norm = 0.0  # of the gradient of the last step, before it was clipped
        self.history = torch.zeros(BINS, HISTORY)  # latest losses of each bin of noise levels
        self.seen = torch.zeros(BINS, dtype=torch.long)

    @abstractmethod
    def fresh(self) -> Model:
        """The configuration's model before training."""

    @abstractmethod
    def losses(self, draw: torch.Generator) -> Losses:
        """Of the batch of the present step, drawn from ``draw``."""

    @abstractmethod
    def rate(self) -> float:
        """The learning rate of the present step."""

    @abstractmethod
    def remedy(self) -> str:
        """What may help against a loss that is not finite, the likeliest first."""

    @abstractmethod
    def facts(self) -> Record:
        """What a state says beside its configuration: what it was trained on."""

    @abstractmethod
    def check_facts(self, told: Record, folder: Path) -> None:
        """Raises BadValue if a state was trained on something else."""

    @abstractmethod
    def completed(self, config: object) -> Record:
        """A configuration as an older state has it, with what came later."""

    def also(self) -> dict[str, Tensor]:
        """What else a state must hold."""
        return {}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """``also`` of a state."""

    def optimiser(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.model.parameters(), lr=self.config.rate, betas=(0.9, 0.99))

    # -- one step ------------------------------------------------------------------------------------------------------------

    def step(self) -> float:
        """One step of the optimiser; the mean loss. Raises BadValue, before the weights are touched, if the loss or its gradient is not finite."""
        began, c = time.perf_counter(), self.config
        draw = torch.Generator().manual_seed(c.seed * 1_000_003 + self.at)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        told = self.losses(draw)
        self.optimizer.zero_grad()
        (told.each * told.weight).mean().backward()
        self.norm, mean = float(nn.utils.clip_grad_norm_(self.model.parameters(), c.clip)), float(told.each.detach().mean())
        if not math.isfinite(self.norm) or not math.isfinite(mean):
            raise BadValue("loss", f"no finite number at step {self.at + 1:,}", self.remedy())
        if c.importance:
            self.remember(told.level, told.each.detach().cpu())
        self.optimizer.step()
        self.at += 1
        half = min(c.ema, max(1.0, self.at / 10))
        with torch.no_grad():
            for name, value in self.model.state_dict().items():
                self.average[name].lerp_(value, 1 - 0.5 ** (1 / half))
        self.seconds += time.perf_counter() - began
        return mean

    def levels(self, draw: torch.Generator, count: int, history: Tensor | None = None, seen: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Quantiles u in (0, 1) of the noise level and the weights 1/(density of u) that keep the loss unbiased: uniform, or in proportion to √E[L²] of the latest
        losses at each of 32 levels with a .001 uniform share (Nichol & Dhariwal 2021, 2102.09672; math 2.22)."""
        u = torch.rand(count, generator=draw)
        history, seen = self.history if history is None else history, self.seen if seen is None else seen
        if not self.config.importance or int(seen.min()) < HISTORY:
            return u.clamp(1e-6, 1 - 1e-6), torch.ones_like(u)
        p = history.square().mean(1).sqrt()
        p = 0.999 * p / p.sum() + 0.001 / BINS
        bins = torch.multinomial(p, count, True, generator=draw)
        return ((bins + u) / BINS).clamp(1e-6, 1 - 1e-6), 1 / (BINS * p[bins])

    def remember(self, level: Tensor, loss: Tensor) -> None:
        for b, value in zip((level * BINS).long().clamp(max=BINS - 1).tolist(), loss.tolist(), strict=True):
            self.history[b, int(self.seen[b]) % HISTORY] = value
            self.seen[b] += 1

    def averaged(self) -> Model:
        """The model with its averaged weights, for sampling."""
        model = self.fresh()
        model.load_state_dict(self.average)
        return model.eval()

    # -- files ---------------------------------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """state.safetensors and state.json, each replaced in one move: an interruption leaves the state before."""
        folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"model.{k}": v for k, v in self.model.state_dict().items()} | {f"average.{k}": v for k, v in self.average.items()}
        for i, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"adam.{i}.{k}": torch.as_tensor(v) for k, v in moments.items()}
        tensors |= {"history": self.history, "seen": self.seen} | self.also()
        told = {
            "step": self.at,
            "seconds": round(self.seconds, 1),
            "bf16": self.bf16,
            "config": self.config.told(),
            **self.facts(),
        }
        save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "state.new", metadata={"state": json.dumps(told)})
        (folder / "state.new").replace(folder / "state.safetensors")

    def resume(self, folder: Path) -> bool:
        """Continues from ``folder`` if a state lies there, in that state's precision. Raises BadValue if it cannot be read, or belongs to another
        configuration (its seed is in it) or to other data."""
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
            self.restore(tensors)
            self.at, self.seconds, self.bf16 = int(told["step"]), float(told["seconds"]), bool(told.get("bf16", self.bf16))
        except (RuntimeError, KeyError, ValueError, TypeError) as error:
            raise BadValue("out", str(folder), f"{whole} lacks something ({str(error).splitlines()[0][:120]})") from None
        return True

    def _same(self, told: Record, folder: Path) -> None:
        """Raises BadValue if a state is of another configuration, or was trained on something else."""
        mine, theirs = self.config.told(), self.completed(told.get("config"))
        differ = [f"{k} {theirs.get(k)} and here {v}" for k, v in mine.items() if theirs.get(k) != v]
        if differ or set(theirs) - set(mine):
            words = "; ".join(differ[:3]) or "others"
            raise BadValue(
                "out", str(folder), f"a folder whose state has the same configuration, or an empty one; its state has {words}"[:500]
            )
        self.check_facts(told, folder)
