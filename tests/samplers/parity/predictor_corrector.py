from tests.samplers.parity.shared import score_sde

CASES = {"PredictorCorrector": score_sde(2)}
