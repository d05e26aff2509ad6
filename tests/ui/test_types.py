"""The types of what Python tells the scripts are those of what it tells now."""

from __future__ import annotations

import pytest

from docs import types

# Gradio drops event loops unclosed when components are made; Python tells of it whenever it happens to collect them
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def test_the_types_are_current() -> None:
    """Mutants killed: a field that is new, gone or of another kind in a packet's head or in the page's configuration."""
    assert types.TARGET.read_text(encoding="utf-8") == types.written(), "python -m docs.types"


def test_a_field_that_not_all_have_is_optional() -> None:
    shape = types.shape_of("Some", [{"a": 1, "b": None}, {"a": 2.5, "b": "x", "c": [{"d": True}]}])
    assert str(shape) == "{\n  a: number;\n  b: string | null;\n  c?: {\n    d: boolean;\n  }[];\n}"
