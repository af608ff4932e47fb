import base64
import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from headlight.models.core.colours import Scale, levels, lut, overlay_colours, scale_of
from headlight.models.core.tokens import Box
from headlight.viewer.export import figures
from headlight.viewer.export.figures import Raster, matrix_drawing, overlay_drawing, strip_drawing


def painted(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def rasters(drawing) -> list[Raster]:
    return [item for item in drawing.items if isinstance(item, Raster)]


def test_each_weight_is_a_square_of_its_colour_in_both_kinds():
    matrix = np.array([[0.5, 0.1, 0.0], [0.0, 0.25, 0.4]], np.float32)
    drawing = matrix_drawing(matrix, ["a", "b"], ["c", "d", "e"], "A title", Scale(0.0, 0.5))
    frame, png = rasters(drawing)[0], painted(drawing.png())
    assert frame.width / 3 == frame.height / 2 == 28
    colours = figures.painted(matrix, Scale(0.0, 0.5))
    assert tuple(colours[0, 0]) == tuple(lut()[255, :3])
    inside = png[round(frame.y) :, round(frame.x) :][:56, :84]
    assert np.array_equal(inside, np.repeat(np.repeat(colours, 28, 0), 28, 1))
    image = next(ElementTree.fromstring(drawing.svg()).iter("{http://www.w3.org/2000/svg}image"))
    assert np.array_equal(painted(base64.b64decode(image.get("href").split(",")[1])), inside)
    assert [item.text for item in drawing.items if hasattr(item, "text")][-2:] == ["0.5", "0"]


def test_an_overlay_covers_its_region_alone_and_says_what_lies_above_its_colours():
    pixels = np.full((40, 60, 3), 100, np.uint8)
    values = np.zeros((10, 10), np.float32)
    values[0, 0], values[0, 1] = 1000, 1
    scale = scale_of(values, 99)
    drawing = overlay_drawing(pixels, Box(10, 0, 50, 40), values, "A title", scale, "viridis", 0.8)
    shown = rasters(drawing)[0].pixels
    assert (shown[:, :10] == 100).all()
    assert (shown[:, 50:] == 100).all()
    for cell in ((0, 0), (0, 1), (9, 9)):
        *colour, alpha = overlay_colours(lut("viridis"), 0.8)[levels(values, scale)[cell]] / 255
        expected = np.round((1 - alpha) * 100 + alpha * 255 * np.array(colour))
        block = shown[cell[0] * 4 :, 10 + cell[1] * 4 :][:4, :4]
        assert (block == expected).all()
    assert any(getattr(item, "text", "").endswith("(1.0% clipped)") for item in drawing.items)


def test_the_bar_tells_all_of_the_scale_in_its_colours():
    scale = Scale(0.0002, 0.5, True, 0.25, "[CLS] holds 62 %, left out of the scale")
    drawing = matrix_drawing(np.eye(12), list("abcdefghijkl"), list("abcdefghijkl"), "A", scale, "viridis")
    labels = [item for item in drawing.items if hasattr(item, "text")][-6:]
    assert [label.text for label in labels] == [
        *("[CLS] holds 62 %, left out of the scale", "0.001", "0.01", "0.1"),
        *("0.5 (log) (25.0% clipped)", "0.0002"),
    ]
    matrix, bar = rasters(drawing)
    assert np.array_equal(bar.pixels[:, 0], lut("viridis")[::-1, :3])
    for label, value in zip(labels[1:4], (0.001, 0.01, 0.1), strict=True):
        assert (bar.y + bar.height - label.y) / bar.height == pytest.approx(scale.position(value))
    assert np.array_equal(matrix.pixels, figures.painted(np.eye(12), scale, "viridis"))


def test_a_strip_wraps():
    labels = ["[CLS]", *("word" for _ in range(60))]
    special = np.arange(61) == 0
    values = np.where(special, 0.9, np.linspace(0, 0.1, 61))
    drawing = strip_drawing(labels, special, values, "A title", Scale(0.0, 0.1))
    chips = [item for item in drawing.items if hasattr(item, "fill") and getattr(item, "height", 0) == 20]
    assert len(chips) == 61
    assert max(chip.x + chip.width for chip in chips) <= 1000
    assert len({chip.y for chip in chips}) > 1
    assert chips[-1].fill == tuple(lut()[255, :3])
    assert painted(drawing.png()).shape == (drawing.height, drawing.width, 3)


def test_labels_of_any_script_and_control_characters_stay_well_formed():
    labels = ["\x00", "<&>", "\ud800"], ["مرحبا", "👩‍🚀", "a" * 100]
    drawing = matrix_drawing(np.eye(3), *labels, "\x1b", Scale(0.0, 1.0))
    assert ElementTree.fromstring(drawing.svg()).get("width") == str(drawing.width)
    assert painted(drawing.png()).shape[1] == drawing.width
