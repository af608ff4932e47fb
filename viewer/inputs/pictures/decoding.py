"""Bytes of a picture → upright sRGB pixels, whatever its depth, colours, alpha or orientation.

Pillow decodes and is imported when the first picture comes. Sizes are looked at before anything is decoded;
what is decoded goes to sRGB a few rows at a time, so that the largest takes 1 GB and not several.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.pictures.colours import Convert, to_srgb
from headlight.viewer.inputs.pictures.depth import Samples, parts, scale_of
from headlight.viewer.inputs.pictures.jpegs import frame_of, samples_of
from headlight.viewer.inputs.pictures.pillow_images import (
    bands,
    opened,
    orientation,
    pillow,
    quiet,
    with_alpha,
)
from headlight.viewer.inputs.pictures.pngs import deep_png, png_colours
from headlight.viewer.inputs.pictures.repairs import mended_jpeg, mended_png
from headlight.viewer.inputs.pictures.tiffs import Tiff
from headlight.viewer.inputs.source import Source
from headlight.viewer.registry import Reader, resolve

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 100_000_000
MIN_SIDE = 8
POINTS = 64
"""Columns of an array up to which its rows are points."""

_SIGNATURE = 64
"""Bytes of a file that name its kinds."""
_WIDTH, _HEIGHT = 256, 257
_GIF_HEAD = 4_000_000
"""Bytes of a GIF in which its frames are counted."""
_ANIMATED = ("GIF", "PNG", "WEBP", "AVIF", "HEIF")
_MOST_DRAWN = 20_000_000_000
"""Pixels of all frames up to the one that is shown: each is drawn upon those before it."""
_MODES = {"1": "L", "L": "L", "LA": "L", "La": "L", "CMYK": "CMYK", "LAB": "LAB"}
"""Colours of Pillow's modes; those of all others are RGB."""


def is_avif(source: Source) -> bool:
    return source.head[4:8] == b"ftyp" and bool({b"avif", b"avis"} & _brands(source.head[:_SIGNATURE]))


def is_webp(source: Source) -> bool:
    return source.head[:4] == b"RIFF" and source.head[8:12] == b"WEBP"


class Decoded(NamedTuple):
    """pixels: uint8 (height, width, 3), upright, sRGB. notices: what the user should know about them.
    measured: (height, width), upright, the numbers of a file where those are of one channel and not bytes,
    NaN where there is none. film: (pictures that there are, which this is, whether these are all) of several
    in a file.
    """

    pixels: np.ndarray
    notices: tuple[str, ...] = ()
    measured: np.ndarray | None = None
    film: tuple[int, int, bool] | None = None


def decode_picture(data: bytes, name: str, reader: Reader, frame: int | None = None) -> Decoded:
    """What a picture's file holds, of several pictures this one, counted from 1.

    `name` is what messages call the picture. Raises HeadlightError for a picture that is damaged, too small
    or too large: never half a picture.
    """
    kind = reader.id.upper()  # as Pillow calls most
    pillow()
    try:
        with quiet(kind):
            found = resolve(reader.read)(data, name, kind, *(() if frame is None else (frame,)))
            return found if isinstance(found, Decoded) else Decoded(*found)  # a plugin's may be plain
    except (HeadlightError, KeyboardInterrupt, SystemExit):
        raise
    except MemoryError as error:
        raise HeadlightError(
            f"{name} does not fit into the free memory.", "Close other programs or scale it down."
        ) from error
    except BaseException as error:  # decoders meet damage with any there is, those in Rust with a panic
        raise HeadlightError(
            f"{name} is a damaged or cut-off {reader.title}.", "Get a whole copy of it and try again."
        ) from error


def check_size(name: str, width: int, height: int) -> None:
    """Raise HeadlightError for a picture with fewer or more pixels than Headlight shows."""
    if min(width, height) < MIN_SIDE:
        raise HeadlightError(
            f"{name} has {width:,} × {height:,} pixels, and the least is {MIN_SIDE} × {MIN_SIDE}.",
            "Choose a larger picture.",
        )
    if width * height > MAX_PIXELS:
        raise HeadlightError(
            f"{name} has {width:,} × {height:,} pixels, and the most is {MAX_PIXELS:,} in all.",
            "Scale it down and try again.",
        )


def on_white(rgba: np.ndarray) -> np.ndarray:
    """uint8 (h, w, 3): the colours of uint8 (h, w, 4) over white."""
    return np.concatenate([_over_white(part[..., :3], part[..., 3]) for part in parts(rgba)])


def _over_white(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None].astype(np.uint16)
    total = rgb * share
    total += 255 * (255 - share) + 127
    # Divided by 255, exactly for all numbers below 65,535, and five times as quick as by `//`.
    total += (total >> 8) + 1
    return (total >> 8).astype(np.uint8)


