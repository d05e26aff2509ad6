"""The one reader of image files and arrays: depths, modes, orientation; the same picture by every door."""

import io

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

import playground as pg
from playground.core.catalog import law_of
from playground.core.fields import BadValue
from playground.images import own, sets
from playground.images.read import Refused, read_image
from playground.images.upload import picture
from tests.named import images_of, store_record
from toy_models.training.data import load_npz

RAMP = np.linspace(0, 65_535, 64).round().astype(np.uint16).reshape(8, 8)  # what 8-bit reading makes white but for its first value
BYTES = np.rint(RAMP / 257).astype(np.uint8)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAYGROUND_CACHE", str(tmp_path / "cache"))
    sets._examples.cache_clear()


def saved(image, kind="PNG", **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def tiff(values, **tags):
    """Uncompressed, one strip; tags by name override those that Pillow writes."""
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for number, value in tags.items():
        info[int(number[1:])] = value
    return saved(Image.fromarray(values), "TIFF", tiffinfo=info)


def patched(raw, tag, value):
    """A little-endian TIFF with another value in one of its short entries."""
    at = int.from_bytes(raw[4:8], "little")
    for k in range(int.from_bytes(raw[at : at + 2], "little")):
        entry = at + 2 + 12 * k
        if int.from_bytes(raw[entry : entry + 2], "little") == tag:
            return raw[: entry + 8] + value.to_bytes(2, "little") + raw[entry + 10 :]
    raise AssertionError(tag)


def big_endian(values):
    """A TIFF as Motorola's machines write it: 16 bits grey, one strip after the directory."""
    height, width = values.shape
    entries = [
        (256, width),
        (257, height),
        (258, 16),
        (259, 1),
        (262, 1),
        (273, 8 + 2 + 12 * 9 + 4),
        (277, 1),
        (278, height),
        (279, 2 * values.size),
    ]
    short = b"".join(tag.to_bytes(2, "big") + b"\0\3\0\0\0\1" + value.to_bytes(2, "big") + b"\0\0" for tag, value in entries)
    return b"MM\0*\0\0\0\10" + len(entries).to_bytes(2, "big") + short + bytes(4) + values.astype(">u2").tobytes()


GREY = {  # each is the same ramp
    "8 bits": saved(Image.fromarray(BYTES)),
    "PNG of 16 bits": saved(Image.fromarray(RAMP)),
    "TIFF of 16 bits": tiff(RAMP),
    "TIFF of 16 bits, Motorola": big_endian(RAMP),
    "TIFF of 16 bits, white is zero": patched(tiff(65_535 - RAMP), 262, 0),
    "TIFF of floats": tiff((RAMP / np.float32(65_535)).astype(np.float32)),
    "palette": saved(Image.fromarray(BYTES).convert("P")),
    "grey and alpha": saved(Image.merge("LA", (Image.fromarray(BYTES), Image.new("L", (8, 8), 255)))),
    "RGBA": saved(Image.fromarray(BYTES).convert("RGBA")),
    "RGB": saved(Image.fromarray(BYTES).convert("RGB")),
    "CMYK": saved(Image.merge("CMYK", [*[Image.fromarray(255 - BYTES)] * 3, Image.new("L", (8, 8), 0)]), "TIFF"),
}


@pytest.mark.parametrize("kind", GREY)
def test_every_depth_and_mode_gives_the_same_greys_by_every_door(kind, tmp_path):
    """16 bits by v/257, floats by 255 v. Mutants killed: Pillow's convert("L") of 16 bits and floats; a byte order; black for white."""
    raw = GREY[kind]
    name = "a.png" if raw.startswith(b"\x89PNG") else "a.tif"
    other = saved(Image.new("L", (8, 8), 7))
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / name).write_bytes(raw)
    (tmp_path / "set" / "z.png").write_bytes(other)
    files = b"".join(len(p).to_bytes(4, "little") + p for p in (name.encode(), raw, b"z.png", other))
    for found in (pg.load_images(tmp_path / "set").removesuffix("-ideal"), store_record("x", files)["name"]):
        np.testing.assert_array_equal(((images_of(found).x[0, 0] + 1) * 127.5).round(), BYTES)
    np.testing.assert_array_equal(((picture(raw, (1, 8, 8)).image[0] + 1) * 127.5).round(), BYTES)


