from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from playground.core.exact import ExactLinear
from playground.core.fields import integer, slider, unless
from playground.core.guidance import Guidance, interval, off_at, on_from
from playground.core.mixture import GaussianMixture
from playground.core.model import Model
from playground.core.placed import Placed, Shelf, Stacked
from playground.core.predictor import BasePredictor, Prediction
from playground.core.process import Process
from playground.core.spec import Info


@dataclass(frozen=True)
class Classifier(Guidance):
    """score = s_u + W ∇ log p_t(c | z): an unconditional model and the gradient of a noisy classifier, here the exact one, p_t(c | z) = Σ_{k∈c} r_k(z).

    With the exact classifier this is classifier-free guidance with the same W. One call is a model and a classifier: counted as two; outside of
    the interval the model alone, unconditional. Dhariwal & Nichol 2021, 2105.05233.
    """

    info = Info(
        "Classifier",
        "classifier",
        "follows the gradient of a classifier that knows noisy points",
        "Dhariwal & Nichol 2021",
        "2105.05233",
        rank=30,
        needs=frozenset({"linear", "components"}),
    )
    formula = r"s = s_\varnothing + W\,\nabla_x \log p_t(c\mid x)"
    label: int = integer(0, 0, 24, label="class", help="which class, counted from 0", when=unless("weight", 0))
    weight: float = slider(2.0, 0.0, 15.0, 0.1, label="W weight", help="strength of the classifier's gradient; 1: the condition itself")  # pyright: ignore[reportIncompatibleMethodOverride] - a field in the place of a constant
    start: float = on_from(0)
    stop: float = off_at(0)

    @property
    def asks(self) -> int:
        return self.label

    def pair(self, data: GaussianMixture) -> tuple[GaussianMixture, GaussianMixture]:
        """p(x | c) and p(x): p(x | c)^W p(x)^{1−W} ∝ p(x) p(c | x)^W."""
        return data.only(self.label), data

    def guide(self, predictor: BasePredictor, model: Model, process: Process) -> BasePredictor:
        """Around any model of all classes: the classifier stays the exact one of ``model``."""
        exact = cast("ExactLinear", predictor if "mixture" in predictor.gives else model.predictor(process))  # what ``needs`` has promised
        return ClassifierGuided(exact, self.label, self.weight, interval(process, self.start, self.stop), predictor)


class ClassifierGuided(BasePredictor):
    """A model of all classes (the unconditional oracle, unless ``model`` is another) and the exact noisy classifier of the oracle's densities."""

    def __init__(self, oracle: ExactLinear, label: int, weight: float, active: Callable[[float], bool], model: BasePredictor | None = None):
        self.asked = oracle if model is None else model
        self.oracle, self.process, self.weight, self.active = oracle, oracle.process, weight, active
        self.outside = Placed(oracle.data.labels != label)
        self._pulls: Shelf[float] = Shelf()

    def cost(self, t: float) -> int:
        """Models asked in one call at time t: the classifier counts as one."""
        return 2 if self.weight != 0 and self.active(t) else 1

    def prepare(self, times: list[float]) -> None:
        self._pulls.expect([t for t in times if t > 0])
        self.oracle.prepare(times)
        if self.asked is not self.oracle:
            self.asked.prepare(times)

    def log_class(self, z: Tensor, t: float) -> Tensor:
        """log p_t(c | z), (batch,)."""
        parts = self.oracle.component_log_prob(z, t)
        (outside,) = self.outside.on(z.device)
        return torch.logsumexp(parts.masked_fill(outside, -torch.inf), -1) - torch.logsumexp(parts, -1)

    def gradient(self, z: Tensor, t: float) -> Tensor:
        """∇_z log p_t(c | z) = Σ_k (r_k^c − r_k) ∇ log N_k, the state's shape; r^c are the responsibilities inside the class."""
        parts = self.oracle.component_log_prob(z, t)
        (outside,) = self.outside.on(z.device)
        gap = torch.softmax(parts.masked_fill(outside, -torch.inf), -1) - torch.softmax(parts, -1)
        return self.oracle.slope(z, t, gap)

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        x0 = self.asked(z_t, t).mean
        if self.cost(t) == 1:
            return Prediction(x0)
        (pull,) = self._pulls.get(t, z_t, lambda times: Stacked([torch.stack([self._pull(u) for u in times])]))
        g = self.process.split(self.gradient(z_t, t))
        return Prediction(x0 + self.weight * torch.einsum("b,nb...->n...", pull, g))

    def _pull(self, t: float) -> Tensor:
        """Σψ/|ψ|², (k,): score = −Σ⁻¹(z − ψ x̂_0), so that a change of the score by g is a change of x̂_0 by ψᵀΣ g/|ψ|²."""
        k = self.process.kernel.at(t)
        return k.cov @ k.psi / k.psi.square().sum()
