"""Image sets of one's own: what is taken, what is done to it, and what is refused in words."""

import io
import json
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

import playground as pg
from playground.core.catalog import law_of
from playground.core.fields import BadValue
from playground.images import own, sets
from playground.images.sets import OWN, set_file
from tests.named import images_of, model_named
from toy_models.laws.digits import held_out


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_CACHE", str(tmp_path / "cache"))
    sets._examples.cache_clear()
    return tmp_path / "cache" / "sets"


def png(pixels, **options):
    out = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(out, options.pop("format", "PNG"), **options)
    return out.getvalue()


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def packed(**arrays):
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def test_a_folder_becomes_data_with_its_subfolders_as_classes(tmp_path):
    """Middle square, area average, classes by name. Mutants killed: a corner cut, nearest-pixel scaling, width for height, labels in file order."""
    folder = tmp_path / "pets"
    wide = noise(8, 16)
    for kind, pixels in (("dog", wide), ("cat", noise(8, 8, seed=1)), ("cat", noise(64, 64, seed=2))):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        (folder / kind / f"{len(list((folder / kind).iterdir()))}.png").write_bytes(png(pixels))
    (folder / "readme.txt").write_text("no image")
    name = pg.load_images(folder, "local")
    images = images_of(name.removesuffix("-local"))
    assert images.x.shape == (3, 1, 8, 8)
    assert images.labels.tolist() == [0, 0, 1]
    assert images.title == "pets"
    told = ((images.x + 1) * 127.5).round().numpy()
    np.testing.assert_array_equal(told[2, 0], wide[:, 4:12])
    large = noise(64, 64, seed=2).reshape(8, 8, 8, 8).mean((1, 3))
    np.testing.assert_allclose(told[1, 0], large, atol=2)  # rounded to bytes on the way
    assert pg.simulate(pg.Experiment(data=name, particles=2, guidance=pg.ClassifierFree(label=1))).x.shape[2:] == (1, 8, 8)


def test_runs_of_a_set_end_on_its_images_and_its_name_is_its_digest(cache):
    """The same images are the same set. Mutant killed: a title or a time in the digest."""
    pixels = noise(20, 10, 10, 3)
    first, second = (own.store_npz(title, packed(images=pixels)) for title in ("a", "b"))
    assert first.name == second.name
    assert len(list(cache.glob("*.npz"))) == 1
    trace = pg.simulate(pg.Experiment(data=f"{first.name}-ideal", particles=3))
    _, far = images_of(first.name).nearest(trace.x[-1])
    assert float(far.max()) < 1e-3
    told = ((images_of(first.name).x + 1) * 127.5).round().permute(0, 2, 3, 1).numpy()
    np.testing.assert_array_equal(told, pixels)


def test_grey_colour_transparent_and_animated_images(tmp_path):
    """Colour once among them makes all of them colour; grey stored as RGB is grey; transparent is white; of an animation the first frame."""
    grey = noise(6, 6)
    frames = [Image.fromarray(noise(6, 6, seed=s)) for s in (3, 4)]
    moving = io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    clear = np.zeros((6, 6, 4), np.uint8)
    files = [
        ("a.png", png(np.repeat(grey[..., None], 3, 2))),
        ("b.gif", moving.getvalue()),
        ("c.png", png(clear)),
        ("d.png", b"not a picture"),
    ]
    stored = own.store_files("mixed", files)
    x = images_of(stored.name).x
    assert x.shape == (3, 1, 6, 6)
    np.testing.assert_array_equal(((x[1, 0] + 1) * 127.5).round().numpy(), np.asarray(frames[0]))
    assert float(x[2].min()) == 1
    assert any("first frame" in note and "b.gif" in note for note in stored.notes)
    assert any("could not be read" in note and "d.png" in note for note in stored.notes)
    coloured = own.store_files("colour", [*files[:2], ("e.png", png(noise(6, 6, 3)))])
    assert images_of(coloured.name).x.shape == (3, 3, 6, 6)


