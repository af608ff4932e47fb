import numpy as np
import pytest
from PySide6.QtGui import QColor

from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.core.classes.palettes import (
    CONES,
    RIGHT,
    S3DIS,
    SOFT,
    UNLABELLED,
    WRONG,
    class_colours,
    generated,
    lacking,
    oklab,
)
from headlight.widgets.base.chip_colours import contrast
from headlight.widgets.base.themes import DARK, LIGHT


def nearest(colours):
    lab = oklab(colours)
    apart = np.linalg.norm(lab[:, None] - lab, axis=-1)
    return apart[~np.eye(len(lab), dtype=bool)].min()


def test_oklab_has_its_published_values():
    lab = oklab(np.array([[255, 255, 255], [255, 0, 0], [0, 0, 255], [0, 0, 0]], np.uint8))
    published = [[1, 0, 0], [0.628, 0.225, 0.126], [0.452, -0.032, -0.312], [0, 0, 0]]
    np.testing.assert_allclose(lab, published, atol=6e-4)


def test_soft_colours_are_told_apart_with_and_without_every_cone():
    assert nearest(SOFT) > 0.12
    for kind in CONES:
        assert nearest(lacking(SOFT, kind)) > 0.06, kind


def test_soft_colours_stand_out_from_both_grounds():
    for colour in (*SOFT, UNLABELLED, RIGHT, WRONG):
        ink = QColor(*colour.tolist())
        assert contrast(ink, QColor(DARK.panel)) > 2, colour
        assert contrast(ink, QColor(LIGHT.panel)) > 1.4, colour


def test_right_and_wrong_differ_to_every_eye():
    pair = np.stack((RIGHT, WRONG))
    assert min([nearest(pair), *(nearest(lacking(pair, kind)) for kind in CONES)]) > 0.2
    lightness = oklab(pair)[:, 0]
    assert lightness[1] - lightness[0] > 0.15  # on a grey print too


def test_a_class_keeps_its_colour_in_any_order():
    other = ("chair", "Table", "lamp", "ceiling")
    for palette, table in (("soft", SOFT), ("s3dis", S3DIS)):
        assert np.array_equal(class_colours(S3DIS_CLASSES, palette), table)
        colours = class_colours(other, palette)
        assert np.array_equal(colours[[0, 1, 3]], table[[8, 7, 0]])
        assert np.array_equal(colours[2], generated(4)[2])
    with pytest.raises(ValueError, match="no palette 'loud'; there are soft, s3dis"):
        class_colours(S3DIS_CLASSES, "loud")


def test_things_of_streets_have_the_same_colour_in_every_list():
    one, other = ("Car", "Pedestrian", "Cyclist"), ("traffic_cone", "cycle", "pole", "truck", "person", "car")
    first, second = class_colours(one), class_colours(other)
    assert np.array_equal(first, second[[5, 4, 1]])
    assert len(np.unique(second, axis=0)) == len(other)
    twins = class_colours(("person", "pedestrian", "cyclist", "bicycle"))
    assert len(np.unique(twins, axis=0)) == 4
    assert class_colours(()).shape == (0, 3)


def test_generated_colours_stay_apart_and_stable():
    assert generated(0).shape == (0, 3)
    for count, apart, without in ((8, 0.12, 0.07), (13, 0.1, 0.055), (20, 0.07, 0.04)):
        assert nearest(generated(count)) > apart
        assert min(nearest(lacking(generated(count), kind)) for kind in CONES) > without
    assert len(np.unique(generated(60), axis=0)) == 60
    assert np.array_equal(generated(60)[:7], generated(7))


def test_a_missing_cone_leaves_greys_and_merges_red_with_green():
    greys = np.repeat(np.array([[0], [90], [200], [255]], np.uint8), 3, axis=1)
    for kind in CONES:
        np.testing.assert_allclose(lacking(greys, kind), greys, atol=1)
    pair = np.array([[200, 60, 40], [110, 110, 40]], np.uint8)
    assert nearest(lacking(pair, "deutan")) < nearest(pair) / 2
