"""The solvers whose order is measured, and how: shared by the tests and by docs/generate.py."""

import playground as pg
from playground.core.spec import registry
from tests.samplers.family import flow_errors, propagate, slope, uniform_levels

SOLVERS = {
    "DPMSolver 1": pg.DPMSolver(order=1),
    "DPMSolver 2": pg.DPMSolver(order=2),
    "DPMSolver 3": pg.DPMSolver(order=3),
    "DPMSolver 2 multistep": pg.DPMSolver(order=2, variant="multistep"),
    "DPMSolver 3 multistep": pg.DPMSolver(order=3, variant="multistep"),
    "DPMSolver 3 multistep, released": pg.DPMSolver(order=3, variant="multistep", released=True),
    "DPMSolverPP2M": pg.DPMSolverPP2M(),
    "DPMSolverPP2S": pg.DPMSolverPP2S(),
    "DPMSolverPP3M": pg.DPMSolverPP3M(),
    "DPMSolverPP3M, released": pg.DPMSolverPP3M(released=True),
    "SDEDPMSolverPP 2, η = 0": pg.SDEDPMSolverPP(order=2, eta=0.0),
    "SDEDPMSolverPP 3, η = 0": pg.SDEDPMSolverPP(order=3, eta=0.0),
    "DPMSolverPPSDE, η = 0": pg.DPMSolverPPSDE(eta=0.0),
    "UniPC 1 bh1": pg.UniPC(order=1, variant="bh1"),
    "UniPC 2 bh1": pg.UniPC(order=2, variant="bh1"),
    "UniPC 3 bh1": pg.UniPC(order=3, variant="bh1"),
    "UniPC 1": pg.UniPC(order=1),
    "UniPC 2": pg.UniPC(order=2),
    "UniPC 3": pg.UniPC(order=3),
    "DEIS 1": pg.DEIS(order=1),
    "DEIS 2": pg.DEIS(order=2),
    "DEIS 3": pg.DEIS(order=3),
    "DEIS 2 in t": pg.DEIS(order=2, space="t"),
    "DEIS 3 in t": pg.DEIS(order=3, space="t"),
    "LMS 1": pg.LMS(order=1),
    "LMS 2": pg.LMS(order=2),
    "LMS 3": pg.LMS(order=3),
    "LMS 4": pg.LMS(order=4),
    "PNDM": pg.PNDM(),
    "PLMS": pg.PLMS(),
    "KDPM2": pg.KDPM2(),
    "EulerAncestral, η = 0": pg.EulerAncestral(eta=0.0),
    "EDMHeun": pg.EDMHeun(),
    "Restart, K = 0": pg.Restart(times=0),
    "PredictorCorrector, n = 0": pg.PredictorCorrector(predictor=pg.DPMSolverPP2M(), corrector_steps=0),
}
# every other solver with steps of its grid, at its defaults: a new one is measured without an entry here
_NAMED = {solver.info.key for solver in SOLVERS.values()}
_OTHERS = {key: cls() for key, cls in registry("samplers").items() if key not in _NAMED and cls.info.nfe is not None}
SOLVERS |= {key: solver for key, solver in _OTHERS.items() if solver.declared_order is not None}
TIMES = {"VP": pg.VP(), "EDM": pg.EDM(sigma_max=160.0)}
# steps in the process's own time, between finite noise levels of VP: what needs no noise level
TEXTBOOK = {label for label, solver in SOLVERS.items() if "snr" not in solver.needs}
OWN_TIME = {*TEXTBOOK, "DEIS 2 in t", "DEIS 3 in t"}  # the others see ρ only: the same path in every process


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
    "DDPM small": (pg.DDPM(), 1),
    "DDPM interpolated": (pg.DDPM(variance="interpolated", weight=0.3), 1),
    "EulerAncestral": (pg.EulerAncestral(), 1),
    "EulerAncestral η = 0.5": (pg.EulerAncestral(eta=0.5), 1),
    "EulerMaruyama": (pg.EulerMaruyama(), 1),
    "ReverseDiffusion": (pg.ReverseDiffusion(), 1),
    "SDEDPMSolverPP 1": (pg.SDEDPMSolverPP(order=1), 1),
    "SDEDPMSolverPP 2": (pg.SDEDPMSolverPP(order=2), 2),
    "SDEDPMSolverPP 2 η = 0.5": (pg.SDEDPMSolverPP(order=2, eta=0.5), 2),
    "DPMSolverPPSDE": (pg.DPMSolverPPSDE(), 2),
    "KDPM2 ancestral": (pg.KDPM2(eta=1.0), 2),
    "AnalyticDPM": (pg.AnalyticDPM(), None),
    "AnalyticDPM DDIM": (pg.AnalyticDPM(mean="DDIM", covariance="diagonal"), None),
}


def variance_error(sampler, n, c=0.25):
    times = uniform_levels(VP, n, -4.5, 2.0)
    end = VP.at(float(times[-1]))
    return propagate(sampler, VP, c, times)[1] - (end.alpha**2 * c + end.sigma**2)
