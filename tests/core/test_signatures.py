"""What a notebook gives keeps its meaning: new parameters stand behind those that have a position, and no name goes."""

import json

import pytest

from tests.core.signatures import FILE, present


def split(names: list[str]) -> tuple[list[str], list[str]]:
    """Those with a position, "*" included, and those without."""
    at = names.index("*") + 1
    return names[:at], names[at:]


KEPT: dict[str, list[str]] = json.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", KEPT)
def test_new_parameters_stand_at_the_end(name):
    """Mutant killed: a field of a base class, which stands before the choice's own."""
    (*placed, _), rest = split(KEPT[name])
    (*now, _), others = split(present()[name])
    assert now[: len(placed)] == placed
    assert {*rest} <= {*others}


def test_every_choice_is_kept():
    """A new one, or a new parameter, is added by ``python -m tests.core.signatures``."""
    assert present() == KEPT
