"""Image runs as packets: the streamed steps are the run that simulate gives, and the stage's projection is the one of an SVD."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
import torch

import playground as pg
from playground.core.fields import BadValue
from playground.engine import Run
from playground.server import jobs
from playground.server.bench import Here
from playground.server.scheduler import Scheduler
from playground.views.packet import Packet
from playground.views.sights import begin, sight_of
from playground.views.sights.pictures import as_bytes, principal
from playground.views.stage import run_packet, step_packet
from tests.named import images_of

CASES = [
    (pg.VP(), "DPMSolverPP2M"),
    (pg.EDM(), "EDMHeun"),
    (pg.Flow(), "Euler"),
    (pg.CLD(), "SSCS"),
    (pg.VP(), "DPMSolverPPSDE"),
    (pg.VE(), "PredictorCorrector"),
]


def experiment(process: pg.VP, sampler: str, **more: object) -> pg.Experiment:
    return pg.Experiment(
        data="mnist-unet", process=process, sampler=pg.registry("samplers")[sampler](), grid=pg.UniformTime(steps=4), particles=3, **more
    )


@pytest.mark.parametrize(("process", "sampler"), CASES, ids=[s for _, s in CASES])
def test_the_streamed_steps_are_the_run(process: pg.VP, sampler: str) -> None:
    exp = experiment(process, sampler, seed=4)
    run = begin(exp)
    steps = list(run.told())
    trace = pg.simulate(exp)
    for (frame, _), other in zip(steps, trace.frames, strict=True):
        torch.testing.assert_close(frame.z, other.z, rtol=0, atol=0)
        assert frame.calls == other.calls
    oracle = trace.facts["oracle"]
    for frame, x0 in zip(run.frames[:-1], run.x0, strict=False):  # x̂_0 at each state is the model's own there
        torch.testing.assert_close(x0, oracle(frame.z, frame.t).x0_hat, rtol=1e-4, atol=1e-4)
    assert steps[0][1] is None
    assert steps[1][1] is run.x0[0]
    assert (run.asked > 0) == (sampler == "SSCS")


def test_packets_hold_the_pixels() -> None:
    run = begin(experiment(pg.CLD(), "SSCS"))
    sent = [Packet.from_bytes(step_packet(run, *told).to_bytes()) for told in run.told()]
    packet = Packet.from_bytes(run_packet(run).to_bytes())
    for i, step in enumerate(sent):
        np.testing.assert_array_equal(step["x"], packet["image/x"][i])
        np.testing.assert_array_equal(step["v"], packet["image/v"][i])
        if i:
            np.testing.assert_array_equal(step["x0"], packet["image/x0"][i - 1])
    x = run.process.project(run.frames[-1].z).clamp(-1, 1).numpy()
    np.testing.assert_allclose(packet["image/x"][-1] / 127.5 - 1, x, atol=0.51 / 127.5)
    assert run.asked == 3  # SSCS asks half a step on, but for the last step: what is shown beside it costs more, and says so
    assert any("took 3 more evaluations" in note for note in packet.header["notes"])
    assert packet.header["image"].pop("of_plane") in packet.header["notes"]
    assert packet.header["image"] == {"event": [1, 28, 28], "batch": 3, "shown": 3, "velocity": True, "done": True, "at": 4}
    assert packet["image/norm"][-1] == pytest.approx(float(run.process.project(run.frames[-1].z).flatten(1).norm(dim=1).mean()), rel=1e-5)


def test_principal_components_are_the_svds() -> None:
    paths = torch.randn(4, 5, 30, generator=torch.Generator().manual_seed(0)) * torch.linspace(3, 0.1, 30)
    scores, share = principal(paths)
    flat = paths.double().reshape(20, 30)
    u, s, _ = torch.linalg.svd(flat - flat.mean(0), full_matrices=False)
    torch.testing.assert_close(scores.reshape(20, 2).abs(), (u[:, :2] * s[:2]).abs())
    torch.testing.assert_close(share, s[:2] ** 2 / (s**2).sum())


def test_guidance_makes_its_class() -> None:
    guidance = pg.registry("guidance")["ClassifierFree"](label=3, weight=1.5)
    exp = pg.Experiment(data="mnist-unet", particles=12, grid=pg.UniformLogSNR(steps=12), guidance=guidance)
    run = begin(exp)
    list(run.told())
    assert (run_packet(run)["label"] == 3).mean() > 0.9


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"process": pg.PFGMPP()}, "process"),
        ({"sampler": pg.ExactAncestral()}, "sampler"),
        ({"mode": "forward"}, "mode"),
        ({"start": "exact"}, "start"),
        ({"grid": pg.registry("grids")["Auto"]()}, "grid"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_what_a_trained_model_cannot_do_is_said_before_anything_runs(changes: dict, field: str) -> None:
    with pytest.raises(BadValue) as told:
        pg.Experiment(data="mnist-unet", **changes)
    assert told.value.field == field


def image_run(exp: pg.Experiment) -> Iterator[bytes]:
    """The parts of an image run's stream, from a scheduler of its own."""
    query = {k: str(v) for k, v in exp.to_query().items()}
    return iter(Scheduler([Here()], Here()).ask(jobs.ImageRun(query), "me"))


