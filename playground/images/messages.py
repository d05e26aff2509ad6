"""What can go wrong with a hub model, each thing in its own words."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator

from playground.core.fields import BadValue

INSTALL = "pip install -r requirements-hub.txt"


class Cancelled(Exception):
    """The person who asked for a model has changed their mind."""


def missing_extra(name: str, package: str) -> BadValue:
    return BadValue("data", name, f"hub models once the package {package} is there: {INSTALL}")


def no_memory(name: str, more: str = "") -> BadValue:
    words = "a smaller model, or fewer images: there was too little memory, and the model was unloaded"
    return BadValue("data", name, words + (f" ({more})" if more else ""))


def out_of_memory(error: BaseException) -> bool:
    """CUDA's own error, Python's, and the one that torch raises on the CPU."""
    words = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(w in words for w in ("out of memory", "not enough memory", "can't allocate memory"))
    )


def unreachable(name: str, error: BaseException) -> BadValue:
    """An error of huggingface_hub in words."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return BadValue(
            "data", name, "a repository that you may read: this one is gated. Accept its terms on its page, then `hf auth login`"
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return BadValue("data", name, "a repository that is there; if it is private, `hf auth login` first")
    if isinstance(error, (errors.EntryNotFoundError, errors.RevisionNotFoundError)) and not isinstance(
        error, errors.LocalEntryNotFoundError
    ):
        return BadValue("data", name, f"a repository with all files of its pipeline ({_line(error)})")
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status in (401, 403):
        return BadValue("data", name, "a repository that you may read; `hf auth login` first")
    if status is not None:
        return BadValue("data", name, f"a repository that the hub gives: it answered with status {status}. Try again later")
    words = "a model that was downloaded to this machine before: the hub cannot be reached, so that this name cannot be checked"
    return BadValue("data", name, f"{words} (it may be misspelt, private or gated)")


@contextlib.contextmanager
def reading(name: str, part: str) -> Iterator[None]:
    """Errors of the libraries while they read a part of a pipeline, as BadValue."""
    from safetensors import SafetensorError

    try:
        yield
    except (BadValue, Cancelled):
        raise
    except SafetensorError as error:
        raise BadValue("data", name, f"whole files: the weights of its {part} cannot be read ({_line(error)})") from None
    except json.JSONDecodeError as error:
        raise BadValue("data", name, f"whole files: the config of its {part} is not JSON ({_line(error)})") from None
    except (MemoryError, RuntimeError, OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        words = str(error)
        if out_of_memory(error):
            raise no_memory(name) from None
        if "size mismatch" in words or "expected shape" in words or "different shape" in words:
            raise BadValue("data", name, f"weights that fit their config: shapes of its {part} differ ({_line(error)})") from None
        if "header" in words.lower() or "corrupt" in words.lower() or "Unable to load weights" in words or "not a valid JSON" in words:
            raise BadValue("data", name, f"whole files: its {part} cannot be read ({_line(error)})") from None
        raise BadValue("data", name, f"a pipeline that can be loaded: its {part} failed ({_line(error)})") from None


@contextlib.contextmanager
def running(name: str, unload: Callable[[], object]) -> Iterator[None]:
    """Too little memory while a model computes: it is unloaded, and the app lives on."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        unload()
        raise no_memory(name) from None


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
