"""What is kept: least recently used goes first, and what came last stays."""

from __future__ import annotations

from playground.server.cache import Cache


def test_least_recently_used_goes_first() -> None:
    kept = Cache[str, int](2, 100)
    for n, name in enumerate("abc"):
        kept.put(name, n, 10)
        kept.get("a")
    assert [kept.get(name) for name in "abc"] == [0, None, 2]
    assert kept.used == 20


def test_the_newest_stays_whatever_its_size() -> None:
    """A run that is larger than all that may be kept is read again a moment later. Mutant killed: it throws out everything and then itself."""
    kept = Cache[str, int](10, 100)
    for name, size in (("a", 40), ("b", 60), ("large", 1000)):
        kept.put(name, 1, size)
    assert [kept.get(name) for name in ("a", "b", "large")] == [None, None, 1]
    kept.put("c", 1, 50)
    assert (kept.get("large"), kept.get("c"), kept.used) == (None, 1, 50)
    kept.clear()
    assert (kept.get("c"), kept.used) == (None, 0)
