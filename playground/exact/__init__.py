"""Exact models, each found by the kernel of the process and by what the law gives: ``oracle_for(law, process)``.

A class in this package that declares ``kernel`` and ``needs`` is one; dropping its file in is all that it takes. All of them have
``__call__(z, t) -> Prediction``, ``prepare``, ``gives``, ``dim``, ``state_dim``, ``rms``, ``log_prob``, ``marginal(t)`` and ``lifted()`` (laws with
``sample(uniform, normal)``); those of mixtures also ``weights`` and ``moments(t)`` (p_t as a Gaussian mixture).
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
from typing import TYPE_CHECKING, cast, overload

from playground.core.fields import BadValue
from playground.core.process import LinearProcess, Process

if TYPE_CHECKING:
    from playground.core.law import Closed
    from playground.core.mixture import GaussianMixture
    from playground.exact.classes import AnyOracle, ExactModel
    from playground.exact.mixture import MixtureOracle


@functools.cache
def exact_models() -> tuple[type[ExactModel], ...]:
    """Every class of this package that declares the ``kernel`` that it is exact for."""
    found: list[type[ExactModel]] = []
    for module in pkgutil.iter_modules(__path__):
        contents = importlib.import_module(f"{__name__}.{module.name}")
        here = (c for _, c in inspect.getmembers(contents, inspect.isclass) if c.__module__ == contents.__name__)
        found += [cast("type[ExactModel]", c) for c in here if "kernel" in vars(c)]
    return tuple(found)


def exact_model(kernel: str, gives: frozenset[str]) -> type[ExactModel] | None:
    """The class that is exact for a kernel and a law that ``gives`` so much; None where there is none."""
    return next((c for c in exact_models() if c.kernel == kernel and c.needs <= gives), None)


@overload
def oracle_for(data: GaussianMixture, process: LinearProcess) -> MixtureOracle: ...
@overload
def oracle_for(data: GaussianMixture, process: Process) -> AnyOracle: ...
@overload
def oracle_for(data: Closed, process: Process) -> ExactModel: ...
def oracle_for(data: Closed, process: Process) -> ExactModel:
    """The exact model of a law under a process. Raises BadValue when the process cannot diffuse it, or when no exact model is known."""
    if no := process.misfit(data):
        raise no.error("process", process)
    found = exact_model(process.kernel.key, data.gives)
    if found is None:
        raise BadValue("process", process.info.key, "one under which these data have a closed form")
    return found(data, process)
