"""What one does with an image model beside sampling: edit, encode, mix, sweep. Each is a run of the engine from another start."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Number, numbers
from playground.core.legal import require
from playground.core.mixture import GaussianMixture
from playground.core.model import Model
from playground.core.problem import Predictor
from playground.core.process import t64
from playground.core.rng import Rng
from playground.core.spec import Spec, params, specs_in
from playground.engine import DTYPES, Run, check_law
from playground.images.inpaint import check_image

STRENGTH = numbers(Experiment)["start_at"]
Chosen = TypeVar("Chosen", bound=Experiment | Spec)
NOT_SWEPT = {"particles", "seed", "dtype"}


def sdedit(
    exp: Experiment,
    image: Tensor,
    strength: float,
    *,
    data: GaussianMixture | Model | None = None,
    predictor: Predictor | None = None,
    max_frames: int | None = None,
) -> Run:
    """``exp.particles`` edits of a guide: noised to t_0 = unclock(strength) by p(z_t0 | x_0), sampled from there.

    Args: image (*event); strength from 0.05 to 1 of the clock: little keeps the guide, 1 keeps nothing but its low-frequency rest in p_T.
    Every number of particles sees the same noise first. Meng et al. 2021, 2108.01073.
    """
    strength = STRENGTH.clean("strength", strength)
    require(frozenset({"linear"}), exp)
    image, event = torch.as_tensor(image), check_law(data, exp).law.space.shape
    check_image("image", image, event)
    rng = Rng(exp.seed, dtype=DTYPES[exp.dtype]).stream("prior")
    guide = image.to(rng.dtype).expand(exp.particles, *event)
    start = exp.process.marginal(guide, float(exp.process.unclock(t64(strength))), rng)
    try:
        started = exp.replace(start_at=strength, mode="reverse")
    except BadValue as error:
        raise BadValue("strength", strength, f"more than stop_at = {exp.stop_at:g}") if error.field == "stop_at" else error from None
    return Run(started, data=data, predictor=predictor, initial=start, max_frames=max_frames)


def slerp(a: Tensor, b: Tensor, weights: Tensor) -> Tensor:
    """sin((1−λ)θ)/sin θ a + sin(λθ)/sin θ b, θ the angle between a and b: (n, *event) for weights λ (n,). Shoemake 1985.

    Keeps the norm where a and b have the same: the noise of a diffusion model lives near one sphere. Parallel a and b: the straight line.
    """
    x, y = a.flatten().double(), b.flatten().double()
    angle = torch.arccos((x @ y / (x.norm() * y.norm()).clamp_min(1e-300)).clamp(-1, 1))
    if not 1e-6 < float(angle) < math.pi - 1e-6:
        return lerp(a, b, weights)
    w = weights.double().view(-1, *[1] * a.ndim)
    return ((torch.sin((1 - w) * angle) * a.double() + torch.sin(w * angle) * b.double()) / torch.sin(angle)).to(a.dtype)


def lerp(a: Tensor, b: Tensor, weights: Tensor) -> Tensor:
    """(1 − λ) a + λ b, (n, *event). Of independent noise the norm falls to √((1 − λ)² + λ²) of theirs."""
    w = weights.double().view(-1, *[1] * a.ndim)
    return ((1 - w) * a.double() + w * b.double()).to(a.dtype)


def between(exp: Experiment, a: Tensor, b: Tensor, weights: Tensor, mix: Callable[[Tensor, Tensor, Tensor], Tensor] = slerp) -> Tensor:
    """Latents (n, *state) on the way from a to b (*state), each block of the state by itself: CLD's velocity has a scale of its own."""
    blocks = [mix(x, y, weights) for x, y in zip(exp.process.split(a[None])[0], exp.process.split(b[None])[0], strict=True)]
    return exp.process.join(torch.stack(blocks, 1))


def noise_of(exp: Experiment, seed: int) -> Tensor:
    """The first particle's start (*state) in a run of ``exp`` with another seed."""
    rng = Rng(seed, dtype=DTYPES[exp.dtype]).stream("prior")
    return exp.process.source(1, exp.law.space.shape, rng)[0]


def numeric_fields(exp: Experiment) -> dict[str, tuple[Number, float]]:
    """Every number of an experiment by its dotted name (``grid.steps``, ``process.schedule.beta_max``), as it was declared and as it is."""
    found: dict[str, tuple[Number, float]] = {}

    def look(spec: Experiment | Spec, prefix: str) -> None:
        known, inner = numbers(spec), specs_in(spec)
        for name in params(spec):  # in their order
            if name in inner:
                look(inner[name], f"{prefix}{name}.")
            elif name in known and f"{prefix}{name}" not in NOT_SWEPT:
                found[f"{prefix}{name}"] = known[name], getattr(spec, name)

    look(exp, "")
    return found


def with_value(exp: Experiment, field: str, value: float) -> Experiment:
    """The experiment with one number changed, by its dotted name. Raises BadValue naming it and what is allowed."""
    known = numeric_fields(exp)
    if field not in known:
        raise BadValue("field", field, "one of " + ", ".join(known))
    value = known[field][0].clean(field, value)

    def change(spec: Chosen, path: list[str]) -> Chosen:
        new = change(specs_in(spec)[path[0]], path[1:]) if len(path) > 1 else value
        return dataclasses.replace(spec, **{path[0]: new})

    try:
        return change(exp, field.split("."))
    except BadValue as error:
        if field.endswith(error.field):
            raise BadValue(field, value, error.allowed) from None
        raise


def sweep(exp: Experiment, field: str, values: list[float]) -> list[Experiment]:
    """One experiment a value, with the same seed: the columns of a strip, each of them a full run of its own."""
    return [with_value(exp, field, value) for value in values]
