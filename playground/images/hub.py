"""Pipelines of the hub as image models: their network is the predictor, our processes, samplers and grids do the rest.

    Experiment(data="hub:google/ddpm-cifar10-32")        a repository, or
    Experiment(data="hub:/path/to/folder")               a folder with a diffusers pipeline

All that z_t says of x_0 under a linear process is y = x_0 + τ n (NetworkPredictor); the network is asked at its own level of that τ (Levels).
The library's schedulers are read for their tables only. An experiment reads the pipeline's configs; weights are loaded with the first evaluation,
or by ``load``. One model is held at a time.

    python -m playground.images.hub google/ddpm-cifar10-32 --out picture.png
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import os
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import torch
from torch import Tensor

from playground.core.denoiser import ImageModel, ModelPredictor
from playground.core.fields import BadValue, Json, Record, promised
from playground.core.law import Law, numbered
from playground.core.model import Model
from playground.core.problem import Prediction
from playground.core.process import LinearProcess
from playground.core.space import Pixels
from playground.images import source as files
from playground.images.codecs import Autoencoder, Codec, Latents
from playground.images.codecs import Pixels as PixelCodec
from playground.images.levels import Levels, levels_of
from playground.images.messages import missing_extra, no_memory, reading, running
from playground.images.networks import TOKENIZERS, Network, Part, Parts, Said, family_of
from playground.images.source import Listing, Progress, Source, allow, fetch, listing, read_json, serve, served, weights_of

FEW, MANY = 4, 16  # images that the page starts with: of large pictures, of small ones
PRECISE = {"vae"}  # decoders overflow in half precision
CONDITIONS = 8  # prompts or classes whose encoding is kept


@dataclass(frozen=True)
class Card:
    """What the configs of a pipeline say of it."""

    data: str
    found: Listing
    index: Record
    family: Network
    slots: dict[str, tuple[str, str]]
    config: Record  # the network's
    levels: Levels
    latent: bool

    @property
    def event(self) -> tuple[int, ...]:
        return self.family.event(self.config)

    @property
    def names(self) -> list[str]:
        """Names of the classes, as far as the pipeline gives them."""
        told = self.index.get("id2label")
        told = told if isinstance(told, dict) else {}
        return [str(told.get(str(k), told.get(k, k)))[:80] for k in range(self.family.classes(self.config))]


@dataclass
class Held:
    """The model that is loaded. ``release`` lets go of its weights, whoever still knows it."""

    card: Card
    parts: Parts
    codec: Codec | None
    dtype: torch.dtype
    device: torch.device
    conditions: dict[Said, dict[str, Tensor]] = field(default_factory=dict)

    def condition(self, said: Said) -> dict[str, Tensor]:
        if said not in self.conditions:
            if len(self.conditions) >= CONDITIONS:
                self.conditions.pop(next(iter(self.conditions)))
            with torch.no_grad():
                told = self.card.family.condition(self.parts, said)
            self.conditions[said] = {k: v.to(self.dtype) if v.is_floating_point() else v for k, v in told.items()}
        return self.conditions[said]

    def release(self) -> None:
        self.parts.clear()
        self.conditions.clear()
        self.codec = None


_held: Held | None = None
_loading = threading.Lock()


class HubLaw(Law):
    """The data of a pipeline: of them only a name, the shape and the classes are known."""

    group, listed = "images", False

    def __init__(self, card: Card):
        self.card, self.key = card, card.data
        self.title = card.data.removeprefix(files.PREFIX).rstrip("/").rpartition("/")[2][:60]
        self.labels = numbered(card.family.classes(card.config))
        self.class_names = tuple(card.names) or ("image",)

    @property
    def space(self) -> Pixels:
        channels, height, width = self.card.event
        return Pixels(channels, height, width)


class HubModel(ImageModel):
    """A pipeline as model of its law. ``label`` is one class, ``words`` a prompt."""

    word, hint = "hub", "hub"
    trained, decodes = True, True

    def __init__(self, card: Card, label: int | None = None, words: str = ""):
        super().__init__(HubLaw(card))
        self.card, self.key, self.label, self.words = card, card.data, label, words
        self.said: Said = words if card.family.text else label
        self.text = card.family.text
        self.gives = frozenset({"mean", *["classes"] * (len(self.labels) > 1), *["text"] * self.text})
        self.title = self.law.title
        self.tip = f"{card.data.removeprefix(files.PREFIX)}: a pipeline of the hub under our processes, samplers and grids."

    def only(self, label: int) -> HubModel:
        return HubModel(self.card, label)

    def told(self, words: str) -> HubModel:
        return HubModel(self.card, None, words)

    def denoiser(self, process: LinearProcess) -> HubOracle:
        return HubOracle(self, process)

    def held(self) -> Held:
        """Its weights. Raises BadValue where they are not loaded and a stranger's wish must not load them."""
        now = _held
        if now is not None and now.card.data == self.key and now.parts:
            return now
        if served():
            raise BadValue("data", self.key, NOT_LOADED)
        load(self.key)
        assert _held is not None
        return _held

    def show(self, x: Tensor, final: bool) -> Tensor:
        """States (n, *event) as pictures (n, 3, h, w) in about [−1, 1]: small and quick, or at last as the decoder gives them."""
        with running(self.key, unload):
            codec = self.held().codec
            assert codec is not None  # what is held has one
            return codec.show(x.float(), final)

    def describe(self) -> dict[str, Json]:
        """For the page."""
        few = MANY if not self.card.latent and max(self.law.space.shape[1:]) <= 64 else FEW
        kind = f"{self.card.family.title}, {'latents' if self.card.latent else 'pixels'} {' × '.join(map(str, self.law.space.shape))}"
        return {"data": self.key, "title": self.title, "kind": kind, "images": few, "text": self.text, "classes": self.card.names}


