"""MNIST's download against a file server of the test's own, with tiny files in MNIST's format."""

import gzip
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

import toy_models.train as cli
from playground.core.fields import BadValue
from toy_models.training.data import load_npz
from toy_models.training.fetch import MIRRORS, MNIST, Part, download, fetch_mnist, read_idx

ARRAYS = {
    "train_images": np.arange(6 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(6, 28, 28),
    "train_labels": np.arange(6, dtype=np.uint8),
    "test_images": np.arange(2 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(2, 28, 28)[:, ::-1],
    "test_labels": np.array([9, 4], dtype=np.uint8),
}


def idx(array: np.ndarray) -> bytes:
    lengths = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes(), mtime=0)


FILES = {part.file: idx(ARRAYS[part.array]) for part in MNIST}
PARTS = [Part(p.array, p.file, hashlib.md5(FILES[p.file]).hexdigest()) for p in MNIST]
FIRST = PARTS[0]


class Mirror(BaseHTTPRequestHandler):
    """/good/ gives files, with ranges; /plain/ without; /damaged/ flips a byte; /cut/ announces everything and sends 100 bytes; /none/ is 404."""

    def do_GET(self):
        _, kind, name = self.path.split("/")
        self.server.asked.append((kind, name, self.headers.get("Range")))  # type: ignore[attr-defined]
        if kind == "none":
            self.send_error(404)
            return
        raw, start = FILES[name], 0
        if kind == "damaged":
            raw = raw[:-1] + bytes([raw[-1] ^ 1])
        if kind in ("good", "cut") and "Range" in self.headers:
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            if start >= len(raw):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(raw) - start))
        self.end_headers()
        self.wfile.write(raw[start : start + 100] if kind == "cut" else raw[start:])

    def log_message(self, format, *args):
        pass


@pytest.fixture
def server():
    made = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    made.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    made.at = lambda *kinds: [f"http://127.0.0.1:{made.server_port}/{kind}/" for kind in kinds]  # type: ignore[attr-defined]
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


def test_the_file_is_what_training_loads(server, tmp_path):
    """From IDX to load_npz: pixels, labels and order. Mutants killed: lengths read little-endian, train and test swapped, the header kept as data."""
    lines = []
    target = fetch_mnist(tmp_path / "a" / "mnist.npz", server.at("good"), PARTS, lines.append)
    for split, count in (("train", 6), ("test", 2)):
        images = load_npz(target, split)
        assert images.x.shape == (count, 1, 28, 28)
        np.testing.assert_array_equal(((images.x[:, 0] + 1) * 127.5).round().numpy(), ARRAYS[f"{split}_images"])
        np.testing.assert_array_equal(images.labels, ARRAYS[f"{split}_labels"])
    assert [p.name for p in target.parent.iterdir()] == ["mnist.npz"]  # nothing else is left
    assert any("bytes" in line for line in lines)
    asked = len(server.asked)
    assert asked == 4
    assert fetch_mnist(target, server.at("good"), PARTS) == target
    assert len(server.asked) == asked


def test_the_next_mirror_is_asked(server, tmp_path):
    """No server, then no such file, then a damaged one, then a good one. Mutant killed: the checksum not compared."""
    dead = "http://127.0.0.1:9/"
    lines = []
    file = download(FIRST, tmp_path, [dead, *server.at("none", "damaged", "good")], lines.append)
    assert file.read_bytes() == FILES[FIRST.file]
    assert [kind for kind, *_ in server.asked] == ["none", "damaged", "good"]
    assert "404" in lines[1]
    assert "removed" in "".join(lines)


def test_no_network_is_told_once(tmp_path):
    """No mirror can be reached: each is named once, no second round is made, and there is a way out. Mutant killed: a complaint an attempt."""
    lines = []
    with pytest.raises(BadValue) as told:
        download(FIRST, tmp_path, ["http://127.0.0.1:9/mnist/", "http://localhost:9/"], lines.append)
    assert len(lines) == 2
    assert str(told.value) == (
        "data = 'fetch' cannot be used; allowed: --data file.npz, while no mirror can be reached (127.0.0.1:9, localhost:9): "
        "is there a network?"
    )


