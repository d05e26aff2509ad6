"""What a file says of where it comes from."""

import pytest

import playground as pg
from playground.core.fields import BadValue
from playground.origin import LONGEST, link_of, origin


def test_the_text() -> None:
    assert origin(link_of({"data": "rings", "view.at": "0.5"})) == f"Diffusion Playground {pg.__version__} ?data=rings&view.at=0.5"
    assert origin(link_of({})).endswith(" ?")
    assert origin("?" + "x" * (LONGEST - 1)).endswith("x")


@pytest.mark.parametrize("link", ["", "data=rings", "?a b", "?ü", "?a\n", "?\x1b[2J", "?" + "x" * LONGEST])
def test_what_is_no_link(link: str) -> None:
    with pytest.raises(BadValue, match="percent-encoded"):
        origin(link)
