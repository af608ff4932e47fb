"""Figures of exported weights: a matrix with its labels, a picture with a map over it, a strip of tokens.

A drawing is a list of rectangles, labels and rasters; one writer makes a PNG of it, another an SVG.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape

import numpy as np

from headlight.models.core.colours import DIVERGING, MIDDLE, Scale, levels, lut, overlay_colours
from headlight.models.core.tokens import Box

FONT_SIZE = 12
INK, DIM, PAPER = (29, 33, 41), (93, 102, 117), (255, 255, 255)

_MARGIN = 16
_MIDDLE = 0.35 * FONT_SIZE  # from a line's middle down to its base; not every viewer knows dominant-baseline
_BAR = 14
_APART = 1.2 * FONT_SIZE  # from one number of a colour bar to the next
_BARS = 400  # pixels of the longest bar
_SIDE = 1000
_LONGEST = 2048
_FONTS = ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial.ttf", "Helvetica.ttc")

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Rect:
    """Filled, in pixels from the upper left."""

    x: float
    y: float
    width: float
    height: float
    fill: Colour


@dataclass(frozen=True)
class Label:
    """Text whose `anchor` ("l", "m" or "r") stands at x and whose middle line is y; upright reads upwards."""

    x: float
    y: float
    text: str
    anchor: str = "l"
    fill: Colour = INK
    upright: bool = False


@dataclass(frozen=True, eq=False)
class Raster:
    """uint8 (h, w, 3), stretched over a rectangle without smoothing."""

    x: float
    y: float
    width: float
    height: float
    pixels: np.ndarray


@dataclass
class Drawing:
    """What stands where on white paper, in the order of painting."""

    width: int = 0
    height: int = 0
    items: list[Rect | Label | Raster] = field(default_factory=list)

    def png(self) -> bytes:
        """The drawing as a PNG file."""
        from PIL import Image, ImageDraw

        image = Image.new("RGB", (self.width, self.height), PAPER)
        pen = ImageDraw.Draw(image)
        for item in self.items:
            if isinstance(item, Rect):
                right, bottom = round(item.x + item.width) - 1, round(item.y + item.height) - 1
                if right >= round(item.x) and bottom >= round(item.y):
                    pen.rectangle((round(item.x), round(item.y), right, bottom), item.fill)
            elif isinstance(item, Raster):
                image.paste(_at_size(item), (round(item.x), round(item.y)))
            elif item.upright:
                _paste_upright(image, item)
            else:
                pen.text(
                    (item.x, item.y), _printable(item.text), item.fill, _font(), anchor=f"{item.anchor}m"
                )
        return _png(image)

    def svg(self, longest: float = math.inf) -> bytes:
        """The drawing as an SVG file; rasters are embedded, of at most so many pixels a side."""
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
            f'viewBox="0 0 {self.width} {self.height}" font-family="DejaVu Sans, sans-serif" '
            f'font-size="{FONT_SIZE}">',
            f'<rect width="100%" height="100%" fill="{_hex(PAPER)}"/>',
            *(_svg_item(item, longest) for item in self.items),
            "</svg>\n",
        ]
        return "\n".join(lines).encode()


def matrix_drawing(
    matrix: np.ndarray,
    queries: Sequence[str],
    keys: Sequence[str],
    title: str,
    scale: Scale,
    colours: str = "inferno",
) -> Drawing:
    """float (queries, keys): a square a weight, queries down, keys across, labels as far as they fit."""
    rows, columns = matrix.shape
    cell = min(28.0, max(1.0, _SIDE / max(rows, columns)))
    if cell > 2:
        cell = float(int(cell))
    step = max(1, int(np.ceil((FONT_SIZE + 2) / cell)))
    shown_rows, shown_columns = range(0, rows, step), range(0, columns, step)
    left = 2 * _MARGIN + max(text_width(_elided(queries[i])) for i in shown_rows)
    top = 3 * _MARGIN + max(text_width(_elided(keys[i])) for i in shown_columns)
    width, height = cell * columns, cell * rows
    drawing = Drawing()
    drawing.items += [
        Label(_MARGIN, _MARGIN, title),
        Raster(left, top, width, height, painted(matrix, scale, colours)),
        *(Label(left - 6, top + (i + 0.5) * cell, _elided(queries[i]), "r") for i in shown_rows),
        *(Label(left + (i + 0.5) * cell, top - 6, _elided(keys[i]), upright=True) for i in shown_columns),
    ]
    _colour_bar(drawing, left + width + _MARGIN, top, max(height, 80.0), scale, colours)
    _fit(drawing, top + max(height, 80.0))
    return drawing


def overlay_drawing(
    pixels: np.ndarray,
    region: Box,
    values: np.ndarray,
    title: str,
    scale: Scale,
    colours: str = "inferno",
    opacity: float = 0.75,
) -> Drawing:
    """uint8 (H, W, 3) with float (rows, columns) over `region` in the colours of `scale`."""
    height, width = pixels.shape[:2]
    size = min(1.0, _LONGEST / max(height, width))
    if size < 1:
        pixels = _resized(pixels, round(width * size), round(height * size))
    mixed = pixels.copy()
    y, rows = _cells(pixels.shape[0], region.y0 * size, region.y1 * size, values.shape[0])
    x, columns = _cells(pixels.shape[1], region.x0 * size, region.x1 * size, values.shape[1])
    zero = MIDDLE if colours == DIVERGING else 0
    table = overlay_colours(lut(colours), opacity, zero)[levels(values, scale)][np.ix_(rows, columns)]
    where, alpha = np.ix_(y, x), table[..., 3:] / 255
    mixed[where] = ((1 - alpha) * pixels[where] + alpha * table[..., :3]).round().astype(np.uint8)
    drawing, top = Drawing(), 2.0 * _MARGIN
    shown_height, shown_width = mixed.shape[:2]
    drawing.items += [
        Label(_MARGIN, _MARGIN, title),
        Raster(_MARGIN, top, shown_width, shown_height, mixed),
    ]
    _colour_bar(drawing, 2 * _MARGIN + shown_width, top, max(shown_height, 80.0), scale, colours)
    _fit(drawing, top + max(shown_height, 80.0))
    return drawing


def picture_drawing(pixels: np.ndarray, title: str, scale: Scale | None = None, colours: str = "") -> Drawing:
    """uint8 (h, w, 3) as it is, with the colours that it was painted in, if it was."""
    height, width = pixels.shape[:2]
    top = 2.0 * _MARGIN if title else 1.0 * _MARGIN
    drawing = Drawing(items=[*_titled(title), Raster(_MARGIN, top, width, height, pixels)])
    if scale is not None:
        _colour_bar(drawing, 2 * _MARGIN + width, top, max(height, 80.0), scale, colours)
    _fit(drawing, top + height)
    return drawing


def _titled(title: str) -> list[Rect | Label | Raster]:
    return [Label(_MARGIN, _MARGIN, title)] if title else []


def grid_drawing(rows: Sequence[tuple[str, Sequence[np.ndarray]]], title: str) -> Drawing:
    """Rows of small pictures, uint8 (h, w, 3), each row with its name before it, each column with its number
    above."""
    most = max((len(pictures) for _, pictures in rows), default=0)
    cell = float(max(24, min(64, _SIDE // max(most, 1) - 4)))
    left = 2 * _MARGIN + max((text_width(_elided(name)) for name, _ in rows), default=0)
    top = (3.5 if title else 2.5) * _MARGIN
    drawing = Drawing(items=_titled(title))
    numbers = (Label(left + (at + 0.5) * (cell + 4), top - 8, str(at), "m", DIM) for at in range(most))
    drawing.items += numbers
    y = top
    for name, pictures in rows:
        sizes = [
            [max(1.0, round(side * cell / max(one.shape[:2]))) for side in one.shape[:2]] for one in pictures
        ]
        tall = max((height for height, _ in sizes), default=cell)
        drawing.items.append(Label(left - 6, y + tall / 2, _elided(name), "r"))
        for at, (pixels, (height, width)) in enumerate(zip(pictures, sizes, strict=True)):
            drawing.items.append(Raster(left + at * (cell + 4), y, width, height, pixels))
        y += tall + 4
    _fit(drawing, y)
    return drawing


def strip_drawing(
    labels: Sequence[str],
    special: np.ndarray,
    values: np.ndarray,
    title: str,
    scale: Scale,
    colours: str = "inferno",
) -> Drawing:
    """A text's tokens in lines, each on the colour of its value; special ones with a line below."""
    drawing = Drawing(items=[Label(_MARGIN, _MARGIN, title)])
    x, y, line = float(_MARGIN), 2.5 * _MARGIN, 24.0
    widest = x
    for label, is_special, colour in zip(labels, special, painted(values, scale, colours), strict=True):
        width = text_width(_elided(label)) + 10
        if x + width > _SIDE and x > _MARGIN:
            x, y = float(_MARGIN), y + line + 4
        fill = _colour(colour)
        ink = INK if np.dot(fill, (0.299, 0.587, 0.114)) > 140 else PAPER
        drawing.items += [
            Rect(x, y, width, line - 4, fill),
            Label(x + width / 2, y + line / 2 - 2, _elided(label), "m", ink),
        ]
        if is_special:
            drawing.items.append(Rect(x, y + line - 3, width, 2, DIM))
        x += width + 3
        widest = max(widest, x)
    top, tall = 2.5 * _MARGIN, max(y + line - 2.5 * _MARGIN, 80.0)
    _colour_bar(drawing, widest + _MARGIN, top, tall, scale, colours)
    _fit(drawing, top + tall)
    return drawing


