"""What was computed lately."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Kept = TypeVar("Kept")


class Cache(Generic[Key, Kept]):
    """Runs and packets that were computed lately, least recently used thrown out first; the newest stays, however large it is."""

    def __init__(self, entries: int, size: int):
        self.entries, self.size, self.used = entries, size, 0
        self.items: OrderedDict[Key, tuple[Kept, int]] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: Key) -> Kept | None:
        with self.lock:
            if key not in self.items:
                return None
            self.items.move_to_end(key)
            return self.items[key][0]

    def drop(self, key: Key) -> None:
        with self.lock:
            if key in self.items:
                self.used -= self.items.pop(key)[1]

    def put(self, key: Key, value: Kept, size: int) -> None:
        self.drop(key)
        with self.lock:
            self.items[key] = (value, size)
            self.used += size
            while len(self.items) > 1 and (len(self.items) > self.entries or self.used > self.size):
                self.used -= self.items.popitem(last=False)[1][1]

    def clear(self) -> None:
        with self.lock:
            self.items.clear()
            self.used = 0
