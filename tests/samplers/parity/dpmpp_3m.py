import playground as pg
from tests.samplers.parity.shared import DPM, multistep

CASES = {"DPMSolverPP3M released": multistep(*DPM, pg.DPMSolverPP3M(released=True), solver_order=3)}
