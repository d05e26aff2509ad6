"""What predicts, and a predictor that a caller brought: whatever can be asked for x̂_0 becomes a Predictor, and says in words what does not fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, cast

import torch
from torch import Tensor

from .fields import BadValue
from .process import LinearProcess, Process, ScalarProcess


class Prediction(NamedTuple):
    """What a model says of z_t; None is what it does not know.

    x0_hat: E[x_0 | z_t], (batch, *event). velocity: dz/dt of the probability flow, (batch, *state), where x0_hat does not determine it.
    score: ∇ log p_t(z_t), (batch, *state), where there is no mean to tell it (a circle). probabilities: p(x_0 = k | z_t) of symbols, (batch, *event, K).
    """

    x0_hat: Tensor | None = None
    velocity: Tensor | None = None
    score: Tensor | None = None
    probabilities: Tensor | None = None

    @property
    def mean(self) -> Tensor:
        """x0_hat. Raises BadValue where the model has none."""
        if self.x0_hat is None:
            raise BadValue("predictor", "no x̂_0", "a model that predicts E[x_0 | z_t]")
        return self.x0_hat


class Predictor(Protocol):
    """Canonical content: x0_hat = E[x_0 | z_t]; every other parameterisation is a conversion, written once in Problem.

    What else may be asked of one, and the answers of a model that knows no more, are ``BasePredictor``'s.
    """

    @property
    def gives(self) -> frozenset[str]:
        """What it offers beyond a process's caps: "mean" (x̂_0), "score", "probabilities", "mixture" (the exact law), "classes", "text"."""
        ...

    def __call__(self, z_t: Tensor, t: float) -> Prediction: ...


Brought = Predictor | Callable[[Tensor, float], Tensor | Prediction]
"""A model of one's own: a Predictor, or any function or module z_t, t ↦ x̂_0 (or a Prediction, with the velocity)."""
WANTED = "a function or module (z_t, t) → x̂_0 = E[x_0 | z_t]"


class BasePredictor:
    """A predictor with all that may be asked of one, answered as a model does that knows nothing but its mean. Ours have it as a base."""

    gives: frozenset[str] = frozenset({"mean"})
    state_dim: int | None = None
    """How many numbers a state has, where only such states fit."""
    knows_score: bool = False
    """Is ``exact_score`` there?"""
    knows_density: bool = False
    """Is ``log_prob`` there?"""

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        """What it says of z_t (batch, *state) at time t."""
        raise NotImplementedError

    @property
    def called(self) -> str:
        """Its name in messages."""
        return type(self).__name__

    def cost(self, t: float) -> int:
        """Models asked in one call at time t."""
        return 1

    def prepare(self, times: list[float]) -> None:
        """Makes tables, if it keeps any, for times that are about to be asked for."""

    def exact_score(self, z_t: Tensor, t: float) -> Tensor:
        """∇ log p_t, (batch, *state), without the cancellation of z − ψ x̂_0 near the data."""
        raise NotImplementedError

    def log_prob(self, z_t: Tensor, t: float) -> Tensor:
        """ln p_t at states (batch, *state), (batch,)."""
        raise NotImplementedError

    def only(self, label: int) -> BasePredictor:
        """The predictor of one class. Raises BadValue where it has none beside itself."""
        raise self.lacks("only(label), which guidance by a class needs")

    def weaker(self, inflate: float) -> BasePredictor:
        """A predictor of the same data that knows them less well. Raises BadValue where there is none."""
        raise self.lacks("weaker(inflate), which autoguidance needs")

    def told(self, words: str) -> BasePredictor:
        """The predictor under a prompt. Raises BadValue where it knows no words."""
        raise self.lacks("told(words), which guidance by a prompt needs")

    def turns(self, labels: Sequence[int]) -> BasePredictor:
        """Of a batch whose point i is of class ``labels[i mod K]``."""
        return Turns([self.only(label) for label in labels])

    def note(self, times: list[float]) -> str:
        """What to say of x̂_0 in a run at these times, '' if nothing."""
        return ""

    def lacks(self, what: str) -> BadValue:
        return BadValue("predictor", self.called, f"one with {what}, or guidance=NoGuidance()")


class Turns(BasePredictor):
    """Rows i, i + K, i + 2K, … of a batch are predicted by model i: one evaluation of every row."""

    def __init__(self, models: Sequence[BasePredictor]):
        self.models = models

    def prepare(self, times: list[float]) -> None:
        for model in self.models:
            model.prepare(times)

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        turns = len(self.models)
        parts = [model(z_t[i::turns], t).mean for i, model in enumerate(self.models) if i < len(z_t)]
        x0 = torch.empty((len(z_t), *parts[0].shape[1:]), dtype=parts[0].dtype, device=parts[0].device)
        for i, part in enumerate(parts):
            x0[i::turns] = part
        return Prediction(x0)