def test_a_run_that_is_left_is_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends within a step; what is there is a run of its own on the page; who asks again gets the same run, no step computed twice.

    Mutants killed: a run that goes on unread, one begun anew, half a run taken for a whole one, x̂_0 of the next state at the last one.
    """
    calls = []
    real = Run._expected
    monkeypatch.setattr(Run, "_expected", lambda self, frame: calls.append(frame.step) or real(self, frame))
    exp = experiment(pg.VP(), "DDIM", seed=77)
    query = {**{k: str(v) for k, v in exp.to_query().items()}, "layer": "part"}
    steps = image_run(exp)
    begun = [next(steps) for _ in range(3)]
    steps.close()
    assert calls == [0, 1]
    assert jobs.runs.get(exp.key) is None  # half a run is no run
    part = Packet.from_bytes(jobs.packet(query))
    assert part.header["steps"] == 4
    assert part.header["image"]["done"] is False
    assert part.header["image"]["at"] == 2
    whole = list(image_run(exp))
    for one, again in zip(begun, whole, strict=False):
        one, again = Packet.from_bytes(one[4:]), Packet.from_bytes(again[4:])
        assert one.header["step"] == again.header["step"]
        for name in one.arrays:
            np.testing.assert_array_equal(one[name], again[name])
    assert calls == [0, 1, 2, 3]
    assert len(whole) == 5
    assert int.from_bytes(whole[0][:4], "little") == len(whole[0]) - 4
    assert list(image_run(exp)) == []  # known by now
    run = Packet.from_bytes(jobs.packet({**query, "layer": "run"}))
    assert run.header["image"]["done"] is True
    for name in ("image/x", "image/x0"):
        np.testing.assert_array_equal(part[name], run[name][:3])
    alone = begin(exp)
    list(alone.told())
    torch.testing.assert_close(jobs.runs.get(exp.key).frames[-1].z, alone.frames[-1].z, rtol=0, atol=0)
    assert jobs.forming.get(exp.key) is None


def test_a_run_that_failed_is_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that raises ends the run for everyone; the next that asks gets a new one. Mutant killed: the rest of a broken run taken for its end."""
    exp = experiment(pg.VP(), "DDIM", seed=78)
    steps = image_run(exp)
    next(steps)
    run = jobs.forming.get(exp.key)

    def broken() -> object:
        raise MemoryError
        yield

    monkeypatch.setattr(run, "feed", broken())
    assert Packet.from_bytes(next(steps)[4:]).header["error"]
    with pytest.raises(MemoryError):
        list(run.told())
    assert len(list(image_run(exp))) == 5


