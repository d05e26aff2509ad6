"""``python -m toy_models.train toy --data moons --process CLD``: trains a network of points, goes on where it stopped, and keeps it as a model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from playground.core.fields import BadValue, Record, params
from playground.core.spec import unflatten
from toy_models.models.toys import check_name, keep
from toy_models.training.toys import Checkpoint, Training, train


def parser() -> argparse.ArgumentParser:
    """One option for each setting of ``Training``, with its help and what is allowed."""
    made = argparse.ArgumentParser(
        prog="python -m toy_models.train toy",
        description="Trains a network of points on a toy distribution, of which everything is known exactly. Stopped anywhere, the same call goes on, to the same weights.",
    )
    for name, param in params(Training).items():
        usual = "VP" if param.default is None else param.default
        words = f"{param.help} ({param.allowed()}; default {usual})" if param.allowed() != param.help else f"{param.help} (default {usual})"
        made.add_argument(f"--{name}", metavar=name.upper(), help=words.replace("%", "%%"))
    made.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the process, as process.sigma_max=20"
    )
    made.add_argument("--name", help="of the model (default: data and process)")
    made.add_argument("--title", default="", help="what the page calls it (default: its name)")
    made.add_argument("--out", type=Path, help="folder of the state (default runs/<name>)")
    made.add_argument("--folder", type=Path, help="where the model is kept (default: $PLAYGROUND_TRAINED, or with the user's other data)")
    made.add_argument("--every", type=int, help="steps between two lines, each with a saved state (default: a fiftieth of all)")
    made.add_argument("--threads", type=int, default=1, help="threads of torch (default %(default)s: small networks gain nothing by more)")
    return made


def settings(told: argparse.Namespace) -> Training:
    """The settings of a command line. Raises BadValue."""
    given = {name: value for name in params(Training) if (value := getattr(told, name)) is not None}
    for one in told.set:
        name, equals, value = one.partition("=")
        if not equals:
            raise BadValue("set", one, "a name and a value: process.sigma_max=20")
        given[name] = value
    record: Record = unflatten(given)
    if isinstance(record.get("process"), str):
        record["process"] = {"kind": record["process"]}
    return Training.from_dict(record)


def main(argv: list[str]) -> int:
    told = parser().parse_args(argv)
    torch.set_num_threads(max(1, told.threads))
    try:
        asked = settings(told)
        name = check_name(told.name or f"{asked.data}-{asked.process.info.key.lower()}")  # before the training, not after
        folder = told.out or Path("runs") / name
        last: Checkpoint | None = None
        for last in train(asked, told.every, folder):
            left = (asked.steps - last.step) * last.seconds / last.step
            sys.stdout.write(
                f"step {last.step:,} of {asked.steps:,} · loss {last.loss:.4f} · over its floor by {last.marks.mean_excess:.4f} · {last.step / max(last.seconds, 1e-3):.0f} steps a second · {left:.0f} s left\n"
            )
            sys.stdout.flush()
        assert last is not None  # a training yields its end, also where it was there already
        sys.stdout.write(f"kept {keep(last, name, told.title, told.folder)}\n")
    except ValueError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0
