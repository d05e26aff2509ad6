"""What can go wrong with a hub model, on real files and against a hub that the test serves: each thing has its own words, and the app lives on."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import socket
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import playground as pg
from playground.core.fields import BadValue
from playground.images import hub, messages, source
from playground.images.codecs import Latents, shrink
from playground.images.levels import Levels
from tests.images import tiny


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("hub")
    return {kind: tiny.save(kind, folder / kind) for kind in ("ddpm", "sd")}


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(source, "_served", False)
    monkeypatch.setattr(source, "_given", [])
    yield
    hub.unload()


@pytest.fixture
def copy(originals: dict[str, Path], tmp_path: Path) -> Any:
    """copy(kind): a pipeline of its own, to be spoilt."""
    return lambda kind: Path(shutil.copytree(originals[kind], tmp_path / kind))


def complaint(data: str, **options: Any) -> str:
    with pytest.raises(BadValue) as caught:
        hub.load(data, **options)
    assert caught.value.field == "data"
    assert hub.loaded() is None
    return caught.value.allowed


def edit(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_names() -> None:
    for bad in (
        "hub:",
        "hub:word",
        "hub:../../no such folder",
        "hub:a/b/c",
        "hub:a b/c",
        "hub:" + "a" * 500,
        "hub:owner/na\nme",
        "hub:http://x/y",
    ):
        with pytest.raises(BadValue, match=r"hub: and a repository id|a repository id|a folder that is there") as caught:
            pg.Experiment(data=bad)
        assert caught.value.field == "data"


def test_another_kind_of_pipeline(copy: Any) -> None:
    """A class, a part's class or its library that is not known: refused before anything is made. Mutant killed: classes taken from the file's word."""
    folder = copy("sd")
    edit(folder / "model_index.json", unet=["os", "system"])
    assert "whose unet is UNet2DConditionModel of diffusers; this one has system of os" in complaint(f"hub:{folder}")
    edit(folder / "model_index.json", unet=["diffusers", "UNet2DConditionModel"], vae=["diffusers", "VQModel"])
    assert "whose vae is AutoencoderKL" in complaint(f"hub:{folder}")
    edit(folder / "model_index.json", _class_name="WanPipeline")
    assert "this one is WanPipeline" in complaint(f"hub:{folder}")


def test_what_a_network_may_be(copy: Any) -> None:
    folder = copy("sd")
    edit(folder / "unet" / "config.json", in_channels=9)
    assert "inpainting" in complaint(f"hub:{folder}")
    edit(folder / "unet" / "config.json", in_channels=4, sample_size=None)
    assert "sample_size" in complaint(f"hub:{folder}")
    edit(folder / "unet" / "config.json", sample_size=8)
    edit(folder / "scheduler" / "scheduler_config.json", prediction_type="magic")
    assert "epsilon, v_prediction, sample" in complaint(f"hub:{folder}")


def test_pickled_weights_only_in_words(copy: Any) -> None:
    """Pickled weights are refused unless Python says otherwise. Mutant killed: use_safetensors left to the library, which falls back to pickles."""
    folder = copy("ddpm")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(weights), weights.with_suffix(".bin"))
    weights.unlink()
    assert "unpickling can run any code" in complaint(f"hub:{folder}")
    assert hub.load(f"hub:{folder}", allow_pickle=True).law.space.shape == (3, 8, 8)
    hub.unload()
    weights.with_suffix(".bin").unlink()
    assert "unet has none" in complaint(f"hub:{folder}")


@pytest.mark.parametrize("spoil", ["short", "noise", "lacks", "shape", "json"])
def test_spoilt_files(copy: Any, spoil: str) -> None:
    """Cut off, overwritten, incomplete, of another shape, half a config. Mutant killed: missing entries left at their random start."""
    folder = copy("ddpm")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    if spoil == "json":
        (folder / "unet" / "config.json").write_text('{"in_channels": ')
    elif spoil == "short":
        weights.write_bytes(weights.read_bytes()[:-1000])
    elif spoil == "noise":
        weights.write_bytes(b"\xff" * 5000)
    else:
        state = load_file(weights)
        name = "conv_in.weight"
        save_file(
            {k: v[:4].contiguous() if spoil == "shape" and k == name else v for k, v in state.items() if spoil == "shape" or k != name},
            weights,
        )
    words = {
        "json": "not JSON",
        "short": "cannot be read",
        "noise": "cannot be read",
        "lacks": "lack 1 entries",
        "shape": "shapes of its unet differ",
    }
    assert words[spoil] in complaint(f"hub:{folder}")


def test_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one command that installs it is given, and the file that it names is there."""
    monkeypatch.setattr(hub.importlib.util, "find_spec", lambda name: None)
    told = complaint("hub:owner/name")
    assert "pip install -r requirements-hub.txt" in told
    assert (Path(pg.__file__).parents[1] / "requirements-hub.txt").is_file()