def bars_drawing(values: np.ndarray, labels: Sequence[str], title: str, colours: str = "inferno") -> Drawing:
    """float (k,), none negative: a bar each, its label before it and its number behind."""
    left = 2 * _MARGIN + max((text_width(_elided(label)) for label in labels), default=0)
    highest = float(values.max(initial=0)) or 1.0
    drawing = Drawing(items=[Label(_MARGIN, _MARGIN, title)])
    for row, (value, label) in enumerate(zip(values.tolist(), labels, strict=True)):
        y, length = 2.5 * _MARGIN + row * 20, value / highest * _BARS
        drawing.items += [
            Label(left - 6, y + 8, _elided(label), "r"),
            Rect(left, y, max(length, 1), 16, _colour(lut(colours)[round(255 * value / highest)])),
            Label(left + length + 6, y + 8, f"{value:.4g}", fill=DIM),
        ]
    _fit(drawing, 2.5 * _MARGIN + len(labels) * 20)
    return drawing


def painted(values: np.ndarray, scale: Scale, colours: str = "inferno") -> np.ndarray:
    """float (...) → uint8 (..., 3), the colours that the window shows too."""
    return lut(colours)[levels(values, scale)][..., :3]


@cache
def _font():
    from PIL import ImageFont

    for name in _FONTS:
        try:
            return ImageFont.truetype(name, FONT_SIZE)
        except OSError:
            continue
    return ImageFont.load_default(FONT_SIZE)


