"""Sweeps: many experiments as one record, computed in as few passes as it takes, kept, and read with intervals. docs/sweeps.md.

    sweep = Sweep(axes=[{"sampler": ["DDIM", "Heun"]}, {"calls": [5, 10, 20, 50]}], seeds=5, measures=["W2"])
    for result in Running(sweep): ...          # cells as they are there
    results = run(sweep)                       # all of them

``record.py`` what a sweep is; ``results.py`` what came of it, in one file; ``statistics.py`` means, orders, fronts; ``compute.py`` cells; ``kept.py`` cells on disk; ``running.py`` the
stream; ``workers.py`` who computes: here, processes, ``cluster.py`` a cluster; ``presets.py`` sweeps by name; ``python -m playground.sweeps`` the command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from playground.core.experiment import Experiment
from playground.sweeps.kept import Kept
from playground.sweeps.record import MEASURES, NEW, Axis, Sweep
from playground.sweeps.results import Result, Results
from playground.sweeps.running import Running
from playground.sweeps.workers import Workers

__all__ = ["Axis", "Result", "Results", "Running", "Sweep", "run", "sweep"]


def run(
    sweep: Sweep, *, workers: int = 0, by: Workers | None = None, keep: bool = True, told: Callable[[Result], object] | None = None
) -> Results:
    """Computes a sweep. workers: processes of this machine, 0: none but this one. by: who computes, instead (``playground.sweeps.cluster.Ray``). keep: on disk, where a cell that was computed once is read again. told: is given each result as
    soon as it is there. Raises: BadValue; a cell that cannot be computed says why in its place."""
    running = Running(sweep, workers=workers, by=by, kept=Kept() if keep else None)
    for result in running:
        if told is not None:
            told(result)
    return running.results


def sweep(
    axes: Sweep | Sequence[Axis | Mapping[str, Sequence[object]]],
    *,
    base: Experiment | Mapping[str, object] | None = None,
    seeds: int | Sequence[int] = NEW,
    measures: Sequence[str] | str = MEASURES,
    workers: int = 0,
    by: Workers | None = None,
    keep: bool = True,
) -> Results:
    """Many experiments, measured: ``base`` changed along ``axes`` to every combination, each with all seeds. A ``Sweep`` is taken as it is.

    pg.sweep([{"sampler": ["DDIM", "Heun"]}, {"calls": [5, 10, 20]}], measures=["W2"]).rows("W2")

    The arguments are those of ``Sweep``, ``workers``, ``by`` and ``keep`` those of ``playground.sweeps.run``. Raises: BadValue.
    """
    return run(Sweep.of(axes, base=base, seeds=seeds, measures=measures), workers=workers, by=by, keep=keep)
