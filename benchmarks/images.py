"""The figures on an image model's card: ``python -m benchmarks.images --model mnist-unet --data mnist.npz --samples 10000 --write-card``.

Fréchet distance in the features of the card's classifier (never to be called FID), precision and recall of samples against the test images, by
sampler and evaluations of the network, beside the floor: as many training images against the same test images. Samples are of the classes in
turn (each class's own model, guidance 1), since that is what the models are for, and a few rows without classes; class accuracy, distance to
the nearest training image, bits per dimension. Every figure is saved to benchmarks/results/images.json as soon as it is known, with its
number of samples and the weights' sha256, and is not computed again; samples are kept in runs/images, so that more of them cost only the rest.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import playground as pg
from benchmarks.live import RESULTS, cpu
from playground.metrics.images import bits_per_dim, fidelity, nearest
from toy_models.data import law_of
from toy_models.images import classify
from toy_models.networks.checkpoint import FOLDER, load_network, read_card
from toy_models.training.data import Images, load_npz

BATCH = 250  # images of one seed
GUIDED = 1.5
FLOOR = "floor: training images"
SOLVERS: dict[str, tuple[str, str, str, int]] = {  # process, sampler, grid, evaluations a step
    "DPM-Solver++ 2M (VP)": ("VP", "DPMSolverPP2M", "UniformLogSNR", 1),
    "DDIM (VP)": ("VP", "DDIM", "UniformLogSNR", 1),
    "EDM Heun": ("EDM", "EDMHeun", "Karras", 2),
    "Euler (flow)": ("Flow", "Euler", "UniformTime", 1),
    "SSCS (CLD)": ("CLD", "SSCS", "Quadratic", 1),
}


class Ledger:
    """Figures in one JSON file: rows that are found by what they are of (sha256, samples, run, evaluations), each saved at once.

    Several runs may write to it in turn: what the others added is read again before a row is added."""

    def __init__(self, file: Path):
        self.file = file
        self.rows = self.read()

    def read(self) -> list[dict[str, Any]]:
        return json.loads(self.file.read_text(encoding="utf-8"))["figures"] if self.file.is_file() else []

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


def experiment(model: str, solver: str, evaluations: int, seed: int, count: int, weight: float | None = None) -> pg.Experiment:
    """The run of a row: as many steps as ``evaluations`` of the network pay for. weight: of guidance towards each class in turn (1: samples of
    the classes' own models, an evaluation a step; any other: two evaluations), None: without classes."""
    process, sampler, grid, cost = SOLVERS[solver]
    cost *= 1 if weight in (None, 1.0) else 2
    record: dict[str, Any] = {
        "data": model,
        "process": {"kind": process},
        "sampler": {"kind": sampler},
        "grid": {"kind": grid, "steps": max(2, round(evaluations / cost))},
        "particles": count,
        "seed": seed,
    }
    if weight is not None:
        record["guidance"] = {"kind": "EachClass", "weight": weight}
    return pg.Experiment.from_dict(record)


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


class Bench:
    """One model's figures at one number of samples."""

    def __init__(self, model: str, data: str, samples: int, ledger: Ledger):
        card = read_card(model)
        self.model, self.samples, self.ledger = model, samples, ledger
        self.name, self.sha, self.own = card["classifier"], card["sha256"], card.get("process")
        self.judge: Any = load_network(self.name)
        self.train, self.test = load_npz(data), load_npz(data, "test")
        order = torch.randperm(len(self.train.x), generator=torch.Generator().manual_seed(0))
        self.train = Images(self.train.x[order], self.train.labels[order])
        self.real = self.features(self.test.x)

    @torch.no_grad()
    def features(self, x: Tensor) -> Tensor:
        return torch.cat([self.judge.features(part) for part in x.split(250)])

    def known(self, **key: Any) -> bool:
        return self.ledger.find(model=self.model, sha256=self.sha, **key) is not None

    def add(self, **row: Any) -> None:
        self.ledger.add(model=self.model, sha256=self.sha, **row)

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
            classes = len(law_of(self.model).labels)
            wanted = torch.arange(BATCH).repeat(-(-len(images) // BATCH))[: len(images)] % classes
            right = (torch.cat([classify(self.model, part) for part in images.split(BATCH)]) == wanted).double()  # type: ignore[arg-type]
            found["class accuracy"] = round(float(right.mean()), 4)
            found["accuracy of each class"] = [round(float(right[wanted == label].mean()), 3) for label in range(classes)]
        self.add(**key, **found)

    def neighbours(self, name: str, evaluations: int, most: int = 1000) -> None:
        """Euclidean distance in pixels to the nearest training image, of samples and of test images."""
        key: dict[str, Any] = {"run": f"nearest training image, {name}", "evaluations": evaluations, "samples": min(most, self.samples)}
        if not self.known(**key):
            mine = nearest(sample(self.model, name, evaluations, key["samples"], 1.0), self.train.x)
            theirs = nearest(self.test.x[: key["samples"]], self.train.x)
            rows = {"distance of samples": mine, "distance of test images": theirs}
            self.add(**key, **{f"{k}: {q} quantile": round(float(v.quantile(q)), 3) for k, v in rows.items() for q in (0.01, 0.5)})

    def bits(self, count: int, probes: int = 2) -> None:
        """Bits per dimension of test images by the probability-flow ODE of VP."""
        key: dict[str, Any] = {"run": "bits per dimension, test images (VP)", "samples": count, "probes": probes}
        if not self.known(**key):
            process = pg.VP()
            self.add(**key, **bits_per_dim(process, law_of(self.model).oracle(process), self.test.x[:count], probes=probes).told())


def write_card(model: str, ledger: Ledger) -> None:
    """The largest sample of every figure, onto the card's entry ``metrics``."""
    file, card = FOLDER / f"{model}.json", read_card(model)
    best: dict[str, dict[str, Any]] = {}
    for row in ledger.rows:
        if row["sha256"] == card["sha256"]:
            name = row["run"] + (f", {row['evaluations']} evaluations" if "evaluations" in row else "")
            if row["samples"] >= best.get(name, row)["samples"]:
                best[name] = {k: v for k, v in row.items() if k not in ("model", "sha256", "run", "evaluations")}
    sizes = {row["samples"] for row in best.values() if "frechet" in row}
    for row in ledger.rows:  # the floor at every size that stands on the card
        if row["sha256"] == card["sha256"] and row["run"] == FLOOR and row["samples"] in sizes:
            best[f"{FLOOR}, {row['samples']:,} samples"] = {k: row[k] for k in ("samples", "frechet", "precision", "recall")}
    best.pop(FLOOR, None)
    card["metrics"] = {"frechet": f"Fréchet distance in the features of {card['classifier']}, against 10,000 test images", **best}
    file.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="mnist-unet")
    parser.add_argument("--data", required=True, help="an .npz with train and test images and labels")
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--evaluations", type=int, nargs="*", default=[10, 20, 5, 50], help="of samples by class, guidance 1")
    parser.add_argument("--unconditional", type=int, nargs="*", default=[20], help="evaluations of samples without classes")
    parser.add_argument("--guided", type=int, default=40, help=f"evaluations of 1,000 samples by class with guidance {GUIDED}, 0: none")
    parser.add_argument("--solvers", nargs="*", choices=SOLVERS, help="default: all that the model's process allows")
    parser.add_argument("--bits", type=int, default=100, help="test images whose bits per dimension are measured, 0: none")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--write-card", action="store_true", help="write the figures that are known onto the model's card")
    told = parser.parse_args()
    if told.threads:
        torch.set_num_threads(told.threads)
    ledger = Ledger(RESULTS / "images.json")
    bench = Bench(told.model, told.data, told.samples, ledger)
    fitting = told.solvers or [name for name, (process, *_) in SOLVERS.items() if not bench.own or bench.own["kind"] == process]
    began = time.perf_counter()
    bench.floor()
    first = fitting[0]
    if told.guided:
        bench.solver(first, told.guided, GUIDED, most=1000)
    for at, evaluations in enumerate(told.evaluations):
        for name in fitting:
            bench.solver(name, evaluations, 1.0)
        if not at:
            bench.neighbours(first, evaluations)
            if told.bits and not bench.own:
                bench.bits(told.bits)
    for evaluations in told.unconditional:
        for name in fitting:
            bench.solver(name, evaluations)
    if told.write_card:
        write_card(told.model, ledger)
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
