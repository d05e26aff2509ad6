"""Moving pictures: the moments of a run as an animated GIF, or as MP4 (H.264, 4:2:0)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from PIL import Image

from playground.core.fields import BadValue
from playground.core.limits import limits, megabytes

REST = 14  # frames that the last picture stays
# of a film whose pictures are sent
MOST_BYTES, MOST_PICTURES, MOST_FRAMES = limits().film_bytes, limits().film_pictures, limits().film_frames
MOST_SIDES = (1920, 1200)
ALLOWED = f"at most {MOST_PICTURES} PNG or JPEG pictures of one size, up to {MOST_SIDES[0]} × {MOST_SIDES[1]} pixels, {megabytes(MOST_BYTES)} in all"


def sent(body: bytes, times: str) -> list[tuple[memoryview, int]]:
    """The pictures of a request's body, each after its length (4 bytes, little endian), and how many frames each stays (``times``: numbers with
    commas). Nothing is decoded. Raises: BadValue for what is no such body, or too much."""
    counts = [int(n) if n.isascii() and n.isdigit() and 0 < len(n) < 5 else 0 for n in times[: 5 * MOST_PICTURES].split(",")]
    view, at, pictures = memoryview(body), 0, []
    while at < len(body) and len(pictures) <= MOST_PICTURES:
        size = int.from_bytes(view[at : at + 4], "little")
        if size == 0 or at + 4 + size > len(body):
            raise BadValue("film", f"a body that ends after {len(pictures)} pictures", ALLOWED)
        pictures.append(view[at + 4 : at + 4 + size])
        at += 4 + size
    if not 0 < len(pictures) <= MOST_PICTURES:
        raise BadValue("film", f"{len(pictures)} pictures", ALLOWED)
    if len(counts) != len(pictures) or min(counts) < 1 or sum(counts) > MOST_FRAMES:
        raise BadValue("times", times[:60], f"{len(pictures)} whole numbers from 1, with a sum of at most {MOST_FRAMES}")
    return list(zip(pictures, counts, strict=True))


def decoded(pictures: list[tuple[memoryview, int]]) -> Iterator[Image.Image]:
    """The frames of ``sent``, decoded one by one: size and kind are read from each head before. Raises: BadValue for what is no such picture."""
    first = None
    for raw, count in pictures:
        try:
            picture = Image.open(io.BytesIO(raw), formats=("PNG", "JPEG"))
            size = picture.size
            if first is None and not (16 <= size[0] <= MOST_SIDES[0] and 16 <= size[1] <= MOST_SIDES[1]):
                raise BadValue("film", f"a picture of {size[0]} × {size[1]} pixels", ALLOWED)
            if size != (first or size):
                raise BadValue("film", f"pictures of {first} and {size} pixels", ALLOWED)
            first, frame = size, picture.convert("RGB")
        except BadValue:
            raise
        except Exception:  # whatever a decoder says of damaged bytes
            raise BadValue("film", f"a damaged picture of {len(raw)} bytes", ALLOWED) from None
        for _ in range(count):
            yield frame


def palette(pictures: list[tuple[memoryview, int]]) -> Image.Image:
    """The 256 colours of the first, the middle and the last picture, for all frames of a GIF: what does not move then costs nothing."""
    some = [next(decoded([pictures[i]])) for i in sorted({0, len(pictures) // 2, len(pictures) - 1})]
    wide, high = max(p.width for p in some), max(p.height for p in some)
    sheet = Image.new("RGB", (wide, high * len(some)))
    for n, picture in enumerate(some):
        sheet.paste(picture, (0, n * high))
    return sheet.quantize(256, method=Image.Quantize.MEDIANCUT)


def _gif(moments: Iterator[Image.Image], ms: int, colours: Image.Image | None, says: str) -> Iterator[bytes | None]:
    kept, last, few = [], None, None
    for picture in moments:
        if picture is not last or few is None:  # a picture that stays is the same object
            last, few = picture, picture
            if picture.mode == "RGB":
                method = Image.Quantize.FASTOCTREE if colours is None else None
                few = picture.quantize(256, method=method, palette=colours, dither=Image.Dither.NONE)
        kept.append(few)
        yield None
    out = io.BytesIO()
    durations = [ms] * (len(kept) - 1) + [ms * REST]
    kept[0].save(out, "GIF", save_all=True, append_images=kept[1:], duration=durations, loop=0, comment=says.encode())
    yield out.getvalue()


def _mp4(moments: Iterator[Image.Image], ms: int, colours: Image.Image | None, says: str) -> Iterator[bytes | None]:
    import av  # its libraries are large: only who wants a film loads them

    out, last = io.BytesIO(), None
    with av.open(out, "w", format="mp4") as file:
        file.metadata["comment"] = says
        stream = file.add_stream("libx264", rate=Fraction(1000, ms), options={"crf": "16", "preset": "veryfast"})
        stream.pix_fmt = "yuv420p"  # what every player shows

        def add(picture: Image.Image) -> None:
            for packet in stream.encode(av.VideoFrame.from_image(picture)):
                file.mux(packet)

        for picture in moments:
            if last is None:
                stream.width, stream.height = (side + side % 2 for side in picture.size)
            last = _even(picture.convert("RGB"))
            add(last)
            yield None
        if last is not None:
            for _ in range(REST):
                add(last)
        for packet in stream.encode():
            file.mux(packet)
    yield out.getvalue()


def _even(picture: Image.Image) -> Image.Image:
    """H.264 with halved colours needs even sides: a white line is added where one is odd."""
    w, h = picture.size
    if w % 2 == 0 and h % 2 == 0:
        return picture
    out = Image.new("RGB", (w + w % 2, h + h % 2), "white")
    out.paste(picture)
    return out


@dataclass(frozen=True)
class Format:
    """A kind of film. ``encode(moments, ms, colours, says)``: pictures of one size, each shown for ``ms`` milliseconds, and what the file says of itself; None
    after each picture, at last the file's bytes. ``colours(pictures)``: of pictures that were sent, those that all frames share, or None for all that there are."""

    media_type: str
    encode: Callable[[Iterator[Image.Image], int, Image.Image | None, str], Iterator[bytes | None]]
    colours: Callable[[list[tuple[memoryview, int]]], Image.Image | None]


KINDS = {"gif": Format("image/gif", _gif, palette), "mp4": Format("video/mp4", _mp4, lambda pictures: None)}
"""By the file's ending."""


def film(moments: Iterator[Image.Image], kind: str, ms: int, colours: Image.Image | None = None, says: str = "") -> Iterator[bytes | None]:
    """Encodes pictures of one size, each shown for ``ms`` milliseconds: None after each of them, at last the file's bytes. ``colours``: the
    ``palette`` of a GIF; without one each frame has its own. ``says``: what stands in the file (origin.py)."""
    return KINDS[kind].encode(moments, ms, colours, says)
