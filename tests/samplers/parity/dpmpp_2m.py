import playground as pg
from tests.samplers.parity.shared import DPM, multistep

CASES = {
    "DPMSolverPP2M": multistep(*DPM, pg.DPMSolverPP2M(), solver_order=2),
    "DPMSolverPP2M heun": multistep(*DPM, pg.DPMSolverPP2M(form="heun"), solver_order=2, solver_type="heun"),
}
