"""What every mistake is told in: a BadValue that names the field, the value and what is allowed."""

from collections.abc import Callable

import pytest

from playground.core.fields import BadValue


def check_told(make: Callable[[], object], field: str, allowed: str) -> None:
    """``make()`` is refused naming ``field``, and these words are in what is allowed."""
    with pytest.raises(ValueError, match="cannot be used; allowed: ") as caught:
        make()
    error = caught.value
    assert isinstance(error, BadValue)
    assert error.field == field, str(error)
    assert str(error).startswith(f"{field} = {error.value} cannot be used; allowed: "), str(error)
    assert allowed in error.allowed, str(error)
