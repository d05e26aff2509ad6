import playground as pg
from tests.samplers.parity.shared import singlestep

CASES = {"DPMSolverPP2S": singlestep(pg.DPMSolverPP2S(), 2, "dpmsolver++")}
