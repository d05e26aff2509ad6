"""``python -m toy_models.train mnist-unet --data mnist.npz``: trains a model, resumes where it stopped."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from playground.core.fields import BadValue
from playground.core.memory import keep_memory
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.run import run
from playground.core.spec import registry
from toy_models.image_sets import image_set
from toy_models.networks.checkpoint import FOLDER, save_model, save_network
from toy_models.networks.denoiser import NetworkPredictor
from toy_models.training.classify import train_classifier
from toy_models.training.configs import ABOUT, CONFIGS
from toy_models.training.data import Images, known, load_npz, told_of
from toy_models.training.fetch import fetch_mnist
from toy_models.training.loop import Trainer, train

CLASSIFIER = "mnist-classifier"
FETCHED = Path("runs") / "mnist.npz"


@torch.no_grad()
def sample_grid(trainer: Trainer, file: Path, rows: int = 4, steps: int = 20) -> None:
    """A picture of rows × classes samples: DPM-Solver++ 2M, 20 steps on EDM's grid (a model of CLD: SSCS, 60 steps), the same noise each time."""
    from PIL import Image

    phase = trainer.config.loss == "hsm"
    process: Any = registry("processes")["CLD" if phase else "EDM"]()
    sampler: Any = registry("samplers")["SSCS" if phase else "DPMSolverPP2M"]()
    grid_of: Any = registry("grids")["Quadratic" if phase else "Karras"]
    classes = trainer.config.network.classes
    label = torch.arange(classes).repeat(rows)
    rng = Rng(0, trainer.device, torch.float32, None)
    shape = (len(label), *trainer.images.x.shape[1:])
    times = grid_of(steps=3 * steps if phase else steps).times(process).tolist()
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
    options += [" --importance"] * (made.importance > usual.importance) + [" --no-bf16"] * (not trainer.bf16)
    train = call_of(name, trainer.images) + "".join(options)
    return f"{train} && {train} --export"


def export(trainer: Trainer, name: str, folder: Path) -> Path:
    """The averaged weights and their card."""
    facts = {
        "data": told_of(trainer.images),
        "command": command(name, trainer),
        "training": json.loads(json.dumps(asdict(trainer.config))),
        "step": trainer.at,
        "seconds": round(trainer.seconds),
        "device": trainer.device.type,
        "bf16": trainer.bf16,
    }
    found = known(trainer.images)
    facts |= {k: v for k, v in ABOUT.get(name, {}).items() if k != "set" or (found and found.set == v)}
    return save_model(name, trainer.averaged(), tuple(trainer.images.x.shape[1:]), facts, folder)


def training_images(name: str, data: str | None) -> Images:
    """The images of a file, or those of the built-in set that the model is made for. Raises BadValue if there is neither."""
    if data:
        return load_npz(data)
    if "set" not in ABOUT.get(name, {}):
        raise BadValue("data", "nothing", f"--data <file>.npz: {name} has no built-in images")
    told = image_set(ABOUT[name]["set"])
    assert told.labels is not None
    return Images(told.x, told.labels)


def classifier(data: str | None, folder: Path) -> int:
    """Trains the classifier and writes it."""
    try:
        images = training_images(CLASSIFIER, data)
        net, facts = train_classifier(images, load_npz(str(data), "test"), tell=say)
    except ValueError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    told = {"data": told_of(images), "command": call_of(CLASSIFIER, images), **facts}
    say(f"wrote {save_network(CLASSIFIER, net, told, folder)}")
    return 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m toy_models.train", description=__doc__)
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
    parser.add_argument("--steps", type=int, help="steps of Adam in all (default: the configuration's)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long; call again to go on")
    parser.add_argument(
        "--every", type=int, default=500, help="steps between two states, each with a picture of samples (default %(default)s)"
    )
    parser.add_argument("--threads", type=int, help="threads of torch on the CPU (default: torch's own choice)")
    gpu = torch.cuda.is_available()
    parser.add_argument("--device", default="cuda" if gpu else "cpu", help="cpu, or cuda for a GPU (default here: %(default)s)")
    parser.add_argument("--no-bf16", action="store_true", help="compute in float32 throughout; a state that is there keeps its precision")
    parser.add_argument("--min-snr", type=float, metavar="GAMMA", help="weight of the loss min(SNR, GAMMA), 0: EDM's own weight")
    parser.add_argument(
        "--importance", action="store_true", help="draw noise levels in proportion to the root mean square of their latest losses"
    )
    parser.add_argument(
        "--export",
        type=Path,
        nargs="?",
        const=FOLDER,
        metavar="FOLDER",
        help="write the averaged weights and their card into FOLDER (default assets/models), and train no more",
    )
    told = parser.parse_args(argv)
    keep_memory()
    if told.threads:
        torch.set_num_threads(told.threads)
    if told.data == "fetch":
        try:
            told.data = str(fetch_mnist(FETCHED, tell=say))
        except ValueError as error:
            sys.stderr.write(f"error: {error}\n")
            return 2
    if told.name == CLASSIFIER:
        return classifier(told.data, told.export or FOLDER)
    config = CONFIGS[told.name]
    changes = {"steps": told.steps, "min_snr": told.min_snr, "importance": told.importance or None}
    config = replace(config, **{k: v for k, v in changes.items() if v is not None})
    folder = told.out or Path("runs") / told.name
    try:
        trainer = Trainer(config, training_images(told.name, told.data), told.device, not told.no_bf16)
        if trainer.resume(folder):
            say(f"resumed at step {trainer.at:,}")
        if told.export:
            say(f"wrote {export(trainer, told.name, told.export)}")
            return 0
        train(trainer, folder, every=told.every, minutes=told.minutes, tell=say, grid=sample_grid)
    except ValueError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
