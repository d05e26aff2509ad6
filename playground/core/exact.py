"""What an exact model offers beside its prediction: the laws of its noised data."""

from __future__ import annotations

from typing import ClassVar, Protocol

import torch
from torch import Tensor

from .mixture import GaussianMixture
from .predictor import Predictor
from .process import LinearProcess, Process
from .rng import Rng
from .space import Space


class Marginal(Protocol):
    """A law of states that is known in closed form: a Gaussian mixture, or one with a heavier tail."""

    @property
    def dim(self) -> int:
        """Numbers of one point, n."""
        ...

    def mean(self) -> Tensor:
        """(n,), float64."""
        ...

    def cov(self) -> Tensor:
        """(n, n), float64; infinite where there is none."""
        ...

    def sample(self, uniform: Tensor, normal: Tensor) -> tuple[Tensor, Tensor]:
        """Exact draws (batch, n) from uniform (batch,) and normal (batch, n) numbers, in normal's dtype, and the component of each (batch,)."""
        ...

    def draw(self, n: int, rng: Rng) -> tuple[Tensor, Tensor]:
        """``n`` exact draws and the component of each, from a stream of random numbers."""
        ...


class Exact(Predictor, Protocol):
    """The exact model of data under a process: E[x_0 | z_t], and p_t in closed form."""

    flow_is_quantiles: ClassVar[bool]
    """Does its flow on the line take quantiles of p_t to quantiles of p_s, both mixtures in closed form?"""

    @property
    def data(self) -> GaussianMixture:
        """The law of x_0."""
        ...

    @property
    def process(self) -> Process: ...

    @property
    def dim(self) -> int:
        """Numbers of one data point, d."""
        ...

    @property
    def space(self) -> Space:
        """Where the data parts of states live, one after the other in R^d."""
        ...

    @property
    def state_dim(self) -> int:
        """Numbers of one state, n = k·d."""
        ...

    @property
    def weights(self) -> Tensor:
        """Weights of p_t's components (of a law with a tail: of its quadrature's), (K,)."""
        ...

    def prepare(self, times: list[float]) -> None:
        """Tables for many times in one batch."""
        ...

    def moments(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Means (T, K, n) and covariances (T, K, n, n) of p_t's components at times (T,), float64."""
        ...

    def marginal(self, t: float) -> Marginal:
        """p_t, t > 0, of flat states (batch, n)."""
        ...

    def lifted(self) -> GaussianMixture:
        """The law of z_0: of the data, and of what the process adds to them (CLD's velocity)."""
        ...

    def log_prob(self, z_t: Tensor, t: float) -> Tensor:
        """ln p_t at states (batch, *state), (batch,)."""
        ...

    def rms(self, t: Tensor) -> Tensor:
        """√E|z_t|² at times (T,), (T,); infinite where there is no second moment."""
        ...


class ExactLinear(Exact, Protocol):
    """The exact model under a linear process: q(z_s | z_t) is in closed form too."""

    @property
    def process(self) -> LinearProcess: ...

    def flatten(self, z: Tensor) -> Tensor:
        """States (batch, *state) as (batch, n)."""
        ...

    def component_log_prob(self, z_t: Tensor, t: float) -> Tensor:
        """ln w_k N(z; m_k(t), S_k(t)) of states (batch, *state), (batch, K)."""
        ...

    def slope(self, z_t: Tensor, t: float, share: Tensor) -> Tensor:
        """Σ_k c_k ∇ ln N(z; m_k(t), S_k(t)) at states (batch, *state) for numbers c = ``share`` (batch, K), (batch, *state)."""
        ...

    def denoising(self, z_t: Tensor, t: float, s: float) -> tuple[Tensor, Tensor, Tensor]:
        """q(z_s | z_t) = Σ_k r_k N(μ_k, V_k) of flat z_t (batch, n): ln r (batch, K), μ (batch, K, n), V (K, n, n); s = 0: of z_0."""
        ...


class ExactElsewhere(Exact, Protocol):
    """The exact model of symbols or angles."""

    def mismatch(self) -> float:
        """Total variation between p_T and the law that sampling starts from, of several numbers the largest of any."""
        ...


def law_at(exact: Exact, t: float) -> Marginal:
    """p_t of flat states; at t = 0 that of the clean state."""
    return exact.marginal(t) if t > 0 else exact.lifted()


def mixture_at(exact: Exact, t: float) -> GaussianMixture:
    """p_t as a mixture (of a law with a tail: as its pictures have it); at t = 0 that of the clean state."""
    if t == 0:
        return exact.lifted()
    mean, cov = exact.moments(torch.tensor([t], dtype=torch.float64))
    return GaussianMixture(exact.weights, mean[0], cov[0])
