"""The numbers that the page's status line shows of a run, for scripts: read off the packet that the page is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from playground.core.experiment import Experiment
from playground.core.fields import is_list, is_record
from playground.core.measure import Estimate
from playground.views.distances import metrics_packet
from playground.views.sights import whole


@dataclass(frozen=True, repr=False)
class Numbers:
    """What the page says of a run. steps, calls: of the run. against: what its last particles are compared with. distances: by name the last number with its standard error and the
    floor, what exact draws of that size show. clock: of ``courses``, from 1 (noise) to 0 (data): by name the distances over the run, (2, M): value and floor. without: by name why
    a distance is not there."""

    steps: int
    calls: int
    against: str
    distances: Mapping[str, Estimate]
    clock: np.ndarray
    courses: Mapping[str, np.ndarray]
    without: Mapping[str, str]

    def __repr__(self) -> str:
        lines = [f"{self.steps} steps, {self.calls} model calls"]
        lines += [
            f"{name} to {self.against}: {e.value:.4g} ± {e.error:.2g}, floor {e.floor:.4g} ± {e.floor_sd:.2g}"
            for name, e in self.distances.items()
        ]
        return "\n".join(lines + [f"{name}: {why}" for name, why in self.without.items()])


def numbers(exp: Experiment) -> Numbers:
    """The numbers of the page's run of an experiment: steps, model calls, and every distance with its floor, at the end and over the run. Raises BadValue."""
    run = whole(exp)
    steps, calls = run.steps, run.frames[-1].calls
    if exp.law.space.pictures:
        return Numbers(steps, calls, "", {}, np.empty(0), {}, {"distances": "there are no exact draws of pictures to compare with"})
    told = metrics_packet(run)
    at = {name: (entry["label"], entry) for entry in _records(told.header["metrics"]) if (name := str(entry["name"]))}
    ends = {
        str(label): Estimate(*(_number(entry[key]) for key in ("final", "final_se", "floor", "floor_sd"))) for label, entry in at.values()
    }
    courses = {str(label): np.stack([told[name], told[f"{name}/floor"]]) for name, (label, _) in at.items()}
    without = {str(entry["label"]): str(entry["reason"]) for entry in _records(told.header["missing"])}
    return Numbers(steps, calls, str(told.header["end"]), ends, told["clock"], courses, without)


def _records(told: object) -> list[dict[str, object]]:
    return [dict(entry) for entry in told if is_record(entry)] if is_list(told) else []


def _number(told: object) -> float:
    return float(told) if isinstance(told, (int, float)) else float("nan")
