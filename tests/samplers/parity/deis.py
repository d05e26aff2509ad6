import playground as pg
from tests.samplers.parity.shared import multistep

CASES = {
    f"DEIS log rho {order}": multistep(
        "scheduling_deis_multistep", "DEISMultistepScheduler", pg.DEIS(order=order), solver_order=order, lower_order_final=False
    )
    for order in (1, 2, 3)
}
