import playground as pg
from tests.samplers.parity.shared import singlestep

CASES = {"DPMSolverPP3S": singlestep(pg.DPMSolverPP3S(), 3, "dpmsolver++")}