def text_width(text: str) -> int:
    """Pixels that `text` takes across."""
    return int(np.ceil(_font().getlength(_printable(text))))


def _cells(pixels: int, start: float, stop: float, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """(pixels whose centre lies within [start, stop), the cell that each of them belongs to)"""
    centres = np.arange(pixels) + 0.5
    inside = np.flatnonzero((centres >= start) & (centres < stop))
    cell = ((centres[inside] - start) / (stop - start) * cells).astype(int)
    return inside, np.minimum(cell, cells - 1)


def _colour_bar(drawing: Drawing, x: float, y: float, height: float, scale: Scale, colours: str) -> None:
    """Its ends, the powers of ten that have room between them, what is clipped and what was left out."""
    said = ["(log)"] if scale.log else []
    said += [f"({scale.clipped:.1%} clipped)"] if scale.clipped else []
    beside, highest = x + _BAR + 6, y + FONT_SIZE / 2
    lowest = y + height - FONT_SIZE / 2
    if scale.left_out:
        drawing.items.append(Label(beside, y + 2 * FONT_SIZE, scale.left_out, fill=DIM))
        highest += 1.5 * FONT_SIZE
    taken = lowest
    for value in scale.marks():
        at = y + height * (1 - scale.position(value))
        if highest + _APART < at < taken - _APART:
            drawing.items.append(Label(beside, at, f"{value:.4g}", fill=DIM))
            taken = at
    drawing.items += [
        Raster(x, y, _BAR, height, lut(colours)[::-1, None, :3]),
        Label(beside, y + FONT_SIZE / 2, " ".join([f"{scale.high:.4g}", *said])),
        Label(beside, lowest, f"{scale.low:.4g}"),
    ]


def _fit(drawing: Drawing, bottom: float) -> None:
    """Make the paper as large as what stands on it."""
    right = 0.0
    for item in drawing.items:
        if isinstance(item, Label):
            ahead = text_width(item.text) if item.anchor == "l" and not item.upright else 0
            right = max(right, item.x + ahead)
        else:
            right = max(right, item.x + item.width)
    drawing.width, drawing.height = int(np.ceil(right)) + _MARGIN, int(np.ceil(bottom)) + _MARGIN


def _elided(label: str) -> str:
    return label if len(label) <= 24 else f"{label[:23]}…"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "·" for c in text)