def _brands(head: bytes) -> set[bytes]:
    """The kinds that an ISO base media file says it is of (ISO/IEC 14496-12, 4.3)."""
    end = min(len(head), int.from_bytes(head[:4], "big"))
    return {head[at : at + 4] for at in (8, *range(16, end, 4))}


def is_plane(source: Source) -> bool:
    """Whether an NPY file holds the numbers of a picture, not those of points, a row each."""
    try:
        shape, kind = _plane_header(source.head)
    except Exception:  # a damaged header raises any exception there is
        return False
    return len(shape) == 2 and min(shape) > POINTS and kind.kind in "fiu"


def _plane_header(head: bytes) -> tuple[tuple[int, ...], np.dtype]:
    """(shape, kind of numbers) that an NPY file promises."""
    file, form = io.BytesIO(head), np.lib.format
    first = form.read_magic(file) == (1, 0)
    shape, _, kind = (form.read_array_header_1_0 if first else form.read_array_header_2_0)(file)
    return shape, kind


def by_numpy(data: bytes, name: str, kind: str, frame: int = 1) -> Decoded:
    """A plane of numbers."""
    check_frame(name, frame, 1)
    check_size(name, *_plane_header(data)[0][::-1])  # before anything is made of that size
    values = np.load(io.BytesIO(data), allow_pickle=False)
    white = 255.0 if values.dtype == np.uint8 else None
    return of_samples(Samples(values[..., None], "L", white), name)


def by_tifffile(data: bytes, name: str, kind: str, frame: int = 1) -> Decoded:
    """A TIFF: what Pillow reads rightly by Pillow, all else from its samples."""
    tiff = Tiff(data, name, frame)
    check_size(name, *tiff.size)
    notices, film = tiff.notices(), tiff.film()
    if not tiff.is_deep():
        try:
            found = by_pillow(tiff.alone(data), name, kind)
            return found._replace(notices=(*notices, *found.notices), film=film)
        except pillow().UnidentifiedImageError:
            pass  # channels in a number or an order that Pillow does not know
    found = of_samples(tiff.samples(), name)
    return found._replace(notices=(*notices, *found.notices), film=film)


def by_pillow(data: bytes, name: str, kind: str, frame: int = 1) -> Decoded:
    data, notices = mended_png(data, name) if kind == "PNG" else (data, ())
    rare = frame_of(data) if kind == "JPEG" else None
    if rare is not None and rare.is_rare:
        check_frame(name, frame, 1)
        check_size(name, rare.width, rare.height)
        return of_samples(samples_of(data, rare), name)
    with opened(data, kind) as image:
        check_size(name, *image.size)
        film = None
        if kind == "TIFF":
            _check_strips(image)
        else:
            film, said = _frames(data, image, name, frame)
            notices = (*notices, *said)
        try:
            image.load()
        except OSError:
            mended = mended_jpeg(data, name, _jpeg) if kind == "JPEG" else None
            if mended is None:
                raise
            image, more = opened(mended[0], kind), mended[1]
            notices = (*notices, *more)
        profile = image.info.get("icc_profile")
        colours = (profile, None, None)
        if kind == "PNG":
            colours, more = png_colours(data, image, name)
            notices = (*notices, *more)
            deep = deep_png(data, image) if frame == 1 else None
            if deep is not None:
                found = of_samples(deep, name, colours)
                return found._replace(notices=(*notices, *found.notices), film=film)
        pixels, more = _of_image(image, name, colours)
        turned = orientation(image)
    return Decoded(_upright(pixels, turned), (*notices, *more), film=film)


def _jpeg(data: bytes) -> np.ndarray:
    with opened(data, "JPEG") as image:
        return np.asarray(image)


def check_frame(name: str, frame: int, count: int, is_all: bool = True) -> None:
    """HeadlightError where there is no such picture in a file of so many."""
    if frame <= count or not is_all:
        return
    many = "one picture alone" if count == 1 else f"{count:,} pictures"
    step = "Leave --frame out." if count == 1 else f"Choose one from 1 to {count:,}."
    raise HeadlightError(f"{name} holds {many}, and number {frame:,} was asked for.", step)


def check_drawn(name: str, frame: int, width: int, height: int) -> None:
    """HeadlightError for a frame before which too many are drawn."""
    if frame * width * height > _MOST_DRAWN:
        raise HeadlightError(
            f"{name} draws {frame:,} frames of {width:,} × {height:,} pixels up to that one.",
            "Choose an earlier one.",
        )


def animated(name: str, frame: int, count: int, is_all: bool = True) -> str:
    """The notice of one of several frames."""
    least = "" if is_all else "at least "
    return f"{name} is animated: frame {frame:,} of {least}{count:,} is shown."


