import playground as pg
from tests.samplers.parity.shared import DPM, multistep

CASES = {"DPMSolverPP2M": multistep(*DPM, pg.DPMSolverPP2M(), solver_order=2)}
