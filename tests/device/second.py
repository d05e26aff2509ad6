"""A second device that is not there: code for GPUs is checked on a machine without one.

Its tensors say that they are on ``DEVICE`` and hold their numbers on the CPU (torch knows the device's type, "meta", everywhere and computes nothing on
it by itself). Inside ``SecondDevice()`` every operation of torch is seen, so that four things are counted, by operation and line of the project:

    mixes       operations that take tensors of both devices: on CUDA they raise
    to_host     trips to the host, each of which waits until the device has done all that it was asked: ``float(x)``, ``if x.any()``, a mask as an
                index, the check for errors in ``torch.linalg``
    to_device   copies from the host's memory to the device's
    launches    operations on the device, without those that only look at a tensor in another way (``view``, a slice)

What it cannot see: streams, time, memory, how a real device rounds (tests/device/test_cuda.py), and whatever is computed on the host.
"""

from __future__ import annotations

import collections
import sys

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("meta")
CPU = torch.device("cpu")
PLACES = ("/playground/", "/toy_models/")
BY_INDEX = {"aten::index", "aten::index_put", "aten::index_put_", "aten::_index_put_impl_", "aten::_unsafe_index"}
LOOKS_AT = {
    "aten::_local_scalar_dense",
    "aten::equal",
    "aten::is_nonzero",
    "aten::_linalg_check_errors",
    "aten::nonzero",
    "aten::masked_select",
}
LOOKS_AT |= {"aten::_unique2", "aten::unique_dim", "aten::unique_consecutive", "aten::repeat_interleave"}  # how many there are is asked
COPIES = {"aten::_to_copy", "aten::copy_"}


class Far(torch.Tensor):
    """A tensor on the second device; ``near`` holds its numbers."""

    near: torch.Tensor

    @staticmethod
    def __new__(cls, near: torch.Tensor) -> Far:
        return torch.Tensor._make_wrapper_subclass(
            cls,
            near.size(),
            strides=near.stride(),
            storage_offset=near.storage_offset(),
            dtype=near.dtype,
            layout=near.layout,
            device=DEVICE,
        )

    def __init__(self, near: torch.Tensor):
        self.near = near

    def tolist(self):
        return self.cpu().tolist()

    def __repr__(self) -> str:
        return f"Far({self.near})"

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        raise RuntimeError("a tensor of the second device was used outside of SecondDevice()")


def _far(x):
    return Far(x) if isinstance(x, torch.Tensor) and not isinstance(x, Far) else x


def _near(x):
    return x.near if isinstance(x, Far) else CPU if isinstance(x, torch.device) else x


def _line() -> str:
    """The innermost line of the project that is being run."""
    frame = sys._getframe(2)
    while frame is not None:
        for place in PLACES:
            if place in frame.f_code.co_filename:
                return f"{place[1:]}{frame.f_code.co_filename.split(place, 1)[1]}:{frame.f_lineno}"
        frame = frame.f_back
    return "elsewhere"


class SecondDevice(TorchDispatchMode):
    """Counts what a device would be asked for; see above."""

    def __init__(self):
        super().__init__()
        self.mixes, self.to_host, self.to_device, self.launches = (collections.Counter[tuple[str, str]]() for _ in range(4))

    def counts(self) -> tuple[int, int, int]:
        """Trips to the host, copies to the device, launches so far."""
        return self.to_host.total(), self.to_device.total(), self.launches.total()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        flat, _ = tree_flatten((args, kwargs))
        far = [x for x in flat if isinstance(x, Far)]
        near = [x for x in flat if isinstance(x, torch.Tensor) and not isinstance(x, Far)]
        wanted = kwargs.get("device")
        wanted = None if wanted is None else torch.device(wanted)
        out = func(*tree_map(_near, args), **tree_map(_near, kwargs))
        name = func.name().split(".")[0]
        if name in COPIES:
            return self._copied(name, args, far, near, wanted, out)
        if not far:
            made = wanted is not None and wanted.type == DEVICE.type
            if made:
                self.launches[name, ""] += 1
            return tree_map(_far, out) if made else out
        if name in BY_INDEX:
            self._indexed(name, args, near)
        elif any(x.dim() or torch.Tag.pointwise not in func.tags for x in near) or (
            near and func._schema.is_mutable and args[0] is near[0]
        ):
            self.mixes[name, _line()] += 1  # a number on the host may stand beside tensors of the device
        if name in LOOKS_AT:
            self.to_host[name, _line()] += 1
        if isinstance(out, (bool, int, float)) or name == "aten::_linalg_check_errors":
            return out
        if not func.is_view:
            self.launches[name, ""] += 1
        return tree_map(_far, out)

    def _copied(self, name, args, far, near, wanted, out):
        """A copy from one device to another, or on one."""
        source = args[1] if name == "aten::copy_" else args[0]
        goal = (args[0].device if name == "aten::copy_" else wanted) or source.device
        if source.device.type == goal.type:
            if far:
                self.launches[name, ""] += 1
        elif goal.type == DEVICE.type:
            self.to_device[name, _line()] += 1
        else:
            self.to_host[name, _line()] += 1
        return _far(out) if goal.type == DEVICE.type else out

    def _indexed(self, name, args, near):
        """x[i], x[i] = v: indices on the host are copied, a mask is counted first."""
        where = [i for i in args[1] if i is not None]
        if not isinstance(args[0], Far) or (
            len(args) > 2 and isinstance(args[2], torch.Tensor) and not isinstance(args[2], Far) and args[2].dim()
        ):
            self.mixes[name, _line()] += 1
        self.to_device[name, _line()] += sum(not isinstance(i, Far) for i in where)
        self.to_host[name, _line()] += sum(isinstance(i, Far) and i.dtype in (torch.bool, torch.uint8) for i in where)
