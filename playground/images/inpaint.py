"""Inpainting by RePaint, and the exact answer where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Whole
from playground.core.legal import require
from playground.core.mixture import GaussianMixture
from playground.core.model import Model
from playground.core.problem import Predictor, Problem
from playground.core.rng import Rng
from playground.core.sampler import AnySampler, Sampler
from playground.core.spec import Info
from playground.engine import Run, check_law, grid_times

RESAMPLES = Whole(5, 1, 50)
JUMP = Whole(1, 1, 100)


def walk(levels: Sequence[float], resamples: int, jump: int = 1) -> list[float]:
    """RePaint's times: blocks of ``jump`` steps, each gone down ``resamples`` times with a leap up to its start in between.

    Blocks are counted from the end of ``levels`` (decreasing); the first may be shorter. The last step, to t = 0, is made once: there the
    known part is known exactly (Lugmayr et al. 2022, algorithm 1). One leap up is one draw from p(z_t | z_s), the law of as many single ones.
    """
    positive = [t for t in levels if t > 0]
    ends = sorted(range(len(positive) - 1, 0, -jump))
    path, start = positive[:1], 0
    for end in ends:
        down = positive[start + 1 : end + 1]
        path += down
        for _ in range(resamples - 1):
            path += [positive[start], *down]
        start = end
    return path + [t for t in levels if t == 0]


@dataclass(frozen=True, eq=False)
class RePaint(Sampler[None]):
    """A sampler's own step for the unknown part, p(z_s | x_0) for the known part, and p(z_t | z_s) on the way up.

        z_s = m ⊙ (a draw from p(z_s | x_0)) + (1 − m) ⊙ step(z_t),   z_t ~ p(z_t | z_s) for a rising step

    The steps of ``inner`` start afresh every time, since something else moves the state between them: multistep methods have their first
    order. With few resamples the result is not a draw from p(unknown | known): the known part is noised without regard to the unknown one.
    CLD: the mask acts on position and velocity alike. Its noise reaches the position only through the velocity, so that one step up and down
    moves x hardly at all: it needs leaps of several steps (jump 5 or so). ``image`` (batch, *event) and ``known`` (*event, bool) are the data and the mask m.
    Lugmayr et al. 2022, 2201.09865.
    """

    unpathed: ClassVar[str] = "noises the known part anew at every step"
    info = Info("RePaint", "RePaint", "keeps what is known, draws the rest", "Lugmayr et al. 2022", "2201.09865")
    inner: AnySampler
    image: Tensor
    known: Tensor
    levels: tuple[float, ...]
    path: tuple[float, ...]

    @property
    def declared_order(self) -> float | None:
        return None

    @property
    def needs(self) -> frozenset[str]:
        return self.inner.needs | {"linear"}

    def calls(self, steps: int) -> float | None:
        """Model calls of the whole walk; leaps up cost none."""
        return self.inner.calls_afresh(sum(s < t for t, s in zip(self.path, self.path[1:], strict=False)))

    def _afresh(self, problem: Problem, z: Tensor, t: float) -> object:
        return self.inner.resume(problem, z, list(self.levels), sum(u > t for u in self.levels))

    def step(self, problem: Problem, z: Tensor, t: float, s: float, carry: None, rng: Rng) -> tuple[Tensor, None]:
        process = problem.linear
        if s > t:
            return process.diffuse(z, t, s, rng), None
        z, _ = self.inner.step(problem, z, t, s, self._afresh(problem, z, t), rng)
        return torch.where(self.known.to(z.device), process.marginal(self.image.to(z), s, rng), z), None

    def last(self, problem: Problem, z: Tensor, t: float, carry: None, rng: Rng) -> Tensor:
        z = self.inner.last(problem, z, t, self._afresh(problem, z, t), rng)
        return torch.where(self.known.to(z.device), problem.process.lift(self.image.to(z), rng), z)


def inpaint(
    exp: Experiment,
    image: Tensor,
    known: Tensor,
    *,
    resamples: int = 5,
    jump: int = 1,
    data: GaussianMixture | Model | None = None,
    predictor: Predictor | None = None,
    dtype: torch.dtype | None = None,
    max_frames: int | None = None,
) -> Run:
    """``exp.particles`` draws of an image's unknown part: a run that may be read step by step.

    Args: image (*event) or (particles, *event); known (*event) or (height, width), true where the image is given; resamples r and jump j
        of ``walk``; the others as in ``simulate``. Model calls: about r times those of a plain run.
    Raises: BadValue naming resamples, jump, mask, image or process.
    """
    resamples, jump = RESAMPLES.clean("resamples", resamples), JUMP.clean("jump", jump)
    require(frozenset({"linear"}), exp)
    image, known = torch.as_tensor(image), torch.as_tensor(known)
    if known.dtype != torch.bool:
        raise BadValue("mask", str(known.dtype), "true or false a pixel")
    event = check_law(data, exp).law.space.shape
    check_image("image", image, event)
    if known.ndim > len(event) or not all(k == n for k, n in zip(known.shape[::-1], event[::-1], strict=False)):
        raise BadValue("mask", tuple(known.shape), f"the image's own shape {event}")
    batch = image.expand(exp.particles, *event)  # of every particle its own: each draws its own noise
    levels = grid_times(exp)
    path = walk(levels, resamples, jump)
    sampler = RePaint(exp.sampler, batch, known, tuple(levels), tuple(path))
    return Run(exp, data=data, predictor=predictor, walk=path, sampler=sampler, dtype=dtype, max_frames=max_frames)


def check_image(name: str, image: Tensor, event: tuple[int, ...]) -> None:
    """BadValue unless ``image`` is finite and has the shape (*event) or (batch, *event)."""
    if tuple(image.shape[-len(event) :]) != event or image.ndim > len(event) + 1 or not bool(torch.isfinite(image).all()):
        raise BadValue(name, tuple(image.shape), f"finite numbers of shape {event}")


def posterior(law: GaussianMixture, known: Tensor, values: Tensor) -> GaussianMixture:
    """p(unknown coordinates | known ones = values) of a mixture, exactly: a mixture of as many components.

    N(m_U + C_UK C_KK⁻¹ (x_K − m_K), C_UU − C_UK C_KK⁻¹ C_KU) with weights ∝ w_k N(x_K; m_K, C_KK).
    Args: known (n,) bool, values (number of known coordinates,).
    """
    inside = GaussianMixture(law.weights, law.means[:, known], law.covs[:, known][:, :, known], law.labels)
    values = values.to(torch.float64)
    gain = torch.linalg.solve(inside.covs, law.covs[:, known][:, :, ~known]).mT
    means = law.means[:, ~known] + torch.einsum("kuv,kv->ku", gain, values - inside.means)
    covs = law.covs[:, ~known][:, :, ~known] - gain @ law.covs[:, known][:, :, ~known]
    weights = inside.responsibilities(values[None])[0]
    seen = weights > 0  # a component too far away to be counted is none
    return GaussianMixture(weights[seen], means[seen], ((covs + covs.mT) / 2)[seen], law.labels[seen])
