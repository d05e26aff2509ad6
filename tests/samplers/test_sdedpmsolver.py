"""SDE-DPM-Solver in ε̂: its first step from the printed formula."""


def printed_step(sampler, problem, z, t, s, k, n):
    out = k[r"\frac{\alpha_s}{\alpha_t}"] * z - k[r"(1+\eta^2)\,\sigma_s\,(e^{h}-1)"] * problem.eps(z, t)
    return out + (k[r"\eta\,\sigma_s\sqrt{e^{2h}-1}"] * n[0] if n else 0)