NOT_LOADED = "a hub model that is loaded on this server: open “hub model…” and load it"


class HubOracle(ModelPredictor):
    """A held pipeline as predictor of a linear process; it has no law."""

    model: HubModel

    def __init__(self, model: HubModel, process: LinearProcess):
        super().__init__(model, process)
        self.said = model.said

    def __call__(self, z_t: Tensor, t: float) -> Prediction:
        y, tau = self.statistic(z_t, t)
        held = self.model.held()
        with torch.no_grad(), running(self.model.key, unload):
            level = held.card.levels.at(tau)
            x = y.to(held.device, torch.float32) * (level.alpha * level.gain)
            out = held.card.family(held.parts, x.to(held.dtype), level.index, held.condition(self.said))
            return Prediction(held.card.levels.x0(x, out.float(), level).to(z_t.device, z_t.dtype))

    def note(self, times: list[float]) -> str:
        """What to say of a run at these times."""
        return self.model.card.levels.note(levels_of(self.process, [t for t in times if t > 0]))


def pipeline(data: str) -> HubModel:
    """The model behind ``hub:…``: its configs, not its weights. Raises BadValue."""
    now = _held
    if now is not None and now.card.data == data and now.parts:
        return HubModel(now.card)
    source = Source.of(data)
    if served():
        raise BadValue("data", data, NOT_LOADED)
    return HubModel(card(source))


def law_of_hub(data: str) -> HubLaw:
    """The law of which ``hub:…`` is the model. Raises BadValue."""
    return HubLaw(pipeline(data).card)


def models_of_hub(law: Law) -> list[Model]:
    """Its one model."""
    return [HubModel(promised(law, HubLaw, "data", "a pipeline of the hub").card)] if law.key.startswith(files.PREFIX) else []


def needs_extra(data: str) -> None:
    for package in ("diffusers", "transformers", "accelerate"):
        if importlib.util.find_spec(package) is None:
            raise missing_extra(data, package)


