"""MNIST: its images are not among the app's files, so that of the law only shape and classes are known here; models were trained on it."""

from __future__ import annotations

from playground.core.law import Law, numbered
from playground.core.space import Pixels


class Named(Law):
    """Images of which only the shape and the number of classes are known."""

    group, rank = "images", 40

    def __init__(self, key: str, title: str, event: tuple[int, int, int], classes: int, tip: str = ""):
        self.key, self.title, self.event, self.tip = key, title, event, tip
        self.labels = numbered(classes)
        self.hint = f"{event[1]} × {event[2]}"
        self.class_names = tuple(map(str, range(classes))) or ("all",)

    @property
    def space(self) -> Pixels:
        return Pixels(*self.event)


class Mnist(Named):
    rank = 30

    def __init__(self) -> None:
        tip = "Handwritten digits, 28 × 28 (LeCun, Cortes, Burges): models were trained on its 60,000 training images."
        super().__init__("mnist", "MNIST", (1, 28, 28), 10, tip)


MNIST = Mnist()


def laws() -> list[Law]:
    return [MNIST]
