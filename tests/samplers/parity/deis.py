import playground as pg
from tests.samplers.parity.shared import multistep

CASES = {
    f"DEIS log rho {order}": multistep(
        "scheduling_deis_multistep", "DEISMultistepScheduler", pg.DEIS(order=order), solver_order=order, lower_order_final=False
    )
    for order in (1, 2, 3)
} | {
    "DEIS log rho 3, lowered": multistep(
        "scheduling_deis_multistep", "DEISMultistepScheduler", pg.DEIS(lower_final=True), solver_order=3, lower_order_final=True
    )
}
