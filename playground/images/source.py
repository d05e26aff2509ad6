"""Where a hub model comes from: a repository of the hub or a folder, which files of it are needed, and how they get here."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playground.core.fields import BadValue, Record
from playground.core.limits import limits
from playground.images.messages import Cancelled, unreachable

PREFIX = "hub:"
REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
LONGEST = 400  # letters of a name
MOST_BYTES = limits().hub_bytes  # that are downloaded for one model
ENV = "PLAYGROUND_MODELS"  # folders of models that the page may read, separated as in PATH
SMALL = (".json", ".txt", ".model")
SAFE = re.compile(r"(?:diffusion_pytorch_model|model)(\.fp16)?(?:-\d+-of-\d+)?(\.fp16)?\.safetensors")
PICKLED = re.compile(r"(?:diffusion_pytorch_model|pytorch_model)(?:-\d+-of-\d+)?\.bin")

Progress = Callable[[str, float, float], None]  # (words, bytes done, bytes in all); it may raise Cancelled
endpoint: str | None = None  # of the hub; None: the library's own
_served = False
_given: list[Path] = []


def serve() -> None:
    """From here on names come from strangers: only folders that the owner gives are read, and nothing is fetched because a link says so."""
    global _served
    _served = True


def served() -> bool:
    return _served


def allow(folder: str | os.PathLike[str]) -> None:
    """Lets the page read models beneath this folder, as the environment's PLAYGROUND_MODELS does."""
    _given.append(Path(folder).expanduser().resolve())


def allowed() -> list[Path]:
    told = [Path(p).expanduser().resolve() for p in os.environ.get(ENV, "").split(os.pathsep) if p.strip()]
    return told + _given


@dataclass(frozen=True)
class Source:
    """A repository id, or the path of a folder."""

    name: str
    folder: Path | None

    @classmethod
    def of(cls, data: str) -> Source:
        """From ``hub:owner/name`` or ``hub:/path``. Raises BadValue; a folder that may not be read is refused before anybody looks for it."""
        name = data.removeprefix(PREFIX).strip()
        if not name or len(name) > LONGEST or not name.isprintable():
            raise BadValue("data", data, f"hub: and a repository id (owner/name) or a folder, at most {LONGEST} characters")
        if REPOSITORY.fullmatch(name) and ".." not in name:
            return cls(name, None)
        if not name.startswith(("/", "~", ".")) and not Path(name).is_absolute():
            raise BadValue("data", data, "a repository id (owner/name), or a folder that starts with /, ~ or .")
        try:
            folder = Path(name).expanduser().resolve()
        except (OSError, RuntimeError, ValueError):
            raise BadValue("data", data, "a folder's path") from None
        if _served and not any(folder.is_relative_to(root) for root in allowed()):
            raise BadValue("data", data, f"a folder beneath those that the owner of this server has given in {ENV}")
        return cls(name, folder)

    @property
    def data(self) -> str:
        return PREFIX + self.name


@dataclass(frozen=True)
class Listing:
    """The files of a pipeline by their path in it, with their sizes; ``commit`` names the state of a repository."""

    source: Source
    sizes: dict[str, int]
    commit: str = ""


def listing(source: Source) -> Listing:
    """What is there. Without network: what was downloaded before. Raises BadValue."""
    if source.folder is not None:
        return _of_folder(source, source.folder)
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HTTPError  # type: ignore - of its HTTP library, whichever that is

    try:
        info = HfApi(endpoint=endpoint).model_info(source.name, files_metadata=True, timeout=20)
    except (OSError, HTTPError) as error:
        kept = None if getattr(error, "response", None) is not None else _kept(source)
        if kept is None:
            raise unreachable(source.data, error) from None
        return _of_folder(source, kept)
    return Listing(source, {f.rfilename: int(f.size or 0) for f in info.siblings or []}, info.sha or "main")


def _of_folder(source: Source, folder: Path) -> Listing:
    if not folder.is_dir():
        raise BadValue("data", source.data, "a folder that is there")
    if not (folder / "model_index.json").is_file():
        raise BadValue("data", source.data, "a folder with a diffusers pipeline: one with a file model_index.json")
    files = [p for pattern in ("*", "*/*") for p in folder.glob(pattern) if p.is_file()]
    return Listing(source, {p.relative_to(folder).as_posix(): p.stat().st_size for p in files})


