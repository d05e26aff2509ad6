import playground as pg
from tests.samplers.parity.shared import KARRAS, in_y

CASES = {"LMS 4 released": in_y("scheduling_lms_discrete", "LMSDiscreteScheduler", pg.LMS(released=True), **KARRAS)}
