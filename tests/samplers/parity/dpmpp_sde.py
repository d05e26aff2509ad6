import playground as pg
from tests.samplers.parity.shared import KARRAS, in_y

CASES = {"DPMSolverPPSDE": in_y("scheduling_dpmsolver_sde", "DPMSolverSDEScheduler", pg.DPMSolverPPSDE(path="sigma"), stride=2, **KARRAS)}
