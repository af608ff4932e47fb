"""TIFF files: how many pages, and the samples of those that Pillow reads wrongly or not at all.

Pillow reads 8 bits a channel. Of 16 bits it drops the lower half, takes planes for stripes and signed numbers
for unsigned ones, and it knows no floats of colours; tifffile reads them all.
"""

from __future__ import annotations

import io
import logging
import math
import struct

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.pictures.depth import Samples

MAX_SAMPLE_BYTES = 1_000_000_000
"""What the samples of one picture may take in memory."""

_MANY_PAGES = 100_000
_ORIENTATION, _PROFILE, _COLORMAP, _REDUCED, _NO_DATA = 274, 34675, 320, 254, 42113
_DECISIVE = {*range(256, 260), 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 338, 339}
"""Tags without which the samples are taken for something else."""
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_PREMULTIPLIED, _STRAIGHT = 1, 2
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _INKS, _LAB = 0, 1, 2, 3, 5, 8
_COLOURS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _INKS: 4, _LAB: 3}
_MODES = {_WHITE_IS_ZERO: "L", _BLACK_IS_ZERO: "L", _RGB: "RGB", _PALETTE: "RGB", _INKS: "CMYK", _LAB: "LAB"}
_RARE = {33003, 33005, 34712, 34887, 34927, 50001, 50002, 52546, 34933, 34934, 22610}
"""Kinds of compression that tifffile undoes and Pillow does not, or not everywhere: JPEG 2000 (three
numbers), LERC, WebP, JPEG XL (two each), PNG, JPEG XR (two)."""
_CODECS = {1, 5, 8, 32946, 32773, 34925, 50000} | _RARE
"""All that tifffile undoes here: none, LZW, deflate (two numbers), PackBits, LZMA, Zstandard and the rare."""


