"""``python -m toy_models.train mnist-unet --data mnist.npz``: trains a model, resumes where it stopped."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from dataclasses import replace
from pathlib import Path

import torch

from playground.core.catalog import law_of
from playground.core.fields import BadValue, Record
from playground.core.memory import keep_memory
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.run import run
from playground.core.spec import registry
from toy_models.networks.checkpoint import FOLDER, save_model, save_network
from toy_models.networks.denoiser import NetworkPredictor
from toy_models.training.classify import check, train_classifier
from toy_models.training.command import main as toy
from toy_models.training.configs import ABOUT, CONFIGS, completed
from toy_models.training.data import Images, check_labels, known, load_npz, told_of
from toy_models.training.fetch import fetch_mnist
from toy_models.training.loop import Trainer, train

CLASSIFIER = "mnist-classifier"
FETCHED = Path("runs") / "mnist.npz"


@torch.no_grad()
def sample_grid(trainer: Trainer, file: Path, rows: int = 4, steps: int = 20) -> None:
    """A picture of rows × classes samples (of attributes: of the first twelve images' labels): DPM-Solver++ 2M, 20 steps on EDM's grid (a model of CLD: SSCS, 60 steps), the same noise each time."""
    from PIL import Image

    phase = trainer.config.loss == "hsm"
    process = registry("processes")["CLD" if phase else "EDM"]().linear()
    sampler = registry("samplers")["SSCS" if phase else "DPMSolverPP2M"]()
    grid = replace(registry("grids")["Quadratic" if phase else "Karras"](), steps=3 * steps if phase else steps)
    network = trainer.config.network
    columns = trainer.images.labels[:12] if network.attributes else torch.arange(network.classes)
    classes, label = len(columns), columns.repeat(rows)
    rng = Rng(0, trainer.device, torch.float32, None)
    shape = (len(label), *trainer.images.x.shape[1:])
    times = grid.times(process)
    problem = Problem(process, NetworkPredictor(process, trainer.averaged(), label))
    z = process.source(shape[0], shape[1:], rng.stream("prior"))
    *_, last = run(problem, sampler, z, times, rng.stream("path"))
    x = process.project(last.z).clamp(-1, 1).cpu()
    h, w = x.shape[-2:]
    sheet = x.view(rows, classes, *x.shape[1:]).permute(0, 3, 1, 4, 2).reshape(rows * h, classes * w, -1)
    pixels = ((sheet + 1) * 127.5).round().to(torch.uint8).numpy()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(file)


def call_of(name: str, images: Images) -> str:
    """The command that trains on these images, by the name of their data set if they are of a known one."""
    found = known(images)
    return f"python -m toy_models.train {name}" + (found.option if found else " --data <file>.npz")


def command(name: str, trainer: Trainer) -> str:
    """The two commands that make the file of a model: one trains, one exports; with the options that the training was given."""
    usual, made = CONFIGS.get(name, trainer.config), trainer.config
    options = [f" --{k.replace('_', '-')} {getattr(made, k)}" for k in ("steps", "min_snr") if getattr(made, k) != getattr(usual, k)]
    options += [" --importance"] * (made.importance > usual.importance) + [" --bf16" if trainer.bf16 else " --no-bf16"]
    train = call_of(name, trainer.images) + "".join(options)
    return f"{train} && {train} --export"


def export(trainer: Trainer, name: str, folder: Path) -> Path:
    """The averaged weights and their card."""
    facts = {
        "data": told_of(trainer.images),
        "command": command(name, trainer),
        "training": trainer.config.told(),
        "step": trainer.at,
        "seconds": round(trainer.seconds),
        "device": trainer.device.type,
        "bf16": trainer.bf16,
    }
    found = known(trainer.images)
    facts |= {"law": found.law} if found and found.law else {}
    facts |= {k: v for k, v in ABOUT.get(name, {}).items() if k != "set" or (found and found.set == v)}
    return save_model(name, trainer.averaged(), tuple(trainer.images.x.shape[1:]), facts, folder)


def training_images(name: str, data: str | None) -> Images:
    """The images of a file, or those of the built-in set that the model is made for. Raises BadValue if there is neither, or one of the model's
    classes has no image."""
    if data:
        images = load_npz(data)
    elif "set" not in ABOUT.get(name, {}):
        raise BadValue("data", "nothing", f"--data <file>.npz: {name} has no built-in images")
    else:
        told = law_of(ABOUT[name]["set"]).examples
        assert told.labels is not None
        images = Images(told.x, told.labels)
    if name in CONFIGS:
        network = CONFIGS[name].network
        check_labels(images, network.classes, network.attributes, each=data != str(FETCHED))
        if bool((images.x == images.x[:1]).all()):
            raise BadValue("data", f"{len(images.x):,} images that are all alike", "images that differ")
    return images


def folder_of(name: str, images: Images, training: Record | None, told: Path | None, whole: bool = True) -> Path:
    """Where a model is written: the folder that was named, or assets/models unless that holds a model of other images or of another training.

    Raises BadValue if it does, or if the folder cannot be written to.
    """
    card = FOLDER / f"{name}.json"
    if told is None and card.is_file():
        try:
            there = json.loads(card.read_text(encoding="utf-8"))
            same = (
                there["data"] == told_of(images) and (completed(there.get("training")) if training else there.get("training")) == training
            )
        except (OSError, ValueError, KeyError, TypeError):
            there, same = {}, False
        if not same or not whole:
            mine = told_of(images) + (", with other settings" if there.get("data") == told_of(images) and not same else "")
            mine += "" if whole else ", not at its end"
            known_as = f"{FOLDER} holds {name} of {there.get('data', 'an unknown training')}, this one is of {mine}"
            raise BadValue("export", "no folder", f"--export FOLDER: {known_as}; it is written over only if its folder is named")
    return writable("export", told or FOLDER)


def writable(option: str, folder: Path) -> Path:
    """The folder, made if it is not there. Raises BadValue if files cannot be written into it: told before hours of training, not after."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "it may not be written to")
    except OSError as error:
        raise BadValue(option, str(folder), f"a folder that can be written to ({error.strerror or error})") from None
    return folder


def classifier(data: str | None, told: Path | None) -> int:
    """Trains the classifier and writes it."""
    images = training_images(CLASSIFIER, data)
    test = load_npz(str(data), "test")
    check(images, test)
    folder = folder_of(CLASSIFIER, images, None, told)
    net, facts = train_classifier(images, test, tell=say)
    record = {"data": told_of(images), "command": call_of(CLASSIFIER, images), **facts}
    say(f"wrote {save_network(CLASSIFIER, net, record, folder)}")
    return 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def whole(word: str) -> int:
    """A whole number from 1, for argparse."""
    if not word.isascii() or not word.isdecimal() or not 1 <= int(word) <= 10**9:
        raise argparse.ArgumentTypeError(f"{word!r} cannot be used; allowed: a whole number from 1 to 1,000,000,000")
    return int(word)


def positive(word: str) -> float:
    return _number(word, 1e-9, "above 0")


def not_negative(word: str) -> float:
    return _number(word, 0.0, "from 0")


def _number(word: str, least: float, words: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not least <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{word!r} cannot be used; allowed: a number {words}")
    return value


def device(word: str) -> str:
    """A device of torch that this machine has, for argparse."""
    there = ["cpu"] + (["cuda"] + [f"cuda:{i}" for i in range(torch.cuda.device_count())]) * torch.cuda.is_available()
    if word not in there:
        raise argparse.ArgumentTypeError(f"{word!r} cannot be used; allowed on this machine: {', '.join(there)}")
    return word


def main(argv: list[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["toy"]:
        return toy(argv[1:])
    parser = argparse.ArgumentParser(
        prog="python -m toy_models.train", description=f"{__doc__} With toy in place of the name: a network of points (toy --help)."
    )
    parser.add_argument(
        "name", choices=sorted([*CONFIGS, CLASSIFIER]), help="what to train; its settings stand in toy_models/training/configs.py"
    )
    parser.add_argument(
        "--data",
        help="an .npz with train_images (uint8) and train_labels (the classifier also: test_images, test_labels); fetch: MNIST from its public "
        "mirrors; left out: the model's built-in set",
    )
    parser.add_argument(
        "--out", type=Path, help="folder of the states, from which a call goes on where the last one stopped (default runs/<name>)"
    )
    parser.add_argument("--steps", type=whole, help="steps of Adam in all (default: the configuration's)")
    parser.add_argument("--minutes", type=positive, default=float("inf"), help="stop after so long; call again to go on")
    parser.add_argument(
        "--every", type=whole, default=500, help="steps between two states, each with a picture of samples (default %(default)s)"
    )
    parser.add_argument("--threads", type=whole, help="threads of torch on the CPU (default: torch's own choice)")
    gpu = torch.cuda.is_available()
    parser.add_argument(
        "--device", type=device, default="cuda" if gpu else "cpu", help="cpu, or cuda for a GPU (default here: %(default)s)"
    )
    parser.add_argument(
        "--bf16",
        action=argparse.BooleanOptionalAction,
        help="compute in bfloat16, or in float32 throughout (default: bfloat16 where the device has it); a state that is there keeps its precision",
    )
    parser.add_argument("--min-snr", type=not_negative, metavar="GAMMA", help="weight of the loss min(SNR, GAMMA), 0: EDM's own weight")
    parser.add_argument(
        "--importance", action="store_true", help="draw noise levels in proportion to the root mean square of their latest losses"
    )
    parser.add_argument(
        "--export",
        type=Path,
        nargs="?",
        const=True,
        metavar="FOLDER",
        help="write the averaged weights of the state in --out and their card into FOLDER, and train no more (default assets/models, unless that "
        "holds a model of other images or of another training)",
    )
    told = parser.parse_args(argv)
    keep_memory()
    if told.threads:
        torch.set_num_threads(told.threads)
    try:
        return run_command(told)
    except ValueError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2


def run_command(told: argparse.Namespace) -> int:
    """What the parsed command says. Raises BadValue."""
    if told.data == "fetch":
        told.data = str(fetch_mnist(FETCHED, tell=say))
    target = None if told.export in (None, True) else told.export
    if told.name == CLASSIFIER:
        return classifier(told.data, target)
    config = CONFIGS[told.name]
    changes = {"steps": told.steps, "min_snr": told.min_snr, "importance": told.importance or None}
    config = replace(config, **{k: v for k, v in changes.items() if v is not None})
    folder = told.out or Path("runs") / told.name
    trainer = Trainer(config, training_images(told.name, told.data), told.device, told.bf16)
    if told.out and not told.export:
        writable("out", folder)
    resumed = trainer.resume(folder)
    if resumed:
        say(f"resumed at step {trainer.at:,}")
    if told.export:
        if not resumed:
            raise BadValue("out", str(folder), "a folder with a state to export (state.safetensors): train first, with the same --out")
        made = config.told()
        say(f"wrote {export(trainer, told.name, folder_of(told.name, trainer.images, made, target, trainer.at >= config.steps))}")
        return 0
    train(trainer, folder, every=told.every, minutes=told.minutes, tell=say, grid=sample_grid)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
