"""What a text of JSON holds, and in words why it is none."""

from __future__ import annotations

import json

from .fields import LONGEST_FIELD, BadValue, short

WORDS = ("true", "false", "null")


class Unreadable(BadValue):
    """A text or file that cannot be read at all. ``why``: a sentence without its end that says it of ``field``; the text itself says nothing to a person."""

    def __init__(self, field: str, why: str, allowed: str):
        super().__init__(field, why, allowed)
        self.value = why
        self.args = (f"{short(field, LONGEST_FIELD)} {why}; allowed: {allowed}",)


def parsed(field: str, source: str | bytes) -> object:
    """What a text of JSON holds. Raises Unreadable, which says where the text ends too early or is no JSON."""
    words = source if isinstance(source, str) else _decoded(field, source)
    try:
        return json.loads(words)
    except json.JSONDecodeError as error:
        raise Unreadable(field, _why(words, error), "valid JSON") from None
    except RecursionError:
        raise Unreadable(field, "is nested too deep", "valid JSON") from None
    except ValueError:  # int() of more digits than Python takes
        raise Unreadable(field, "has a number of too many digits", "valid JSON") from None


def kind_of(value: object) -> str:
    """What a value of JSON is, in words."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (list, tuple)):
        return "a list"
    return "a text" if isinstance(value, str) else "a number" if isinstance(value, (int, float)) else type(value).__name__


def _decoded(field: str, source: bytes) -> str:
    try:
        return source.decode(json.detect_encoding(source), "surrogatepass")
    except UnicodeDecodeError as error:
        cut = error.reason == "unexpected end of data" and source[:1] in b"{["
        raise Unreadable(field, _ends(error.start) if cut else "is not JSON, nor any text", "valid JSON") from None


def _ends(length: int) -> str:
    return f"ends at character {length:,}, before it is whole"


def _why(words: str, error: json.JSONDecodeError) -> str:
    if not words.strip():
        return "is empty"
    rest = words[error.pos :].strip()
    if not rest or error.msg.startswith("Unterminated string") or any(word.startswith(rest) for word in WORDS):
        return _ends(len(words))
    return f"is not JSON from character {error.pos + 1:,} on" if error.pos else "is not JSON"
