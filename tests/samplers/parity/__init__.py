"""One file a sampler: what of `diffusers` it gives, from the same noise and the same exact model. Each has the name of the sampler's own file and holds
``CASES``: label → runner; a label begins with the sampler's name. They are found by scanning; ``PARITY[label](monkeypatch, steps)`` is the largest error."""

import functools
import importlib
import pkgutil
import warnings

import torch

FILES = {m.name: importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__) if m.name != "shared"}


def _quiet(runner):
    @functools.wraps(runner)
    def run(monkeypatch, steps):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of `diffusers`: np.array on tensors, deprecated algorithm types
            torch.set_default_dtype(torch.float64)  # `diffusers` also makes tensors of the default type
            try:
                return runner(monkeypatch, steps)
            finally:
                torch.set_default_dtype(torch.float32)

    return run


PARITY = {label: _quiet(runner) for file in FILES.values() for label, runner in file.CASES.items()}
