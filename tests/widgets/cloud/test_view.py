"""The 3D view: what OpenGL draws is where the camera says."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QColor, QOpenGLContext, QSurface
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from headlight.widgets.base import theme
from headlight.widgets.cloud import resources, visual
from headlight.widgets.cloud.camera import Camera
from headlight.widgets.cloud.view import CloudView
from tests.widgets.cloud.views import CORNERS, GREEN, HEIGHT, RED, WIDTH, at, is_colour, paint, pixels, settle
from tests.widgets.pointer import drag, move, wheel


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
def test_a_point_is_drawn_where_the_camera_says(opened, qtbot, projection):
    view = opened(CORNERS)
    view.set_projection(projection)
    view.set_point_size(6)
    view.camera.orbit(37, 21)
    view.fit()
    settle(qtbot, view)
    red = is_colour(pixels(view), RED, 100)
    for i in range(len(CORNERS)):
        x, y, _ = view.camera.project(view._points[[i]].astype(np.float64), (WIDTH, HEIGHT))[0]
        box = np.s_[int(y) - 6 : int(y) + 7, int(x) - 6 : int(x) + 7]
        rows, columns = np.nonzero(red[box])
        assert columns.mean() + int(x) - 6 + 0.5 == pytest.approx(x, abs=0.7)
        assert rows.mean() + int(y) - 6 + 0.5 == pytest.approx(y, abs=0.7)
        assert np.ptp(columns) in (4, 5, 6)
        assert view.pick(x, y) == i
    assert red.sum() < 5 * 45


def test_the_nearer_point_hides_the_farther(opened, qtbot):
    view = opened([[0, 0, 0], [0, 1, 0], [1, 1, 0], [1, 0, 0]], [RED, GREEN, RED, GREEN])
    view.set_projection("orthographic")
    settle(qtbot, view)
    first, second = at(view, 0), at(view, 2)
    assert at(view, 1) == first
    shown = pixels(view)
    assert is_colour(shown[first.y(), first.x()], RED)
    assert is_colour(shown[second.y(), second.x()], GREEN)
    assert view.pick(first.x(), first.y()) == 0
    view.look("back")
    settle(qtbot, view)
    first = at(view, 0)
    assert is_colour(pixels(view)[first.y(), first.x()], GREEN)
    assert view.pick(first.x(), first.y()) == 1


def test_progressive_drawing_ends_with_every_point(opened, qtbot, monkeypatch):
    """30,000 points, 8,192 a piece, sent in pages, against a picture made of all of them at once."""
    monkeypatch.setattr(visual, "PAGE", 7000)
    random = np.random.default_rng(0)
    points = random.uniform(-1, 1, (30_000, 3)).astype(np.float32)
    colours = random.integers(0, 256, (len(points), 3), dtype=np.uint8)
    view = opened(points, colours)
    view._canvas._can_smooth = lambda: False
    view._canvas._cost, slow = 1.0, view._canvas._draw
    pieces = []

    def piece(layer, count, *enlarged):
        pieces.append(count)
        view._canvas._cost = 1.0  # as slow as can be
        return slow(layer, count, *enlarged)

    view._canvas._draw = piece
    view.set_point_size(1.0)
    view.camera.orbit(30, 20)
    settled = []
    view.settled.connect(lambda: settled.append(1))
    settle(qtbot, view)
    assert len(pieces) >= 4
    assert settled == [1]
    colours = colours[::-1]
    paint(view, colours)
    settle(qtbot, view)
    screen = view.camera.project(points.astype(np.float64), (WIDTH, HEIGHT))
    nearest = np.argsort(-screen[:, 2], kind="stable")
    wanted = np.zeros((HEIGHT, WIDTH, 3), int) + np.array(QColor(theme.DARK.background).getRgb()[:3])
    columns, rows = np.floor(screen[nearest, 0]).astype(int), np.floor(screen[nearest, 1]).astype(int)
    inside = (columns >= 0) & (columns < WIDTH) & (rows >= 0) & (rows < HEIGHT)
    wanted[rows[inside], columns[inside]] = colours[nearest[inside]]
    differs = (pixels(view) != wanted).any(-1)
    assert differs.mean() < 0.002  # points that fall on the border of two pixels


def test_a_view_that_went_out_of_sight_half_drawn_goes_on_when_it_is_back(opened, qtbot):
    view = opened(np.random.default_rng(0).random((300_000, 3)))
    view._canvas.redraw()
    view._canvas.repaint()
    assert not view.is_settled()
    view.hide()
    view.show()
    qtbot.waitExposed(view)
    settle(qtbot, view)


def test_while_the_camera_moves_fewer_points_are_drawn(opened, qtbot):
    points = np.random.default_rng(0).uniform(-1, 1, (200_000, 3))
    view = opened(points)
    for _ in range(2):
        view._canvas._cost = 1e-3  # so slow that only the least is drawn, whatever was measured since
        view.camera.orbit(10, 0)
        view.grab()
        few = view._canvas._gl.front.drawn
        assert few < 20_000
        assert not view.is_settled()
        assert is_colour(pixels(view), RED).any()
        qtbot.waitUntil(lambda: view._canvas._gl.back.drawn > 0)  # at rest more is drawn, out of sight
    settle(qtbot, view)
    assert view._canvas._gl.front.drawn == 200_000


def test_two_views_with_one_camera_show_the_same(opened, qtbot):
    points = np.random.default_rng(3).normal(size=(500, 3)).astype(np.float32)
    first, second = opened(points), opened(points)
    second.set_camera(first.camera)
    drag(first, QPoint(100, 100), QPoint(180, 130))
    wheel(second, QPoint(220, 140), 2)
    move(first, QPoint(1, 1))
    settle(qtbot, first, second)
    assert first.camera is second.camera
    shown = pixels(first)
    np.testing.assert_array_equal(shown, pixels(second))
    assert is_colour(shown, RED).sum() > 500


def test_colours_and_mask_show(opened, qtbot):
    points = np.random.default_rng(3).uniform(size=(4000, 3)).astype(np.float32)
    view = opened(points)
    shown = is_colour(pixels(view), RED, 100)
    assert shown.sum() > 5000
    paint(view, GREEN)
    settle(qtbot, view)
    assert not is_colour(pixels(view), RED, 100).any()
    np.testing.assert_array_equal(is_colour(pixels(view), GREEN, 100), shown)
    left = points[:, 0] < 0.5
    view.set_visible(left)
    settle(qtbot, view)
    half = is_colour(pixels(view), GREEN, 100)
    edge = view.camera.project(np.array([[0.5, 0, 0.5]]), (WIDTH, HEIGHT))[0, 0]
    assert half[:, : int(edge) - 20].sum() > 1500
    assert not half[:, int(edge) + 20 :].any()
    hidden = int(np.flatnonzero(~left)[0])
    spot = at(view, hidden)
    assert view.pick(spot.x(), spot.y()) in (None, *np.flatnonzero(left))
    assert "of 4,000" in view.accessibleDescription()
    view.set_visible(np.zeros(4000, bool))
    settle(qtbot, view)
    assert "hidden" in view._overlay.marks.message
    view.set_visible(None)
    settle(qtbot, view)
    np.testing.assert_array_equal(is_colour(pixels(view), GREEN, 100), shown)


def test_a_view_is_seen_before_a_driver_is_loaded(clean, qtbot):
    view = CloudView()
    qtbot.addWidget(view)
    view.set_points(np.array(CORNERS, np.float32))
    view.show()
    assert tuple(pixels(view)[2, 2]) == QColor(theme.DARK.background).getRgb()[:3]
    assert view._canvas._gl is None
    assert not view.is_settled()
    settle(qtbot, view)
    assert view._canvas._gl.front.drawn == len(CORNERS)


def test_only_what_changes_the_points_draws_them_anew(opened, qtbot):
    """The picture is painted by Qt: what lies over it costs no frame, and no window is made for OpenGL."""
    view = opened(CORNERS)
    frames = []
    view._canvas.painted.connect(lambda: frames.append(1))
    view.set_hovered(2)
    view.set_star(np.zeros(3), np.array(CORNERS[1:3]), np.ones(2))
    view.grab()
    QApplication.processEvents()
    assert frames == []
    view.camera.orbit(5, 5)
    view.grab()
    assert frames == [1]
    assert view.windowHandle().surfaceType() == QSurface.SurfaceType.RasterSurface


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
def test_nothing_of_a_point_is_left_out_where_none_is_looked_for(opened, qtbot, projection, monkeypatch):
    """Only the part of the picture in which the cloud's box lies is shaded."""
    view = opened(np.random.default_rng(0).uniform(-1, 1, (3000, 3)))
    view.set_projection(projection)
    view.set_point_size(12)
    view.set_size_by_depth(True)
    view._canvas._shaded = lambda moved: True  # however long it takes
    for factor in (0.3, 3.0, 2.5, 2.5):
        view.camera.zoom(factor)
        moving = pixels(view)
        settle(qtbot, view)
        still = pixels(view)
        with monkeypatch.context() as patch:
            patch.setattr(view._canvas, "_part", lambda: (0.0, 0.0, 1.0, 1.0))
            view._canvas.refresh()
            np.testing.assert_array_equal(pixels(view), still)
            view._canvas._restart = True
            view._canvas.refresh()
            np.testing.assert_array_equal(pixels(view), moving)
        settle(qtbot, view)


