"""Where tables live. They are made on the host, in float64 as all coefficients are, and brought to a device's memory by three ways only:

``Placed``  what never changes (a set of images, the classes of a mixture): copied to a device once
``Shelf``   tables by time or step: made in batches (a grid's times), a batch copied as one when the first of its tables is asked for there
``beside``  the few matrices of one step, of which nobody could tell before: copied as one

Such a copy waits for nothing (``non_blocking``: of a plain tensor's numbers torch takes what it needs before it goes on), but takes about as long as a small
operation; a trip back to the host waits until the device has done all that it was asked.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Generic, TypeAlias, TypeVar

import torch
from torch import Tensor
from torch.nn.functional import pad

HOST = torch.device("cpu")
LINE = 16  # numbers: tables begin where a tensor of their own would, on a boundary of 64 bytes, so that products round alike
MOST, NEXT = 1 << 15, 64  # tables that one shelf keeps; that it makes at once where they are made as they are asked for
Key = TypeVar("Key", bound=Hashable)
Row: TypeAlias = tuple[Tensor, ...]


class Placed:
    """Tensors that never change, kept on every device that has asked for them."""

    def __init__(self, *tensors: Tensor):
        self._host = tensors
        self._there: dict[tuple[torch.device, torch.dtype | None], Row] = {}

    def on(self, device: torch.device, dtype: torch.dtype | None = None) -> Row:
        """All of them on a device; ``dtype``: in another precision than their own."""
        found = self._there.get((device, dtype))
        if found is None:
            found = self._there[device, dtype] = tuple(x.to(device, dtype or x.dtype, non_blocking=True) for x in self._host)
        return found

    def like(self, x: Tensor) -> Row:
        """On the device of x, in its dtype."""
        return self.on(x.device, x.dtype)


class Batch(ABC):
    """Rows of tables that lie one after the other in one tensor, so that one copy brings all of them, and stay on every device that has asked."""

    _numbers: Tensor

    def __init__(self) -> None:
        self._there: dict[tuple[torch.device, torch.dtype], list[Row]] = {}

    def on(self, device: torch.device, dtype: torch.dtype) -> list[Row]:
        """The rows on a device and in a precision, every tensor contiguous."""
        found = self._there.get((device, dtype))
        if found is None:
            found = self._there[device, dtype] = self._cut(self._numbers.to(device, dtype, non_blocking=True))
        return found

    @abstractmethod
    def _cut(self, numbers: Tensor) -> list[Row]:
        """The rows in what ``_numbers`` has become."""


class Stacked(Batch):
    """Rows whose tensors have the same shapes, each given for all rows at once, (rows, *shape)."""

    def __init__(self, tables: Sequence[Tensor]):
        super().__init__()
        self._shapes = [tuple(x.shape) for x in tables]
        self._numbers = torch.cat([pad(x.reshape(len(x), -1), (0, -x[0].numel() % LINE)) for x in tables], 1)

    def _cut(self, numbers: Tensor) -> list[Row]:
        at, columns = 0, list[Row]()
        for shape in self._shapes:
            size = math.prod(shape[1:])
            columns.append(numbers[:, at : at + size].view(shape).unbind())
            at += size + -size % LINE
        return list(zip(*columns, strict=True))


class Packed(Batch):
    """Rows of any tensors of one precision."""

    def __init__(self, rows: Sequence[Sequence[Tensor]]):
        super().__init__()
        parts: list[Tensor] = []
        self._spots: list[list[tuple[int, int, tuple[int, ...]]]] = []
        at = 0
        for row in rows:
            self._spots.append([])
            for x in row:
                size = x.numel()
                parts += [x.reshape(-1), x.new_zeros(-size % LINE)]
                self._spots[-1].append((at, at + size, tuple(x.shape)))
                at += size + -size % LINE
        self._numbers = torch.cat(parts)

    def _cut(self, numbers: Tensor) -> list[Row]:
        return [tuple(numbers[a:b].view(shape) for a, b, shape in row) for row in self._spots]


def beside(x: Tensor, *tensors: Tensor) -> Row:
    """Float64 tensors of the host on the device of x, in its dtype, by one copy."""
    return Packed([tensors]).on(x.device, x.dtype)[0]


class Shelf(Generic[Key]):
    """Tables by key (a time, a step), kept: what ``make`` says of some keys, a row for each.

    ``fill`` makes them at once. Who makes them as they are asked for hears of the keys beforehand (``expect``) and makes up to NEXT of them with the first.
    """

    def __init__(self) -> None:
        self._expected: Sequence[Key] = ()
        self._made: dict[Key, tuple[Batch, int]] = {}

    def expect(self, keys: Sequence[Key]) -> None:
        """These are about to be asked for."""
        self._expected = keys

    def fill(self, keys: Iterable[Key], make: Callable[[list[Key]], Batch], most: int = MOST) -> None:
        """Makes those that are missing, up to ``most`` in a batch."""
        new = self._missing(keys)
        for first in range(0, len(new), most):
            self._add(new[first : first + most], make)

    def get(self, key: Key, like: Tensor, make: Callable[[list[Key]], Batch]) -> Row:
        """The tables of one key on the device of ``like``, in its dtype."""
        batch, place = self._made.get(key) or self._add(self._due(key), make)
        return batch.on(like.device, like.dtype)[place]

    def _missing(self, keys: Iterable[Key]) -> list[Key]:
        return [key for key in dict.fromkeys(keys) if key not in self._made]

    def _due(self, key: Key) -> list[Key]:
        """What is made with ``key``: those that are expected next."""
        return self._missing(self._expected[self._expected.index(key) :] if key in self._expected else (key,))[:NEXT]

    def _add(self, keys: list[Key], make: Callable[[list[Key]], Batch]) -> tuple[Batch, int]:
        """Makes these. Returns where the first one is."""
        if len(self._made) > MOST:
            self._made = {}
        batch = make(keys)
        self._made |= {key: (batch, place) for place, key in enumerate(keys)}
        return batch, 0
