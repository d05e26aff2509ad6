from tests.samplers.parity.shared import score_sde

CASES = {"ReverseDiffusion": score_sde(0)}
