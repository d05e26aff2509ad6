"""Hub models through the views: pictures as they form, the decoder's at last, and what is left when the model is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

import playground as pg
from playground.core.fields import BadValue
from playground.images import hub, source
from playground.views.sights import begin
from playground.views.stage import run_packet, step_packet
from tests.images import tiny

WORDS = {"kind": "Prompt", "prompt": "a cat", "weight": 2.0}
CLASS = {"kind": "ClassifierFree", "label": 2, "weight": 2.0}


@pytest.mark.parametrize(("kind", "guidance"), [("ddpm", "NoGuidance"), ("dit", CLASS), ("sd", WORDS), ("sdxl", WORDS), ("sd3", WORDS)])
def test_pictures_of_a_run(kind: str, guidance: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """VP, flow and CLD in every family: small pictures in colour on the way, decoded ones at the end; a run that is known needs no model.

    Mutants killed: latents sent as pictures, the last picture from the quick map, packets made from weights that are gone.
    """
    monkeypatch.setattr(source, "_served", False)
    data = f"hub:{tiny.save(kind, tmp_path / kind)}"
    for process in ("VP", "Flow", "CLD"):
        exp = pg.Experiment.from_dict({"data": data, "process": process, "particles": 3, "guidance": guidance, "grid": {"steps": 3}})
        assert pg.Experiment.from_query(exp.to_query()) == exp
        run = begin(exp)
        steps = [step_packet(run, *told) for told in run.told()]
        assert [s["x"].shape for s in steps] == [(3, 3, 8, 8)] * 4
        packet = run_packet(run)
        image = packet.header["image"]
        assert image["event"] == [3, 8, 8]
        assert image.get("final") == (None if kind == "ddpm" else [3, 16, 16])
        if kind != "ddpm":
            assert packet["image/final"].shape == (3, 3, 16, 16)
    hub.unload()
    assert run_packet(run).to_bytes() == packet.to_bytes()
    assert hub.loaded() is None
    monkeypatch.setattr(source, "_served", True)
    monkeypatch.setattr(source, "_given", [tmp_path.resolve()])
    with pytest.raises(BadValue, match="loaded on this server"):
        begin(exp).finish()  # an experiment that was made before
    with pytest.raises(BadValue, match="loaded on this server"):
        pg.Experiment.from_query(exp.to_query())