def sheet(y, low, high, step):
    x, z = np.meshgrid(np.arange(low, high, step), np.arange(low, high, step))
    return np.stack([x.ravel(), np.full(x.size, y), z.ravel()], 1)


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
def test_eye_dome_lighting_darkens_what_lies_behind_an_edge(opened, qtbot, projection):
    view = opened(np.concatenate([sheet(0, -0.5, 0.5, 0.02), sheet(1, -1.5, 1.5, 0.02)]), (200, 200, 200))
    view.set_projection(projection)
    view.set_point_size(9)
    settle(qtbot, view)
    plain = pixels(view)
    view.set_eye_dome(True)
    QApplication.processEvents()
    lit = pixels(view)
    x, y, _ = view.camera.project(np.array([[0.5, 0, 0]]), (WIDTH, HEIGHT))[0]
    along = np.arange(int(x) - 2, int(x) + 9)
    assert (plain[int(y), along] == 200).all()
    assert lit[int(y), along].min() < 120  # the sheet behind, beside the edge of the one in front
    for away in (-30, 40):
        assert lit[int(y), int(x) + away].min() > 190  # amid a sheet nothing is darkened
    ground = QColor(theme.DARK.background).getRgb()[:3]
    assert tuple(lit[2, 2]) == ground


def test_the_room_is_seen_through_the_wall_in_front(opened, qtbot):
    front, back = sheet(0, 0, 3, 0.03), sheet(3, 0, 3, 0.03)
    view = opened(
        np.concatenate([front, back]), np.repeat([RED, GREEN], [len(front), len(back)], axis=0), (300, 300)
    )
    view.set_size_by_depth(True)  # so that both walls are closed
    settle(qtbot, view)
    assert is_colour(pixels(view)[150, 150], RED)
    assert view.pick(150, 150) < len(front)
    view.set_cutaway(True)
    settle(qtbot, view)
    assert is_colour(pixels(view)[150, 150], GREEN)
    assert not is_colour(pixels(view), RED).any()
    assert view.pick(150, 150) >= len(front)