def _paste_upright(image, label: Label) -> None:
    from PIL import Image, ImageDraw

    width, height = text_width(label.text) + 2, FONT_SIZE + 6
    mask = Image.new("L", (width, height))
    ImageDraw.Draw(mask).text((0, height / 2), _printable(label.text), 255, _font(), anchor="lm")
    turned = mask.transpose(Image.Transpose.ROTATE_90)
    image.paste(label.fill, (round(label.x - height / 2), round(label.y - width)), turned)


def _svg_item(item: Rect | Label | Raster, longest: float) -> str:
    if isinstance(item, Label):
        anchor = {"l": "start", "m": "middle", "r": "end"}[item.anchor]
        turn = f' transform="rotate(-90 {item.x:g} {item.y:g})"' if item.upright else ""
        return (
            f'<text x="{item.x:g}" y="{item.y + _MIDDLE:g}" text-anchor="{anchor}" '
            f'fill="{_hex(item.fill)}"{turn}>{escape(_printable(item.text))}</text>'
        )
    place = f'x="{item.x:g}" y="{item.y:g}" width="{item.width:g}" height="{item.height:g}"'
    if isinstance(item, Rect):
        return f'<rect {place} fill="{_hex(item.fill)}"/>'
    data = base64.b64encode(_png(_at_size(item, longest))).decode()
    return f'<image {place} preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'


def _at_size(raster: Raster, longest: float = math.inf):
    """As an image of the size it is shown at, since many viewers of SVG smooth what they enlarge; made
    smaller where a side is longer than `longest`."""
    from PIL import Image

    size = (round(raster.width), round(raster.height))
    image = Image.fromarray(raster.pixels).resize(size, Image.Resampling.NEAREST)
    if max(size) <= longest:
        return image
    share = longest / max(size)
    return image.resize([max(1, round(side * share)) for side in size], Image.Resampling.BOX)


def _resized(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    from PIL import Image

    return np.array(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))


def _png(image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _colour(rgb: np.ndarray) -> Colour:
    return int(rgb[0]), int(rgb[1]), int(rgb[2])


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
