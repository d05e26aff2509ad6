"""Several attributes in one label, so that what knows of labels needs to know of nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Attributes:
    """A label that says something of each of A attributes, or of some of them, or of none.

    Attribute i has the values 0 … sizes[i] − 1, and sizes[i] stands for "not said". A label is the number whose digits they are, in the mixed base
    (sizes[0] + 1, …, sizes[A−1] + 1), the first attribute counting most: Σ_i v_i Π_{j>i} (sizes[j] + 1). Where nothing is said it is the greatest, ``silent``,
    which is the null label of a network.
    """

    sizes: tuple[int, ...]

    @property
    def bases(self) -> list[int]:
        return [size + 1 for size in self.sizes]

    @property
    def silent(self) -> int:
        """The label in which nothing is said: Π (sizes + 1) − 1."""
        return math.prod(self.bases) - 1

    def label(self, values: Tensor) -> Tensor:
        """values (…, A) → labels (…), int64."""
        out = torch.zeros(values.shape[:-1], dtype=torch.long, device=values.device)
        for i, base in enumerate(self.bases):
            out = out * base + values[..., i].long()
        return out

    def values(self, label: Tensor) -> Tensor:
        """labels (…) → values (…, A), int64."""
        digits = []
        for base in reversed(self.bases):
            digits.append(label % base)
            label = label // base
        return torch.stack(digits[::-1], -1)

    def unsay(self, label: Tensor, which: Tensor) -> Tensor:
        """Labels in which attributes where ``which`` (…, A) is True are not said."""
        return self.label(torch.where(which, torch.tensor(self.sizes, device=label.device), self.values(label)))
