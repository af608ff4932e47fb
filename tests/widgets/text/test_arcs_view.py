"""Lines between two columns: where labels stand, what is bright, and what is painted once."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint

from headlight.widgets.text.arcs_view import ArcsView
from tests.widgets.pointer import click, move, wheel

RED, GREEN = (255, 0, 0), (0, 255, 0)


def view_of(show, tokens: int = 4):
    view = show(ArcsView(), 400, 300)
    labels = [f"token{index}" for index in range(tokens)]
    special = np.zeros(tokens, bool)
    view.set_tokens(labels, labels, (special, special))
    links = np.array([[0, 1, 1], [0, 0, 2], [0, 3, 1]])
    view.set_links(links, np.array([1.0, 0.9, 0.5], np.float32), np.array([RED, GREEN], np.uint8))
    return view


def colour_at(view, x: float, y: float):
    return view.viewport().grab().toImage().pixelColor(round(x), round(y)).getRgb()[:3]


def test_lines_join_what_looks_and_is_looked_at_and_a_pointed_token_keeps_its_own(show):
    view = view_of(show)
    across = view.viewport().width() / 2
    level = [view.spot_rect("query", index).center().y() for index in range(4)]
    red, green = colour_at(view, across, level[0]), colour_at(view, across, (level[0] + level[3]) / 2)
    assert red[0] > 150 > red[1]
    assert green[1] > 120 > green[0]
    view.set_hovered(("key", 3))
    assert colour_at(view, across, (level[0] + level[3]) / 2)[1] > 120
    assert max(colour_at(view, across, level[0])) < 90
    view.set_hovered(None)
    view.set_selected([], [1])
    assert colour_at(view, across, (level[2] + level[1]) / 2)[1] > 90
    assert max(colour_at(view, across, level[0])) < 90


def test_labels_are_pointed_at_and_clicked(show):
    view, heard = view_of(show), []
    view.hovered.connect(heard.append)
    view.clicked.connect(lambda *said: heard.append(said))
    place = view.spot_rect("key", 2).center().toPoint()
    move(view, place)
    click(view, place)
    move(view, QPoint(view.viewport().width() // 2, 100))
    assert heard == [("key", 2), ("key", 2, False), None]


def test_pieces_are_painted_once_and_again_for_other_links(show, qtbot):
    view = view_of(show, 300)
    view.viewport().grab()
    qtbot.waitUntil(lambda: not view._ahead.isActive())
    pieces = dict(view._tiles)
    wheel(view, QPoint(200, 100), -1)
    assert view.verticalScrollBar().value() > 0
    view.set_hovered(("query", 0))
    view.viewport().grab()
    assert all(view._tiles[number] is piece for number, piece in pieces.items())
    view.set_links(np.zeros((3, 0), int), np.zeros(0, np.float32), np.zeros((0, 3), np.uint8))
    assert not view._tiles