def test_too_little_memory(copy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before weights are read, and in the middle of a run: the model is unloaded, and the next run is fine."""
    data = f"hub:{copy('ddpm')}"
    with monkeypatch.context() as patch:
        patch.setattr(hub, "free_memory", lambda device: 1000.0)
        assert "0.0 GB are free" in complaint(data)
    exp = pg.Experiment.from_dict({"data": data, "particles": 2, "grid": {"steps": 3}})
    hub.load(data)
    net, calls = hub._held.parts["unet"], []

    def full(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) > 1:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB")
        return type(net).forward(net, *args, **options)

    net.forward = full
    with pytest.raises(BadValue, match="too little memory, and the model was unloaded"):
        pg.simulate(exp)
    assert hub.loaded() is None
    assert bool(torch.isfinite(pg.simulate(exp).x[-1]).all())
    assert messages.out_of_memory(MemoryError())
    assert messages.out_of_memory(RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried"))
    assert not messages.out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_one_model_is_held(copy: Any) -> None:
    """Another model takes the place of the first, whose weights are let go. Mutant killed: both are kept."""
    one, two = hub.load(f"hub:{copy('ddpm')}"), None
    weights = hub._held
    two = hub.load(f"hub:{copy('sd')}")
    assert hub.loaded().key == two.key
    assert weights.parts == {}
    assert one.held().card.data == one.key  # in Python it comes back when it is asked


def test_strangers_read_allowed_folders_only(copy: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a page a folder outside is refused alike whether it is there or not, also by a link within; one inside is read, and loaded only on demand.

    Mutant killed: the path compared before links in it are followed.
    """
    folder = copy("ddpm")
    other = tmp_path / "given"
    other.mkdir()
    (other / "way-out").symlink_to(folder)
    monkeypatch.setattr(source, "_served", True)
    monkeypatch.setenv(source.ENV, str(other))
    told = {complaint(f"hub:{p}") for p in (folder, tmp_path / "nothing", "/", f"{other}/../ddpm", other / "way-out")}
    assert told == {"a folder beneath those that the owner of this server has given in PLAYGROUND_MODELS"}
    source.allow(tmp_path)
    with pytest.raises(BadValue, match="load it"):
        pg.Experiment(data=f"hub:{folder}")
    hub.load(f"hub:{folder}")
    assert pg.Experiment(data=f"hub:{folder}", particles=2).particles == 2


@pytest.mark.parametrize(
    ("kind", "guidance", "words"),
    [
        ("ddpm", {"kind": "Prompt", "prompt": "hay"}, "text-to-image"),
        ("ddpm", {"kind": "ClassifierFree", "label": 0}, "a model with classes"),
        ("sd", {"kind": "Autoguidance"}, "exact mixture"),
        ("sd", {"kind": "Prompt", "prompt": "a" * 1001}, "at most 1,000"),
        ("sd", {"kind": "Prompt", "prompt": "a", "weight": 16}, "15"),
    ],
)
def test_guidance_that_does_not_fit(originals: dict[str, Path], kind: str, guidance: Any, words: str) -> None:
    with pytest.raises(BadValue, match=words):
        pg.Experiment.from_dict({"data": f"hub:{originals[kind]}", "guidance": guidance})
    with pytest.raises(BadValue, match="text-to-image"):
        pg.Experiment(guidance=pg.registry("guidance")["Prompt"](prompt="hay"))


def test_codec_of_a_linear_autoencoder() -> None:
    """A decoder that is linear in each cell: the fitted map is that decoder, and shows squares of equal colour. Mutant killed: no constant."""
    mix = torch.tensor([[0.5, 0.1, 0.0], [0.0, 0.4, -0.2], [0.3, 0.0, 0.6]])

    class Box(torch.nn.Module):
        config = type("Config", (), {"scaling_factor": 0.5, "shift_factor": 0.25})

        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(mix)

        def encode(self, x: Any) -> Any:
            latent = torch.einsum("nchw,cd->ndhw", torch.nn.functional.avg_pool2d(x, 8), torch.linalg.inv(mix))
            return type("Told", (), {"latent_dist": type("Law", (), {"mode": staticmethod(lambda: latent)})})

    codec = Latents(Box())
    z = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    want = torch.einsum("nchw,cd->ndhw", z / 0.5 + 0.25, mix)
    torch.testing.assert_close(codec.show(z, False), want, rtol=0, atol=1e-3)
    assert shrink(torch.zeros(1, 3, 256, 200)).shape == (1, 3, 64, 50)


def test_levels_between_and_beyond() -> None:
    """Every entry of a table is met at its index; between two of them ln τ is linear; above the last the input has the variance that it knows."""
    bars = torch.linspace(0.99, 0.01, 50, dtype=torch.float64)
    levels = Levels("epsilon", bars)
    tau = ((1 - bars) / bars).sqrt()
    assert [levels.at(float(t)).index for t in tau] == pytest.approx(list(range(50)), abs=1e-9)
    assert levels.at(float((tau[3] * tau[4]).sqrt())).index == pytest.approx(3.5)
    beyond = levels.at(100.0)
    assert beyond.index == 49
    assert (beyond.alpha * beyond.gain) ** 2 * (1 + 100.0**2) == pytest.approx(1)
    assert levels.note([1.0, 5.0]) == ""
    assert "1 of 2 times" in levels.note([1.0, 50.0])


# -- against a hub of one's own ---------------------------------------------------------------------------------------------------


class Hub(http.server.SimpleHTTPRequestHandler):
    """The part of the hub's protocol that a download uses: /api/models/<id> and /<id>/resolve/<commit>/<file>."""

    protocol_version = "HTTP/1.1"
    folder: Path
    asked: list[str]

    def log_message(self, *args: Any) -> None:
        pass

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **{k.replace("_", "-"): v for k, v in headers.items()}}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self) -> None:
        path = urllib.parse.urlparse(self.path).path
        self.asked.append(path)
        error = {"gated": (401, "GatedRepo"), "closed": (403, "GatedRepo"), "missing": (404, "RepoNotFound"), "down": (503, "")}
        for word, (status, code) in error.items():
            if f"/owner/{word}" in path:
                return self.answer(status, b"{}", X_Error_Code=code, Content_Type="application/json")
        if path.startswith("/api/models/"):
            files = [p for p in self.folder.rglob("*") if p.is_file()]
            told = [{"rfilename": p.relative_to(self.folder).as_posix(), "size": p.stat().st_size} for p in files]
            body = json.dumps({"id": "owner/tiny", "sha": "a" * 40, "siblings": told}).encode()
            return self.answer(200, body, Content_Type="application/json")
        file = self.folder / path.split("/resolve/", 1)[1].split("/", 1)[1]
        return self.answer(200, file.read_bytes(), ETag=f'"{file.name}-{file.stat().st_size}"', X_Repo_Commit="a" * 40)

    do_HEAD = do_GET