def test_what_was_done_to_the_values_is_said():
    stored = own.store_files("x", [("a.png", GREY["PNG of 16 bits"]), ("b.tif", GREY["TIFF of floats"])])
    assert stored.notes[1:] == ("1 of 16 bits, 65,535 taken as white (a.png)", "1 of floats, 0 taken as black and 1 as white (b.tif)")
    assert "65,535" in picture(GREY["PNG of 16 bits"], (1, 8, 8)).note


def test_bilevel_coloured_and_transparent():
    """1 bit is black and white; a 16-bit PNG's transparent value is paper; colours stay in order."""
    flags = Image.fromarray(BYTES > 127)
    assert flags.mode == "1"
    np.testing.assert_array_equal(np.asarray(read_image(saved(flags)).image), (BYTES > 127) * 255)
    clear = saved(Image.fromarray(RAMP), transparency=int(RAMP[0, 3]))
    told = np.asarray(read_image(clear).image)
    assert told[0, 3] == 255
    assert told[0, 2] == BYTES[0, 2]
    half = saved(Image.merge("LA", (Image.new("L", (4, 4), 0), Image.new("L", (4, 4), 128))))
    assert set(np.asarray(read_image(half).image).flat) == {127}
    red = read_image(saved(Image.new("CMYK", (4, 4), (0, 255, 255, 0)), "TIFF")).image
    assert red.getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (RAMP.astype(np.int32), "int32 from 0 to 65535"),
        (-RAMP.astype(np.int32), "int32 from -65535 to 0"),
        (RAMP.astype(np.float32), "float32 from 0 to 65535"),
        (RAMP.astype(np.float32) / 32_767 - 1, "float32 from -1 to"),
        (np.full((8, 8), np.nan, np.float32), "float32 with NaN"),
        (np.full((8, 8), np.inf, np.float32), "float32 from inf to inf"),
    ],
)
def test_values_of_unknown_range_are_refused_by_name(values, words):
    """In words with the file's name and what was found. Mutants killed: stretched to their own range; clipped; NaN as black."""
    raw = tiff(values)
    with pytest.raises(BadValue) as caught:
        own.store_files("x", [("scans/deep.tif", raw), ("scans/b.tif", raw)])
    for word in ("scans/deep.tif", words.split(" ")[0], words.split(" ", 1)[1], "floats from 0"):
        assert word in str(caught.value)
    mixed = own.store_files("x", [("a.png", GREY["8 bits"]), ("b.png", GREY["RGB"]), ("deep.tif", raw)])
    assert any("left out" in note and "deep.tif" in note and words.split(" ", 1)[1] in note for note in mixed.notes)
    with pytest.raises(BadValue, match="floats from 0") as caught:
        picture(raw, (1, 8, 8))
    assert words in str(caught.value)


LEFT_DARK = np.tile(np.linspace(0, 255, 24).astype(np.uint8), (16, 1))  # 24 wide, 16 high
LEFT_DARK[:8] //= 2  # and darker above
TURNED = {  # how a camera stores it that says so in its orientation: what undoes what viewers do
    1: lambda a: a,
    2: np.fliplr,
    3: lambda a: np.rot90(a, 2),
    4: np.flipud,
    5: np.transpose,
    6: lambda a: np.rot90(a, 1),
    7: lambda a: np.rot90(a.T, 2),
    8: lambda a: np.rot90(a, 3),
}


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_orientation_is_honoured_by_every_door(orientation, kind, tmp_path):
    """All eight, in every kind that has them. Mutants killed: no EXIF in sets; a TIFF turned twice; the crop before the turn."""
    exif = Image.Exif()
    exif[274] = orientation
    how = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
    raw = saved(Image.fromarray(np.ascontiguousarray(TURNED[orientation](LEFT_DARK))), kind, exif=exif, **how)
    upright = np.asarray(read_image(raw).image).astype(int)
    assert np.abs(upright - LEFT_DARK).max() <= 3
    drafted = (picture(raw, (1, 16, 24)).image[0] + 1) * 127.5
    assert np.abs(drafted.numpy() - LEFT_DARK).max() <= 4
    stored = own.store_files("x", [(f"a.{kind.lower()}", raw), ("b.png", saved(Image.fromarray(LEFT_DARK)))])
    x = (images_of(stored.name).x + 1) * 127.5
    assert float((x[0] - x[1]).abs().max()) <= 4


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_damaged_exif_is_no_damaged_picture():
    for exif in (b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0nonsense", b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\2\0\xff\xff\xff\xff\0\0\0\0"):
        assert read_image(saved(Image.fromarray(BYTES), "JPEG", exif=exif, quality=100)).image.size == (8, 8)
    with pytest.raises(Refused, match="no readable image"):
        read_image(saved(Image.fromarray(RAMP))[:-40])


