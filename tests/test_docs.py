"""Pages that are written from the project itself are current, and what they say to type works."""

import itertools
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import torch

import playground as pg
from docs.figures import TARGET, count_of, document
from playground.core.legal import legal
from playground.core.problem import Problem
from playground.core.rng import Rng
from playground.core.spec import registry
from playground.engine import Run
from tests.real import home

ROOT = Path(__file__).resolve().parents[1]


def test_the_figures_of_image_models_are_those_of_their_cards() -> None:
    """Run ``python -m docs.figures`` after ``benchmarks.images --write-card``. Mutant killed: a card with figures that the page does not show."""
    assert TARGET.read_text(encoding="utf-8") == document()


def test_a_run_and_its_evaluations_are_told_apart() -> None:
    assert count_of("DDIM (VP), by class, 20 evaluations") == ("DDIM (VP), by class", 20)
    assert count_of("bits per dimension, test images (VP)") == ("bits per dimension, test images (VP)", 0)


def walkthrough() -> tuple[str, str]:
    """The file that CONTRIBUTING.md says to create, and its contents."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(r"Create `([^`]+)`:\n\n   ```python\n(.*?)   ```", text, re.S)
    assert found
    return found.group(1), textwrap.dedent(found.group(2))


def test_add_a_sampler_as_printed(tmp_path: Path) -> None:
    """CONTRIBUTING's sampler in a copy of the tree: its name is free, its row is written, the tests that meet every sampler meet it and pass; with a
    wrong order they fail. Kills: a hand-kept list that a new sampler is not in."""
    place, source = walkthrough()
    assert not (ROOT / place).exists()
    key = re.search(r'Info\("(\w+)"', source)
    assert key
    for name in ("playground", "toy_models", "tests", "docs", "benchmarks"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("app.py", "pyproject.toml", "README.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    (tmp_path / place).write_text(source, encoding="utf-8")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run([sys.executable, *words], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=600)

    use = f"import playground as pg; e = pg.Experiment.from_query({{'sampler': '{key.group(1)}'}}); print(pg.simulate(e).model_calls)"
    assert run("-c", use).stdout.strip() == "39"
    measured = run("-m", "docs.generate", key.group(1))
    assert measured.returncode == 0, measured.stderr
    chosen = f"{key.group(1)} or test_current or every_deterministic or api_offers or coupling or every_bound"
    files = [
        "tests/samplers/test_orders.py",
        "tests/samplers/test_family_orders.py",
        "tests/samplers/test_family_docs.py",
        "tests/test_mistakes.py",
    ]
    files += ["tests/samplers/test_family_limits.py", "tests/test_engine.py"]
    pytest_ = ("-m", "pytest", "-vv", "-p", "no:cacheprovider", "-k", chosen, *files)
    passed = run(*pytest_)
    assert passed.returncode == 0, passed.stdout[-3000:]
    assert passed.stdout.count("PASSED") >= 15, passed.stdout
    assert passed.stdout.count(f"[{key.group(1)}") >= 10, passed.stdout
    (tmp_path / place).write_text(source.replace("order=2", "order=3"), encoding="utf-8")
    wrong = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", f"test_declared_order and {key.group(1)}-VP", files[0])
    assert wrong.returncode == 1, wrong.stdout[-3000:]
    assert "FAILED" in wrong.stdout


def test_the_last_step_is_as_the_documents_say() -> None:
    """docs/replay.md: which samplers draw in the step to t = 0, and how often; docs/architecture.md: whose last state is not E[z_0 | z_t]."""
    draws: dict[str, int] = {}
    others = set()
    samplers = [*(cls() for cls in registry("samplers").values()), pg.EDMHeun(churn=20.0)]
    samplers += [pg.PNDM(released=True), pg.PLMS(released=True), pg.LMS(released=True)]
    seen = set()
    for sampler, process in itertools.product(samplers, (pg.VP(), pg.CLD(), pg.Absorbing(), pg.TorusBrownian())):
        if legal({"data": home(process), "process": process, "sampler": sampler})["sampler"][sampler.info.key]:
            continue
        seen.add(sampler.info.key)
        plane = "vector" in process.lives
        grid, dtype = (pg.Quadratic(steps=12), "float64") if plane else (pg.UniformTime(steps=12), "float32")
        exp = pg.Experiment(data=home(process), process=process, sampler=sampler, particles=64, grid=grid, dtype=dtype)
        source = Rng(0, dtype=torch.float64, noise=None)
        asked: list[int] = []

        def noise(shape: tuple[int, ...], source: Rng = source, asked: list[int] = asked) -> torch.Tensor:
            asked.append(1)
            return source.normal(shape)

        live = Run(exp, noise=noise)
        frames, made = [], []
        for frame in live:
            frames.append(frame)
            made.append(len(asked))
        if made[-1] > made[-2]:
            draws[sampler.info.key] = made[-1] - made[-2]
        if not plane:  # no sums of states, and so no mean
            others.add(sampler)
            continue
        end = Problem(process, live.oracle).denoise(frames[-2].z, frames[-2].t)
        if float((end - frames[-1].z).abs().max()) > 1e-9:
            others.add(sampler)
    assert seen == set(registry("samplers"))
    assert draws == {s.info.key: s.ending.draws for s in samplers if s.ending.draws}
    assert others == {s for s in samplers if not s.ending.denoised}
    replay = (ROOT / "docs" / "replay.md").read_text(encoding="utf-8").lower()
    assert all(registry("samplers")[key].info.title.lower() in replay for key in draws)


def test_readme_runs() -> None:
    """The first block of README, as printed."""
    block = re.search(r"```python\n(import playground as pg\n.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    assert block
    names: dict[str, Any] = {}
    exec(compile(block.group(1), "README.md", "exec"), names)
    assert names["trace"].states.shape[1:] == (2000, 2, 2)
