"""The window keeps its size and place, on whatever screens there are, whatever is opened."""

from __future__ import annotations

import itertools
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMargins, QPoint, QRect, Qt
from PySide6.QtGui import QSurface
from PySide6.QtTest import QTest

from headlight.viewer.app.layout import geometry
from headlight.viewer.inputs.inputs import StackInput, from_pixels, from_text
from headlight.viewer.session.session import RunOptions
from tests.viewer.given_cloud import room

FRAME = QMargins(4, 30, 4, 4)
SCREENS = [QRect(0, 0, 1366, 768), QRect(1366, 0, 1920, 1080)]


@settings(deadline=None)
@given(st.integers(-3000, 5000), st.integers(-3000, 5000), st.integers(1, 4000), st.integers(1, 4000))
def test_a_place_lies_on_one_screen_with_its_frame_and_moves_no_more_than_that_takes(x, y, width, height):
    wanted = QRect(x, y, width, height)
    place = geometry.fit(wanted, SCREENS, FRAME)
    assert any(screen.contains(place.marginsAdded(FRAME)) for screen in SCREENS)
    assert place.width() <= width
    assert place.height() <= height
    if any(screen.contains(wanted.marginsAdded(FRAME)) for screen in SCREENS):
        assert place == wanted
    assert geometry.fit(place, SCREENS, FRAME) == place


def documents() -> dict:
    """One of each kind, as small as can be."""
    pixels = np.zeros((40, 60, 3), np.uint8)
    return {
        "text": from_text("a great serve from Djokovic won the match"),
        "image": from_pixels(pixels),
        "points": room(300),
        "stack": StackInput(),
    }


def panes_lie_well(window) -> None:
    """Every pane in sight lies within the deck, on no other, and is of some use."""
    deck = window.deck
    deck.layout().activate()
    rects = {name: dock.geometry() for name, dock in deck.docks.items() if dock.isVisible()}
    assert rects
    for name, rect in rects.items():
        assert deck.rect().contains(rect), (name, rect, deck.rect())
        assert min(rect.width(), rect.height()) > 60, (name, rect)
    for one, other in itertools.combinations(rects, 2):
        assert not rects[one].intersects(rects[other]), (one, other)


@pytest.mark.parametrize(
    ("order", "size"),
    [
        ("text image points stack text", (1358, 724)),
        ("points text stack image", (1024, 700)),
        ("text image points stack text", (700, 500)),
    ],
)
def test_whatever_is_opened_the_window_keeps_its_size_and_its_native_window(make_window, qtbot, size, order):
    window = make_window(run=False)
    window.resize(*size)
    native = int(window.winId())
    kinds = documents()
    for kind in order.split():
        window.session.add(kinds[kind], RunOptions())
        for page in list(window.session.current.pages):
            window.session.set_page(page)
            qtbot.wait(1)
            assert (window.width(), window.height()) == size
            panes_lie_well(window)
    assert int(window.winId()) == native
    assert window.windowHandle().surfaceType() == QSurface.SurfaceType.RasterSurface


def shares(deck, *names: str) -> list[float]:
    deck.layout().activate()
    widths = [deck.docks[name].width() for name in names]
    return [width / sum(widths) for width in widths]