@pytest.mark.parametrize(("process", "sampler", "lost"), [(pg.CLD(), "Euler", True), (pg.CLD(), "SSCS", False), (pg.VP(), "DDIM", False)])
def test_states_that_no_picture_has_are_told(process: pg.VP, sampler: str, lost: bool) -> None:
    """Euler's ODE of CLD at 20 steps ends at four times the size of a digit: finite, and no digit. Mutant killed: only NaN counts."""
    run = begin(experiment(process, sampler).replace(grid=pg.UniformTime(steps=20)))
    list(run.told())
    assert (run.diverged is not None) is lost
    told = run_packet(run).header["diverged"]
    assert (told is not None and "larger than those of any picture" in told["message"]) is lost


def test_too_many_images_are_refused() -> None:
    with pytest.raises(BadValue, match="particles"):
        begin(experiment(pg.VP(), "DDIM").replace(particles=200_000))


def test_files_of_a_run() -> None:
    import io

    from PIL import Image

    from playground.views.film import film
    from playground.views.image_files import sheet

    run = begin(experiment(pg.VP(), "DDIM"))
    list(run.told())
    told = np.load(io.BytesIO(sight_of(run).npz()))
    np.testing.assert_allclose(told["states"], torch.stack([f.z for f in run.frames]).numpy())
    assert told["x0"].shape == (5, 3, 1, 28, 28)
    *steps, raw = film(sight_of(run).moments(), "gif", 100)
    assert steps == [None] * 5
    with Image.open(io.BytesIO(raw)) as gif:
        assert gif.n_frames == 5
    one = np.arange(12, dtype=np.uint8).reshape(1, 1, 3, 4)
    picture = np.asarray(sheet(one))
    k = picture.shape[1] // 4
    np.testing.assert_array_equal(picture[::k, ::k][:3, :4], one[0, 0])


EARLY = [
    {"data": "digits-unet", "stop_at": "0.4"},
    {"data": "digits-unet", "grid.denoise": "false", "grid.steps": "5"},
    {"data": "digits-unet", "process": "CLD", "sampler": "SSCS", "grid": "Quadratic", "stop_at": "0.3"},
    {"data": "digits-wiener", "process": "EDM", "stop_at": "0.5"},
    {"data": "digits-unet", "guidance": "EachClass", "guidance.weight": "2", "stop_at": "0.4"},
]


@pytest.mark.parametrize("query", EARLY, ids=["VP", "no denoiser", "CLD", "Wiener", "guided"])
def test_a_run_that_stops_early_ends_with_what_the_model_expects(query: dict[str, str]) -> None:
    """x̂_0 at a last state above t = 0 is E[x_0 | x_t] of the model that was asked, in the run, the packet and the file; it costs one call more,
    which is told apart. Mutant killed: the noisy state for x̂_0 (RMS 0.9 off)."""
    exp = pg.Experiment.from_query({"particles": "12", **query})
    run = begin(exp)
    list(run.told())
    last = run.frames[-1]
    assert last.t > 0
    trace = pg.simulate(exp)
    right = trace.facts["model"](trace.frames[-1].z, last.t).x0_hat
    torch.testing.assert_close(run.x0[-1], right, rtol=1e-4, atol=1e-4)
    assert last.calls == trace.model_calls
    assert run.asked_end == (2 if "guidance" in query else 1)
    packet = run_packet(run)
    np.testing.assert_array_equal(packet["image/x0"][-1], as_bytes(right))
    assert any("the last x̂₀ is what the model expects" in note for note in packet.header["notes"])
    with np.load(io.BytesIO(sight_of(run).npz())) as told:
        torch.testing.assert_close(torch.from_numpy(told["x0"][-1]), right, rtol=1e-4, atol=1e-4)


