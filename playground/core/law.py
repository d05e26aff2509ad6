"""The truth: what data are, whoever predicts them. A law says where its points live, which classes they have, and what it can be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

import torch
from torch import Tensor

from .algebra import distinct
from .fields import BadValue
from .mixture import COUNT, SEED, GaussianMixture
from .rng import Rng
from .space import Euclidean, Space

if TYPE_CHECKING:
    from .examples import Examples, ExamplesLaw


class Closed(Protocol):
    """A law in closed form, of which exact models are made: a Gaussian mixture, a table of symbols, wrapped normals."""

    gives: ClassVar[frozenset[str]]

    @property
    def weights(self) -> Tensor:
        """Of its components, (K,), float64: of the Gaussians, of the symbols."""
        ...

    @property
    def labels(self) -> Tensor:
        """The class of each component, (K,)."""
        ...

    @property
    def dim(self) -> int: ...
    @property
    def components(self) -> int: ...

    def component_log_prob(self, x: Tensor, /) -> Tensor:
        """ln of weight times density of each component at points (batch, dim): (batch, K)."""
        ...

    def log_prob(self, x: Tensor, /) -> Tensor:
        """ln p of points (batch, dim), (batch,), float64."""
        ...

    def draw(self, n: int, rng: Rng) -> tuple[Tensor, Tensor]:
        """n points (n, dim) and the component that each comes from, (n,)."""
        ...


class Law:
    """A distribution of data by name (``key``, an Experiment's ``data``).

    ``gives`` says what it can be asked for, which is all that samplers, grids, measures and the judge go by:

        "mixture"   ``mixture``: exact Gaussian components, so that every noised law has a closed form
        "sample"    ``sample`` and ``draw``: draws
        "examples"  a finite set of its points
        "name"      nothing but its name (the data of a model of the hub)

    ``labels`` are the numbers of its classes, (K,), ``class_names`` their names by number; ``components`` is what one exact evaluation costs, in
    Gaussians. ``group`` and ``hint`` are where and beside what a picker shows it, ``rank`` its place there.
    """

    gives: ClassVar[frozenset[str]] = frozenset({"name"})
    group: str = ""
    hint: str = ""
    tip: str = ""
    rank: int = 100
    components: int = 1
    listed: bool = True
    """Does a picker show it? (A mixture of one's own is known by its text only.)"""

    usual: ClassVar[str] = ""
    """The process of a run that names none, where it is not that of R^n."""

    top: float = 1.0
    """The largest probability that one of its points has, where they are symbols: how high bars are drawn."""

    key: str
    title: str
    labels: Tensor
    class_names: tuple[str, ...]

    @property
    def space(self) -> Space:
        """Where its points live."""
        raise NotImplementedError

    @property
    def dim(self) -> int:
        """How many numbers a point has."""
        return self.space.dim

    def sample(self, n: int, seed: int = 0) -> tuple[Tensor, Tensor]:
        """n independent draws: points (n, *space.shape) in float64 (symbols: int64) and their classes (n,). The same for the same seed, the first ones the
        same for every n. Raises BadValue, also where there is only a name."""
        return self.draw(COUNT.clean("n", n), Rng(SEED.clean("seed", seed), dtype=torch.float64).stream("sample"))

    def draw(self, n: int, rng: Rng) -> tuple[Tensor, Tensor]:
        """The same from a stream of random numbers, in its dtype: what a law says of itself."""
        raise BadValue("data", self.key, "a law that can be drawn from; of this one only models are known")

    def of_examples(self) -> ExamplesLaw | None:
        """This law where it is a finite set of points that are known."""
        return None

    def only(self, label: int) -> Law:
        """The law of one class, p(x | class). Raises BadValue where there is no such class."""
        raise BadValue("label", label, "none: these data have no classes")

    @property
    def examples(self) -> Examples:
        """The points that are known. Raises BadValue where none are."""
        raise BadValue("data", self.key, f"data of which examples are known here, such as digits: of {self.title} there are none")

    unclosed: ClassVar[str] = "data with a closed form, such as moons: {title} is known by its models only"
    """What a caller needs who asks for a Gaussian mixture, where it is none."""

    @property
    def mixture(self) -> GaussianMixture:
        """The law as an exact Gaussian mixture. Raises BadValue where it is none."""
        raise BadValue("data", self.key, self.unclosed.format(title=self.title))

    @property
    def closed(self) -> Closed:
        """The law in closed form, whatever that is in its space. Raises BadValue where there is none."""
        return self.mixture


class MixtureLaw(Law):
    """A Gaussian mixture on R^d under a name; without one ("") a mixture that a caller gave."""

    gives: ClassVar[frozenset[str]] = frozenset({"mixture", "sample"})

    def __init__(self, mixture: GaussianMixture, key: str = "", title: str = "own mixture", class_names: tuple[str, ...] = ()):
        self._mixture, self.key, self.title = mixture, key, title
        self.labels = distinct(mixture.labels)
        self.class_names = class_names or tuple(f"class {k}" for k in range(int(mixture.labels.max()) + 1))
        self.components, self.listed = mixture.components, False

    @property
    def space(self) -> Space:
        return Euclidean(self._mixture.dim)

    @property
    def mixture(self) -> GaussianMixture:
        return self._mixture

    def draw(self, n: int, rng: Rng) -> tuple[Tensor, Tensor]:
        x, component = self._mixture.sample(rng.uniform((n,)), rng.normal((n, self._mixture.dim)))
        return x, self._mixture.labels.to(component.device)[component]

    def only(self, label: int) -> MixtureLaw:
        return MixtureLaw(self._mixture.only(label), self.key, self.title, self.class_names)


def numbered(count: int) -> Tensor:
    """The labels 0 … count − 1."""
    return torch.arange(count)
