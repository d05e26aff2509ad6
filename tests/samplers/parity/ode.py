import playground as pg
from tests.samplers.parity.shared import KARRAS, in_y

CASES = {"Euler (EDM)": in_y("scheduling_euler_discrete", "EulerDiscreteScheduler", pg.Euler(), **KARRAS)}