def drag_separator(deck, after: str, by: int) -> None:
    place = deck.docks[after].geometry()
    start = QPoint(place.right() + 3, place.center().y())
    QTest.mouseMove(deck, start)
    QTest.mousePress(deck, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 5):
        QTest.mouseMove(deck, start + QPoint(by * step // 4, 0))
        QTest.qWait(5)
    QTest.mouseRelease(deck, Qt.MouseButton.LeftButton, pos=start + QPoint(by, 0))


def test_a_layout_made_at_one_size_comes_back_in_proportion_at_another(make_window, qtbot):
    window = make_window(run=False)
    window.resize(1400, 900)
    window.session.add(documents()["text"], RunOptions())
    qtbot.wait(1)
    row = ("heads", "matrix", "relevance")
    before = shares(window.deck, *row)
    drag_separator(window.deck, "heads", 150)
    mine = shares(window.deck, *row)
    assert mine[0] > before[0] + 0.1
    for width, height in ((700, 500), (1800, 1000), (1500, 700)):  # the smallest must leave no trace
        window.resize(width, height)
        qtbot.wait(1)
        panes_lie_well(window)
    assert shares(window.deck, *row) == pytest.approx(mine, abs=0.02)
    window.session.set_page("cost")
    window.close()

    later = make_window(run=False)
    later.resize(1450, 800)
    later.session.add(documents()["text"], RunOptions())
    qtbot.wait(1)
    assert (later.width(), later.height()) == (1450, 800)
    assert shares(later.deck, *row) == pytest.approx(mine, abs=0.02)
    later.reset_layout()
    qtbot.wait(1)
    assert shares(later.deck, *row) == pytest.approx(before, abs=0.02)


def test_a_default_layout_follows_the_window_and_is_not_kept(make_window, qtbot):
    window = make_window(run=False)
    window.session.add(documents()["image"], RunOptions())
    for page in list(window.session.current.pages):
        window.session.set_page(page)
    window.close()
    assert not [key for key in window.settings.allKeys() if key.startswith("layout/")]


def test_what_was_kept_badly_is_the_default_layout(make_window, qtbot):
    window = make_window(run=False)
    for kept in ("", "[]", '{"panes": {"heads": [1]}, "unwanted": []}', '{"panes": 3}'):
        window.settings.setValue("layout/text/attention/room", kept)
        window.settings.setValue("layout/text/attention/docks", window.saveState())
        window.session.add(documents()["text"], RunOptions())
        panes_lie_well(window)
        window.session.add(documents()["stack"], RunOptions())


def test_a_text_takes_the_lines_it_has(make_window, settled):
    window = make_window(run=False)
    window.resize(1300, 900)
    heights = []
    for text in ("one line of text", "some words of a text " * 12, "some words of a text " * 300):
        window.session.add(from_text(text), RunOptions())
        settled(window)
        strip = window.deck.panes["sentence"].strip
        assert strip.heightForWidth(strip.width()) <= strip.height() or len(heights) == 2
        heights.append(window.deck.docks["sentence"].height())
    assert heights[0] < heights[1] < heights[2] < window.deck.height() / 2
    assert heights[0] < 150


@pytest.fixture
def manager(qtbot):
    """openbox: windows float, with a title bar."""
    openbox = subprocess.Popen(["openbox", "--sm-disable"], stderr=subprocess.DEVNULL)
    qtbot.wait(300)
    assert openbox.poll() is None, "no window manager: is another one running on this display?"
    yield
    openbox.terminate()
    openbox.wait(10)


def test_place_size_and_state_are_there_again_after_a_restart(manager, make_window, qtbot):
    window = make_window(run=False)
    available = window.screen().availableGeometry()
    assert available.contains(window.frameGeometry())
    place = QRect(140, 90, 900, 600)
    window.setGeometry(place)
    qtbot.waitUntil(lambda: window.geometry() == place)
    window.close()
    for state in ("showMaximized", "showFullScreen"):
        window = make_window(run=False)
        qtbot.waitUntil(lambda window=window: window.geometry() == place)
        getattr(window, state)()
        qtbot.waitUntil(lambda window=window: window.width() > 1900)
        window.close()
        again = make_window(run=False)
        qtbot.waitUntil(lambda again=again: again.width() > 1900)
        assert (again.isMaximized(), again.isFullScreen()) == (
            state == "showMaximized",
            state == "showFullScreen",
        )
        again.showNormal()
        qtbot.waitUntil(lambda again=again: again.geometry() == place)
        again.close()


def test_a_place_on_a_screen_that_is_gone_is_brought_back(make_window, qtbot):
    window = make_window(run=False)
    window.setGeometry(9000, 50, 3000, 2500)
    window.close()
    again = make_window(run=False)
    assert again.screen().availableGeometry().contains(again.geometry())
