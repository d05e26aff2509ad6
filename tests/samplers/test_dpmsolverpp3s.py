"""DPM-Solver++ 3S: its first step from the printed formula."""

import math

import torch


def printed_step(sampler, problem, z, t, s, k, n):
    """The singlestep update of order 3 in x̂_0 (Lu et al. 2022, r₁ = 1/3, r₂ = 2/3), with the numbers ``k`` printed beside the formula."""
    process = problem.process
    now = process.at(t)
    d, h = problem.x0(z, t), k["h"]

    def at(share):
        half = torch.tensor(now.half_log_snr + share * h, dtype=torch.float64)
        u = float(process.time_at(half))
        return u, process.at(u)

    (one, c1), (two, c2) = at(1 / 3), at(2 / 3)
    d1 = problem.x0(c1.sigma / now.sigma * z - c1.alpha * math.expm1(-h / 3) * d, one)
    far = 2 * h / 3
    u2 = c2.sigma / now.sigma * z - c2.alpha * math.expm1(-far) * d + 2 * c2.alpha * (math.expm1(-far) / far + 1) * (d1 - d)
    main = k[r"\frac{\sigma_s}{\sigma_t}"] * z + k[r"\alpha_s(1-e^{-h})"] * d
    return main + 1.5 * k[r"\alpha_s h\varphi_2(-h)"] * (problem.x0(u2, two) - d)
