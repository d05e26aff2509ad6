"""The panels of an experiment: those of the space in which its states live."""

from __future__ import annotations

from playground.core.experiment import Experiment
from playground.core.panels import Geometry, Looks


def geometry_of(exp: Experiment) -> Geometry:
    """Panels and axes, the same for every run of the same data and process."""
    process, law = exp.process, exp.law
    label = f" {process.view_scale_label}" if process.view_scale_label else ""
    return process.states(law.space).panels(Looks(label, process.speed, law.top))
