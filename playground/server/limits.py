"""What this server allows. The numbers stand in playground/core/limits.py, where every room can read them; here is what is refused by them."""

from __future__ import annotations

from playground.core.experiment import Experiment
from playground.core.fields import BadValue
from playground.core.limits import Limits, limits

__all__ = ["Limits", "admitted", "limits"]


def admitted(exp: Experiment) -> Experiment:
    """The experiment, if this server computes as many particles and steps. Raises BadValue naming ``particles`` or ``grid.steps``."""
    most = limits()
    if exp.particles > most.particles:
        raise BadValue("particles", exp.particles, f"at most {most.particles:,} on this server")
    if exp.grid.steps > most.steps:
        raise BadValue("grid.steps", exp.grid.steps, f"at most {most.steps:,} on this server")
    return exp
