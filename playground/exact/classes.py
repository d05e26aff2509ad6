"""What all exact models are, and what guidance asks of those of mixtures beside themselves: the models of one class, and a weaker one."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from torch import Tensor

from playground.core.exact import Marginal
from playground.core.law import Closed
from playground.core.mixture import GaussianMixture
from playground.core.predictor import BasePredictor
from playground.core.process import Process
from playground.core.space import Euclidean, Space

Diffused = TypeVar("Diffused", bound=Process)


class ExactModel(BasePredictor):
    """The exact model of a law in closed form under a process. ``kernel``: that of the process; ``needs``: what the law has to give."""

    kernel: ClassVar[str]
    needs: ClassVar[frozenset[str]]

    def __init__(self, data: Closed, process: Process):
        raise NotImplementedError

    @property
    def space(self) -> Space:
        """Where the data parts of states live."""
        raise NotImplementedError

    def lifted(self) -> Closed:
        """The law of z_0: of the data, and of what the process adds to them."""
        raise NotImplementedError

    def log_prob(self, z_t: Tensor, t: float) -> Tensor:
        """ln p_t at states (batch, *state), (batch,)."""
        raise NotImplementedError


class Classes(ExactModel, Generic[Diffused]):
    """``only`` and ``weaker`` of an exact model of mixture ``data`` under a ``process``."""

    flow_is_quantiles: ClassVar[bool] = False
    """``playground.core.exact.Exact`` says what this is."""

    def __init__(self, data: GaussianMixture, process: Diffused):
        self.data, self.process = data, process
        self.dim = data.dim
        self.state_dim: int = self.dim * len(process.parts)  # pyright: ignore[reportIncompatibleVariableOverride] - here it is known

    @property
    def space(self) -> Space:
        return Euclidean(self.dim)

    @property
    def weights(self) -> Tensor:
        """Weights of p_t's components (of a law with a tail: of its quadrature's), (K,)."""
        return self.data.weights

    def lifted(self) -> GaussianMixture:
        raise NotImplementedError

    def moments(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Means (T, K, n) and covariances (T, K, n, n) of p_t's components at times (T,), float64."""
        raise NotImplementedError

    def marginal(self, t: float) -> Marginal:
        """p_t, t > 0, of flat states (batch, n)."""
        raise NotImplementedError

    def rms(self, t: Tensor) -> Tensor:
        """√E|z_t|² at times (T,), (T,); infinite where there is no second moment."""
        raise NotImplementedError

    def beside(self, data: GaussianMixture) -> BasePredictor:
        """The exact model of another mixture under the same process."""
        return type(self)(data, self.process)

    def only(self, label: int) -> BasePredictor:
        """The exact model of one class's components. Raises BadValue if the data have no such class."""
        return self.beside(self.data.only(label))

    def weaker(self, inflate: float) -> BasePredictor:
        """The exact model of the same mixture with covariances ``inflate`` times as large."""
        data = self.data
        return self.beside(GaussianMixture(data.weights, data.means, data.covs * inflate, data.labels))


AnyOracle: TypeAlias = Classes[Any]
"""The exact model of a mixture, whatever the process."""
