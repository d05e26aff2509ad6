"""The 3/8 rule: its first step from the printed formula; one-step methods in t on equations with a closed form."""

import math

import pytest
import torch

import playground as pg
from tests.samplers.family import F64

METHODS = [(pg.Euler(), 1), (pg.Heun(), 2), (pg.Midpoint(), 2), (pg.Heun3(), 3), (pg.RK4(), 4), (pg.RK38(), 4)]


def printed_step(sampler, problem, z, t, s, k, n):
    h = k["s-t"]
    k1 = problem.velocity(z, t)
    k2 = problem.velocity(z + h / 3 * k1, t + h / 3)
    k3 = problem.velocity(z + h * (k2 - k1 / 3), t + 2 * h / 3)
    return z + h / 8 * (k1 + 3 * k2 + 3 * k3 + problem.velocity(z + h * (k1 - k2 + k3), s))


class Equation:
    """dz/dt = u(z, t), in the place of a problem."""

    def __init__(self, velocity):
        self.velocity = velocity

    def prepare(self, times):
        """Keeps no tables."""


def step(sampler, velocity, z, t, s):
    return float(sampler.step(Equation(velocity), torch.tensor([z], dtype=F64), t, s, None, None)[0])


@pytest.mark.parametrize(("sampler", "order"), METHODS, ids=lambda x: str(x))
def test_closed_forms(sampler, order):
    """dz/dt = λ z: e^{λh} up to the power of the order. dz/dt = t^k: exact for k below it. dz/dt = −2 t z²: z = 1/(1/z + s² − t²) up to h^{order + 1}.

    Mutants killed: k₃ from k₁ in Heun-3; −k₁/3 left out, or weights 1 2 2 1 over 6, in the 3/8 rule.
    """
    taylor = sum((-0.7 * 0.6) ** j / math.factorial(j) for j in range(order + 1))
    assert step(sampler, lambda z, t: -0.7 * z, 1.3, 0.2, 0.8) == pytest.approx(1.3 * taylor, abs=1e-14)
    for k in range(order):
        found = step(sampler, lambda z, t, k=k: torch.full_like(z, t**k), 0.5, 1.1, 0.4)
        assert found == pytest.approx(0.5 + (0.4 ** (k + 1) - 1.1 ** (k + 1)) / (k + 1), abs=1e-14)
    errors = [abs(step(sampler, lambda z, t: -2 * t * z * z, 0.8, 1.0, 1.0 - h) - 1 / (1.25 + (1 - h) ** 2 - 1)) for h in (0.02, 0.01)]
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order + 1, abs=0.15)