def test_a_run_paused_at_its_very_end_is_the_same_run() -> None:
    """Mutants killed: x̂_0 of a paused end asked for at t = 0; the evaluation counted twice, or not at all."""
    for query in ({}, {"stop_at": "0.4"}):
        exp = pg.Experiment.from_query({"data": "digits-unet", "particles": "3", "grid.steps": "4", **query})
        run, whole = begin(exp), begin(exp)
        steps = run.told()
        for _ in range(len(run.grid)):
            next(steps)
        run_packet(run)  # paused: not done, though no step is left
        assert not run.done
        list(run.told())
        list(whole.told())
        torch.testing.assert_close(torch.stack(run.x0), torch.stack(whole.x0), rtol=0, atol=0)
        assert (run.asked, run.asked_end) == (whole.asked, whole.asked_end) == (0, len(query))


@pytest.mark.parametrize("steps", [60, 61, 150])
def test_the_step_of_x0_is_that_of_one_step(steps: int) -> None:
    """‖x̂_0 at a state − x̂_0 at the state before‖ however many states are sent: no doubling from 60 to 61 steps, and none at t = 0."""
    run = begin(pg.Experiment.from_query({"data": "digits-unet", "particles": "5", "grid.steps": str(steps)}))
    list(run.told())
    packet = run_packet(run)
    kept = packet["step"].astype(int)
    assert len(kept) == {60: 61, 61: 32, 150: 51}[steps]
    change, x0 = packet["image/change"], torch.stack(run.x0).flatten(2)
    assert np.isnan(change[[0, -1]]).all()  # the last x_0 is the x̂_0 before it by construction: no plunge to 0
    for i, told in list(zip(kept, change, strict=True))[1:-1]:
        assert told == pytest.approx(float((x0[i] - x0[i - 1]).norm(dim=1).mean()), rel=1e-4)


def test_by_class_is_by_something() -> None:
    """Digits have no classifier: the nearest training image tells the class, where nothing tells it the reason stands in its place."""
    run = begin(pg.Experiment.from_query({"data": "digits-unet", "particles": "20", "guidance": "EachClass", "guidance.weight": "1"}))
    list(run.told())
    packet = run_packet(run)
    x = run.frames[-1].z.flatten(1).numpy()
    known = images_of("digits")
    right = [int(known.labels[((known.x.flatten(1).numpy() - one) ** 2).sum(1).argmin()]) for one in x]  # type: ignore[index]
    assert packet["label"].tolist() == right
    assert (packet["label"] == np.arange(20) % 10).mean() > 0.8
    assert any("nearest to each last image" in note for note in packet.header["notes"])


def test_alarms_speak_of_what_diverged() -> None:
    """CLD's velocities in few steps: a quiet note, since the pictures are right; lost pictures are told as such, with the steps that there were."""
    told = {}
    for steps in (20, 200):
        run = begin(pg.Experiment.from_query({"data": "digits-ideal", "process": "CLD", "particles": "16", "grid.steps": str(steps)}))
        list(run.told())
        told[steps] = run_packet(run).header
        assert float(run.process.project(run.frames[-1].z).square().mean().sqrt()) < 1
    assert told[20]["diverged"] is None
    assert any("velocities" in note and "positions" in note for note in told[20]["notes"])
    assert not any("velocities" in note for note in told[200]["notes"])
    run = begin(
        pg.Experiment.from_query({"data": "digits-unet", "process": "EDM", "sampler": "EDMHeun", "grid": "Karras", "grid.steps": "3"})
    )
    list(run.told())
    run.lost_at = 2
    assert run_packet(run).header["diverged"]["message"].startswith(f"At step 2 of {len(run.grid) - 1} the states of")
    sight = sight_of(run)
    sight.shows = lambda x, last: x  # a model of latents
    assert "latents" in sight.alarm(2)


def test_fields_of_images_are_refused_in_words() -> None:
    """Mutant killed: they are asked of a model that knows no density."""
    with pytest.raises(BadValue, match="layer = 'fields'"):
        jobs.packet({"layer": "fields", "want": "density", "data": "digits", "particles": "2"})