def bomb(width, height):
    """A PNG whose header promises width × height pixels and that holds none: decoding it fails, reading its header does not."""
    raw = bytearray(png(noise(4, 4)))
    raw[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    import zlib

    raw[29:33] = zlib.crc32(bytes(raw[12:29])).to_bytes(4, "big")
    return bytes(raw)


FINE = png(noise(8, 8))


@pytest.mark.parametrize("side", [5_000, 10_000, 60_000])
def test_an_image_that_is_too_large_is_left_out_like_a_damaged_one(side):
    """The others are stored; the note says why and how many. 5,000² are over our limit, 10,000² Pillow warns of, 60,000² it refuses.

    Mutants killed: one large picture refuses the folder; one note for both reasons.
    """
    large = [(name, bomb(side, side)) for name in ("b.png", "c.png")]
    stored = own.store_files("x", [("a.png", FINE), *large, ("d.png", b"no picture"), ("e.png", png(noise(8, 8, seed=1)))])
    assert len(images_of(stored.name).x) == 2
    assert stored.notes[1:] == ("2 of more than 20 megapixels left out (b.png, …)", "1 that could not be read left out (d.png)")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([], ["no files", "folder with images"]),
        ([("a.txt", b"text"), ("b.svg", b"<svg/>")], ["2 files", "none of them an image"]),
        ([("a.png", FINE)], ["1 of side 8", "at least 2"]),
        ([("a.png", FINE), ("b.png", png(noise(3, 3)))], ["side 3", "at least 4 pixels"]),
        ([("a.png", FINE), ("b.png", bomb(5_000, 5_000))], ["1 of side 8; 1 of more than 20 megapixels left out (b.png)", "at least 2"]),
        ([("b.png", bomb(60_000, 60_000))], ["1 files, none of them", "1 of more than 20 megapixels left out (b.png)"]),
        ([("a.png", FINE)] * (own.MOST_IMAGES + 1), ["4,001", "4,000"]),
        ([("a.png", FINE), ("b.png", b"\0" * own.MOST_BYTES)], ["64 MB"]),
    ],
)
def test_each_limit_of_files_is_refused_in_words(files, words, cache):
    with pytest.raises(BadValue) as caught:
        own.store_files("x", files)
    for word in words:
        assert word in str(caught.value)
    assert not list(cache.glob("*")) if cache.exists() else True


