import playground as pg
from tests.samplers.parity.shared import KARRAS, in_y

CASES = {"EDMHeun": in_y("scheduling_heun_discrete", "HeunDiscreteScheduler", pg.EDMHeun(), stride=2, **KARRAS)}
