"""Mixtures of one's own as data: a record, its JSON, or the compact text of a link."""

from __future__ import annotations

import functools
import json
from collections.abc import Sized
from typing import cast

import torch

from playground.core.fields import BadValue, Record, is_record, made
from playground.core.law import Law, MixtureLaw
from playground.core.mixture import GaussianMixture
from playground.laws.compact import MOST, decode, is_compact


def text_of(field: str, value: object) -> str | None:
    """The text (hashable, fits in a link) that names a mixture: canonical JSON, or the compact text that was given; None if it is none.

    Raises BadValue naming ``field``.
    """
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise BadValue(field, value[:60], "a distribution's name or a mixture as JSON") from None
    if is_record(value):
        return _canonical(field, value)
    if isinstance(value, str) and is_compact(value):
        decode(value, field)
        return value
    return None


def law(data: str) -> Law | None:
    """The law behind such a text."""
    return _law(data) if data.startswith("{") or is_compact(data) else None


@functools.lru_cache(maxsize=64)
def _law(data: str) -> Law:
    return MixtureLaw(decode(data) if is_compact(data) else GaussianMixture(**json.loads(data)), data, "your mixture")


def _canonical(field: str, record: Record) -> str:
    unknown = set(record) - {"weights", "means", "covs", "labels"}
    if unknown or not {"weights", "means", "covs"} <= set(record):
        raise BadValue(field, sorted(record), "a mixture with weights, means, covs and, if wanted, labels")
    try:
        if (count := len(cast("Sized", record["weights"]))) > MOST:  # a TypeError of what has no length
            raise BadValue("weights", f"{count} components", f"at most {MOST} components")
        parts = {name: torch.as_tensor(record[name], dtype=torch.float64) for name in ("weights", "means", "covs")}
        mixture = made(GaussianMixture, {**parts, "labels": record.get("labels")})
    except BadValue as error:
        raise error.under(field) from None
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise BadValue(field, str(record)[:60], "numbers: weights (K), means (K, d), covs (K, d, d)") from None
    if mixture.dim > 2:
        raise BadValue(f"{field}.means", f"{mixture.dim} columns", "one or two dimensions")
    record = mixture.to_dict()
    if not bool(mixture.labels.any()):
        del record["labels"]
    return json.dumps(record, separators=(",", ":"))