def _kept(source: Source) -> Path | None:
    """The folder of a repository that was downloaded before, the latest state of it."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    states = Path(constants.HF_HUB_CACHE, repo_folder_name(repo_id=source.name, repo_type="model"), "snapshots").glob("*/model_index.json")
    return max((p.parent for p in states), key=lambda folder: folder.stat().st_mtime, default=None)


def fetch(found: Listing, names: list[str], progress: Progress) -> Path:
    """The folder with these files, downloaded if they are not here. Raises BadValue, or what ``progress`` raises."""
    if found.source.folder is not None:
        return found.source.folder
    if not found.commit or not MOST_BYTES:
        kept = _kept(found.source)
        if kept is None:
            why = "the hub cannot be reached" if MOST_BYTES else "this server downloads none"
            raise BadValue("data", found.source.data, f"a model that is whole on this machine: {why}")
        return kept
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.errors import HTTPError  # type: ignore
    from huggingface_hub.utils import tqdm

    total = float(sum(found.sizes.get(n, 0) for n in names))
    room = shutil.disk_usage(_existing(Path(constants.HF_HUB_CACHE))).free
    if total > min(MOST_BYTES, room):
        raise BadValue(
            "data", found.source.data, f"a model of at most {min(MOST_BYTES, room) / 1e9:.1f} GB; this one has {total / 1e9:.1f} GB"
        )
    before = 0.0

    class Bar(tqdm):  # the library's own progress, told on
        def __init__(self, *args: object, **kwargs: object):
            super().__init__(*args, **{**kwargs, "disable": True})
            self.seen = 0.0

        def update(self, n: float | None = 1) -> bool | None:
            self.seen += n or 0
            progress("downloading", before + self.seen, total)
            return super().update(n)

    root = None
    for name in names:
        progress("downloading", before, total)
        try:
            file = hf_hub_download(found.source.name, name, revision=found.commit, endpoint=endpoint, tqdm_class=Bar)
        except Cancelled:
            raise
        except (OSError, HTTPError) as error:
            raise unreachable(found.source.data, error) from None
        before += found.sizes.get(name, 0)
        root = Path(file).parents[len(Path(name).parts) - 1]
    assert root is not None
    return root


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def read_json(folder: Path, name: str, data: str) -> Record:
    try:
        told = json.loads((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadValue("data", data, f"a pipeline with a file {name}") from None
    except (ValueError, OSError) as error:
        raise BadValue("data", data, f"whole files: {name} is not JSON ({str(error)[:80]})") from None
    if not isinstance(told, dict):
        raise BadValue("data", data, f"whole files: {name} is not a record")
    return told


def weights_of(found: Listing, part: str, half: bool, pickled: bool) -> tuple[list[str], str | None]:
    """The weight files of a part and their variant ('fp16' or None): safetensors, in half precision if ``half`` and there are such.

    ``pickled``: take .bin files where there are no safetensors. Raises BadValue.
    """
    names = [n.removeprefix(f"{part}/") for n in found.sizes if n.startswith(f"{part}/")]
    safe = {n: bool(m[1] or m[2]) for n in names if (m := SAFE.fullmatch(n))}
    whole, halves = ([n for n, fp16 in safe.items() if fp16 == kind] for kind in (False, True))
    if halves and (half or not whole):
        return [f"{part}/{n}" for n in halves], "fp16"
    if whole:
        return [f"{part}/{n}" for n in whole], None
    old = [n for n in names if PICKLED.fullmatch(n)]
    if old and pickled:
        return [f"{part}/{n}" for n in old], None
    if old or any(n.endswith((".bin", ".ckpt", ".pt", ".pth")) for n in names):
        raise BadValue(
            "data",
            found.source.data,
            f"weights as safetensors: those of {part} are pickled, and unpickling can run any code (from Python: hub.load(…, allow_pickle=True))",
        )
    raise BadValue("data", found.source.data, f"a pipeline with weights: {part} has none")
