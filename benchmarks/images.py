"""The figures on an image model's card: ``python -m benchmarks.images --model mnist-unet --data mnist.npz --samples 10000 --write-card``, and
``python -m benchmarks.images --model digits-unet --write-card``, whose images are built in.

Fréchet distance in the features of the card's classifier (never to be called FID), precision and recall of samples against the test images, by
sampler and evaluations of the network, beside the floor: as many training images against the same test images. Samples are of the classes in
turn (each class's own model, guidance 1), since that is what the models are for, and a few rows without classes; class accuracy, distance to
the nearest training image by class and unguided, bits per dimension. Every figure is saved to benchmarks/results/images.json as soon as it is
known, with its number of samples, the weights' sha256 and the images' digests, and is not computed again; samples are kept in runs/images, so that
more of them cost only the rest. A card takes figures of the images that it names as its data, and no others.

Its experiments are the places of a sweep (``--sweep`` writes it, for ``python -m playground.sweeps run``, or the board): rows methods, columns evaluations. What a sweep measures of a
cell, Fréchet distance, precision and recall of so many images beside their floor, is here of all images of all seeds together.

A model without a classifier on its card has the figures that need none: distance to the nearest training image, bits per dimension. Without
``--data`` the images are those of the card's built-in set; the test images are then those that no model sees (of the digits the last 297).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import playground as pg
from benchmarks.live import RESULTS, cpu
from playground.core import catalog
from playground.core.fields import BadValue
from playground.core.memory import keep_memory
from playground.core.model import Model
from playground.metrics.images import BINS, bits_per_dim, fidelity, nearest
from playground.sweeps.presets import METHODS, of_images
from playground.sweeps.record import Sweep
from toy_models.laws.digits import DIGITS, held_out
from toy_models.networks.checkpoint import FOLDER, load_network, read_card, save_features
from toy_models.training.data import Images, digest, load_npz, told_of

BATCH = 250  # images of one seed
GUIDED = 1.5
FLOOR = "floor: training images"


class Ledger:
    """Figures in one JSON file: rows that are found by what they are of (sha256, data, samples, run, evaluations), each saved at once.

    Several runs may write to it in turn: what the others added is read again before a row is added."""

    def __init__(self, file: Path):
        self.file = file
        self.rows = self.read()

    def read(self) -> list[dict[str, Any]]:
        try:
            return json.loads(self.file.read_text(encoding="utf-8"))["figures"] if self.file.is_file() else []
        except (ValueError, KeyError, TypeError):
            raise BadValue("figures", str(self.file), "a whole file of figures: mend it, or move it away") from None

    def find(self, **key: Any) -> dict[str, Any] | None:
        return next((row for row in self.rows if all(row.get(k) == v for k, v in key.items())), None)

    def add(self, **row: Any) -> None:
        self.rows = [*self.read(), row]
        self.file.parent.mkdir(exist_ok=True)
        told = json.dumps({"machine": cpu(), "figures": self.rows}, indent=1, ensure_ascii=False)
        part = self.file.with_suffix(".part")
        part.write_text(told + "\n", encoding="utf-8")
        os.replace(part, self.file)  # an interruption leaves the old file or the new one
        print(row, flush=True)


def rows(model: str, solvers: Sequence[str], evaluations: Sequence[int], count: int, weight: float | None = None) -> Sweep:
    """The figures as a sweep: rows methods, columns evaluations of the network, cells of ``count`` images. weight: of guidance towards each class in turn (1: samples of the classes'
    own models, an evaluation a step; any other: two evaluations), None: without classes."""
    guidance = {} if weight is None else {"guidance": {"kind": "EachClass", "weight": weight}}
    return of_images(pg.Experiment.from_dict({"data": model, "particles": count, **guidance}), solvers, evaluations)


def experiment(model: str, solver: str, evaluations: int, seed: int, count: int, weight: float | None = None) -> pg.Experiment:
    """The run of a cell: as many steps as ``evaluations`` of the network pay for. Raises BadValue."""
    place = rows(model, [solver], [evaluations], count, weight).place((0, 0))
    if place.exp is None:
        raise BadValue("model", model, place.why)
    return place.exp.replace(seed=seed)


def sample(model: str, solver: str, evaluations: int, count: int, weight: float | None = None) -> Tensor:
    """``count`` images rounded to 8 bits, in [−1, 1], in batches of a seed each; batches lie in runs/images from one call to the next."""
    folder = Path("runs/images") / read_card(model)["sha256"][:12]
    folder.mkdir(parents=True, exist_ok=True)
    out = []
    for seed in range(-(-count // BATCH)):
        size = min(BATCH, count - seed * BATCH)
        exp = experiment(model, solver, evaluations, seed, size, weight)
        file = folder / f"{exp.key}.npy"
        if not file.is_file():
            x = pg.simulate(exp, max_frames=2).x[-1].clamp(-1, 1)
            part = file.with_suffix(".part.npy")
            np.save(part, ((x + 1) * 127.5).round().to(torch.uint8).numpy())
            os.replace(part, file)
        out.append(torch.from_numpy(np.load(file, allow_pickle=False)))
    return torch.cat(out).float() / 127.5 - 1


def who(model: str) -> Model:
    """The model of a card. Raises BadValue."""
    if "event" not in read_card(model):
        raise BadValue("model", model, "a model that makes images")
    data, key = catalog.resolve("model", model)
    return catalog.model_named(catalog.law_of(data), key)


def images_of(model: Model, data: str | None) -> tuple[Images, Images, float]:
    """Training images, test images and their grey values per unit: of a file, or of the model's built-in set. Raises BadValue."""
    if data:
        train, test = load_npz(data), load_npz(data, "test")
        for images in (train, test):
            if tuple(images.x.shape[1:]) != (event := model.law.space.shape):
                raise BadValue(
                    "data", f"{tuple(images.x.shape[1:])} images", f"images {event} (channels, height, width), as {model.key} makes"
                )
        return train, test, BINS
    if model.law.key != DIGITS.key:
        raise BadValue("data", "nothing", f"--data <file>.npz: {model.key} has no built-in images")
    return _images(model.law.key), Images(*held_out()), DIGITS.grey