@functools.lru_cache(maxsize=8)
def card(source: Source, progress: Progress = lambda *_: None) -> Card:
    """Reads a pipeline's configs (of a repository: fetches them). Raises BadValue."""
    data = source.data
    needs_extra(data)
    found = listing(source)
    if "model_index.json" not in found.sizes:
        raise BadValue("data", data, "a diffusers pipeline: a repository or folder with a file model_index.json")
    folder = fetch(found, ["model_index.json"], progress)
    index = read_json(folder, "model_index.json", data)
    family, slots = family_of(index, data)
    inner = [f"{family.net}/config.json", "scheduler/scheduler_config.json"]
    folder = fetch(found, inner, progress)
    config, schedule = (read_json(folder, name, data) for name in inner)
    try:
        why = family.refuses(config)
        event = "" if why else family.event(config)
    except (KeyError, TypeError, ValueError):
        why, event = "", ()
    try:
        levels = Levels.of(schedule)
    except BadValue as error:
        raise BadValue("data", data, f"a pipeline with {error.allowed}; its {error.field} is {error.value}") from None
    if why or len(event) != 3:
        raise BadValue("data", data, why or f"a {family.net} whose config says in_channels and sample_size")
    return Card(data, found, index, family, slots, config, levels, "vae" in slots)


def load(data: str, *, allow_pickle: bool = False, progress: Progress = lambda *_: None) -> HubModel:
    """Downloads what is missing and loads the weights; what was held before is let go.

    Args:
        data: 'hub:owner/name' or 'hub:/folder'. progress: told (words, bytes done, bytes in all); it may raise Cancelled.
        allow_pickle: take pickled weights where there are no safetensors. Unpickling can run any code: only for files that you trust.
    Raises: BadValue in words for no network, a missing extra, a gated or missing repository, another kind of pipeline, weights that are not
        safetensors, corrupt or not of the config's shapes, too little memory, a folder that may not be read.
    """
    global _held
    source = Source.of(data)
    if not _loading.acquire(blocking=not served()):
        raise BadValue("data", data, "one model at a time: another one is being loaded just now")
    try:
        told = card.__wrapped__(source, progress)  # as the files are now
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        slots = {slot: name for slot, name in told.slots.items() if device.type == "cuda" or slot not in told.family.optional}
        weights = {s: weights_of(told.found, s, device.type == "cuda", allow_pickle) for s in slots if s not in TOKENIZERS}
        small = [n for n in told.found.sizes if n.split("/")[0] in (*slots, "scheduler") and n.endswith(files.SMALL)]
        folder = fetch(told.found, [*small, *(n for names, _ in weights.values() for n in names)], progress)
        unload()
        dtype = getattr(torch, told.family.half) if device.type == "cuda" else torch.float32
        _check_memory(told, [folder / n for names, _ in weights.values() for n in names], dtype, device)
        parts: Parts = {"_index": told.index}
        total = float(sum(told.found.sizes.get(n, 0) for names, _ in weights.values() for n in names))
        done = 0.0
        for slot in slots:
            progress(f"loading {slot.replace('_', ' ')}", done, total)
            precision = torch.float32 if slot in PRECISE else dtype
            with reading(data, slot):
                parts[slot] = _part(slots[slot], folder / slot, weights.get(slot, ([], None))[1], precision, device, allow_pickle)
            done += sum(told.found.sizes.get(n, 0) for n in weights.get(slot, ([], None))[0])
        progress("preparing the preview", total, total)
        with reading(data, "decoder"):
            codec = Latents(cast("Autoencoder", parts["vae"])) if told.latent else PixelCodec()
        _held = Held(told, parts, codec, dtype, device)
        return HubModel(told)
    finally:
        _loading.release()


def unload() -> None:
    """Lets go of the model that is held, and of its memory."""
    global _held
    now, _held = _held, None
    if now is not None:
        now.release()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def loaded() -> HubModel | None:
    now = _held
    return HubModel(now.card) if now is not None and now.parts else None


def _check_memory(told: Card, weights: list[Path], dtype: torch.dtype, device: torch.device) -> None:
    """Refuses weights that do not fit into the free memory in the precision that they are computed in."""
    from safetensors import safe_open

    need = 0.0
    for file in weights:
        stored = 4
        if file.suffix == ".safetensors":
            with reading(told.data, file.parent.name), safe_open(file, "pt") as tensors:
                first = next(iter(tensors.keys()), None)
                stored = 2 if first is not None and tensors.get_slice(first).get_dtype() in ("F16", "BF16") else 4
        need += file.stat().st_size * dtype.itemsize / stored
    free = free_memory(device)
    if need > 0.9 * free:
        raise no_memory(told.data, f"its weights take {need / 1e9:.1f} GB, {free / 1e9:.1f} GB are free")