class Plain(BasePredictor):
    """A caller's predictor, which may lack what is optional."""

    def __init__(self, predictor: Brought):
        self._predictor = predictor
        self.gives = frozenset(getattr(predictor, "gives", {"mean"}))
        size = getattr(predictor, "state_dim", None)
        self.state_dim = size if isinstance(size, int) else None
        knows = callable(getattr(predictor, "exact_score", None))
        told = callable(getattr(predictor, "log_prob", None))
        self.knows_density = bool(getattr(predictor, "knows_density", told))
        self.knows_score = bool(getattr(predictor, "knows_score", knows))

    @property
    def called(self) -> str:
        return getattr(self._predictor, "__name__", type(self._predictor).__name__)

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._predictor, name)

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        told = self._predictor(z_t, t)
        return Prediction(told) if isinstance(told, Tensor) else told

    def cost(self, t: float) -> int:
        make = getattr(self._predictor, "cost", None)
        return 1 if make is None else make(t)

    def prepare(self, times: list[float]) -> None:
        if make := getattr(self._predictor, "prepare", None):
            make(times)

    def exact_score(self, z_t: Tensor, t: float) -> Tensor:
        return getattr(self._predictor, "exact_score")(z_t, t)  # noqa: B009 - a predictor need not have it

    def log_prob(self, z_t: Tensor, t: float) -> Tensor:
        return getattr(self._predictor, "log_prob")(z_t, t)  # noqa: B009 - a predictor need not have it

    def only(self, label: int) -> BasePredictor:
        make = getattr(self._predictor, "only", None)
        return self._beside(make(label)) if make else super().only(label)

    def weaker(self, inflate: float) -> BasePredictor:
        make = getattr(self._predictor, "weaker", None)
        return self._beside(make(inflate)) if make else super().weaker(inflate)

    def told(self, words: str) -> BasePredictor:
        make = getattr(self._predictor, "told", None)
        return self._beside(make(words)) if make else super().told(words)

    def turns(self, labels: Sequence[int]) -> BasePredictor:
        make = getattr(self._predictor, "turns", None)  # one evaluation for all classes
        return self._beside(make(labels)) if make else super().turns(labels)

    def _beside(self, other: Brought) -> BasePredictor:
        """Another model of the same caller."""
        return Plain(other)


def complete(predictor: Predictor) -> BasePredictor:
    """A predictor with all that may be asked of one."""
    return predictor if isinstance(predictor, BasePredictor) else Plain(predictor)


def given_predictor(predictor: object, process: Process, event: tuple[int, ...]) -> BasePredictor:
    """The caller's predictor, checked as far as that is possible before it is asked.

    Args:
        predictor: a Predictor, or any function or module that takes z_t (batch, *state) and the time t and returns x̂_0 (batch, *event) as a
            tensor, or a Prediction (x0_hat, velocity), the velocity (batch, *state) where x̂_0 does not determine it.
        event: the shape of one data point.
    Raises: BadValue.
    """
    state = process.state_shape(1, event)[1:]
    own = getattr(predictor, "state_dim", None)
    if isinstance(own, int) and own != math.prod(state):
        raise BadValue("predictor", f"a model of states of {own} numbers", f"one of states {state}")
    if "mixture" in getattr(predictor, "gives", ()):
        return complete(cast("Predictor", predictor))  # the exact model: samplers that need its law look into it
    if isinstance(predictor, type) or not callable(predictor):
        name = predictor.__name__ if isinstance(predictor, type) else predictor
        raise BadValue("predictor", name, WANTED + (", not a class: make one of it" if isinstance(predictor, type) else ""))
    return Given(cast("Brought", predictor), process, event)


class Given(Plain):
    """A caller's predictor whose answers are checked: shape (batch, *event), never broadcast."""

    def __init__(self, predictor: Brought, process: Process, event: tuple[int, ...]):
        super().__init__(predictor)
        self._process, self._event = process, event

    def _beside(self, other: Brought) -> BasePredictor:
        return given_predictor(other, self._process, self._event)

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        told = self._predictor(z_t, t)
        parts = (told, None) if isinstance(told, Tensor) else (getattr(told, "x0_hat", None), getattr(told, "velocity", None))
        x0, velocity = parts
        if not isinstance(x0, Tensor):
            raise BadValue("predictor", f"returned {_kind(told)}", "a tensor x̂_0, or a Prediction(x0_hat, velocity)")
        wanted = (len(z_t), *self._event)
        if tuple(x0.shape) != wanted:
            raise BadValue("predictor", f"returned x̂_0 of shape {tuple(x0.shape)}", f"shape {wanted}: (particles, *event), never broadcast")
        if velocity is None and not isinstance(self._process, (ScalarProcess, LinearProcess)):
            title = self._process.info.title
            raise BadValue("predictor", "returned x̂_0 only", f"Prediction(x0_hat, velocity): under {title} x̂_0 does not tell the velocity")
        if velocity is not None and (not isinstance(velocity, Tensor) or velocity.shape != z_t.shape):
            shape = tuple(getattr(velocity, "shape", ()))
            raise BadValue("predictor", f"returned a velocity of shape {shape}", f"the state's shape {tuple(z_t.shape)}")
        return Prediction(x0.to(z_t.device, z_t.dtype), velocity)


def _kind(told: object) -> str:
    return "nothing" if told is None else f"a {type(told).__name__}"
