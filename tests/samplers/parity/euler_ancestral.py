import playground as pg
from tests.samplers.parity.shared import in_y

CASES = {"EulerAncestral": in_y("scheduling_euler_ancestral_discrete", "EulerAncestralDiscreteScheduler", pg.EulerAncestral(), noisy=True)}