def test_selected_points_are_seen_through_others(opened, qtbot):
    view = opened(np.concatenate([sheet(0, -1, 1, 0.02), [[0, 1, 0]], [[0.5, -0.2, 0.5]]]), (120, 120, 120))
    view.set_point_size(6)
    settle(qtbot, view)
    n = len(view._points)
    behind, before = at(view, n - 2), at(view, n - 1)
    assert is_colour(pixels(view)[behind.y(), behind.x()], (120, 120, 120))
    view.set_selected([n - 1, n - 2])
    QApplication.processEvents()
    shown = pixels(view)
    amber = QColor(theme.DARK.amber).getRgb()[:3]
    assert is_colour(shown[before.y(), before.x()], amber, 3)
    red, green, blue = shown[behind.y(), behind.x()]
    assert red > green > blue  # fainter than what is seen, but amber
    assert red - blue > 60
    line = shown[before.y(), before.x() - 9 : before.x() + 10].sum(-1)
    assert line.min() < 120  # a dark rim
    view.set_selected([])
    QApplication.processEvents()
    assert is_colour(pixels(view)[before.y(), before.x()], (120, 120, 120))


@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_star_is_as_wide_as_its_weights(opened, qtbot, qapp, name):
    theme.apply(qapp, name)
    ends = [[4, 0, 0], [4, 0, 3], [0, 0, 3]]
    view = opened([[0, 0, 0], *ends], (128, 128, 128))
    assert is_colour(pixels(view)[3, 200], QColor(theme.current().background).getRgb()[:3], 1)
    plain = pixels(view, overlay=True)
    view.set_star(np.zeros(3), np.array(ends), np.array([0.5, 0.1, 0.4]))
    changed = (np.abs(pixels(view, overlay=True) - plain).max(-1)) > 30

    def width(end):
        """Changed pixels across the middle of a line."""
        centre, stop = (
            view.camera.project(np.array([p], float), (WIDTH, HEIGHT))[0] for p in ([0, 0, 0], end)
        )
        middle, across = (centre + stop)[:2] / 2, np.array([stop[1] - centre[1], centre[0] - stop[0]])
        steps = middle + across / np.hypot(*across) * np.arange(-9, 9.1, 0.25)[:, None]
        return changed[steps[:, 1].astype(int), steps[:, 0].astype(int)].sum() / 4

    first, second, third = (width(end) for end in ends)
    assert first > third > second > 0.5
    assert first == pytest.approx(9, abs=1.5)
    view.set_star(None)
    np.testing.assert_array_equal(pixels(view, overlay=True), plain)
    with pytest.raises(ValueError, match="3 ends and 2 weights"):
        view.set_star(np.zeros(3), np.array(ends), np.ones(2))