def test_each_limit_of_an_npz_is_refused_in_words_and_nothing_is_unpickled():
    """Mutants killed: allow_pickle=True; sizes checked after the arrays are made."""
    objects = np.empty(2, object)
    objects[:] = [{"a": 1}, {"b": 2}]
    out = io.BytesIO()
    np.savez(out, images=objects)
    hollow = io.BytesIO()
    with zipfile.ZipFile(hollow, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("images.npy", b"\0" * (own.MOST_UNPACKED + 1))
    cases = [
        (out.getvalue(), "objects are not read"),
        (b"PK nothing", "whole .npz"),
        (packed(images=noise(5, 8, 8).astype(np.float32)), "uint8 images"),
        (packed(a=np.arange(3)), "uint8 images"),
        (packed(images=noise(5, 8, 8, 2)), "1 or 3"),
        (packed(images=noise(5, 8, 8), labels=np.arange(4)), "one whole number an image"),
        (packed(images=noise(5, 8, 8), labels=np.linspace(0, 1, 5)), "one whole number an image"),
        (packed(images=noise(0, 8, 8)), "at least 2"),
        (packed(images=noise(5, 0, 8)), "at least 4"),
        (packed(images=noise(own.MOST_IMAGES + 1, 4, 4)), "4,000"),
        (hollow.getvalue(), "256 MB"),
        (b"\0" * (own.MOST_BYTES + 1), "64 MB"),
    ]
    for raw, words in cases:
        with pytest.raises(BadValue) as caught:
            own.store_npz("x", raw)
        assert words in str(caught.value)


def test_a_link_to_a_set_that_is_not_here_and_a_damaged_file(cache):
    """Mutants killed: a file that is trusted by its name; a set that is cached after its file has changed."""
    with pytest.raises(BadValue, match="give the same images again"):
        pg.Experiment(data="set:00000000-ideal")
    name = own.store_npz("x", packed(images=noise(4, 8, 8))).name
    assert name.startswith(OWN)
    file = set_file(name)
    with np.load(file) as told:
        kept = dict(told)
    kept["images"] = kept["images"][::-1]
    np.savez(file, **kept)
    with pytest.raises(BadValue, match="not those that were stored"):
        images_of(name)
    file.write_bytes(b"PK")
    with pytest.raises(BadValue, match="damaged"):
        law_of(name)
    with pytest.raises(BadValue, match="folder of images"):
        pg.load_images(cache / "nowhere")


def test_only_so_many_sets_are_kept(cache, monkeypatch):
    monkeypatch.setattr(own, "KEPT_SETS", 2)
    for seed in range(4):
        own.store_npz("x", packed(images=noise(2, 4, 4, seed=seed)))
    assert len(list(cache.glob("*.npz"))) == 2


def framed(*files):
    out = b""
    for name, raw in files:
        out += len(name.encode()).to_bytes(4, "little") + name.encode() + len(raw).to_bytes(4, "little") + raw
    return out


def test_uploads_as_the_page_sends_them():
    """Mutant killed: a path of the upload that reaches the disk."""
    from playground.ui.sets import set_record
    from tests.named import store_record

    told = store_record("../../etc <b>", framed(("k/a.png", png(noise(8, 8))), ("../m/b.png", png(noise(8, 8, seed=1)))))
    assert told["title"] == "etc  b"
    assert [c["key"] for c in told["models"]] == [
        "ideal",
        "wiener",
        "local",
        "equivariant",
        "gaussian",
    ]  # of the law that has the set's name
    assert "2 classes" in told["notes"][0]
    assert {**set_record(told["name"]), "notes": told["notes"]} == told
    json.dumps(told)
    one = store_record("one", framed(("x.npz", packed(images=noise(3, 8, 8)))))
    assert "3 images" in one["notes"][0]
    with pytest.raises(BadValue, match="ends too early"):
        store_record("x", framed(("a.png", FINE))[:-3])


def test_the_lab_compares_a_run_with_its_images():
    """rms and nearest against a computation of their own; a run of the ideal denoiser ends memorised. Mutant killed: x̂₀ of the state after."""
    from playground.server.jobs import packet
    from playground.views.packet import Packet

    def ask(data, **more):
        return Packet.from_bytes(packet({"layer": "free", "data": data, "particles": "3", "grid.steps": "6", **more}))

    near = ask("digits-ideal", **{"lab.of": "nearest"})
    assert near["x0"].shape == (6, 3, 1, 8, 8)
    assert near["distance"][-1].max() < near.header["close"]
    assert near["distance"][0].min() > near.header["close"]
    assert near.header["self"] == "ideal"
    exp = pg.Experiment.from_query({"data": "digits-unet", "particles": "3", "grid.steps": "6"})
    wiener = ask("digits-unet", **{"lab.of": "wiener"})
    trace = pg.simulate(exp)
    for i in (0, 3, 5):
        z, t = trace.frames[i].z, trace.frames[i].t
        with torch.no_grad():
            told = [model_named(name).predictor(exp.process)(z, t).x0_hat for name in ("digits-unet", "digits-wiener")]
        exact = (told[0] - told[1]).square().flatten(1).mean(1).sqrt()
        np.testing.assert_allclose(wiener["rms"][i], exact.numpy(), rtol=1e-3)
    with pytest.raises(BadValue, match="training images are known"):
        ask("mnist-unet")
    with pytest.raises(BadValue, match="nearest"):
        ask("digits-unet", **{"lab.of": "best"})


def test_the_small_network_generalises():
    """digits-unet on held-out digits beats the ideal denoiser, which only knows its training images, and its samples are as far from those
    as new digits are. Mutant killed: held-out images in the training set (the ideal error would vanish)."""
    x, process = held_out()[0], pg.EDM()
    z = x + 0.4 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        net, ideal = (
            model_named(n).predictor(process)(z, 0.4).x0_hat.sub(x).square().mean().sqrt() for n in ("digits-unet", "digits-ideal")
        )
    assert float(net) < 0.75 * float(ideal)
    images = images_of("digits")
    made = pg.simulate(pg.Experiment(data="digits-unet", particles=64)).x[-1]
    (_, fresh), (_, new) = images.nearest(made), images.nearest(x)
    assert float((fresh < images.spacing / 3).float().mean()) < 0.05
    assert 0.8 < float(fresh.median() / new.median()) < 1.2
