"""A predictor that a caller brought: whatever can be asked for x̂_0 becomes a Predictor, and says in words what does not fit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from torch import Tensor

from .fields import BadValue
from .problem import Prediction, Predictor
from .process import LinearProcess, Process, ScalarProcess

Brought = Predictor | Callable[[Tensor, float], Tensor | Prediction]
"""A model of one's own: a Predictor, or any function or module z_t, t ↦ x̂_0 (or a Prediction, with the velocity)."""
WANTED = "a function or module (z_t, t) → x̂_0 = E[x_0 | z_t]"


def given_predictor(predictor: Any, process: Process, event: tuple[int, ...]) -> Any:
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
        return predictor  # the exact model: samplers that need its law look into it
    if isinstance(predictor, type) or not callable(predictor):
        name = predictor.__name__ if isinstance(predictor, type) else predictor
        raise BadValue("predictor", name, WANTED + (", not a class: make one of it" if isinstance(predictor, type) else ""))
    return Given(predictor, process, event)


class Given:
    """A caller's predictor whose answers are checked: shape (batch, *event), never broadcast."""

    def __init__(self, predictor: Any, process: Process, event: tuple[int, ...]):
        self._predictor, self._process, self._event = predictor, process, event
        self.called: str = getattr(predictor, "__name__", type(predictor).__name__)
        self.gives: frozenset[str] = frozenset(getattr(predictor, "gives", {"mean"}))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self._predictor, name)
        if name in ("only", "told", "weaker"):  # other models of the same caller
            return lambda *args: given_predictor(found(*args), self._process, self._event)
        return found

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


def _kind(told: Any) -> str:
    return "nothing" if told is None else f"a {type(told).__name__}"
