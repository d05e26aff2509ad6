"""Why something was not done."""

from __future__ import annotations

from dataclasses import dataclass

from playground.core.fields import Json


@dataclass(frozen=True)
class Failure:
    """error: for the page: field, value, what is allowed, and all of it in a sentence (message), and ``again``. status: of the answer. words: of the log. again: seconds
    after which it may be asked again, 0: nothing is said of that."""

    error: dict[str, Json]
    status: int
    words: str
    again: int = 0

    @classmethod
    def later(cls, message: str, words: str, again: int = 2) -> Failure:
        """What is not done now, and may be asked again."""
        return cls({"field": "", "value": "", "allowed": "", "message": message, **({"again": again} if again else {})}, 503, words, again)


class Failed(Exception):
    """What a job ended with, wherever it was computed."""

    def __init__(self, failure: Failure):
        super().__init__(failure.words)
        self.failure = failure