def _images(name: str) -> Images:
    known = catalog.law_of(name).examples
    assert known.labels is not None
    return Images(known.x, known.labels)


class Bench:
    """One model's figures at one number of samples. Raises BadValue for a model, a classifier or a file that cannot be used."""

    def __init__(self, model: str, data: str | None, samples: int, ledger: Ledger):
        if samples < 5:
            raise BadValue("samples", samples, "5 or more: precision looks for the third neighbour")
        card = read_card(model)
        self.model, self.samples, self.ledger = model, samples, ledger
        self.name, self.sha, self.own = card.get("classifier"), card["sha256"], card.get("process")
        self.train, self.test, self.grey = images_of(who(model), data)
        self.told, self.digests = told_of(self.train), [digest(self.train), digest(self.test)]
        self.data = "/".join(d[:16] for d in self.digests)
        order = torch.randperm(len(self.train.x), generator=torch.Generator().manual_seed(0))
        self.train = Images(self.train.x[order], self.train.labels[order])
        if self.name:
            self.judge: Any = load_network(self.name)
            self.real = self.features(self.test.x)

    def check_card(self) -> None:
        """Raises BadValue if the card names other images as its data than these: then their figures are none for it."""
        card = read_card(self.model)
        ours = [digest(_images(card["set"])), digest(Images(*held_out()))] if card.get("set") == DIGITS.key else self.digests
        if self.digests != ours or card.get("data", self.told) != self.told:
            named = card.get("data") or DIGITS.title
            allowed = f"the images that the card of {self.model} names, {named}; figures of others stay in the file of results"
            raise BadValue("data", self.told, allowed)

    @torch.no_grad()
    def features(self, x: Tensor) -> Tensor:
        return torch.cat([self.judge.features(part) for part in x.split(250)])

    def write_features(self) -> None:
        """The features of the test images, with which sweeps compare a model's own. Raises BadValue for a model without a classifier."""
        if not self.name:
            raise BadValue("model", self.model, "a model with a classifier on its card")
        save_features(self.name, self.real, f"{len(self.real):,} test images of {who(self.model).law.title}")

    def known(self, **key: Any) -> bool:
        return self.ledger.find(model=self.model, sha256=self.sha, data=self.data, **key) is not None

    def add(self, **row: Any) -> None:
        self.ledger.add(model=self.model, sha256=self.sha, data=self.data, **row)

    def floor(self) -> None:
        """Training images in place of samples, as many."""
        key: dict[str, Any] = {"run": FLOOR, "samples": self.samples}
        if not self.known(**key):
            self.add(**key, **fidelity(self.real, self.features(self.train.x[: self.samples])))

    def solver(self, name: str, evaluations: int, weight: float | None = None, most: int | None = None) -> None:
        """A sampler's samples against the test images; by class, also the share that the classifier takes for the class they were to be."""
        run = name if weight is None else f"{name}, by class" + (f", guidance {weight:g}" if weight != 1 else "")
        key: dict[str, Any] = {"run": run, "evaluations": evaluations, "samples": min(most or self.samples, self.samples)}
        if self.known(**key):
            return
        images = sample(self.model, name, evaluations, key["samples"], weight)
        found: dict[str, Any] = {
            "model calls": pg.simulate(experiment(self.model, name, evaluations, 0, 1, weight), max_frames=2).model_calls
        }
        found |= fidelity(self.real, self.features(images))
        if weight is not None:
            classes = len(who(self.model).labels)
            wanted = torch.arange(BATCH).repeat(-(-len(images) // BATCH))[: len(images)] % classes
            right = (torch.cat([who(self.model).classify(part) for part in images.split(BATCH)]) == wanted).double()  # type: ignore[arg-type]
            found["class accuracy"] = round(float(right.mean()), 4)
            found["accuracy of each class"] = [round(float(right[wanted == label].mean()), 3) for label in range(classes)]
        self.add(**key, **found)

    def neighbours(self, name: str, evaluations: int, weight: float | None, most: int = 1000) -> None:
        """Euclidean distance in pixels to the nearest training image, of samples and of as many test images (all, where there are fewer).

        weight 1: samples by class, which lie nearer than unguided ones (None): the two may stand on either side of the test images."""
        run = f"nearest training image, {name}, " + ("unguided" if weight is None else "by class")
        key: dict[str, Any] = {"run": run, "evaluations": evaluations, "samples": min(most, self.samples)}
        if not self.known(**key):
            mine = nearest(sample(self.model, name, evaluations, key["samples"], weight), self.train.x)
            theirs = nearest(self.test.x[: key["samples"]], self.train.x)
            rows = {"distance of samples": mine, "distance of test images": theirs}
            told = {f"{k}: {q} quantile": round(float(v.quantile(q)), 3) for k, v in rows.items() for q in (0.01, 0.5)}
            self.add(**key, **{"test images": len(theirs)}, **told)

    def bits(self, count: int, probes: int = 2) -> None:
        """Bits per dimension of test images by the probability-flow ODE of VP."""
        key: dict[str, Any] = {"run": "bits per dimension, test images (VP)", "samples": min(count, len(self.test.x)), "probes": probes}
        if not self.known(**key):
            process = pg.VP()
            self.add(
                **key,
                **bits_per_dim(process, who(self.model).predictor(process), self.test.x[:count], grey=self.grey, probes=probes).told(),
            )


def write_card(bench: Bench) -> None:
    """The largest sample of every figure of these weights and these images, onto the card's entry ``metrics``. Raises BadValue if the images are
    not those that the card names."""
    model, ledger = bench.model, bench.ledger
    file, card = FOLDER / f"{model}.json", read_card(model)
    bench.check_card()
    rows = [row for row in ledger.rows if row["sha256"] == card["sha256"] and row.get("data") == bench.data]
    best: dict[str, dict[str, Any]] = {}
    for row in rows:
        name = row["run"] + (f", {row['evaluations']} evaluations" if "evaluations" in row else "")
        if row["samples"] >= best.get(name, row)["samples"]:
            best[name] = {k: v for k, v in row.items() if k not in ("model", "sha256", "run", "evaluations")}
    sizes = {row["samples"] for row in best.values() if "frechet" in row}
    for row in rows:  # the floor at every size that stands on the card
        if row["run"] == FLOOR and row["samples"] in sizes:
            best[f"{FLOOR}, {row['samples']:,} samples"] = {k: row[k] for k in ("samples", "frechet", "precision", "recall")}
    best.pop(FLOOR, None)
    words = f"Fréchet distance in the features of {card.get('classifier')}, against {len(bench.test.x):,} test images"
    of = {"frechet": words} if "classifier" in card else {}
    card["metrics"] = {**of, **best}
    file.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def whole(word: str) -> int:
    """A number of the command line: whole, 0 or more."""
    if not word.isdecimal():
        raise argparse.ArgumentTypeError(f"{word!r} is no whole number from 0 on")
    return int(word)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images", description=__doc__)
    parser.add_argument("--model", default="mnist-unet", help="a model that has a card in assets/models")
    parser.add_argument("--data", help="an .npz with train and test images and labels; left out: the model's built-in set")
    parser.add_argument("--samples", type=whole, default=10_000, help="of every figure, at most")
    parser.add_argument("--evaluations", type=whole, nargs="*", default=[10, 20, 5, 50], help="of samples by class, guidance 1")
    parser.add_argument("--unconditional", type=whole, nargs="*", default=[20], help="evaluations of samples without classes")
    parser.add_argument("--guided", type=whole, default=40, help=f"evaluations of 1,000 samples by class with guidance {GUIDED}, 0: none")
    parser.add_argument("--solvers", nargs="*", choices=METHODS, help="default: all that the model's process allows")
    parser.add_argument("--bits", type=whole, default=100, help="test images whose bits per dimension are measured, 0: none")
    parser.add_argument("--threads", type=whole, help="of torch")
    parser.add_argument(
        "--sweep", action="store_true", help="write the methods and evaluations as a sweep (JSON) to the output; nothing else"
    )
    parser.add_argument(
        "--write-features",
        action="store_true",
        help="write the classifier's features of the test images beside it, for sweeps; nothing else",
    )
    parser.add_argument("--write-card", action="store_true", help="write the figures that are known onto the model's card")
    told = parser.parse_args()
    keep_memory()
    if told.threads:
        torch.set_num_threads(told.threads)
    began = time.perf_counter()
    try:
        if told.sweep:
            print(rows(told.model, told.solvers or tuple(METHODS), told.evaluations, told.samples).to_json())
            return 0
        measure(told)
    except BadValue as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    print(f"{time.perf_counter() - began:.0f} s")
    return 0


def measure(told: argparse.Namespace) -> None:
    """All figures that were asked for, those of fidelity only where the card names a classifier."""
    ledger = Ledger(RESULTS / "images.json")
    bench = Bench(told.model, told.data, told.samples, ledger)
    if told.write_card or told.write_features:
        bench.check_card()  # before hours of work
    if told.write_features:
        return bench.write_features()
    fitting = told.solvers or [name for name, (process, *_) in METHODS.items() if not bench.own or bench.own["kind"] == process]
    first, judged = fitting[0], fitting if bench.name else []
    if bench.name:
        bench.floor()
        if told.guided:
            bench.solver(first, told.guided, GUIDED, most=1000)
    for at, evaluations in enumerate(told.evaluations):
        for name in judged:
            bench.solver(name, evaluations, 1.0)
        if not at:
            for weight in (1.0, None) if len(who(told.model).labels) > 1 else (None,):
                bench.neighbours(first, evaluations, weight)
            if told.bits and not bench.own:
                bench.bits(told.bits)
    for evaluations in told.unconditional:
        for name in judged:
            bench.solver(name, evaluations)
    if told.write_card:
        write_card(bench)


if __name__ == "__main__":
    raise SystemExit(main())
