"""``python -m playground.images.hub``: what is wrong with its options is told before the weights are loaded."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from playground.images import hub, source
from tests.images.tiny import save

pytest.importorskip("diffusers")


@pytest.fixture(autouse=True)
def not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_served", False)


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("a", "ends with one of"),
        ("a.mp4", ".png"),
        ("folder.png", "it is a folder"),
        ("file.txt/a.png", "can be written"),
        ("a" * 300 + ".png", "can be written"),
        ("", "ends with one of"),
        ("/proc/nowhere/a.png", "can be written"),
    ],
)
def test_a_picture_that_could_not_be_written_is_refused_before_the_run(out, words, tmp_path, monkeypatch):
    """Mutants killed: the picture's name is looked at after minutes of computing."""
    monkeypatch.setattr(hub, "load", lambda *a, **k: pytest.fail("loaded first"))
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file.txt").write_text("")
    name = out if out.startswith("/") or not out else str(tmp_path / out)
    with pytest.raises(SystemExit) as caught:
        hub.main([str(tmp_path), "--out", name])
    assert str(caught.value).startswith("out = ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("option", "field"),
    [("--steps 0", "grid.steps"), ("--sampler Nope", "sampler"), ("--images -1", "particles"), ("--label 3", "guidance"), ("--seed x", "")],
)
def test_a_wrong_choice_is_refused_before_the_weights(option, field, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(hub, "load", lambda *a, **k: pytest.fail("loaded first"))
    folder = save("ddpm", tmp_path / "model")
    with pytest.raises(SystemExit) as caught:
        hub.main([str(folder), "--out", str(tmp_path / "a.png"), *option.split()])
    assert field in str(caught.value) or "--seed" in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    folder = save("ddpm", tmp_path / "model")
    hub.main([str(folder), "--out", str(tmp_path / "new" / "one" / "a.png"), "--steps", "2", "--images", "2"])
    with Image.open(tmp_path / "new" / "one" / "a.png") as picture:
        assert picture.size[0] > 8
