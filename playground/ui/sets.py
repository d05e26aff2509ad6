"""Images of one's own on the page: an upload is stored as a set, and a set's models become entries of the data picker."""

from __future__ import annotations

import re
from dataclasses import asdict

from starlette.requests import Request

from playground.core.catalog import law_of, models_of
from playground.core.fields import BadValue, Record
from playground.images.own import LIMITS, MOST_BYTES, store_upload
from playground.ui.form import law_facts
from playground.ui.picker import law_choice, model_choice
from playground.views.judged import alone


def announced(request: Request) -> int:
    """Bytes of the body by its header, 0 if that is missing or no number: what comes is counted."""
    told = request.headers.get("content-length", "0")
    return int(told) if re.fullmatch("[0-9]{1,18}", told) else 0


async def read_body(request: Request) -> bytes:
    """The body, never more of it than is allowed. Raises BadValue."""
    if announced(request) > MOST_BYTES:
        raise BadValue("images", f"{announced(request) / 1e6:.0f} MB", LIMITS)
    parts, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > MOST_BYTES:
            raise BadValue("images", f"more than {MOST_BYTES // 1_000_000} MB", LIMITS)
        parts.append(piece)
    return b"".join(parts)


def set_record(name: str, notes: tuple[str, ...] = ()) -> Record:
    """A stored set for the page: entries of the data picker, and what was done to its images. Raises BadValue if it is not stored here."""
    law = law_of(name)
    models = models_of(law)
    return {
        "name": name,
        "title": law.title,
        "notes": list(notes),
        "choice": asdict(law_choice(law)),
        "law": law_facts(law),
        "models": [asdict(model_choice(model, name)) for model in models],
        "reasons": {model.key: alone(model) for model in models},
    }


def store_record(title: str, body: bytes) -> Record:
    """An upload, stored. Raises BadValue."""
    stored = store_upload(title, body)
    return set_record(stored.name, stored.notes)
