"""Data by name or by hand: everything that an Experiment's ``data`` may be, as an exact mixture."""

from __future__ import annotations

import difflib
import functools
import json
import sys
from typing import Any

import torch

from playground.core.fields import NEAR, BadValue
from playground.core.mixture import GaussianMixture
from toy_models.laws.compact import MOST as HAND_MADE
from toy_models.laws.compact import decode, is_compact

GAUSSIAN = "gaussian"
FIRST_IMAGES = "mnist-unet"


def check_data(name: str, value: Any) -> str:
    """A known key, or a mixture as text (hashable, fits in a link): canonical JSON, or the compact text that was given."""
    from toy_models.laws.distributions import TOYS

    if isinstance(value, GaussianMixture):
        value = value.to_dict()
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise BadValue(name, value[:60], "a distribution's name or a mixture as JSON") from None
    if isinstance(value, dict):
        return _canonical(name, value)
    if not isinstance(value, str):
        raise BadValue(name, value, "a distribution's name, or a mixture with weights, means and covs")
    if is_compact(value):
        decode(value, name)
        return value
    if value in TOYS or _usable(name, value):
        return value
    raise BadValue(name, value, _names(value))


def _names(wrong: str) -> str:
    """The names of data by kind; those closest to a wrong one first, and then only a few of each kind."""
    from toy_models.laws.distributions.one_d import ONE_D
    from toy_models.laws.distributions.two_d import TWO_D

    kinds = {"1D": list(ONE_D), "2D": list(TWO_D), "images": image_models()}
    close = difflib.get_close_matches(wrong[:60].lower(), [name for names in kinds.values() for name in names])
    few = 3 if close else sys.maxsize
    words = [f"{kind}: {', '.join(names[:few])}{f' and {len(names) - few} more' * (len(names) > few)}" for kind, names in kinds.items()]
    return (" or ".join(close) + NEAR) * bool(close) + "; ".join(words)


def _usable(name: str, value: str) -> bool:
    """Whether it is an image model's name. Raises BadValue if it is one that cannot be used."""
    from toy_models.models.images import image_model

    try:
        return image_model(value) is not None
    except BadValue as error:
        raise BadValue(name, value, error.allowed) if error.field == "model" else error from None


def hand_made(data: str) -> bool:
    """Whether a (checked) ``data`` value is a mixture of one's own, not a name."""
    return data.startswith("{") or is_compact(data)


def image_models() -> list[str]:
    """Names of the models that make images and come with the app: trained ones, then training-free ones; the first is what the page opens.

    One whose card cannot be used is left out, with a line in the log: asked for by name it says what is wrong. Sets of one's own are not
    listed, only known by name.
    """
    from toy_models.laws.image_sets import DIGITS
    from toy_models.models.free import KINDS
    from toy_models.models.images import image_model, left_out
    from toy_models.networks.checkpoint import models

    found = []
    for name in models():
        try:
            if image_model(name) is not None:
                found.append(name)
        except BadValue as error:
            left_out(str(error))
    return sorted(found, key=lambda name: (name.partition("-")[0] != FIRST_IMAGES.partition("-")[0], name != FIRST_IMAGES)) + [
        f"{DIGITS.name}-{kind}" for kind in KINDS
    ]


def makes_images(data: str) -> bool:
    """Whether a (checked) ``data`` value is an image model's name."""
    from toy_models.models.images import image_model

    return not hand_made(data) and image_model(data) is not None


def law_of(data: str) -> Any:
    """What is diffused: the exact mixture behind a (checked) ``data`` value, or an image model."""
    from toy_models.models.images import image_model

    return (None if hand_made(data) else image_model(data)) or mixture_of(data)


def check_source(name: str, value: Any) -> str:
    """'gaussian', or what ``check_data`` takes."""
    if value == GAUSSIAN:
        return value
    try:
        return check_data(name, value)
    except BadValue as error:
        raise BadValue(error.field, value, f"{GAUSSIAN}; {error.allowed}") if error.field == name else error from None


def source_of(source: str, dim: int) -> GaussianMixture:
    """The exact mixture behind a (checked) source; 'gaussian' is N(0, I) on R^dim."""
    if source == GAUSSIAN:
        return GaussianMixture([1.0], torch.zeros(1, dim), torch.eye(dim)[None])  # type: ignore[arg-type]
    return mixture_of(source)


def _canonical(name: str, record: dict[str, Any]) -> str:
    unknown = set(record) - {"weights", "means", "covs", "labels"}
    if unknown or not {"weights", "means", "covs"} <= set(record):
        raise BadValue(name, sorted(record), "a mixture with weights, means, covs and, if wanted, labels")
    try:
        if len(record["weights"]) > HAND_MADE:
            raise BadValue("weights", f"{len(record['weights'])} components", f"at most {HAND_MADE} components")
        weights, means, covs = (torch.as_tensor(record[k], dtype=torch.float64) for k in ("weights", "means", "covs"))
        mixture = GaussianMixture(weights, means, covs, record.get("labels"))  # type: ignore[arg-type]
    except BadValue as error:
        raise error.under(name) from None
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise BadValue(name, str(record)[:60], "numbers: weights (K), means (K, d), covs (K, d, d)") from None
    if mixture.dim > 2:
        raise BadValue(f"{name}.means", f"{mixture.dim} columns", "one or two dimensions")
    record = mixture.to_dict()
    if not any(record["labels"]):
        del record["labels"]
    return json.dumps(record, separators=(",", ":"))


@functools.lru_cache(maxsize=64)
def mixture_of(data: str) -> GaussianMixture:
    """The exact mixture behind a (checked) ``data`` value."""
    from toy_models.laws.distributions import toy

    if is_compact(data):
        return decode(data)
    if data.startswith("{"):
        record = json.loads(data)
        return GaussianMixture(**record)
    if makes_images(data):
        raise BadValue("data", data, "a toy distribution: an image model has no exact law")
    t = toy(data)
    return GaussianMixture(*t.tensors())


def known() -> list[str]:
    """Every name of data that the page offers."""
    from toy_models.laws.distributions import toys

    return [*(t.key for t in toys()), *image_models()]


def title_of(source: str) -> str:
    """What a (checked) source is called in a sentence."""
    from toy_models.laws.distributions import toy

    return (
        GAUSSIAN
        if source == GAUSSIAN
        else "own mixture"
        if hand_made(source)
        else law_of(source).title
        if makes_images(source)
        else toy(source).title
    )


def class_names(data: str) -> tuple[str, ...]:
    from toy_models.laws.distributions import toy

    if hand_made(data):
        return tuple(f"class {k}" for k in range(int(mixture_of(data).labels.max()) + 1))
    if makes_images(data):
        model = law_of(data)
        return getattr(model, "names", None) or tuple(str(k) for k in model.labels.tolist()) or ("all",)
    return toy(data).class_names
