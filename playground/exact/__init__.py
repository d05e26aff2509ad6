"""Exact predictors. ``oracle_for(data, process)`` is the one place that knows which oracle belongs to which process."""

from __future__ import annotations

from typing import Any

import torch

from playground.core.mixture import GaussianMixture
from playground.core.process import LinearProcess, Process


def oracle_for(data: Any, process: Process) -> Any:
    """The exact model of mixture data under a process: MixtureOracle for linear ones, else the one that its kind of kernel needs.

    All of them have ``__call__(z, t) -> Prediction``, ``prepare``, ``gives``, ``dim``, ``state_dim``, ``weights`` and ``moments(t)`` (p_t as a
    Gaussian mixture), ``marginal(t)`` and ``lifted()`` (laws with ``sample(uniform, normal)``), ``log_prob`` and ``rms``.
    Raises BadValue when the process cannot diffuse these data.
    """
    if no := process.misfit(data):
        raise no.error("process", process)
    if not isinstance(data, GaussianMixture):
        return data.oracle(process)
    key = process.info.key
    if key == "PFGMPP":
        from playground.exact.student import StudentOracle

        return StudentOracle(data, process)
    if key == "Interpolant":
        return _interpolant(data, process)
    if key == "Anisotropic":
        from playground.exact.anisotropic import AnisotropicOracle

        return AnisotropicOracle(data, process)
    from playground.exact.mixture import MixtureOracle

    assert isinstance(process, LinearProcess)
    return MixtureOracle(data, process)


def _interpolant(data: GaussianMixture, process: Any) -> Any:
    from playground.exact.interpolant import InterpolantOracle, PairedOracle

    ends = process.ends(data.dim)
    if process.coupling == "independent":
        return InterpolantOracle(data, ends, process)
    from playground.core.coupling import PAIRS, SMOOTH, minibatch_ot
    from playground.core.rng import Rng

    rng = Rng(0, dtype=torch.float64).stream("pairs")
    x0, x1 = (law.sample(rng.uniform((PAIRS,)), rng.normal((PAIRS, data.dim)))[0] for law in (data, ends))
    return PairedOracle(data, x0, minibatch_ot(x0, x1), SMOOTH, process)
