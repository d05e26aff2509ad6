"""Examples of the header's menu."""

from urllib.parse import parse_qsl

import pytest

from playground.presets import PRESETS
from playground.ui.form import repair


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.title)
def test_every_example_is_a_legal_link(preset):
    """Mutant killed: a misspelt sampler in a preset, which the page would repair with a notice."""
    query = dict(parse_qsl(preset.query, keep_blank_values=True))
    assert repair(query)[1] == []