def _frames(
    data: bytes, image: Image.Image, name: str, frame: int
) -> tuple[tuple[int, int, bool] | None, tuple[str, ...]]:
    """(as `Decoded.film`, what is to be said) of a picture that turns to this frame."""
    if image.format not in _ANIMATED:
        check_frame(name, frame, 1)
        return None, ()
    count, is_all = _gif_frames(data) if image.format == "GIF" else (getattr(image, "n_frames", 1), True)
    check_frame(name, frame, count, is_all)
    check_drawn(name, frame, *image.size)
    try:
        image.seek(frame - 1)
    except EOFError:
        check_frame(name, frame, image.tell() + 1)
    if count < 2:
        return None, ()
    if image.format == "HEIF":  # a phone's series
        said = f"{name} holds {count:,} pictures: number {frame:,} is shown."
        return (count, frame, is_all), (said,)
    return (count, frame, is_all), (animated(name, frame, count, is_all),)


def _gif_frames(data: bytes) -> tuple[int, bool]:
    """(frames, whether that is all): counting is a walk through the whole file, of which a part must do."""
    with opened(data[:_GIF_HEAD], "GIF") as image:
        try:
            return image.n_frames, len(data) <= _GIF_HEAD
        except Exception:  # it breaks off within a frame
            return image.tell() + 1, False


def _check_strips(image: Image.Image) -> None:
    """Pillow leaves what no strip of a TIFF covers black or grey; that is half a picture."""
    width, height = image.tag_v2[_WIDTH], image.tag_v2[_HEIGHT]
    if max(tile[1][2] for tile in image.tile) < width or max(tile[1][3] for tile in image.tile) < height:
        raise ValueError("the strips end before the picture does")


def of_samples(samples: Samples, name: str, colours: tuple | None = None) -> Decoded:
    """Upright sRGB of samples of any depth. colours: profile, gamma and primaries."""
    scale, notices = scale_of(samples, name)
    profile, gamma, primaries = colours or (samples.profile, None, None)
    convert, more = to_srgb(samples.mode, profile, name, gamma, primaries)
    image_module = pillow()

    def colour_bands() -> Iterator[tuple[Image.Image, np.ndarray | None]]:
        top = 0
        for part in parts(samples.values):
            alpha = None if samples.alpha is None else samples.alpha[top : top + len(part)]
            if alpha is not None and samples.premultiplied:
                part = _divided(part, alpha)
            values = scale.bytes8(part)
            plane = values[..., 0] if samples.mode == "L" else values
            yield image_module.frombytes(samples.mode, plane.shape[1::-1], plane.tobytes()), alpha
            top += len(part)

    height, width = samples.values.shape[:2]
    pixels, most = _filled(width, height, convert, colour_bands(), name)
    measured = None
    if samples.mode == "L" and samples.values.dtype != np.uint8:
        measured = _upright(samples.values, samples.orientation)[..., 0]
    return Decoded(_upright(pixels, samples.orientation), (*notices, *more, *most), measured)


def _divided(values: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Colours that were multiplied by their alpha, as they were before."""
    return values.astype(np.float64) * 255 / np.maximum(alpha, 1)[..., None]


def _of_image(image: Image.Image, name: str, colours: tuple) -> tuple[np.ndarray, tuple[str, ...]]:
    """sRGB of a loaded picture of 8 bits. colours: profile, gamma and primaries."""
    convert, notices = to_srgb(_MODES.get(image.mode, "RGB"), colours[0], name, *colours[1:])
    see_through = image.has_transparency_data

    def colour_bands() -> Iterator[tuple[Image.Image, np.ndarray | None]]:
        for _, part in bands(image):
            if see_through:
                part = with_alpha(part)
                alpha = np.asarray(part.getchannel("A"))
                yield part.convert("L" if part.mode == "LA" else "RGB"), alpha
            else:
                yield part if part.mode in ("L", "RGB", "CMYK", "LAB") else part.convert("RGB"), None

    pixels, more = _filled(*image.size, convert, colour_bands(), name)
    return pixels, (*notices, *more)


def _filled(
    width: int,
    height: int,
    convert: Convert,
    bands: Iterator[tuple[Image.Image, np.ndarray | None]],
    name: str,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """uint8 (height, width, 3) of all bands, on white where they have alpha."""
    pixels = np.empty((height, width, 3), np.uint8)
    top, see_through = 0, False
    for part, alpha in bands:
        rgb = np.asarray(convert(part))
        if alpha is not None and alpha.min() < 255:
            see_through = True
            rgb = _over_white(rgb, alpha)
        pixels[top : top + len(rgb)] = rgb
        top += len(rgb)
    return pixels, (f"{name} has transparent parts: they are shown on white.",) if see_through else ()


def _upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """(h, w, 3) or (w, h, 3): `pixels` turned as the camera's orientation says."""
    turns = {
        2: lambda: pixels[:, ::-1],
        3: lambda: pixels[::-1, ::-1],
        4: lambda: pixels[::-1],
        5: lambda: pixels.transpose(1, 0, 2),
        6: lambda: np.rot90(pixels, -1),
        7: lambda: pixels[::-1, ::-1].transpose(1, 0, 2),
        8: lambda: np.rot90(pixels),
    }
    return np.ascontiguousarray(turns[orientation]()) if orientation in turns else pixels