def test_the_theme_shows_at_once(opened, qtbot, qapp):
    view = opened(CORNERS)
    theme.apply(qapp, "light")
    QApplication.processEvents()
    assert tuple(pixels(view)[2, 2]) == QColor(theme.LIGHT.background).getRgb()[:3]


@pytest.mark.parametrize("points", [[], [[1, 2, 3]], [[5, 5, 5]] * 3, [[0, 0, z] for z in range(4)]])
def test_clouds_without_extent(opened, qtbot, points):
    view = opened(np.array(points).reshape(-1, 3))
    for name in ("top", "iso", "front"):
        view.look(name)
        drag(view, QPoint(200, 100), QPoint(230, 130))
        wheel(view, QPoint(200, 150), 1)
    view.set_cutaway(True)
    view.fit()
    settle(qtbot, view)
    if points:
        view.set_cutaway(False)
        settle(qtbot, view)
        assert is_colour(pixels(view), RED, 100).sum() > 5
        view.set_points(np.zeros((0, 3), np.float32))
        settle(qtbot, view)
    assert view._overlay.marks.message
    assert not is_colour(pixels(view), RED, 100).any()


def test_wrong_arrays_are_refused(opened):
    view = opened(CORNERS)
    with pytest.raises(ValueError, match="finite"):
        view.set_points(np.array([[0, 0, np.nan]], np.float32))
    with pytest.raises(ValueError, match=r"\(3, 3\) is not \(5, 3\)"):
        view.set_colours(np.zeros((3, 3), np.uint8))
    with pytest.raises(ValueError, match=r"\(4,\) is not \(5,\)"):
        view.set_visible(np.ones(4, bool))
    view.set_points(np.array(CORNERS[:2], np.float32))
    assert view.accessibleDescription() == "2 points"


