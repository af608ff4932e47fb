"""Small multiples: which token a pixel shows, and that all maps answer for it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint

from headlight.models.core.colours import lut
from headlight.widgets.grids.grounds import BEHIND, PLAIN, BoxesGround, PictureGround, PointsGround, over
from headlight.widgets.grids.multiples import Multiple, Multiples
from tests.widgets.pointer import click, drag, move


def test_a_pixel_shows_the_patch_that_covers_it_and_none_outside_of_the_region():
    rgb = np.zeros((80, 120, 3), np.uint8)
    laid = PictureGround(rgb, (2, 4), 1, (20.0, 0.0, 100.0, 80.0)).laid(60, 40)
    assert (laid.tokens[:, :10] == -1).all()
    assert (laid.tokens[:, 50:] == -1).all()
    assert laid.tokens[0, 10] == 1
    assert laid.tokens[39, 49] == 8
    assert laid.bounds(6) == (20, 20, 30, 40)
    assert (np.bincount(laid.tokens[laid.tokens > 0])[1:] == 200).all()


def test_the_nearest_point_hides_others_and_a_turn_shows_them():
    ground = PointsGround(np.array([[0.0, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]]))
    laid = ground.laid(90, 60)
    assert set(np.unique(laid.tokens)) == {-1, 0, 1, 2, 3}
    assert (laid.pixels[laid.tokens < 0] == BEHIND).all()
    assert (laid.pixels[laid.tokens >= 0] == PLAIN).all()
    before = laid.tokens
    ground.turn(90, 20)
    assert (ground.laid(90, 60).tokens != before).any()
    behind = PointsGround(np.array([[0.0, 0, 0], [-5.0, 8.2, -6.3]]) * 0.001)
    assert len(np.unique(behind.laid(20, 20).tokens)) >= 2


def test_colours_lie_on_the_ground_by_their_alpha():
    laid = PictureGround(np.full((4, 4, 3), 100, np.uint8), (1, 2), 0, (0.0, 0.0, 4.0, 4.0)).laid(4, 4)
    table = np.zeros((256, 4), np.uint8)
    table[255] = (200, 0, 0, 255)
    table[128] = (200, 0, 0, 51)
    mixed = over(laid, np.array([255, 128], np.uint8), table)
    assert mixed[0, 0].tolist() == [200, 0, 0]
    assert mixed[0, 3].tolist() == [120, 80, 80]


def test_maps_are_pointed_at_clicked_and_turned(qtbot):
    view = Multiples("Maps")
    qtbot.addWidget(view)
    view.resize(420, 300)
    view.set_ground(PictureGround(np.zeros((60, 60, 3), np.uint8), (3, 3), 0, (0.0, 0.0, 60.0, 60.0)))
    levels = np.arange(9, dtype=np.uint8) * 28
    maps = [Multiple(name, "", levels, lut()) for name in ("One", "Two")]
    view.set_maps([*maps, Multiple("Three", "", None, lut(), instead="It has none.")], 0.75)
    with qtbot.waitExposed(view):
        view.show()
    first, second = view.map_rect(0), view.map_rect(1)
    assert first.width() == first.height() > 100
    with qtbot.waitSignal(view.hovered, check_params_cb=lambda under: under == (1, 4)):
        move(view, second.center())
    with qtbot.waitSignal(view.clicked, check_params_cb=lambda token, add: (token, add) == (8, False)):
        click(view, second.bottomRight() - QPoint(2, 2))
    plain = view.grab().toImage()
    view.set_marks((0,), 4)
    marked = view.grab().toImage()
    assert plain != marked
    assert "Three: It has none." in view.accessibleDescription()

    view.set_ground(PointsGround(np.random.default_rng(0).normal(size=(50, 3))))
    view.set_maps([Multiple("One", "", np.full(50, 200, np.uint8), lut())], 1.0)
    clicked = []
    view.clicked.connect(lambda *at: clicked.append(at))
    before = view.grab().toImage()
    centre = view.map_rect(0).center()
    drag(view, centre, centre + QPoint(60, 10))
    assert view.grab().toImage() != before
    assert clicked == []


def test_of_boxes_that_lie_upon_each_other_the_smallest_is_seen_and_words_are_nowhere():
    boxes = np.array([[0, 0, 60, 40], [np.nan] * 4, [0, 0, 30, 20], [30, 20, 60, 40.0]])
    laid = BoxesGround(np.full((40, 60, 3), 9, np.uint8), boxes).laid(6, 4)
    assert laid.tokens.tolist() == [[2] * 3 + [0] * 3] * 2 + [[0] * 3 + [3] * 3] * 2
    assert laid.bounds(1) is None
    assert laid.bounds(3) == (3, 2, 6, 4)
    same = PictureGround(np.full((40, 60, 3), 9, np.uint8), (4, 6), 0, (0.0, 0.0, 60.0, 40.0)).laid(6, 4)
    edges = [[x, y, x + 10, y + 10] for y in range(0, 40, 10) for x in range(0, 60, 10)]
    cells = BoxesGround(np.full((40, 60, 3), 9, np.uint8), np.array(edges, float)).laid(6, 4)
    assert (cells.tokens == same.tokens).all()