@pytest.fixture
def served_hub(originals: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was asked of a hub on this machine, which has owner/tiny."""
    from huggingface_hub import constants, file_download

    handler = type("Tiny", (Hub,), {"folder": originals["sd"], "asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(source, "endpoint", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(file_download.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    hub.card.cache_clear()
    yield handler.asked
    server.shutdown()
    server.server_close()
    hub.card.cache_clear()


def test_download(served_hub: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository comes file by file, only what is needed; then it is there without network. Mutant killed: everything is fetched."""
    told: list[tuple[str, float, float]] = []
    model = hub.load("hub:owner/tiny", progress=lambda *step: told.append(step))
    assert model.text
    assert model.law.space.shape == (4, 8, 8)
    words = [w for w, _, _ in told]
    assert words[0] == "downloading"
    assert {"loading unet", "loading vae", "preparing the preview"} <= set(words)
    assert all(done <= of * (1 + 1e-9) for _, done, of in told)
    assert not any("safety" in path for path in served_hub)
    hub.unload()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setattr(source, "endpoint", f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert hub.load("hub:owner/tiny").law.space.shape == (4, 8, 8)
        hub.unload()
        assert "the hub cannot be reached" in complaint("hub:owner/other")


def test_cancel(served_hub: list[str]) -> None:
    """A download ends where its progress is told, and nothing is held."""

    def no_more(words: str, done: float, of: float) -> None:
        if "/unet/" in served_hub[-1]:
            raise messages.Cancelled

    with pytest.raises(messages.Cancelled):
        hub.load("hub:owner/tiny", progress=no_more)
    assert hub.loaded() is None


@pytest.mark.parametrize(
    ("name", "words"), [("gated", "gated"), ("closed", "gated"), ("missing", "a repository that is there"), ("down", "503")]
)
def test_a_hub_that_refuses(served_hub: list[str], name: str, words: str) -> None:
    assert words in complaint(f"hub:owner/{name}")
