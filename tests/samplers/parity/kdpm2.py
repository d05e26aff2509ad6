import playground as pg
from tests.samplers.parity.shared import KARRAS, in_y

CASES = {
    "KDPM2": in_y("scheduling_k_dpm_2_discrete", "KDPM2DiscreteScheduler", pg.KDPM2(), stride=2, **KARRAS),
    "KDPM2 ancestral": in_y(
        "scheduling_k_dpm_2_ancestral_discrete", "KDPM2AncestralDiscreteScheduler", pg.KDPM2(eta=1.0), 2, True, **KARRAS
    ),
}
