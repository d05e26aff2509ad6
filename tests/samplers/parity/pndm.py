from tests.samplers.parity.shared import pndm

CASES = {"PNDM released": pndm(False)}
