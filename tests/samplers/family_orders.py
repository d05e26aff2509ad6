"""The solvers whose order is measured, and how: shared by the tests and by docs/generate.py."""

import math

import playground as pg
from playground.core.spec import from_dict
from tests.real import real
from tests.samplers.family import flow_errors, propagate, slope, uniform_levels

LABELLED = {
    f"{key} {variant.name}".strip(): (from_dict("samplers", "sampler", {"kind": key, **variant.parameters}), variant)
    for key, cls in real("samplers").items()
    if cls.info.nfe is not None
    for variant in cls.variants
}
SOLVERS = {label: solver for label, (solver, _) in LABELLED.items() if solver.declared_order is not None}
TIMES = {"VP": pg.VP(), "EDM": pg.EDM(sigma_max=160.0)}
# steps in the process's own time, between finite noise levels of VP: what needs no noise level
TEXTBOOK = {label for label, solver in SOLVERS.items() if "snr" not in solver.needs}
OWN_TIME = TEXTBOOK | {
    label for label, solver in SOLVERS.items() if solver.in_time
}  # the others see ρ only: the same path in every process


def grids(solver):
    """Finer for high orders, whose first steps of lower order fade last, but not down to rounding error."""
    return [96, 128, 192, 256, 384] if solver.declared_order >= 3 else [64, 96, 128, 192, 256]


def measured(label, process="EDM"):
    """Slope of the largest error over five grids."""
    solver = SOLVERS[label]
    lo = -2.0 if label in TEXTBOOK else -5.0
    return slope(grids(solver), flow_errors(solver, TIMES[process], grids(solver), lo))


VP = pg.VP()
WEAK_STEPS = [64, 96, 128, 192]
WEAK = {  # sampler, order of the variance's error (None: exact at any number of steps)
    label: (sampler, None if math.isinf(variant.weak) else variant.weak)
    for label, (sampler, variant) in LABELLED.items()
    if variant.weak is not None
}


def variance_error(sampler, n, c=0.25):
    times = uniform_levels(VP, n, -4.5, 2.0)
    end = VP.at(float(times[-1]))
    return propagate(sampler, VP, c, times)[1] - (end.alpha**2 * c + end.sigma**2)
