"""Image models as data: what a trained denoiser knows of a distribution stands where a mixture stands for the toys."""

from __future__ import annotations

import functools
import math
from typing import Any

import torch
from torch import Tensor

from playground.core.fields import BadValue
from playground.core.process import LinearProcess, Process
from toy_models.networks.checkpoint import load_model, load_network, models, own_process, read_card
from toy_models.networks.denoiser import NetworkPredictor


class ImageModel:
    """A trained model by name, of all classes or of one (``only``). ``event`` is the image's shape, ``labels`` its classes."""

    components = 1  # for the engine's account of work: one evaluation a particle and call

    def __init__(self, name: str, label: int | None = None):
        card = read_card(name)
        if "event" not in card:
            raise BadValue("data", name, "a model that makes images")
        self.name, self.label = name, label
        self.event: tuple[int, ...] = tuple(card["event"])
        self.dim = math.prod(self.event)
        self.labels = torch.arange(card["network"]["classes"])
        self.title = str(card.get("title", name))
        self.process = own_process(card)  # the only one that it serves, or None

    def refuses(self, slot: str, choice: Any) -> str:
        """Why a choice of an Experiment cannot be made with a trained model, '' if it can."""
        if slot == "process" and self.process is not None and choice != self.process:
            numbers = ", ".join(f"{k} {v:g}" for k, v in self.process.to_dict().items() if isinstance(v, float))
            return f"network saw one process in training and knows no other: {self.process.info.title} with {numbers}"
        if slot == "process" and "linear" not in choice.caps:
            return "needs data with a closed form; a trained denoiser serves processes with a Gaussian kernel"
        if slot == "sampler" and "mixture" in choice.needs:
            return "needs the exact mixture model, and this one is learned"
        if slot == "grid" and choice.info.key == "Auto":
            return "measures errors against the exact model, and this one is learned"
        if slot == "guidance" and choice.info.key in ("Classifier", "Autoguidance"):
            return "needs the exact mixture model, and this one is learned"
        if slot == "mode" and choice == "forward":
            return "a trained model has no data of its own to noise"
        if slot == "start" and choice != "prior":
            return "the law of a learned model is not known"
        return ""

    def only(self, label: int) -> ImageModel:
        return ImageModel(self.name, label)

    def oracle(self, process: Process) -> ImageOracle:
        """The model as predictor of a process. Raises BadValue for processes whose kernel is not linear and Gaussian."""
        if not isinstance(process, LinearProcess) or "linear" not in process.caps:
            raise BadValue("process", process.info.key, "a process with a Gaussian kernel: VP, sub-VP, VE, EDM, a path or CLD")
        return ImageOracle(self, process)


class ImageOracle(NetworkPredictor):
    """The learned predictor in the place where the toys have their exact one: it has no law, so ``marginal`` says so."""

    def __init__(self, data: ImageModel, process: LinearProcess):
        super().__init__(process, denoiser(data.name), data.label)
        self.data, self.event, self.dim = data, data.event, data.dim

    def __call__(self, z_t: Tensor, t: float) -> Any:
        model = self.denoiser
        if next(model.parameters()).device != z_t.device:
            model.to(z_t.device)
        told = super().__call__(z_t.float(), t)
        return told._replace(x0_hat=told.x0_hat.to(z_t.dtype))

    def rms(self, times: Tensor) -> Tensor:
        """Root mean square norm of z_t for data of pixels in [−1, 1] that are ±1: an upper bound, to tell a run that diverged."""
        psi, cov = self.process.mean_and_cov(times)
        return (self.dim * (psi.square().sum(-1) + cov.diagonal(dim1=-2, dim2=-1).sum(-1))).sqrt()

    def marginal(self, t: float) -> Any:
        raise BadValue("start", "exact or gaussian", "prior: the law of a learned model is not known")


@functools.lru_cache(maxsize=4)
def denoiser(name: str) -> Any:
    """The network of a model, loaded once."""
    return load_model(name)


@functools.lru_cache(maxsize=4)
def _classifier(name: str) -> Any:
    return load_network(name)


def classify(name: str, images: Tensor) -> Tensor | None:
    """Class of each image (n, *event) of the model ``name``, (n,), by the classifier on its card; None if it names none."""
    judge = read_card(name).get("classifier") if name in models() else None
    if not judge:
        return None
    with torch.no_grad():
        return torch.cat([_classifier(judge)(part).argmax(1) for part in images.float().cpu().clamp(-1, 1).split(256)])
