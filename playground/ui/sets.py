"""Images of one's own on the page: an upload is stored as a set, and a set's models become entries of the data picker."""

from __future__ import annotations

import json
from dataclasses import asdict

from playground.core.catalog import law_of, models_of
from playground.core.fields import Record
from playground.ui.form import law_facts
from playground.ui.picker import law_choice, model_choice
from playground.views.judged import alone


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


def stored_record(told: bytes) -> Record:
    """The same of a set that was stored a moment ago (``StoreSet``, playground/server/jobs.py)."""
    stored = json.loads(told)
    return set_record(stored["name"], tuple(stored["notes"]))
