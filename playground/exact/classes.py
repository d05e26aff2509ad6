"""What guidance asks of an exact model beside itself: the models of one class, and a weaker one."""

from __future__ import annotations

from typing import Any, ClassVar

from playground.core.mixture import GaussianMixture
from playground.core.predictor import BasePredictor
from playground.core.space import Euclidean, Space


class Classes(BasePredictor):
    """``only`` and ``weaker`` of an exact model of mixture ``data`` under a ``process``."""

    flow_is_quantiles: ClassVar[bool] = False
    """``playground.core.exact.Exact`` says what this is."""

    data: GaussianMixture
    process: Any  # a process of the kernel that the model is of
    dim: int
    state_dim: int  # pyright: ignore[reportIncompatibleVariableOverride] - of an exact model it is known

    @property
    def space(self) -> Space:
        return Euclidean(self.dim)

    def only(self, label: int) -> BasePredictor:
        """The exact model of one class's components. Raises BadValue if the data have no such class."""
        from playground.exact import oracle_for

        return oracle_for(self.data.only(label), self.process)

    def weaker(self, inflate: float) -> BasePredictor:
        """The exact model of the same mixture with covariances ``inflate`` times as large."""
        from playground.exact import oracle_for

        data = self.data
        return oracle_for(GaussianMixture(data.weights, data.means, data.covs * inflate, data.labels), self.process)