def test_what_each_mirror_answered_is_told_once(server, tmp_path):
    """Two rounds, one complaint a mirror. Mutant killed: the complaints of both rounds."""
    with pytest.raises(BadValue) as told:
        download(FIRST, tmp_path, ["http://127.0.0.1:9/", *server.at("none", "damaged")])
    assert len(server.asked) == 4
    assert [told.value.allowed.count(word) for word in ("127.0.0.1:9/", "/none/", "/damaged/", "Not Found", "checksum")] == [1] * 5


def test_a_wrong_checksum_is_refused_and_removed(server, tmp_path):
    with pytest.raises(BadValue, match="checksum") as told:
        download(FIRST, tmp_path, server.at("damaged"))
    assert told.value.field == "data"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("after", ["good", "plain"])
def test_a_cut_off_download_goes_on(server, tmp_path, after):
    """What came is kept and only the rest is asked for; a server without ranges sends all of it. Mutant killed: the whole file appended to the half."""
    with pytest.raises(BadValue, match="cut off"):
        download(FIRST, tmp_path, server.at("cut"))
    half = tmp_path / (FIRST.file + ".part")
    assert half.stat().st_size == 200  # two rounds of 100 bytes
    file = download(FIRST, tmp_path, server.at(after))
    assert file.read_bytes() == FILES[FIRST.file]
    assert server.asked[-1] == (after, FIRST.file, "bytes=200-")
    assert not half.exists()


def test_a_half_that_is_whole_or_damaged(server, tmp_path):
    """All bytes had come: nothing is downloaded. Wrong ones had come: all of it anew."""
    half = tmp_path / (FIRST.file + ".part")
    half.write_bytes(FILES[FIRST.file])
    assert download(FIRST, tmp_path, server.at("good")).read_bytes() == FILES[FIRST.file]
    (tmp_path / FIRST.file).unlink()
    half.write_bytes(b"x" * 50)
    assert download(FIRST, tmp_path, server.at("good")).read_bytes() == FILES[FIRST.file]
    assert [told for *_, told in server.asked[1:]] == ["bytes=50-", None]


@pytest.mark.parametrize(
    "raw",
    [
        b"not gzip",
        FILES[FIRST.file][:-20],
        gzip.compress(b""),
        gzip.compress(b"\0\0\x08\x03\0\0"),
        gzip.compress(b"\0\0\x08\x01\0\0\0\x05abcd"),
    ],
    ids=["text", "cut", "empty", "header cut", "too short"],
)
def test_a_file_that_is_no_idx(tmp_path, raw):
    file = tmp_path / "x.gz"
    file.write_bytes(raw)
    with pytest.raises(BadValue):
        read_idx(file)


def test_the_command_line(server, tmp_path, monkeypatch, capsys):
    """``--data fetch``: the fetched file is what is trained on; no mirror is an error in words and status 2. The public mirrors are three, by name."""
    monkeypatch.setattr(cli, "FETCHED", tmp_path / "mnist.npz")
    monkeypatch.setattr(cli, "fetch_mnist", lambda target, tell: fetch_mnist(target, server.at("none"), PARTS, tell))
    assert cli.main(["mnist-unet", "--data", "fetch"]) == 2
    assert "train-images" in capsys.readouterr().err
    monkeypatch.setattr(cli, "fetch_mnist", lambda target, tell: fetch_mnist(target, server.at("good"), PARTS, tell))
    out = tmp_path / "out"
    assert cli.main(["mnist-unet", "--data", "fetch", "--steps", "1", "--device", "cpu", "--no-bf16", "--out", str(out)]) == 0
    assert any(out.iterdir())
    assert len({m.split("/")[2] for m in MIRRORS}) == 3
