import playground as pg
from tests.samplers.parity.shared import DPM, ENDS, multistep


def case(order, form="midpoint"):
    config = {"algorithm_type": "sde-dpmsolver", "solver_order": order, "solver_type": form, **ENDS}
    return multistep(*DPM, pg.SDEDPMSolver(order=order, form=form), noisy=True, **config)


CASES = {"SDEDPMSolver 1": case(1), "SDEDPMSolver 2": case(2), "SDEDPMSolver 2 heun": case(2, "heun")}