@pytest.mark.parametrize("lacking", ["create", "makeCurrent"])
def test_without_opengl_it_says_so_and_nothing_else_fails(opened, qtbot, monkeypatch, lacking):
    class Lacking(QOpenGLContext):
        pass

    setattr(Lacking, lacking, lambda self, *given: False)
    monkeypatch.setattr(resources, "QOpenGLContext", Lacking)
    view = opened(CORNERS)
    view.set_points(np.array(CORNERS, np.float32))
    paint(view, GREEN)
    view.set_selected([1])
    view.camera.orbit(10, 10)
    assert view.is_settled()
    assert "OpenGL cannot draw" in view._overlay.marks.message
    assert tuple(pixels(view)[2, 2]) == QColor(theme.DARK.background).getRgb()[:3]


def test_a_window_holds_the_picture_and_leaves_nothing(clean, qtbot, opened):
    window = QWidget()
    qtbot.addWidget(window)
    view = CloudView(camera=Camera())
    layout = QHBoxLayout(window)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(view)
    window.resize(WIDTH, HEIGHT)
    view.set_points(np.array(CORNERS, np.float32))
    paint(view, RED)
    assert view.is_settled()  # nothing waits for what is out of sight
    window.show()
    qtbot.waitExposed(window)
    settle(qtbot, view)
    image = window.grab().toImage()
    spot = at(view, 4)
    assert image.pixelColor(spot).red() > 150
    camera = view.camera
    assert len(camera.changed) == 1
    window.close()
    layout.removeWidget(view)
    view.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    del view
    camera.orbit(10, 10)
    assert len(camera.changed) == 0


def test_vispy_brings_no_handler_of_messages_and_no_event_loop():
    code = (
        "import sys, headlight.widgets.cloud.view;"
        "print(*[m for m in sys.modules if m.startswith(('vispy.app', 'vispy.scene'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("name", ["dark", "light"])
def test_a_box_is_drawn_by_its_edges_and_ends_where_the_cloud_does(opened, qapp, name):
    theme.apply(qapp, name)
    view = opened([[0, 0, 0], [4, 0, 0], [4, 4, 3]], (128, 128, 128))
    plain = pixels(view, overlay=True)
    view.set_box(np.array([[1, 1, -np.inf], [3, 3, np.inf]]))
    changed = (np.abs(pixels(view, overlay=True) - plain).max(-1)) > 30
    middle = np.array([[1, 1, 1.5], [3, 1, 1.5], [2, 1, 0], [2, 3, 3]])  # of four edges
    for x, y, _ in view.camera.project(middle, (WIDTH, HEIGHT)):
        assert changed[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2].any()
    x, y, _ = view.camera.project(np.array([[3.6, 1, 1.5]]), (WIDTH, HEIGHT))[0]
    assert not changed[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2].any()
    view.set_box(None)
    np.testing.assert_array_equal(pixels(view, overlay=True), plain)


def test_only_a_cloud_without_points_is_called_one(qtbot):
    view = CloudView()
    qtbot.addWidget(view)
    said = [view._overlay.marks.message]
    for points in (np.zeros((0, 3), np.float32), np.ones((4, 3), np.float32)):
        view.set_points(points)
        said.append(view._overlay.marks.message)
        view.clear()
        said.append(view._overlay.marks.message)
    assert said == ["", "No points to show.", "", "", ""]
