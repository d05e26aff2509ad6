from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from playground.core.brownian import Clock
from playground.core.fields import BadValue, above, integer, slider
from playground.core.names import Called, Scheduler
from playground.core.problem import Problem
from playground.core.process import Process
from playground.core.rng import Rng
from playground.core.sampler import STEEP, AnySampler, Ending, Sampler, Twin, Variant
from playground.core.spec import Info, nested
from playground.samplers.reverse_diffusion import ReverseDiffusion


@dataclass(frozen=True)
class PredictorCorrector(Sampler[tuple[object, list[float]]]):
    """At every level t first n Langevin steps at that level, then one step of the predictor to s.

        x ← x + e score(x, t) + √(2e) z,   e = 2a (r ‖z‖/‖score‖)²,   a = (α_t/α_s)² (VP: 1 − β_i, VE: 1)

    ‖·‖ are means over the batch, as in their code: a particle's path depends on the others, so the first n particles change with the number
    of particles (``couples_particles``). r is the corrector's signal-to-noise ratio. Any predictor but this one; a multistep predictor's history is
    dropped after every correction, since the state jumps. n = 0: the predictor alone. Model calls a step: n more than the predictor's.
    Song et al. 2021, 2011.13456 (algorithms 4 and 5; corrector before predictor as in their code).
    """

    info = Info(
        "PredictorCorrector",
        "predictor–corrector",
        "Langevin steps at every noise level, around any predictor",
        "Song et al. 2021",
        "2011.13456",
        group="reverse SDE",
        rank=82,
        nfe=2,
        needs=frozenset({"snr", "mean"}),
    )
    formula = r"x_t \leftarrow x_t + e\,\nabla\log p_t(x_t) + \sqrt{2e}\;z,\quad e = 2\big(\tfrac{\alpha_t}{\alpha_s}\big)^2\Big(r\tfrac{\lVert z\rVert}{\lVert\nabla\log p_t\rVert}\Big)^2"
    matches = ("ScoreSdeVeScheduler",)
    unpathed: ClassVar[str] = "draws on every noise level as well as along the way"
    level_only = False
    rounding = STEEP
    twins = (Twin({"predictor": "UniPC", "corrector_steps": 0}, "UniPC"),)
    corrects = True
    variants = (Variant("n = 0", {"predictor": "DPMSolverPP2M", "corrector_steps": 0}),)
    predictor: AnySampler = nested(ReverseDiffusion(), "samplers", help="the sampler that makes the steps between the levels")
    corrector_steps: int = integer(1, 0, 20, label="n corrects", help="Langevin steps at every level")
    snr: float = slider(
        0.16, 0.01, 0.6, 0.01, label="r size", help="size of a Langevin step: signal-to-noise ratio", when=above("corrector_steps", 0)
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.predictor.corrects:
            raise BadValue("predictor", self.predictor.info.key, "any other sampler")

    @property
    def printed(self) -> str:
        """The corrector's formula, where there is one, and the predictor's."""
        own = self.predictor.printed
        return own if self.corrector_steps == 0 else rf"{self.formula},\quad \text{{then }}{own}"

    @property
    def needs(self) -> frozenset[str]:
        return super().needs | self.predictor.needs

    @property
    def begins_in_noise(self) -> bool:
        return self.predictor.begins_in_noise

    @property
    def couples_particles(self) -> bool:
        return self.corrector_steps > 0 or self.predictor.couples_particles

    @property
    def declared_order(self) -> float | None:
        return None if self.corrector_steps else self.predictor.declared_order

    def calls(self, steps: int) -> float | None:
        if self.corrector_steps == 0:
            return self.predictor.calls(steps)
        own = self.predictor.calls_afresh(steps)
        return None if own is None else own + self.corrector_steps * steps

    def calls_on(self, process: Process, grid: list[float]) -> float | None:
        if self.corrector_steps == 0:
            return self.predictor.calls_on(process, grid)
        if self.predictor.calls(2) is None:
            return None
        # every step is the first one of a run over what is left of the grid
        return sum(self.predictor.calls_first(process, grid[i:]) for i in range(len(grid) - 1)) + self.corrector_steps * (len(grid) - 1)

    @property
    def ending(self) -> Ending:
        inner = self.predictor.ending
        if self.corrector_steps == 0:
            return inner
        more = f"{self.corrector_steps} Langevin step{'s' if self.corrector_steps > 1 else ''} more at this level; then "
        return Ending(self.corrector_steps + inner.draws, False, more + inner.words)

    def called(self, process: Process) -> Called:
        if self.corrector_steps == 0:
            return self.predictor.called(process)
        told = {"correct_steps": self.corrector_steps, "snr": self.snr}
        near = "" if self.predictor == ReverseDiffusion() else "its predictor is reverse diffusion"
        return Called((Scheduler("ScoreSdeVeScheduler", told, near=near),))

    def noise_clock(self, process: Process) -> Clock | None:
        return None if self.corrector_steps else self.predictor.noise_clock(process)

    def noise_times(self, process: Process, t: float, s: float) -> tuple[float, ...]:
        return self.predictor.noise_times(process, t, s)

    def off_path(self, process: Process) -> str:
        return super().off_path(process) if self.corrector_steps else self.predictor.off_path(process)

    def init(self, problem: Problem, z: Tensor, grid: list[float]) -> tuple[object, list[float]]:
        return self.predictor.init(problem, z, grid), grid

    def resume(self, problem: Problem, z: Tensor, grid: list[float], index: int) -> tuple[object, list[float]]:
        return self.predictor.resume(problem, z, grid, index), grid

    def correct(self, problem: Problem, z: Tensor, t: float, s: float, rng: Rng) -> Tensor:
        """The Langevin steps at level t."""
        a = (problem.at(t).alpha / (1.0 if s == 0 else problem.at(s).alpha)) ** 2
        for noise in rng.normals(self.corrector_steps, tuple(z.shape)):
            score = problem.score(z, t)
            # numbers of the whole batch that stay where the states are: to read them would be a trip to the host
            size, slope = (x.flatten(1).norm(dim=1).mean().double() for x in (noise, score))
            # 0 where σ is below the states' precision: z and α x̂_0 are the same numbers, and the size of a step has no meaning
            ratio = torch.where(slope == 0, 0.0, size / slope)
            e = 2 * a * (self.snr * ratio) ** 2
            z = z + e * score + (2 * e).sqrt() * noise
        return z

    def _history(self, problem: Problem, z: Tensor, t: float, carry: tuple[object, list[float]]) -> object:
        if self.corrector_steps == 0:
            return carry[0]
        return self.predictor.resume(problem, z, carry[1], sum(u > t for u in carry[1]))

    def step(
        self, problem: Problem, z: Tensor, t: float, s: float, carry: tuple[object, list[float]], rng: Rng
    ) -> tuple[Tensor, tuple[object, list[float]]]:
        z = self.correct(problem, z, t, s, rng)
        z, history = self.predictor.step(problem, z, t, s, self._history(problem, z, t, carry), rng)
        return z, (history, carry[1])

    def last(self, problem: Problem, z: Tensor, t: float, carry: tuple[object, list[float]], rng: Rng) -> Tensor:
        z = self.correct(problem, z, t, 0.0, rng)
        return self.predictor.last(problem, z, t, self._history(problem, z, t, carry), rng)

    def terms(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        return {**self._own(problem, t, s), **self.predictor.terms(problem, t, s)}

    def terms_on(self, problem: Problem, grid: list[float], index: int, afresh: bool = False) -> dict[str, float]:
        t, s = grid[index : index + 2]
        return {**self._own(problem, t, s), **self.predictor.terms_on(problem, grid, index, afresh or self.corrector_steps > 0)}

    def _own(self, problem: Problem, t: float, s: float) -> dict[str, float]:
        """The corrector's."""
        if self.corrector_steps == 0 or s == 0:
            return {}
        return {r"\tfrac{\alpha_t}{\alpha_s}": problem.at(t).alpha / problem.at(s).alpha, "r": self.snr}
