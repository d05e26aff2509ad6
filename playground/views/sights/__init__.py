"""How the runs in a space are seen on the page: one kind of space a file, found by scanning this folder."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import ClassVar

import torch
from PIL import Image
from torch import Tensor

from playground.core.experiment import Experiment
from playground.core.fields import BadValue, Json
from playground.core.run import Frame
from playground.core.space import Space
from playground.engine import Run
from playground.views.packet import Packet


class Sight(ABC):
    """What the page shows of a run: which states are sent, on which panels, what belongs to them, and the files that they make.

    ``spaces``: the spaces (of data) whose runs are seen so; a space of which nobody says anything is seen as the nearest class that it derives from.
    ``expects``: is x̂_0 at every state shown, so that a run keeps it as it goes? ``most_work``: of particles × model calls × components of a run that
    the page computes.
    """

    spaces: ClassVar[tuple[type[Space], ...]] = ()
    expects: ClassVar[bool] = False
    most_work: ClassVar[float]

    def __init__(self, run: Run):
        self.run, self.exp, self.process, self.oracle = run, run.exp, run.process, run.oracle

    @classmethod
    def most_frames(cls, values: int) -> int | None:
        """About how many states the page's run keeps, each of so many numbers in all; None: all."""
        return None

    @property
    def frames(self) -> list[Frame]:
        """The states that are sent."""
        return self.run.frames

    @abstractmethod
    def header(self) -> dict[str, Json]:
        """What the run packet's header says of panels and states: ``dim``, ``components``, ``panels`` and more (docs/packet.md)."""

    @abstractmethod
    def draw(self, packet: Packet, want: frozenset[str]) -> None:
        """Adds the states ("z", "label") and whatever belongs to them."""

    @abstractmethod
    def draw_step(self, packet: Packet, frame: Frame, expected: Tensor | None) -> None:
        """Adds one state, and ``expected``, x̂_0 at the one before it."""

    def start(self) -> list[str]:
        """What must be said of where the run starts: the prior is p_T only in a limit that most processes nearly reach."""
        return []

    def guided(self) -> list[str]:
        """What must be said of guidance."""
        return []

    def notes(self) -> list[str]:
        """What else must be said."""
        return []

    def alarm(self, step: int) -> str:
        """What a run whose states are lost at a step says of itself."""
        return (
            f"{self.exp.sampler.info.title} left the plotted range at step {step} of {self.run.steps}. "
            f"Take more steps, or another grid: this one steps too far where the process is fast."
        )

    def csv(self, states: Iterable[Frame] | None, link: str) -> Iterator[str]:
        """All states as lines of text. Raises BadValue where there are too many numbers for that."""
        raise BadValue("data", self.exp.data, "a toy: images are too large for CSV, take states.npz")

    def npz(self, says: str = "") -> bytes:
        """All states as arrays of numpy, and what the file says of itself (origin.py). Raises BadValue where they are text."""
        raise BadValue("data", self.exp.data, "an image model: toys have states.csv")

    def moments(self) -> Iterator[Image.Image]:
        """The pictures of a film. Raises BadValue where the page draws them."""
        raise BadValue("data", self.exp.data, "an image model: the page itself draws the films of toys, and sends the pictures")


@functools.cache
def sights() -> dict[type[Space], type[Sight]]:
    """Who shows the runs in a space, by its class."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return {space: kind for kind in Sight.__subclasses__() for space in kind.spaces}


def kind_of(space: Space) -> type[Sight]:
    """How runs of data in ``space`` are seen."""
    known = sights()
    return next(known[base] for base in type(space).__mro__ if base in known)


def sight_of(run: Run) -> Sight:
    """What the page shows of a run."""
    return kind_of(run.space)(run)


def begin(exp: Experiment, device: torch.device | str | None = None) -> Run:
    """The page's run of an experiment, of which nothing is computed yet. Raises BadValue for one that would take too long, or cannot be done."""
    law = exp.law
    kind = kind_of(law.space)
    most = kind.most_frames(exp.particles * law.dim * len(exp.process.parts))
    return Run(exp, device=device, max_frames=most, most_work=kind.most_work, expects=kind.expects)


def whole(exp: Experiment, device: torch.device | str | None = None) -> Run:
    """The page's whole run of an experiment."""
    return begin(exp, device).finish()
