"""Image models as data: what denoises images of a distribution stands where a mixture stands for the toys.

``ImageModel`` is all that the engine and the page know of one; it is trained (a network and its card) or training-free (a set of images and
an exact denoiser of it).
"""

from __future__ import annotations

import functools
import logging
import math
import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.guidance import Turns
from playground.core.problem import Prediction
from playground.core.process import LinearProcess, Process
from toy_models.laws.image_sets import DIGITS, OWN, ImageSet, facts_of, image_set, told_classes
from toy_models.models.free import KINDS, Wiener, free_denoiser, tip_of
from toy_models.networks.checkpoint import load_model, load_network, models, own_process, read_card
from toy_models.networks.denoiser import NetworkPredictor, StatisticPredictor

log = logging.getLogger("playground")
# prefix of a name → what makes the image model of a name that starts with it: filled by packages above this one
SOURCES: dict[str, Callable[[str], Any]] = {}
CHUNK = 32  # images that a CPU's network sees at once: its layers stay in the cache, and memory does not grow with the batch


class ImageModel:
    """A model that makes images, by name, of all classes or of one (``label``, see ``only``).

    event: an image's (channels, height, width). labels: its classes, (0,) if it knows none. process: the only one that it serves, or None.
    title, tip, hint: what the page says of it. noun: what it is, in the words of its refusals. set: the image set behind it, '' if unknown.
    """

    components = 1  # for the engine's account of work: one evaluation a particle and call
    lost = 1.5  # times ``rms``: what is larger cannot become a picture
    noun = "an image model"
    process: Process | None = None
    event: tuple[int, ...]
    labels: Tensor
    title: str
    tip: str
    hint: str
    set: str = ""

    def __init__(self, name: str, label: int | Tensor | None = None):
        self.name, self.label = name, label

    @property
    def dim(self) -> int:
        return math.prod(self.event)

    @property
    def gives(self) -> frozenset[str]:
        """What it offers to samplers, grids and guidance (core/legal.py): E[x_0 | z_t], of each class if it knows more than one."""
        return frozenset({"mean", "classes"} if len(self.labels) > 1 else {"mean"})

    def unserved(self, process: Process) -> str:
        """Why it cannot predict under a process, '' if it can: words that go on after the process's title."""
        if self.process is not None and process != self.process:
            numbers = ", ".join(f"{k} {v:g}" for k, v in self.process.to_dict().items() if isinstance(v, float))
            return f"differs from the only process that this network was trained for, {self.process.info.title} with {numbers}"
        if "linear" not in process.caps:
            return f"needs data with a closed form; {self.noun} serves processes with a Gaussian kernel"
        return ""

    def only(self, label: int) -> ImageModel:
        return type(self)(self.name, label)

    def oracle(self, process: Process) -> ImageOracle:
        """The model as predictor of a process. Raises BadValue for processes whose kernel is not linear and Gaussian."""
        if not isinstance(process, LinearProcess):
            raise BadValue("process", process.info.key, "a process with a Gaussian kernel: VP, sub-VP, VE, EDM, a path or CLD")
        return self._predictor(process)

    def turns(self, process: Process) -> Any:
        """Predictor of a batch whose image i is of class i mod K."""
        return Turns([self.only(int(label)).oracle(process) for label in self.labels])

    def _predictor(self, process: LinearProcess) -> ImageOracle:
        raise NotImplementedError


class ImageOracle(StatisticPredictor):
    """The model's predictor in the place where the toys have their exact one: it has no law, so ``marginal`` says so."""

    data: ImageModel

    @property
    def event(self) -> tuple[int, ...]:
        return self.data.event

    @property
    def dim(self) -> int:
        return self.data.dim

    def only(self, label: int) -> ImageOracle:
        """The model of one class."""
        return self.data.only(label).oracle(self.process)

    def turns(self) -> Any:
        """The model of a batch whose image i is of class i mod K."""
        return self.data.turns(self.process)

    def rms(self, times: Tensor) -> Tensor:
        """Root mean square norm of the data part of z_t for pixels that are ±1: an upper bound, to tell a run that diverged."""
        psi, cov = self.process.mean_and_cov(times)
        return (self.dim * (psi[..., 0].square() + cov[..., 0, 0])).sqrt()

    def marginal(self, t: float) -> Any:
        raise BadValue("start", "exact or gaussian", f"prior: {self.data.noun} does not give the law of the noised data")