class Tiff:
    """A page of a TIFF. Raises HeadlightError where there is no such page, any exception for what is none."""

    def __init__(self, data: bytes, name: str, page: int = 1) -> None:
        """page: from 1."""
        import tifffile

        logging.getLogger("tifffile").disabled = True  # what is wrong with a file is said in one sentence
        self.name = name
        if data[8:10] == b"CR":
            raise HeadlightError(
                f"{name} is a raw photograph of a camera.",
                "Save it as TIFF or PNG with the camera's program.",
            )
        self._size = len(data)
        self._file = tifffile.TiffFile(io.BytesIO(data))
        self._at = page
        try:
            self._page = self._file.pages[page - 1]
        except IndexError as error:
            if page == 1:
                raise
            raise HeadlightError(
                f"{name} has {len(self._file.pages):,} pages, and page {page:,} was asked for.",
                f"Choose one from 1 to {len(self._file.pages):,}.",
            ) from error
        lost = _DECISIVE & self._promised(data) - {tag.code for tag in self._page.tags}
        if lost:  # tifffile goes on with what is usual, which is not what the file holds
            raise ValueError(f"tags cannot be read: {sorted(lost)}")

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)"""
        return self._page.imagewidth, self._page.imagelength

    def notices(self) -> tuple[str, ...]:
        found = []
        if self._page.tags.valueof(_REDUCED, 0) & 1:
            found.append(f"{self.name} begins with a reduced copy of its picture, which is shown.")
        spare = (
            self._page.samplesperpixel - _COLOURS.get(int(self._page.photometric), 4) - len(self._alphas())
        )
        if spare > 0:
            many = "a channel" if spare == 1 else f"{spare:,} channels"
            found.append(f"{self.name} has {many} beside its colours, left out here.")
        pages = self._pages()
        if pages != "1":
            found.append(f"{self.name} has {pages} pages: page {self._at:,} is shown.")
        return tuple(found)

    def film(self) -> tuple[int, int, bool] | None:
        """(pages, counted up to a bound, which this is, whether these are all); None of a single one."""
        pages = self._pages()
        if pages == "1":
            return None
        is_all = not pages.startswith("more")
        return (len(self._file.pages) if is_all else max(_MANY_PAGES + 1, self._at)), self._at, is_all

    def alone(self, data: bytes) -> bytes:
        """The file with this page as its first: Pillow walks to a page through all before, each time anew."""
        if self._at == 1:
            return data
        layout = self._file.tiff
        at = 8 if layout.is_bigtiff else 4
        place = struct.pack(f"{layout.byteorder}{'Q' if layout.is_bigtiff else 'I'}", self._page.offset)
        return data[:at] + place + data[at + len(place) :]

    def is_deep(self) -> bool:
        """Whether its samples are of another kind than Pillow reads rightly."""
        page = self._page
        deep = page.bitspersample > 8 or page.sampleformat != _UNSIGNED
        return deep or page.compression in _RARE

    def samples(self) -> Samples:
        """The samples of the page. Raises HeadlightError for what is not read, any exception for damage."""
        page, kind = self._page, int(self._page.photometric)
        self._check_kind()
        self._check_whole()
        values = page.asarray(maxworkers=1)
        if values.ndim == 2:
            values = values[..., None]
        elif page.axes == "SYX":
            values = np.moveaxis(values, 0, -1)
        if values.shape != (page.imagelength, page.imagewidth, page.samplesperpixel):
            raise self._unread(f"with the axes {page.axes}")
        count = _COLOURS[kind]
        alpha, premultiplied = self._alpha(values, count)
        colours = values[..., :count]
        white = self._white()
        if kind == _WHITE_IS_ZERO:
            colours = _inverted(colours, white)
        elif kind == _PALETTE:
            colours = self._coloured(colours[..., 0])
        elif kind == _LAB:
            colours = (colours >> (page.bitspersample - 8)).astype(np.uint8)  # Pillow keeps eight bits of it
        if kind in (_PALETTE, _LAB):
            white = float(np.iinfo(colours.dtype).max)
        return Samples(
            colours,
            _MODES[kind],
            white,
            alpha,
            premultiplied,
            page.tags.valueof(_PROFILE),
            page.tags.valueof(_ORIENTATION, 1),
            self._missing(),
        )

    def _promised(self, data: bytes) -> set[int]:
        """Codes of the tags that the page's directory lists."""
        layout, at = self._file.tiff, self._page.offset
        count = struct.unpack_from(layout.tagnoformat, data, at)[0]
        entries = range(at + layout.tagnosize, at + layout.tagnosize + count * layout.tagsize, layout.tagsize)
        return {struct.unpack_from(f"{layout.byteorder}H", data, entry)[0] for entry in entries}

    def _pages(self) -> str:
        """How many pages; no more are counted than anyone wants to know."""
        try:
            self._file.pages[_MANY_PAGES]
        except IndexError:
            return f"{len(self._file.pages):,}"
        except Exception:  # a torn page far behind the one that is shown
            pass
        return f"more than {_MANY_PAGES:,}"

    def _check_kind(self) -> None:
        page, kind = self._page, int(self._page.photometric)
        bits, form = page.bitspersample, page.sampleformat
        if page.compression not in _CODECS:
            raise self._unread(f"compressed by {_named(page.compression)}")
        if kind not in _COLOURS or page.samplesperpixel < _COLOURS[kind]:
            raise self._unread(f"of the kind {_named(page.photometric)}")
        if form not in (_UNSIGNED, _SIGNED, _FLOAT) or page.dtype is None or page.dtype.kind not in "uifb":
            raise self._unread(f"with samples of {bits} bits in a form of their own")
        if kind in (_PALETTE, _INKS, _LAB) and (form != _UNSIGNED or bits not in (8, 16)):
            raise self._unread(f"of the kind {_named(page.photometric)} with {bits} bits")
        tile = (page.tilewidth * page.tilelength if page.is_tiled else 1) * page.samplesperpixel
        most = max(page.imagewidth * page.imagelength * page.samplesperpixel, tile) * page.dtype.itemsize
        if most > MAX_SAMPLE_BYTES:
            raise HeadlightError(
                f"{self.name} takes {most / 1e9:,.1f} GB unpacked, and the most is "
                f"{MAX_SAMPLE_BYTES / 1e9:,.0f} GB.",
                "Scale it down, or save it with fewer bits a channel, and try again.",
            )

    def _check_whole(self) -> None:
        """Missing strips are filled with zeros by readers; that is half a picture."""
        page = self._page
        count = math.prod(page.chunked)
        places = list(zip(page.dataoffsets, page.databytecounts, strict=True))
        if len(places) < count and not page.is_contiguous:
            raise ValueError("strips are missing")
        for offset, length in places[:count]:
            if offset <= 0 or length <= 0 or offset + length > self._size:
                raise ValueError("a strip is missing")

    def _white(self) -> float | None:
        page = self._page
        if page.dtype.kind == "b":
            return 1.0
        if page.sampleformat == _UNSIGNED and page.bitspersample <= 16:
            return float(2**page.bitspersample - 1)
        return None

    def _missing(self) -> float | None:
        """What GDAL says stands for no number."""
        try:
            return float(self._page.tags.valueof(_NO_DATA))
        except (TypeError, ValueError):
            return None

    def _alphas(self) -> list[int]:
        """Which of the extra channels is alpha, counted from 0: one or none."""
        kinds = [int(kind) for kind in self._page.extrasamples]
        return [i for i, kind in enumerate(kinds) if kind in (_PREMULTIPLIED, _STRAIGHT)][:1]

    def _alpha(self, values: np.ndarray, count: int) -> tuple[np.ndarray | None, bool]:
        """(uint8 (h, w) or None, whether the colours were multiplied by it)"""
        page = self._page
        at = next((count + i for i in self._alphas() if count + i < values.shape[-1]), None)
        if at is None:
            return None, False
        opaque = self._white()
        if opaque is None:
            opaque = 1.0 if page.sampleformat == _FLOAT else float(np.iinfo(page.dtype).max)
        share = np.nan_to_num(values[..., at].astype(np.float32), nan=1.0) / opaque
        premultiplied = int(page.extrasamples[at - count]) == _PREMULTIPLIED
        return np.rint(share.clip(0, 1) * 255).astype(np.uint8), premultiplied

    def _coloured(self, indices: np.ndarray) -> np.ndarray:
        """uint16 (h, w, 3): the palette's colours."""
        palette = np.asarray(self._page.tags.valueof(_COLORMAP), np.uint16).reshape(3, -1)
        return palette.T[indices]

    def _unread(self, what: str) -> HeadlightError:
        return HeadlightError(
            f"{self.name} is a TIFF image {what}, which Headlight does not read.",
            "Save it as PNG, or as a plain TIFF with 8 or 16 bits a channel.",
        )


def _named(value: object) -> str:
    """A tag's value by its name, where it has one."""
    return getattr(value, "name", None) or (f"number {value}" if isinstance(value, int) else "no known name")


def _inverted(values: np.ndarray, white: float | None) -> np.ndarray:
    if values.dtype.kind == "b":
        return ~values
    return -values.astype(np.float64) if white is None else values.dtype.type(white) - values
