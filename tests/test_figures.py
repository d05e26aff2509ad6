"""``pg.plot``: what is drawn is what the run, the law and the model say; both libraries; mistakes in words."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.fields import BadValue
from playground.figures import at_time, picture_of

matplotlib = pytest.importorskip("matplotlib")
ROOT = Path(__file__).resolve().parents[1]
PLANE = pg.Experiment(data="moons", particles=100, grid=pg.UniformLogSNR(steps=6))
LINE = PLANE.replace(data="two_modes")
ORDER = pg.Order(2.0, 0.1, (10, 20), (0.1, 0.025), (20, 40), 2)


@pytest.fixture(autouse=True)
def no_screen():
    matplotlib.use("Agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def test_a_run_in_the_plane():
    """The dots are the last states; the shade is the exact density there, which integrates to one but for what lies outside of the view."""
    run = pg.simulate(PLANE)
    picture = picture_of(run)
    np.testing.assert_array_equal(picture.dots.points, run.x[-1].double().numpy())
    assert [len(picture.lines), len(picture.moments)] == [40, 7]
    np.testing.assert_array_equal(picture.lines[3].across, run.x[:, 3, 0].double().numpy())
    shade = picture.shade
    assert shade.values.sum() * np.diff(shade.across)[0] * np.diff(shade.up)[0] == pytest.approx(1, abs=1e-3)
    at = np.stack(np.meshgrid(shade.across, shade.up), -1)
    np.testing.assert_allclose(shade.values, pg.density("moons", at), atol=1e-12)


def test_a_run_on_the_line():
    """Paths over the clock; the shade of each time is p_t, by its largest value. CLD's is that of the position, VE's in the view's units."""
    for process in ("VP", "CLD", "VE"):
        run = pg.simulate(pg.Experiment(data="two_modes", process=process, particles=50))
        picture = picture_of(run)
        scale = float(run.process.view_scale(run.times[:1]))
        assert picture.lines[2].up[0] == pytest.approx(float(run.x[0, 2, 0]) * scale)
        assert picture.shade.values.max(0) == pytest.approx(1)
        t = float(run.process.unclock(torch.tensor(picture.shade.across[60], dtype=torch.float64)))
        law = pg.problem(pg.Experiment(data="two_modes", process=process)).law.marginal(t)
        scale = float(run.process.view_scale(torch.tensor([t])))
        want = law.affine(torch.eye(1, law.dim, dtype=torch.float64)).log_prob(torch.as_tensor(picture.shade.up)[:, None] / scale).exp()
        np.testing.assert_allclose(picture.shade.values[:, 60], (want / want.max()).numpy(), atol=1e-9)


def test_a_field():
    """Arrows are the model's score, guidance included; the shade p_t."""
    guided = PLANE.replace(guidance=pg.ClassifierFree(label=1, weight=3.0))
    for exp in (PLANE, guided):
        picture = at_time(exp, 0.3)
        np.testing.assert_array_equal(picture.arrows.vectors, pg.score(exp, picture.arrows.points, 0.3))
        at = np.stack(np.meshgrid(picture.shade.across, picture.shade.up), -1)
        np.testing.assert_allclose(picture.shade.values, pg.density(exp, at, 0.3), atol=1e-12)
    line = at_time(LINE, 0.3)
    np.testing.assert_array_equal(line.arrows.vectors[:, 0], pg.score(LINE, line.arrows.points[:, 0], 0.3))
    assert not line.arrows.points[:, 1].any()


def test_images_and_orders():
    x = torch.linspace(-1, 1, 3 * 28 * 28).view(3, 1, 28, 28)
    run = pg.Trace(pg.VP(), [pg.Frame(0, 0.0, x, 0)], torch.zeros(1))
    image = picture_of(run).image
    np.testing.assert_allclose(image[1:29, 31:59, 0], (x[1, 0].numpy() + 1) / 2, atol=1e-6)
    assert (image[31:, 31:] == 0.5).all()
    errors, slope = picture_of(ORDER).lines
    assert errors.up.tolist() == [0.1, 0.025]
    assert slope.up.tolist() == pytest.approx([0.1, 0.025])


def test_both_libraries():
    """Axes that are given are drawn on; a Plotly run has a frame for each of its states."""
    import matplotlib.pyplot as plt
    from plotly.graph_objects import Figure

    run = pg.simulate(PLANE)
    for what in (run, pg.simulate(LINE), pg.Run(LINE), PLANE, LINE, "moons", "two_modes", pg.law("moons"), ORDER):
        axes = pg.plot(what)
        axes.figure.canvas.draw()
        assert isinstance(pg.plot(what, interactive=True), Figure)
    assert len(pg.plot(run, interactive=True).frames) == 7
    assert isinstance(pg.plot(PLANE, t=0.3, interactive=True), Figure)
    ax = plt.subplots()[1]
    assert pg.plot(PLANE, t=0.3, ax=ax) is ax
    assert len(ax.collections) == 2


MISTAKES = {
    "a number": (lambda: pg.plot(3), "what", "a run"),
    "a class": (lambda: pg.plot(pg.DDIM), "what", "a run"),
    "no name": (lambda: pg.plot("moonz"), "data", "moons"),
    "a run at a time": (lambda: pg.plot(pg.simulate(LINE), t=0.3), "t", "an Experiment"),
    "beyond t_max": (lambda: pg.plot(PLANE, t=1.5), "t", "up to 1"),
    "axes of Plotly": (lambda: pg.plot(PLANE, ax=3, interactive=True), "ax", "interactive"),
    "three dimensions": (lambda: pg.plot(pg.GaussianMixture([1.0], [[0.0, 0.0, 0.0]], [1.0])), "what", "in the plane"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_told_in_words(name):
    make, field, allowed = MISTAKES[name]
    with pytest.raises(BadValue) as caught:
        make()
    assert caught.value.field == field, str(caught.value)
    assert allowed in caught.value.allowed, str(caught.value)


def test_libraries_are_loaded_when_they_draw():
    code = (
        "import sys, playground as pg; pg.plot; pg.simulate(pg.Experiment(particles=2)); print({'matplotlib', 'plotly'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert out.stdout.strip() == "set()"
