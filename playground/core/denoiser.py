"""From a denoiser of images D(y; τ) to a predictor under every linear process."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from .exact import Marginal
from .fields import BadValue
from .model import Model
from .predictor import BasePredictor
from .process import LinearProcess, Process
from .space import Space


class StatisticPredictor(BasePredictor):
    """What every denoiser D(y; τ) ≈ E[x_0 | y] of images needs to predict under any linear process, CLD included.

    z_t | x_0 ~ N(ψ x_0, Σ) alike in every pixel, so all that z_t says of x_0 is the scalar statistic y = ψᵀΣ⁻¹ z / (ψᵀΣ⁻¹ψ) = x_0 + τ n with
    τ² = 1/(ψᵀΣ⁻¹ψ): E[x_0 | z_t] = D(y; τ). For scalar processes y = z/α and τ = σ/α; for CLD both x and v go into y.
    """

    def __init__(self, process: LinearProcess):
        self.process = process

    def prepare(self, times: list[float]) -> None:
        """A denoiser keeps no tables."""

    def statistic(self, z: Tensor, t: float) -> tuple[Tensor, float]:
        """y (batch, *event) and τ of z_t (batch, *state)."""
        k = self.process.kernel.at(t)
        pull = k.precision @ k.psi
        size = float(k.psi @ pull)
        parts = self.process.split(z)
        y = sum(float(pull[i]) / size * parts[:, i] for i in range(len(pull))) if len(self.process.parts) > 1 else z / float(k.psi[0])
        return y, k.ratio  # type: ignore[return-value]


class ModelPredictor(StatisticPredictor):
    """The predictor of a model of images that has no exact law: ``marginal`` says so."""

    def __init__(self, model: Model, process: LinearProcess):
        super().__init__(process)
        self.model = model

    @property
    def space(self) -> Space:
        """Where x_0 lives."""
        return self.model.law.space

    @property
    def event(self) -> tuple[int, ...]:
        return self.model.law.space.shape

    @property
    def dim(self) -> int:
        return self.model.dim

    def only(self, label: int) -> BasePredictor:
        """The model of one class."""
        return self.model.only(label).predictor(self.process)

    def turns(self, labels: Sequence[int]) -> BasePredictor:
        """The model of a batch whose image i is of class i mod K."""
        return self.model.turns(self.process)

    def told(self, words: str) -> BasePredictor:
        """The model under a prompt."""
        return self.model.told(words).predictor(self.process)

    def rms(self, times: Tensor) -> Tensor:
        """Root mean square norm of the data part of z_t for pixels that are ±1 (of latents: of unit size in every number, which is about theirs): an
        upper bound, to tell a run that diverged."""
        psi, cov = self.process.mean_and_cov(times)
        return (self.dim * (psi[..., 0].square() + cov[..., 0, 0])).sqrt()

    def marginal(self, t: float) -> Marginal:
        raise self._unknown()

    def lifted(self) -> Marginal:
        raise self._unknown()

    def _unknown(self) -> BadValue:
        return BadValue("start", "exact or gaussian", f"prior: {self.model.noun} does not give the law of the noised data")

    def note(self, times: list[float]) -> str:
        """What to say of x̂_0 in a run at these times, '' if nothing."""
        return ""


class ImageModel(Model):
    """A denoiser D(y; τ) of images: it serves every process whose kernel is linear and Gaussian, and has no exact law.

    Subclasses give ``denoiser(process)``, their predictor under such a process, and ``_of(label)``.
    """

    noun = "an image model"
    lost = 1.5  # times ``rms``: what is larger cannot become a picture

    def unserved(self, process: Process) -> str:
        if self.process is not None and process != self.process:
            numbers = ", ".join(f"{k} {v:g}" for k, v in self.process.to_dict().items() if isinstance(v, float))
            return f"differs from the only process that this network was trained for, {self.process.info.title} with {numbers}"
        if "linear" not in process.caps:
            return f"needs data with a closed form; {self.noun} serves processes with a Gaussian kernel"
        return ""

    def note(self, process: Process, times: list[float]) -> str:
        return self.predictor(process).note(times)

    def predictor(self, process: Process) -> BasePredictor:
        return self.denoiser(process.linear())

    def denoiser(self, process: LinearProcess) -> BasePredictor:
        """The predictor under a linear process."""
        raise NotImplementedError
