"""Who predicts: an exact model, a trained or training-free one, a pipeline of the hub. A model is of one law and serves processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from torch import Tensor

from .fields import BadValue
from .mixture import GaussianMixture
from .predictor import BasePredictor, Turns
from .process import Process

if TYPE_CHECKING:
    from .exact import Exact
    from .law import Closed, Law


class Model:
    """What predicts x̂_0 for a law, by name (``key``, an Experiment's ``model``).

    ``gives`` says what it can be asked for, in the judge's words (core/legal.py): "mean" (x̂_0 = E[x_0 | z_t]), "mixture" (the exact law of what it
    picture), "classes" (several classes side by side, ``turns``), "text" (``told``). ``serves``: the kernels (``process.kernel.key``) that it predicts under;
    ``process``: the only one where it knows but one. ``noun``: what it is, in the words of a refusal. ``label``: the class that it is a model of, a
    tensor of classes in turn, None for all.
    """

    gives: frozenset[str] = frozenset({"mean"})
    serves: ClassVar[frozenset[str]] = frozenset({"linear"})
    noun: str = "a model"
    process: Process | None = None
    label: int | Tensor | None = None
    rank: int = 100
    key: str
    title: str
    """What a run of it is called: law and model in a few words."""
    word: str
    """What it is called beside the other models of its law."""
    hint: str = ""
    tip: str = ""
    about: str = ""
    """The first part of ``tip``: what it is, with its numbers."""
    trained: bool = False
    """Does it hold weights that were trained?"""
    stamp: str = ""
    """What tells its weights from those that had its name before: numbers that are kept belong to it."""
    lost: float = 5.0
    """A run counts as diverged where its states are this many times as large as the exact law's (``rms``)."""
    batch: int | None = None
    """With how many points the page starts, where that is not as many as its law's space is shown with."""

    def __init__(self, law: Law):
        self.law = law

    @property
    def named(self) -> str:
        """Law and model in one name, of a file for instance."""
        return self.key if self.key.startswith(self.law.key) else f"{self.law.key}-{self.key}"

    @property
    def labels(self) -> Tensor:
        """The numbers of the classes that it can be asked for, (K,)."""
        return self.law.labels

    @property
    def dim(self) -> int:
        return self.law.dim

    @property
    def components(self) -> int:
        """What one evaluation costs, in Gaussians."""
        return self.law.components

    @property
    def mixture(self) -> GaussianMixture:
        """The exact law of what it predicts for, flattened to R^n. Raises BadValue where it knows none."""
        return self.law.mixture

    @property
    def closed(self) -> Closed:
        """The exact law of what it predicts for, in its space. Raises BadValue where it knows none."""
        return self.law.closed

    def law_behind(self) -> GaussianMixture | None:
        """The law for which its x̂_0 is exact, flattened to R^n; None where there is no such mixture."""
        return None

    def predictor(self, process: Process) -> BasePredictor:
        """z_t, t ↦ x̂_0 under a process. Raises BadValue for one that it does not serve."""
        raise NotImplementedError

    def exact(self, process: Process) -> Exact:
        """Its predictor as what a run is compared with: p_t in closed form where it gives "marginals"; of others only ``dim``, ``state_dim`` and ``rms`` are
        there to be asked."""
        return cast("Exact", self.predictor(process))

    def only(self, label: int) -> Model:
        """The model of one class. Raises BadValue where it has none."""
        raise BadValue("label", label, "none: this model has no classes")

    def turns(self, process: Process) -> BasePredictor:
        """Predictor of a batch whose point i is of class i mod K."""
        return Turns([self.only(int(label)).predictor(process) for label in self.labels])

    def told(self, words: str) -> Model:
        """The model under a prompt. Raises BadValue where it knows no words."""
        raise BadValue("prompt", words, f"none: {self.title} knows no words")

    def note(self, process: Process, times: list[float]) -> str:
        """What to say of x̂_0 in a run at these times, '' if nothing: of noise levels that it hardly knows."""
        return ""

    def unserved(self, process: Process) -> str:
        """Why it cannot predict under a process, '' if it can: words that go on after the process's title."""
        return "" if process.lives <= self.law.space.caps else process.elsewhere

    def classify(self, x: Tensor) -> Tensor | None:
        """The class of each of x (n, *shape) by a classifier that belongs to the model, (n,); None where there is none."""
        return None

    def features(self, x: Tensor) -> Tensor:
        """Numbers (n, d) by which points x (n, *shape) are compared: those of a classifier that belongs to the model, else the points' own."""
        return x.flatten(1).double().cpu()

    def real(self) -> Tensor:
        """The features (N, d) of real points, which those of its own are compared with: of its law's, where they are known. Raises BadValue where there are none ("features")."""
        known = self.law.of_examples()
        if known is None:
            raise BadValue("data", self.law.key, "data whose images are here, or a model whose classifier brings features of some")
        return self.features(known.examples.x)

    decodes: ClassVar[bool] = False
    """Are its states no pictures themselves, but become some by ``show``?"""

    def show(self, x: Tensor, final: bool) -> Tensor:
        """States (n, *shape) as pictures (n, channels, height, width) in about [−1, 1]; ``final``: as well as it can."""
        return x
