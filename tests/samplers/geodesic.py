"""Orders of convergence on the torus: shared by the tests and by docs/generate.py."""

import torch

from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.spec import registry
from playground.exact.wrapped import WrappedOracle
from playground.processes.torus import TorusBrownian
from playground.samplers.geodesic_heun import GeodesicHeun
from tests.samplers.family import F64, slope
from toy_models.laws.torus import torus_peaks

STEPS, FINE, LATE, EARLY = (64, 96, 128, 192, 256), 1024, 0.95, 0.45
# those that follow the flow along geodesics, by label
GEODESIC = {key: made for key, cls in registry("samplers").items() if "tangent" in cls.moves and (made := cls()).declared_order is not None}


def flow(problem, z, t, s, n, sampler):
    """z after n even steps from t to s."""
    rng = Rng(0, dtype=F64)
    for i in range(n):
        z, _ = sampler.step(problem, z, t + (s - t) * i / n, t + (s - t) * (i + 1) / n, None, rng)
    return z


def flow_errors(sampler, steps=STEPS):
    """Median distances to FINE Heun steps from points all over the torus, also those that cross the seam; and those start and end points."""
    process, law = TorusBrownian(), torus_peaks()
    problem = Problem(process, WrappedOracle(law, process))
    z = torch.rand(200, 2, generator=torch.Generator().manual_seed(0), dtype=F64) * 2 * torch.pi - torch.pi
    truth = flow(problem, z, LATE, EARLY, FINE, GeodesicHeun())
    return [float(law.space.distance(flow(problem, z, LATE, EARLY, n, sampler), truth).median()) for n in steps], z, truth


def measured(sampler):
    """Slope over five grids."""
    return slope(STEPS, flow_errors(sampler)[0])
