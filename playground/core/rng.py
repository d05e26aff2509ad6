"""Randomness with a name: the same seed gives the same initial noise to every sampler, whatever else was drawn before."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import cast

import torch
from torch import Tensor

from .algebra import inverse_gamma, normal_cdf
from .fields import BadValue
from .placed import Packed

Noise = Callable[[tuple[int, ...]], Tensor]
TOGETHER = 16  # draws that one copy brings to a device, at most: they are there all at once
BLOCK = 16  # torch fills normals in blocks of 16: drawing whole blocks makes the first n particles the same for every n


class Draws:
    """A caller's source of standard normals, counted: a function shape → tensor, or a list (or iterator) of tensors in their order.

    Raises: BadValue naming ``noise`` where it gives out (with the draw and the step that asked), returns no tensor or one of another shape,
    or where a list has draws left at the end.
    """

    def __init__(self, source: object):
        self.asked, self.where = 0, "the start"
        self.made: Callable[[tuple[int, ...]], object] | None = None
        self.rest: Iterator[object] | None = None
        if callable(source):
            self.made = source
        elif isinstance(source, (list, tuple, Iterator)):
            self.rest = iter(cast("Iterable[object]", source))
        else:
            kind = f"a tensor of shape {tuple(source.shape)}" if isinstance(source, Tensor) else source
            raise BadValue("noise", kind, "a function shape → tensor of standard normals, or a list of tensors, one for each draw")

    @classmethod
    def of(cls, source: object) -> Draws:
        """A source that is counted: draws themselves, if they are those already."""
        return source if isinstance(source, Draws) else cls(source)

    def __call__(self, shape: tuple[int, ...]) -> Tensor:
        """The next draw, of this shape."""
        try:
            told = self.made(tuple(shape)) if self.made is not None else next(self.rest or iter(()))
        except StopIteration:
            words = f"one more: {self.where} asks for draw {self.asked + 1}, of shape {tuple(shape)}"
            raise BadValue("noise", f"ended after {self.asked} draws", words) from None
        self.asked += 1
        try:
            z = torch.as_tensor(told)
        except (TypeError, ValueError, RuntimeError):
            kind = "nothing" if told is None else f"a {type(told).__name__}"
            raise BadValue("noise", f"draw {self.asked} ({self.where}) is {kind}", f"a tensor of shape {tuple(shape)}") from None
        if z.shape != torch.Size(shape):
            words = f"a tensor of the asked shape {tuple(shape)}"
            raise BadValue("noise", f"draw {self.asked} ({self.where}) has shape {tuple(z.shape)}", words)
        return z

    def check_left(self) -> None:
        """BadValue where a list has draws that nothing asked for."""
        left = 0 if self.rest is None else sum(1 for _ in itertools.islice(self.rest, 10_000))
        if left:
            raise BadValue(
                "noise", f"{self.asked + left} draws", f"{self.asked} draws, which is what this run asks for: {left} are left over"
            )


class Rng:
    """A stream of draws. ``Rng(seed).stream("prior")`` is independent of ``.stream("path")`` and of the order of use.

    Args:
        seed: whole number. device, dtype: of the returned tensors.
        noise: optional source of standard normals (shape → tensor), consumed in the order of the draws, so that
            a run of another library can be replayed. Uniform draws are then Φ(normal).
    """

    def __init__(
        self,
        seed: int,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        noise: Noise | None = None,
        name: str = "",
    ):
        self.seed, self.device, self.dtype = int(seed), torch.device(device), dtype
        self.noise = None if noise is None else Draws.of(noise)
        self.name, self.draws, self.generator = name, 0, torch.Generator()

    def stream(self, name: str) -> Rng:
        return Rng(self.seed, self.device, self.dtype, self.noise, name)

    @property
    def identity(self) -> Hashable:
        """What the draws of a stream of a given name depend on."""
        return self.seed

    def between(self, t: float, s: float) -> None:
        """A step from t to s begins: for draws that depend on where they are made (``BrownianPath``)."""

    def normal(self, shape: tuple[int, ...]) -> Tensor:
        """Standard normals of the given shape."""
        if self.noise is not None:
            self.draws += 1
            return self.noise(shape).to(self.device, self.dtype)
        return self._brought(self._draw(torch.randn, shape))[0]

    def normals(self, count: int, shape: tuple[int, ...]) -> Iterator[Tensor]:
        """``count`` draws of ``normal`` for a loop that makes no others: to a device they are brought TOGETHER at a time."""
        block = 1 if self.device.type == "cpu" or self.noise is not None else TOGETHER
        for first in range(0, count, block):
            many = min(block, count - first)
            if many == 1:
                yield self.normal(shape)
            else:
                yield from self._brought(*(self._draw(torch.randn, shape) for _ in range(many)))

    def uniform_and_normal(self, uniform: tuple[int, ...], normal: tuple[int, ...]) -> tuple[Tensor, ...]:
        """``uniform`` of one shape and then ``normal`` of another, brought to the device together."""
        if self.noise is not None:
            return self.uniform(uniform), self.normal(normal)
        return self._brought(self._draw(torch.rand, uniform), self._draw(torch.randn, normal))

    def uniform(self, shape: tuple[int, ...]) -> Tensor:
        """Uniforms on [0, 1) of the given shape."""
        if self.noise is not None:
            return normal_cdf(self.normal(shape))
        return self._brought(self._draw(torch.rand, shape))[0]

    def _draw(self, law: Callable[..., Tensor], shape: tuple[int, ...]) -> Tensor:
        """A draw on the host, whatever the device: one seed is one noise everywhere."""
        # a seed of its own for every draw: how many particles the draws before it served does not matter
        digest = hashlib.blake2b(f"{self.seed}/{self.name}/{self.draws}".encode(), digest_size=8).digest()
        self.generator.manual_seed(int.from_bytes(digest, "little") >> 1)
        self.draws += 1
        rows = -(-shape[0] // BLOCK) * BLOCK
        # float32 draws in every dtype: float64 runs then see the same noise as the live float32 ones
        z = law((rows, *shape[1:]), generator=self.generator, dtype=torch.float32)
        return z[: shape[0]]

    def _brought(self, *drawn: Tensor) -> tuple[Tensor, ...]:
        """Draws on the device, in the dtype."""
        if len(drawn) == 1 or self.device.type == "cpu":  # nothing that one copy in the place of several would save
            return tuple(z.to(self.device, self.dtype, non_blocking=True) for z in drawn)
        return Packed([drawn]).on(self.device, self.dtype)[0]


def chi2_over(uniform: Tensor, freedom: float) -> Tensor:
    """D/χ²_D by inverting its distribution at ``uniform`` (float64): the squared scale of Student-t noise."""
    u = uniform.detach().cpu().double().clamp(1e-8, 1 - 1e-8)
    half = inverse_gamma(freedom / 2, u)
    return (freedom / 2 / half).to(uniform.device)