# -- trained -----------------------------------------------------------------------------------------------------------------------


class TrainedModel(ImageModel):
    """A network and its card in assets/models; ``label`` may be classes in turn. Raises BadValue if the card cannot be used, or is not of a model
    that makes images."""

    noun = "a trained denoiser"

    def __init__(self, name: str, label: int | Tensor | None = None):
        super().__init__(name, label)
        card = read_card(name)
        if "event" not in card:
            raise BadValue("data", name, "a model that makes images")
        self.event = tuple(card["event"])
        self.labels = torch.arange(card["network"]["classes"])
        self.process = own_process(card)
        told = card.get("training", {})
        self.most = (
            math.exp(told["sigma_mean"] + 4 * told["sigma_std"]) if {"sigma_mean", "sigma_std"} <= set(told) else math.inf
        )  # σ in training
        self.set = card.get("set", "")
        self.title = card.get("title", name)
        size = f"A network of {card['parameters']:,} weights" if "parameters" in card else "A network"
        self.hint = f"{card['architecture']} · {card['parameters'] / 1000:,.0f} k" if "parameters" in card else card["architecture"]
        self.tip = f"{size} trained on {card.get('data', 'images')}; its samples have no exact law to be compared with."

    def turns(self, process: Process) -> Any:
        """One network for all classes: one evaluation of the batch."""
        return type(self)(self.name, self.labels).oracle(process)

    def _predictor(self, process: LinearProcess) -> ImageOracle:
        return TrainedOracle(self, process)


class TrainedOracle(NetworkPredictor, ImageOracle):
    """A network, which computes in float32 on the states' device."""

    data: TrainedModel

    def __init__(self, data: TrainedModel, process: LinearProcess):
        super().__init__(process, denoiser(data.name), data.label)
        self.data = data

    def __call__(self, z_t: Tensor, t: float) -> Any:
        model = self.denoiser
        if next(model.parameters()).device != z_t.device:
            model.to(z_t.device)
        size = CHUNK if z_t.device.type == "cpu" else 16 * CHUNK
        parts = zip(z_t.split(size), self.labels(len(z_t), z_t.device).split(size), strict=True)
        return Prediction(torch.cat([self.x0(part.float(), t, label) for part, label in parts]).to(z_t.dtype))

    def note(self, times: list[float]) -> str:
        """What to say of x̂_0 in a run at these times, '' if nothing."""
        if self.data.process is not None:
            return "near t = T x̂₀ is a small difference of large numbers: there the score is well known and x̂₀ is not"
        k = self.process.kernel.at(max(times))
        most = float(k.psi @ k.precision @ k.psi) ** -0.5  # τ, which is σ/α for scalar processes
        return f"σ above {self.data.most:.0f} was hardly seen in training (this run starts at {most:.0f})" if most > self.data.most else ""


@functools.lru_cache(maxsize=4)
def denoiser(name: str) -> Any:
    """The network of a model, loaded once. Channels lie last in memory: convolutions take two thirds of the time."""
    return load_model(name).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


# -- training-free -----------------------------------------------------------------------------------------------------------------


class FreeModel(ImageModel):
    """A set of images with an exact denoiser of it: '<set>-<kind>'. Raises BadValue if there is no such set or kind."""

    def __init__(self, name: str, label: int | None = None):
        super().__init__(name, label)
        self.set, _, self.kind = name.rpartition("-")
        if self.kind not in KINDS:
            first = name.partition("-")[0]
            base = first if re.fullmatch(OWN + "[0-9a-f]{8}", first) else f"{OWN}1a2b3c4d"
            words = "a set's name and a denoiser of it, such as " if base != first else ""
            raise BadValue("data", name[:60], words + ", ".join(f"{base}-{kind}" for kind in KINDS))
        facts, kind = facts_of(self.set), KINDS[self.kind]
        self.event, self.labels = facts.event, torch.arange(facts.classes)
        self.noun = "a training-free denoiser"
        self.title, self.hint = f"{facts.title} · {kind.word}", "no training"
        of = told_classes(facts.names)
        self.tip = f"No network: {tip_of(self.kind, facts.event, facts.count)} {facts.count:,} images.{' Classes' + of + '.' if of else ''}"

    def gaussian(self) -> Any:
        """The exact law of a Wiener model's images, a Gaussian; None for the other kinds."""
        denoise = free_denoiser(self.set, self.kind, self.label)
        return denoise.gaussian() if isinstance(denoise, Wiener) else None

    def _predictor(self, process: LinearProcess) -> ImageOracle:
        return FreeOracle(self, process)


