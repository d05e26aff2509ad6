"""Shared by all tests: mixtures with known numbers, and the registry's processes as parameters.

A test that asks for ``process`` (and does not name its own) runs for every process with every schedule (and CLD in all its regimes); ``scalar`` for those of
them with one noise level. New files in ``playground/processes`` and ``playground/schedules`` are met without an edit here.
"""

import os
import tempfile
from pathlib import Path

import pytest
import torch

from playground.core.mixture import GaussianMixture
from playground.core.process import ScalarGaussian
from playground.core.spec import params, registry
from tests.browser import chromium
from tests.real import real

__all__ = ["chromium"]

os.environ["PLAYGROUND_TRAINED"] = str(
    Path(tempfile.gettempdir()) / "no-models-of-this-machine"
)  # what its people trained is none of the tests'
torch.set_num_threads(1)
NO_CUDA = "needs a CUDA device, and none is here"


@pytest.fixture(autouse=True)
def denormals():
    """A thread that computes for the page flushes denormal numbers; a test that was one is followed by tests in which 5e-324 > 0 again."""
    yield
    torch.set_flush_denormal(False)


def pytest_collection_modifyitems(items):
    """Tests marked ``gpu`` are left out where there is no such device."""
    for item in items:
        if item.get_closest_marker("gpu") and not torch.cuda.is_available():
            item.add_marker(pytest.mark.skip(reason=NO_CUDA))


def pytest_terminal_summary(terminalreporter):
    """How many those were."""
    left_out = sum(NO_CUDA in str(report.longrepr) for report in terminalreporter.stats.get("skipped", ()))
    if left_out:
        terminalreporter.write_line(f"gpu: {left_out} tests not run: each {NO_CUDA}")


def variants():
    found = {}
    for key, cls in real("processes").items():
        if "linear" not in cls.caps:  # PFGM++, interpolants, anisotropic: no k × k matrices; they have tests of their own
            continue
        if "schedule" in params(cls):
            found |= {f"{key}-{name}": cls(schedule=schedule()) for name, schedule in registry("schedules").items()}
        else:
            found[key] = cls()
    cld = registry("processes")["CLD"]
    return found | {
        "CLD-default": cld(),
        "CLD-under": cld(friction=0.3),
        "CLD-over": cld(friction=3.0),
        "CLD-stiff": cld(friction=5.0, mass=0.02),
    }


def pytest_generate_tests(metafunc):
    own = " ".join(str(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize"))
    if "process" in metafunc.fixturenames and "process" not in own:
        chosen = variants()
        metafunc.parametrize("process", chosen.values(), ids=chosen.keys())
    if "scalar" in metafunc.fixturenames:
        chosen = {k: p for k, p in variants().items() if isinstance(p, ScalarGaussian)}
        metafunc.parametrize("scalar", chosen.values(), ids=chosen.keys())


@pytest.fixture(scope="session")
def g3():
    """math.md's fixture G3: three 1D modes of unequal weight and width."""
    return GaussianMixture([0.5, 0.3, 0.2], [-1.0, 0.2, 1.2], [0.1**2, 0.15**2, 0.05**2])


@pytest.fixture(scope="session")
def tilted():
    """One anisotropic, tilted Gaussian off the origin: an isotropic one hides errors."""
    return GaussianMixture([1.0], [[0.4, -0.7]], [[[1.1, 0.55], [0.55, 0.4]]])


@pytest.fixture(scope="session")
def five():
    """Five tilted 2D modes of unequal weight."""
    g = torch.Generator().manual_seed(5)
    root = 0.25 * torch.randn(5, 2, 2, generator=g, dtype=torch.float64)
    means = 1.2 * torch.randn(5, 2, generator=g, dtype=torch.float64)
    return GaussianMixture([0.1, 0.15, 0.2, 0.25, 0.3], means, root @ root.mT + 0.01 * torch.eye(2, dtype=torch.float64))
