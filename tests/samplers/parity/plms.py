from tests.samplers.parity.shared import pndm

CASES = {"PLMS released": pndm(True)}
