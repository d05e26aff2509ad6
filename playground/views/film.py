"""Moving pictures: the moments of a run as an animated GIF, or as MP4 (H.264, 4:2:0)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction

from PIL import Image

KINDS = {"gif": "image/gif", "mp4": "video/mp4"}
REST = 14  # frames that the last picture stays


def film(moments: Iterator[Image.Image], kind: str, ms: int) -> Iterator[bytes | None]:
    """Encodes pictures of one size, each shown for ``ms`` milliseconds: None after each of them, at last the file's bytes."""
    encode = _gif if kind == "gif" else _mp4
    return encode(moments, ms)


def _gif(moments: Iterator[Image.Image], ms: int) -> Iterator[bytes | None]:
    kept = []
    for picture in moments:
        few = picture.quantize(96, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE) if picture.mode == "RGB" else picture
        kept.append(few)
        yield None
    out = io.BytesIO()
    kept[0].save(out, "GIF", save_all=True, append_images=kept[1:], duration=[ms] * (len(kept) - 1) + [ms * REST], loop=0)
    yield out.getvalue()


def _mp4(moments: Iterator[Image.Image], ms: int) -> Iterator[bytes | None]:
    import av  # its libraries are large: only who wants a film loads them

    out, last = io.BytesIO(), None
    with av.open(out, "w", format="mp4") as file:
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
