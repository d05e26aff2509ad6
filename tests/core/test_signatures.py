"""What a notebook gives by position keeps its meaning: new parameters stand at the end."""

import json

import pytest

from tests.core.signatures import FILE, present

KEPT: dict[str, list[str]] = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", KEPT)
def test_new_parameters_stand_at_the_end(name):
    """Mutant killed: a field of a base class, which stands before the choice's own."""
    assert present()[name][: len(KEPT[name])] == KEPT[name]


def test_every_choice_is_kept():
    """A new one, or a new parameter, is added by ``python -m tests.core.signatures``."""
    assert present() == KEPT