def packed(**arrays):
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


@pytest.mark.parametrize(
    "images",
    [BYTES, RAMP, (RAMP / 65_535).astype(np.float32), (RAMP / 65_535).astype(float), RAMP.astype(">u2")],
    ids=["bytes", "16 bits", "floats", "doubles", "big-endian"],
)
def test_arrays_follow_the_same_rule(images, tmp_path):
    """An .npz and an .npy of a set, and the .npz that is trained on. Mutant killed: a cast in place of a scale."""
    stack = np.stack([images, images[::-1]])
    lone = io.BytesIO()
    np.save(lone, stack)
    for raw in (packed(images=stack), lone.getvalue()):
        x = images_of(own.store_npz("x", raw).name).x
        assert np.abs(((x[0, 0] + 1) * 127.5).numpy() - BYTES).max() <= 0.51
    np.savez(tmp_path / "t.npz", train_images=stack, train_labels=np.arange(2))
    trained = load_npz(tmp_path / "t.npz")
    assert np.abs(((trained.x[0, 0] + 1) * 127.5).numpy() - BYTES).max() <= 0.51
    assert trained.labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    "images",
    [BYTES.astype(np.int64), BYTES.astype(np.uint16), BYTES.astype(np.float32), RAMP / 32_767.5 - 1, np.full((8, 8), np.nan)],
    ids=["int64", "bytes in 16 bits", "floats to 255", "floats from -1", "NaN"],
)
def test_arrays_of_unknown_range_are_refused(images, tmp_path):
    stack = np.stack([images, images[::-1]])
    with pytest.raises(BadValue, match="uint8 images") as caught:
        own.store_npz("scans", packed(images=stack))
    assert "scans" in str(caught.value)
    np.savez(tmp_path / "scans.npz", train_images=stack, train_labels=np.arange(2))
    with pytest.raises(BadValue, match="uint8 images") as caught:
        load_npz(tmp_path / "scans.npz")
    assert "scans.npz" in str(caught.value)


@pytest.mark.parametrize(
    ("folders", "order"),
    [
        ([str(k) for k in range(12)], [str(k) for k in range(12)]),
        (["-1", "0", "3", "20"], ["-1", "0", "3", "20"]),
        (["class 2", "Class 10", "class 1"], ["class 1", "class 2", "Class 10"]),
        (["cat", "7", "10", "ape"], ["7", "10", "ape", "cat"]),
    ],
)
def test_classes_lie_in_natural_order_and_their_names_are_told(folders, order, tmp_path):
    """2 before 10, and who is which number stands in the notes and in the entry's explanation. Mutant killed: order of letters."""
    for k, folder in enumerate(folders):
        (tmp_path / folder).mkdir()
        for j in range(2):
            (tmp_path / folder / f"{j}.png").write_bytes(saved(Image.new("L", (8, 8), 20 * k + j)))
    data = pg.load_images(tmp_path)
    images = images_of(data.removesuffix("-ideal"))
    for number, name in enumerate(order):
        level = float(images.x[images.labels == number].mean() + 1) * 127.5
        assert round(level) // 20 == folders.index(name)
    assert law_of(data.removesuffix("-ideal")).names == tuple(order)
    record = store_record("x", packed_folder(tmp_path, folders))
    told = record["notes"][0] + record["models"][0]["tip"]
    if order != [str(k) for k in range(len(order))]:
        for number, name in enumerate(order):
            assert told.count(f"{number} {name}") == 2


def packed_folder(root, folders):
    files = [(f"{folder}/{j}.png", (root / folder / f"{j}.png").read_bytes()) for folder in folders for j in range(2)]
    return b"".join(len(p).to_bytes(4, "little") + p for name, raw in files for p in (name.encode(), raw))


def test_labels_of_an_npz_keep_their_numbers_as_names():
    x = np.random.default_rng(0).integers(0, 256, (6, 8, 8), dtype=np.uint8)
    name = own.store_npz("x", packed(images=x, labels=np.array([10, -1, 3, 10, 3, -1]))).name
    assert images_of(name).labels.tolist() == [2, 0, 1, 2, 1, 0]
    assert law_of(name).names == ("-1", "3", "10")
