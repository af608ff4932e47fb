"""Bytes of a picture → upright sRGB pixels, whatever its depth, colours, alpha or orientation.

Pillow decodes and is imported when the first picture comes. Sizes are looked at before anything is decoded.
"""

from __future__ import annotations

import io
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from models.errors import HeadlightError

if TYPE_CHECKING:
    from PIL import Image

MAX_PIXELS = 100_000_000
MIN_SIDE = 8

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
)

_stderr_lock = threading.Lock()

_ORIENTATION, _WIDTH, _HEIGHT, _PHOTOMETRIC, _BITS_PER_SAMPLE = 274, 256, 257, 262, 258
_WHITE_IS_ZERO = 0


def picture_format(head: bytes) -> str | None:
    """Pillow's name of the format that the first 16 bytes promise, or None."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def decode_picture(data: bytes, name: str, kind: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """uint8 (height, width, 3), upright, sRGB, and what the user should know about it.

    `kind` is what `picture_format` said, `name` what messages call the picture. Raises HeadlightError for a
    picture that is damaged, too small or too large: never half a picture.
    """
    image_module = _pillow()
    try:
        with _quiet(kind), image_module.open(io.BytesIO(data), formats=[kind]) as image:
            check_size(name, *image.size)
            notices = _frames(image, name)
            if kind == "TIFF":
                _check_strips(image)
            image.load()
            picture, more = _to_rgb(image, name)
            upright = _upright(picture, image)
    except HeadlightError:
        raise
    except MemoryError as error:
        raise HeadlightError(
            f"{name} does not fit into the free memory.", "Close other programs or scale it down."
        ) from error
    except Exception as error:  # decoders meet damage with any exception there is
        raise HeadlightError(
            f"{name} is a damaged or cut-off {kind} image.", "Get a whole copy of it and try again."
        ) from error
    return np.array(upright), (*notices, *more)


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
    alpha = rgba[..., 3:].astype(np.uint16)
    return ((rgba[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _pillow():
    from PIL import Image

    # check_size takes the place of Pillow's limit, which does not know the sides. Its other warnings speak of
    # metadata, and a picture is whole without them.
    Image.MAX_IMAGE_PIXELS = None
    warnings.filterwarnings("ignore", module=r"PIL\.")
    return Image


@contextmanager
def _quiet(kind: str) -> Iterator[None]:
    """Keep libtiff from writing about damage to stderr itself, past Pillow, which reports it as well."""
    if kind != "TIFF":
        yield
        return
    with _stderr_lock:
        try:
            kept = os.dup(2)
        except OSError:  # a program without a console has none
            yield
            return
        try:
            with open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _frames(image: Image.Image, name: str) -> tuple[str, ...]:
    count = getattr(image, "n_frames", 1)
    if count < 2 or image.format not in ("GIF", "PNG", "WEBP", "TIFF"):
        return ()
    if image.format == "TIFF":
        return (f"{name} has {count:,} pages: page 1 is shown.",)
    return (f"{name} is animated: frame 1 of {count:,} is shown.",)


def _check_strips(image: Image.Image) -> None:
    """Pillow leaves what no strip of a TIFF covers black or grey; that is half a picture."""
    width, height = image.tag_v2[_WIDTH], image.tag_v2[_HEIGHT]
    if max(tile[1][2] for tile in image.tile) < width or max(tile[1][3] for tile in image.tile) < height:
        raise ValueError("the strips end before the picture does")


def _to_rgb(image: Image.Image, name: str) -> tuple[Image.Image, tuple[str, ...]]:
    if image.mode.startswith("I;16"):
        return _grey(_eight_bits(image)), ()
    if image.mode in ("I", "F"):
        grey, notices = _stretched(np.asarray(image), name)
        return _grey(grey), notices
    alpha = None
    if image.has_transparency_data:
        image = _with_alpha(image)
        alpha = image.getchannel("A")
        image = image.convert("L" if image.mode == "LA" else "RGB")
    picture, notices = _to_srgb(image, name)
    if alpha is None or alpha.getextrema()[0] == 255:
        return picture, notices
    picture.putalpha(alpha)
    return _pillow().fromarray(on_white(np.asarray(picture))), (
        *notices,
        f"{name} has transparent parts: they are shown on white.",
    )


def _with_alpha(image: Image.Image) -> Image.Image:
    """The same picture in a mode that has its transparency as a channel."""
    if image.mode == "La":
        return image.convert("LA")
    return image if image.mode in ("LA", "RGBA") else image.convert("RGBA")


def _grey(values: np.ndarray) -> Image.Image:
    return _pillow().fromarray(np.repeat(values[..., None], 3, axis=2))


def _eight_bits(image: Image.Image) -> np.ndarray:
    """uint8 (h, w): integer samples of 9 to 16 bits, their white at 255."""
    tags = getattr(image, "tag_v2", {})
    white = 2 ** int(tags.get(_BITS_PER_SAMPLE, (16,))[0]) - 1
    table = np.rint(np.arange(65536) * (255 / white)).clip(0, 255).astype(np.uint8)
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        table = 255 - table
    return table[np.asarray(image)]


def _stretched(values: np.ndarray, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """uint8 (h, w): 0 to 1 as it is; any other range, which has no agreed white, from black to white."""
    finite = np.isfinite(values)
    missing = values.size - np.count_nonzero(finite)
    low = float(values.min(where=finite, initial=np.inf)) if missing < values.size else 0.0
    high = float(values.max(where=finite, initial=-np.inf)) if missing < values.size else 0.0
    notices = []
    if missing:
        notices.append(f"{name} has {missing:,} pixels without a number: they are shown black.")
    if low < 0 or high > 1:
        notices.append(f"{name} holds values from {low:.6g} to {high:.6g}: they are shown black to white.")
    else:
        low, high = 0.0, 1.0
    grey = np.zeros(values.shape, np.uint8)
    for start in range(0, len(values), rows := max(1, (1 << 20) // values.shape[1])):
        part = np.where(finite[start : start + rows], values[start : start + rows], low).astype(np.float64)
        grey[start : start + rows] = np.rint((part - low) / ((high - low) or 1.0) * 255)
    return grey, tuple(notices)


def _to_srgb(image: Image.Image, name: str) -> tuple[Image.Image, tuple[str, ...]]:
    """RGB in sRGB by the picture's own colour profile, where it has one."""
    profile = image.info.get("icc_profile")
    if image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("RGB")
    if not profile:
        return image.convert("RGB"), ()
    try:
        from PIL import ImageCms

        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except Exception:  # a broken or foreign profile must not cost the user the picture
        return image.convert("RGB"), (f"{name} has a colour profile that cannot be used: read as sRGB.",)
    return converted, ()


def _upright(picture: Image.Image, source: Image.Image) -> Image.Image:
    """`picture` turned as the camera's orientation says (EXIF 2.32, tag 274)."""
    turns = _pillow().Transpose
    try:
        orientation = source.getexif().get(_ORIENTATION, 1)
    except Exception:  # torn metadata: the pixels are whole
        return picture
    turn = {
        2: turns.FLIP_LEFT_RIGHT,
        3: turns.ROTATE_180,
        4: turns.FLIP_TOP_BOTTOM,
        5: turns.TRANSPOSE,
        6: turns.ROTATE_270,
        7: turns.TRANSVERSE,
        8: turns.ROTATE_90,
    }.get(orientation)
    return picture if turn is None else picture.transpose(turn)
