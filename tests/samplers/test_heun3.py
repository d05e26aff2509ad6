"""Heun's third order: its first step from the printed formula; the order conditions of its tableau stand in test_rk38."""


def printed_step(sampler, problem, z, t, s, k, n):
    h = k["s-t"]
    k1 = problem.velocity(z, t)
    k2 = problem.velocity(z + h / 3 * k1, t + h / 3)
    return z + h / 4 * (k1 + 3 * problem.velocity(z + 2 * h / 3 * k2, t + 2 * h / 3))
