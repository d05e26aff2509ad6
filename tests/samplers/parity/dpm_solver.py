import playground as pg
from tests.samplers.parity.shared import DPM, ENDS, multistep, singlestep

CASES = (
    {
        f"DPMSolver multistep {order}" + ", released" * (order == 3): multistep(
            *DPM,
            pg.DPMSolver(order=order, variant="multistep", released=order == 3),
            algorithm_type="dpmsolver",
            solver_order=order,
            **ENDS,
        )
        for order in (1, 2, 3)
    }
    | {
        "DPMSolver multistep 3, released, lowered": multistep(
            *DPM,
            pg.DPMSolver(order=3, variant="multistep", released=True, lower_final=True),
            algorithm_type="dpmsolver",
            solver_order=3,
            **{**ENDS, "lower_order_final": True},
        )
    }
    | {f"DPMSolver singlestep {order}": singlestep(pg.DPMSolver(order=order), order, "dpmsolver") for order in (1, 2, 3)}
)
