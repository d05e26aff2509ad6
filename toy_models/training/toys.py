"""Training on toys: settings, the learner, and the generator that yields its checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from playground.core.catalog import check_data, law_of
from playground.core.fields import BadValue, Record, choice, flag, free, integer, is_record, made, one_of, params, slider
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.spec import nested, registry
from toy_models.networks.mlp import KINDS, MLPConfig, network
from toy_models.networks.points import PointModel
from toy_models.training.exam import Exam, Marks
from toy_models.training.learner import Learner, Losses
from toy_models.training.regression import TARGETS, WEIGHTS, Frame, Regression, clock_of, pairs

TIMES = ("log_normal", "uniform")
AUTO = "auto"
OPTIMISERS: dict[str, Callable[[Iterable[Tensor], float], torch.optim.Optimizer]] = {
    "adam": lambda weights, rate: torch.optim.Adam(weights, rate, betas=(0.9, 0.99)),
    "adamw": lambda weights, rate: torch.optim.AdamW(weights, rate, betas=(0.9, 0.99)),
    "sgd": lambda weights, rate: torch.optim.SGD(weights, rate, momentum=0.9),
}
BLOCK = 32  # steps whose batches are drawn together: coefficients and points of many times cost little more than of one
WARM = 100  # steps in which the learning rate rises
SPREAD = 20_000  # points that σ_data is taken from


@dataclass(frozen=True)
class Training:
    """What decides the weights of a network of points: all settings of one training, for Python, JSON and a command line alike.

    Raises BadValue naming the field, the value and what is allowed; also where choices do not go together.
    """

    data: str = free("moons", check_data, help="a toy distribution's name or a mixture: what is true")
    process: Process = nested(None, "processes", help="forward process: one with a noise level, or CLD")
    network: str = choice(
        "residual",
        tuple(KINDS),
        help="residual or plain layers; fourier: sines of the position go in too; energy: the answer is the gradient of one number",
    )
    width: int = integer(64, 8, 512, log=True, help="numbers in a layer")
    depth: int = integer(3, 1, 8, help="blocks or layers")
    target: str = choice(
        "edm", TARGETS, help="what the network says: EDM's F, x̂₀, ε, v, the score or the velocity; each is x̂₀ in other units"
    )
    weight: str = choice(
        AUTO,
        (AUTO, *WEIGHTS),
        help="weight of noise levels in the loss: EDM's, the plain square error of the target, likelihood g², min-SNR; auto: EDM's, under CLD simple",
    )
    times: str = choice(
        AUTO, (AUTO, *TIMES), help="how noise levels are drawn: log-normal in σ/α, or evenly in time; auto: log-normal, under CLD evenly"
    )
    importance: bool = flag(False, help="draw levels in proportion to the root mean square of their latest losses")
    stratified: bool = flag(False, label="low-discrepancy", help="levels of a batch lie evenly, with one common shift")
    points: int = integer(0, 0, 100_000, help="training points; 0: as many as are asked for, drawn from the law")
    mirror: bool = flag(False, help="augmentation: mirror points at the second axis, half of the time")
    rotate: bool = flag(False, help="augmentation: rotate points by any angle around the origin")
    classes: bool = flag(False, help="tell the network the class, and leave it out for a share of the points")
    drop: float = slider(0.15, 0.0, 1.0, help="share of points without their class", when=())
    batch: int = integer(512, 8, 8192, log=True, help="points in a step")
    steps: int = integer(4000, 1, 1_000_000, log=True, help="steps in all")
    optimiser: str = choice("adam", tuple(OPTIMISERS), help="Adam, AdamW (weight decay 0.01), or plain gradient descent with momentum 0.9")
    rate: float = slider(
        2e-3, 1e-6, 1.0, log=True, label="learning rate", help="at its highest; it rises for 100 steps and falls as a cosine to a fiftieth"
    )
    clip: float = slider(1.0, 1e-3, 1e6, log=True, help="largest norm of a gradient")
    ema: float = slider(
        300.0, 1.0, 1e5, log=True, label="average", help="half-life in steps of the averaged weights, at most a tenth of the steps so far"
    )
    seed: int = integer(0, 0, 2**31 - 1, help="seed of weights, points, levels and noise")

    def __post_init__(self) -> None:
        if self.process is None:
            object.__setattr__(self, "process", registry("processes")["VP"]())
        for name, param in params(self).items():
            object.__setattr__(self, name, param.clean(name, getattr(self, name)))
        level = "snr" in self.process.caps
        for name, usual in (("weight", "edm" if level else "simple"), ("times", "log_normal" if level else "uniform")):
            if getattr(self, name) == AUTO:
                object.__setattr__(self, name, usual)
        law = law_of(self.data)
        if "mixture" not in law.gives:
            raise BadValue("data", self.data, "a toy distribution, of which everything is known exactly")
        if no := self.process.misfit(law):
            raise no.error("process", self.process)
        if wrong := self.regression(1.0).misfit():
            raise wrong
        if self.times == "log_normal" and not level:
            raise BadValue("times", self.times, f"uniform under {self.process.info.title}, which has no single noise level")
        if self.rotate and law.dim < 2:
            raise BadValue("rotate", self.rotate, "false on the line")
        if self.classes and len(law.labels) < 2:
            raise BadValue("classes", self.classes, "false: these data have one class")

    def regression(self, sigma_data: float) -> Regression:
        return Regression(self.process, self.target, self.weight, sigma_data)

    def told(self) -> Record:
        """As JSON has it."""
        return {name: param.write(getattr(self, name)) for name, param in params(self).items()}

    @classmethod
    def from_dict(cls, record: Mapping[str, object]) -> Training:
        """Of a record (``told``); what it leaves out has its usual value. Raises BadValue."""
        known = params(cls)
        if wrong := [name for name in record if name not in known]:
            raise BadValue(wrong[0], record[wrong[0]], one_of(wrong[0], list(known)))
        return made(cls, {name: known[name].read(name, value) for name, value in record.items()})

    @property
    def net(self) -> MLPConfig:
        law, parts = law_of(self.data), len(self.process.parts)
        return MLPConfig(parts * law.dim, law.dim, self.network, self.width, self.depth, len(law.labels) if self.classes else 0)


@dataclass(frozen=True)
class Checkpoint:
    """A training at one step: settings, step, seconds of computing, loss (mean since the checkpoint before), norm of the last gradient, the averaged weights, and
    their marks against the truth."""

    settings: Training
    step: int
    seconds: float
    loss: float
    norm: float
    sigma_data: float
    weights: dict[str, Tensor] = field(repr=False)
    marks: Marks = field(repr=False)

    def model(self) -> PointModel:
        """The network with its averaged weights."""
        model = PointModel(network(self.settings.net), self.settings.regression(self.sigma_data))
        model.load_state_dict(self.weights)
        return model.eval()


@dataclass
class Batches:
    """The batches of BLOCK steps: states (BLOCK, batch, k, d), what x̂_0 is compared with, the map at their times, levels as quantiles and their weights, labels."""

    z: Tensor
    wanted: Tensor
    frame: Frame
    level: Tensor
    weight: Tensor
    label: Tensor


class ToyLearner(Learner[PointModel]):
    """The training of a network of points.

    The batches of 32 steps are drawn together, from a stream of the seed and the block's number; so importance sampling follows the losses as they were at the beginning of a block.
    """

    config: Training

    def __init__(self, settings: Training, device: str | torch.device = "cpu"):
        self.law = law_of(settings.data)
        told = self.law.sample(SPREAD, seed=settings.seed)[0]
        self.sigma_data = float((told - told.mean(0)).square().mean().sqrt())
        self.pool = self.law.draw(settings.points, self._stream(settings, "points")) if settings.points else None
        self.regression = settings.regression(self.sigma_data)
        self.block, self.batches = -1, None
        self.drawn_from: dict[str, Tensor] = {}  # losses by level as they were when the present block was drawn
        self.mean = math.nan  # loss since the checkpoint before
        super().__init__(settings, device, bf16=False)

    @staticmethod
    def _stream(settings: Training, name: str) -> Rng:
        return Rng(settings.seed, dtype=torch.float64).stream(name)

    def fresh(self) -> PointModel:
        return PointModel(network(self.config.net), self.regression).to(self.device)

    def optimiser(self) -> torch.optim.Optimizer:
        return OPTIMISERS[self.config.optimiser](self.model.parameters(), self.config.rate)

    def rate(self) -> float:
        c = self.config
        return c.rate * min(1.0, (self.at + 1) / WARM) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, self.at / c.steps))))

    def losses(self, draw: torch.Generator) -> Losses:
        which, row = divmod(self.at, BLOCK)
        if self.block != which or self.batches is None:
            if self.block >= 0 or self.at % BLOCK == 0:  # and not in the middle of a block that a state was saved in
                self.drawn_from = {"drawn.history": self.history.clone(), "drawn.seen": self.seen.clone()}
            self.block, self.batches = which, self.drawn(which)
        b = self.batches
        each = self.model.loss(b.z[row], Frame(*(part[row] for part in b.frame)), b.wanted[row], b.label[row])
        return Losses(each, b.weight[row], b.level[row])

    def drawn(self, block: int) -> Batches:
        """The batches of a block."""
        c, rng = self.config, self._stream(self.config, f"block {block}")
        draw = torch.Generator().manual_seed(c.seed * 1_000_003 + block)
        n, d, parts = BLOCK * c.batch, self.law.dim, len(c.process.parts)
        if self.pool is None:
            x0, which = self.law.draw(n, rng)
        else:
            pick = torch.randint(c.points, (n,), generator=draw)
            x0, which = (part[pick] for part in self.pool)
        x0 = self.augmented(x0, draw)
        level, weight = self.levels(draw, n, *self.drawn_from.values())
        if c.stratified and not bool((weight != 1).any()):
            shift = torch.rand(BLOCK, 1, generator=draw)
            level = ((torch.arange(c.batch) / c.batch + shift) % 1).flatten().clamp(1e-6, 1 - 1e-6)
        t = clock_of(c.process, c.times, self.sigma_data, level.double())
        noise = c.process.kernel.unit((n, parts + 1, d), rng)
        z, wanted = pairs(self.regression, x0, t, noise)
        label = torch.zeros(n, dtype=torch.long)
        if c.classes:
            known = self.law.labels.tolist()
            label = torch.searchsorted(self.law.labels, which)
            label = torch.where(torch.rand(n, generator=draw) < c.drop, len(known), label)
        cut = (BLOCK, c.batch)
        return Batches(
            z.float().unflatten(0, cut).to(self.device),
            wanted.float().unflatten(0, cut).to(self.device),
            Frame(*(part.float().unflatten(0, cut).to(self.device) for part in self.regression.at(t))),
            level.unflatten(0, cut),
            weight.unflatten(0, cut).to(self.device),
            label.unflatten(0, cut).to(self.device),
        )

    def augmented(self, x0: Tensor, draw: torch.Generator) -> Tensor:
        """Points (n, d) mirrored or rotated, as the settings say."""
        if self.config.mirror:
            sign = torch.where(torch.rand(len(x0), generator=draw) < 0.5, -1.0, 1.0).to(x0)
            x0 = torch.cat([x0[:, :1] * sign[:, None], x0[:, 1:]], 1)
        if self.config.rotate:
            angle = 2 * math.pi * torch.rand(len(x0), generator=draw).to(x0)
            c, s = angle.cos(), angle.sin()
            x0 = torch.cat([torch.stack([c * x0[:, 0] - s * x0[:, 1], s * x0[:, 0] + c * x0[:, 1]], 1), x0[:, 2:]], 1)
        return x0

    def also(self) -> dict[str, Tensor]:
        return self.drawn_from

    def restore(self, tensors: dict[str, Tensor]) -> None:
        self.drawn_from = {name: tensors[name] for name in ("drawn.history", "drawn.seen") if name in tensors}

    def remedy(self) -> str:
        return f"a learning rate below {self.config.rate:g}, or clipping below {self.config.clip:g}; the checkpoint before is kept"

    def facts(self) -> Record:
        return {"sigma_data": self.sigma_data, "loss": self.mean}

    def check_facts(self, told: Record, folder: Path) -> None:
        """Data are part of the settings: there is nothing to check, but the loss to be told again."""
        loss = told.get("loss")
        self.mean = loss if isinstance(loss, float) else math.nan

    def completed(self, config: object) -> Record:
        return Training.from_dict(config).told() if is_record(config) else {}

    def checkpoint(self, exam: Exam) -> Checkpoint:
        kept = {k: v.detach().cpu().clone() for k, v in self.average.items()}
        return Checkpoint(self.config, self.at, self.seconds, self.mean, self.norm, self.sigma_data, kept, exam.of(self.averaged()))


def train(settings: Training, every: int | None = None, folder: Path | None = None, device: str = "cpu") -> Iterator[Checkpoint]:
    """Trains, and yields a checkpoint every so many steps (left out: about fifty in all, the first after the first step) and at the end.

    ``folder``: where a state is kept with each checkpoint, from which the same call goes on, bit for bit. Raises BadValue naming what is wrong; a loss that is no finite number ends it, naming the step,
    and what was yielded before is good.
    """
    learner = ToyLearner(settings, device)
    if folder is not None:
        learner.resume(folder)
    exam = Exam(learner.regression, learner.law, settings.seed)
    every = every or max(1, settings.steps // 50)
    losses: list[float] = []
    if learner.at >= settings.steps:  # the end was there already
        yield learner.checkpoint(exam)
    while learner.at < settings.steps:
        losses.append(learner.step())
        if learner.at % every == 0 or learner.at in (1, settings.steps):
            learner.mean = sum(losses) / len(losses)
            losses.clear()
            if folder is not None:
                learner.save(folder)
            yield learner.checkpoint(exam)
