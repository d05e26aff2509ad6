"""How far the law from which sampling starts is from the exact p_T: what a run gets wrong before its first step."""

from __future__ import annotations

import functools
import math
from typing import cast

import numpy as np
import torch
from scipy.special import ndtri, stdtrit

from playground.core.exact import Exact, ExactElsewhere, mixture_at
from playground.core.experiment import Experiment
from playground.core.mixture import GaussianMixture
from playground.core.process import Process, t64
from playground.exact import oracle_for
from playground.metrics.denoising import w2_to_gaussian

MATTERS = 0.01  # of the prior's width: below this a start's own error is far from showing


def prior_mismatch(exp: Experiment, t: float) -> float:
    """W₂ (sliced for states of more than one number) between the exact law of the state at ``t``, the run's first time, and the law that its start
    is drawn from, in units of the view (where the prior has width 1). Zero for an exact start, and where the process's source is p_T itself; NaN where
    it is a law of finitely many pairs (an interpolant's minibatch coupling).

    Below MATTERS it may be an upper bound. Against Gaussian priors that of a mixture and a Gaussian; for PFGM++'s Student-t an upper bound, by W₂ of first two moments given the
    kernel's random scale.
    """
    if exp.start == "exact" or exp.process.prior_is_exact:
        return 0.0
    if "mixture" not in exp.law.gives:
        return _elsewhere(exp, t)
    return _mismatch(exp.process, exp.guidance.target(exp.who).mixture, t, exp.start)


def mismatch_name(exp: Experiment) -> str:
    """Which distance that is."""
    if "mixture" not in exp.law.gives:
        return "total variation"
    return "W₂" if exp.law.dim * len(exp.process.parts) == 1 else "sliced W₂"


def _elsewhere(exp: Experiment, t: float) -> float:
    """Of symbols and angles: total variation between p_T and the prior, of angles for each of them alone, the largest. Below T starts are exact."""
    exact = cast("ExactElsewhere", exp.who.exact(exp.process))
    return exact.mismatch() if t >= exp.process.t_max * (1 - 1e-9) else 0.0


@functools.lru_cache(maxsize=64)
def _mismatch(process: Process, data: GaussianMixture, t: float, start: str) -> float:
    scale = float(process.view_scale(t64(t)))
    whole = t >= process.t_max * (1 - 1e-9)
    if whole and start == "prior" and "snr" in process.caps:
        # x_t and its noise alone are |ψ x_0| apart: where that is little, nothing else need be known
        apart = float(process.scalar().alpha(t64(t))) * math.sqrt(float(data.mean().square().sum() + data.cov().trace()))
        if scale * apart < MATTERS:
            return scale * apart
    oracle: Exact = oracle_for(data, process)
    if process.moments < math.inf:  # a Student-t has no W₂ in closed form to anything: it is bounded
        if start == "gaussian":
            u, freedom = (np.arange(2000) + 0.5) / 2000, process.moments
            gap = stdtrit(freedom, u) - math.sqrt(freedom / (freedom - 2)) * ndtri(u)
            return scale * t * math.sqrt(float(np.mean(gap**2)))  # the noise's own, which the data blur
        from playground.exact.student import SHOWN, scale_nodes

        tau, weight = scale_nodes(process.moments, oracle.dim, SHOWN)
        noise = (t * t * tau)[:, None]
        spread = (torch.linalg.eigvalsh(data.cov()) + noise).sqrt() - (noise + (not whole)).sqrt()
        return scale * math.sqrt(float(oracle.marginal(t).mean().square().sum() + weight @ spread.square().sum(1)))
    law, eye = mixture_at(oracle, t), torch.eye(oracle.dim, dtype=torch.float64)
    if start == "gaussian":
        return scale * w2_to_gaussian(law, law.mean(), law.cov())
    if process.source_is_exact:
        return math.nan
    prior = process.source_cov(t)
    if prior is None:
        return 0.0  # such processes start from the exact p_t there
    return scale * w2_to_gaussian(law, torch.zeros(law.dim, dtype=torch.float64), torch.kron(prior, eye))