def free_memory(device: torch.device) -> float:
    """Bytes."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    import psutil

    return float(psutil.virtual_memory().available)


def _part(kind: tuple[str, str], folder: Path, variant: str | None, dtype: torch.dtype, device: torch.device, pickled: bool) -> object:
    """One part of a pipeline: a class that we know, from files that are here; nothing that comes with the files is run."""
    library, name = kind
    package = importlib.import_module(library)
    for quiet in (package.utils.logging.set_verbosity_error, package.utils.logging.disable_progress_bar):
        quiet()
    cls = getattr(package, name)
    if name.startswith(("CLIPTokenizer", "T5Tokenizer")):
        return cls.from_pretrained(folder, local_files_only=True)
    options: Record = {"variant": variant, "local_files_only": True, "output_loading_info": True}
    if not pickled:
        options["use_safetensors"] = True
    options["torch_dtype" if library == "diffusers" else "dtype"] = dtype
    made, info = cast("tuple[Part, dict[str, list[str]]]", cls.from_pretrained(folder, **options))
    if library == "diffusers" and info["missing_keys"]:
        raise ValueError(f"its weights lack {len(info['missing_keys'])} entries, such as {sorted(info['missing_keys'])[0]}")
    return made.eval().requires_grad_(False).to(device)


def main(args: list[str] | None = None) -> None:
    """One picture from the command line."""
    from playground.core.experiment import Experiment
    from playground.engine import simulate
    from playground.views.image_files import sheet
    from playground.views.sights.pictures import as_bytes

    parser = argparse.ArgumentParser(prog="python -m playground.images.hub", description=main.__doc__)
    parser.add_argument("model", help="a repository id (owner/name) or a folder")
    parser.add_argument("--out", default="picture.png")
    parser.add_argument("--prompt", default="")
    parser.add_argument("--negative", default="")
    parser.add_argument("--weight", type=float, default=5.0, help="of guidance")
    parser.add_argument("--label", type=int, help="class, of models with classes")
    parser.add_argument("--process", default="VP")
    parser.add_argument("--sampler", default="DPMSolverPP2M")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--images", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--allow-pickle", action="store_true", help="take pickled weights: they can run any code")
    told = parser.parse_args(args)
    guidance: Record = {"kind": "NoGuidance"}
    if told.prompt:
        guidance = {"kind": "Prompt", "prompt": told.prompt, "negative": told.negative, "weight": told.weight}
    elif told.label is not None:
        guidance = {"kind": "ClassifierFree", "label": told.label, "weight": told.weight}
    choices = {"process": told.process, "sampler": told.sampler, "guidance": guidance, "grid": {"steps": told.steps}}
    try:
        out = picture_file(told.out)
        choices |= {"data": Source.of(files.PREFIX + told.model).data, "particles": told.images, "seed": told.seed}
        exp = Experiment.from_dict(choices)  # what is wrong is told before the weights are loaded
        pictures = load(exp.data, allow_pickle=told.allow_pickle).show(simulate(exp).x[-1], True)
        sheet(as_bytes(pictures)).save(out)
    except (BadValue, OSError) as error:
        sys.exit(str(error))
    sys.stdout.write(f"{out}\n")


def picture_file(name: str) -> Path:
    """Where a picture is to be written; its folder is made. Raises BadValue if Pillow knows no such kind or it cannot be written there: told before
    the run, not after."""
    from PIL import Image

    file = Path(name).expanduser()
    Image.init()
    kinds = sorted(suffix for suffix, form in Image.EXTENSION.items() if form in ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF"))
    if file.suffix.lower() not in kinds:
        raise BadValue("out", name, f"a file that ends with one of {', '.join(kinds)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        if not os.access(file if file.exists() else file.parent, os.W_OK):
            raise PermissionError(13, "it may not be written to")
    except OSError as error:
        raise BadValue("out", name, f"a file that can be written ({error.strerror or error})") from None
    except ValueError as error:
        raise BadValue("out", name, f"a file that can be written ({error})") from None
    return file


__all__ = ["HubModel", "allow", "load", "loaded", "main", "pipeline", "serve", "unload"]

if __name__ == "__main__":
    from playground.images.hub import main as run  # the module that experiments use, not a second copy of it

    run()
