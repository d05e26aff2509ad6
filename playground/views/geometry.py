"""The panels of a process of data: those of the space in which states live."""

from __future__ import annotations

from playground.core.law import Law
from playground.core.panels import Geometry, Looks
from playground.core.process import Process


def geometry_of(law: Law, process: Process) -> Geometry:
    """Panels and axes, the same for every run of the same data and process."""
    label = f" {process.view_scale_label}" if process.view_scale_label else ""
    return process.states(law.space).panels(Looks(label, process.speed, law.top))