class FreeOracle(ImageOracle):
    """D(y, τ) of a set at the statistic of z_t."""

    def __init__(self, data: FreeModel, process: LinearProcess):
        super().__init__(process)
        self.data, self.denoise = data, free_denoiser(data.set, data.kind, data.label)

    def __call__(self, z_t: Tensor, t: float) -> Any:
        y, tau = self.statistic(z_t, t)
        return Prediction(self.denoise(y, tau))


# -- by name -----------------------------------------------------------------------------------------------------------------------


def image_model(name: str) -> ImageModel | None:
    """The model of a name, None if the name is not of an image model. Raises BadValue if it is one that cannot be used here."""
    for prefix, make in SOURCES.items():
        if name.startswith(prefix):
            return make(name)
    if name in models():
        return TrainedModel(name) if "event" in read_card(name) else None
    if name.startswith(OWN) or name in [f"{DIGITS.name}-{kind}" for kind in KINDS]:
        return FreeModel(name)
    return None


def siblings(model: ImageModel) -> list[str]:
    """Names of the training-free denoisers of the same set, none if it has no set."""
    return [f"{model.set}-{kind}" for kind in KINDS] if model.set else []


def nearest(images: ImageSet, x: Tensor) -> tuple[Tensor, Tensor]:
    """The image of the set nearest to each of x (n, *event), and its distance, a root mean square over pixels (n,)."""
    known, asked = images.x.flatten(1).double(), torch.nan_to_num(x.flatten(1).double().cpu())
    which = torch.cat([torch.cdist(part, known).argmin(1) for part in asked.split(256)])
    return images.x[which], (known[which] - asked).square().mean(1).sqrt()


def nearest_label(images: ImageSet, x: Tensor) -> Tensor:
    """The label of the image of a labelled set that is nearest to each of x (n, *event): (n,)."""
    assert images.labels is not None
    asked = torch.nan_to_num(x.flatten(1).float().cpu())
    far, which = torch.full((len(asked),), math.inf), torch.zeros(len(asked), dtype=torch.long)
    for start, part in enumerate(images.x.flatten(1).split(2048)):
        least, at = torch.cdist(asked, part).min(1)
        far, which = torch.minimum(far, least), torch.where(least < far, start * 2048 + at, which)
    return images.labels[which]


@functools.lru_cache(maxsize=64)
def spacing(name: str, label: int | None = None) -> float:
    """The median over a set's images, or those of one class, of the distance to the nearest other one, a root mean square over pixels; of 1,000
    evenly spaced ones."""
    known = (image_set(name) if label is None else image_set(name).only(label)).x.flatten(1)
    asked = (torch.arange(min(1000, len(known))) * len(known)) // min(1000, len(known))
    far = []
    for part in asked.split(250):
        square = torch.cdist(known[part], known)
        square[torch.arange(len(part)), part] = math.inf
        far.append(square.amin(1))
    median = float(torch.cat(far).median()) / math.sqrt(known.shape[1])
    return median if math.isfinite(median) else 0.0  # one image has no neighbour


@functools.cache
def left_out(why: str) -> None:
    """One line in the log for a model that cannot be used, once."""
    log.warning("left out: %s", why)


@functools.lru_cache(maxsize=4)
def _classifier(name: str) -> Any:
    try:
        return load_network(name)
    except BadValue as error:
        left_out(str(error))
        return None


def classify(name: str, images: Tensor) -> Tensor | None:
    """Class of each image (n, *event) of the model ``name``, (n,), by the classifier on its card; None if it names none that can be used."""
    judge = read_card(name).get("classifier") if name in models() else None
    network = _classifier(judge) if judge else None
    if network is None:
        return None
    with torch.no_grad():
        return torch.cat([network(part).argmax(1) for part in images.float().cpu().clamp(-1, 1).split(256)])
