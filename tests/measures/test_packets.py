"""The panel's numbers are those of before measures became declarations: packets recorded then (record.py)."""

from __future__ import annotations

import pytest
import torch

from tests.measures.record import LINKS, packet, recorded

KNOWN = recorded()


def same(a: object, b: object) -> bool:
    """Equal, numbers up to what other processors round otherwise."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, (int, float)):
        return a == pytest.approx(b, rel=1e-3, abs=1e-5)
    return a == b


@pytest.mark.parametrize("link", LINKS)
def test_the_panel_shows_what_it_showed(link: str) -> None:
    """To the bit on the machine that recorded (``python -m tests.measures.record --check``). Mutants killed: one exact sample fewer, another
    stream, the tilted law drawn before the others."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        header, arrays = packet(link)
    finally:
        torch.set_num_threads(threads)
    told, known = KNOWN[link]
    for name in told:
        assert same(told[name], header[name]), name
    assert header.keys() == told.keys()
    assert arrays.keys() == known.keys()
    for name, a in known.items():
        assert arrays[name] == pytest.approx(a, rel=1e-3, abs=1e-5), name
