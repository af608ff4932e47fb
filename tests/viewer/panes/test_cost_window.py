"""The page of costs: closed forms at once, measuring when asked, cancel, undo, what is marked and said."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QWidget

from headlight.models.core.costs import (
    KINDS,
    LAYERS,
    LeftOut,
    Measurements,
    Point,
    Setup,
    amount,
    live_bytes,
    operations,
)
from headlight.models.core.task import Task
from headlight.viewer.app.bridge import Bridge
from headlight.viewer.inputs import inputs
from headlight.viewer.panes.shared.desk import Desk
from headlight.viewer.panes.shared.log_handler import LogHandler
from headlight.viewer.registry import REGISTRY, Pane
from headlight.viewer.session.jobs import Jobs
from headlight.viewer.session.session import RunOptions, Session
from headlight.viewer.session.view import CostSettings, View
from headlight.viewer.slices import cost_maps
from headlight.viewer.slices.cost_maps import of_dot
from headlight.widgets.base import theme
from headlight.widgets.controls.readout import NOTHING
from tests.viewer.given import text_tokens, trace_of

WAIT = 60_000
TINY = {"width": 64, "heads": 2, "shortest": 16, "longest": 64}


@pytest.fixture
def settled(qtbot):
    def wait(pane) -> None:
        qtbot.waitUntil(lambda: not pane._turn.is_due and not pane.jobs.running(), timeout=WAIT)

    return wait


@pytest.fixture
def opened(qtbot, qapp):
    """(session, pane, controls, numbers): the page alone, of a text that no model has read."""
    theme.apply(qapp, "dark")
    session, bridge = Session(), Bridge()
    jobs = Jobs(bridge.post)
    desk, entries = Desk(session, jobs, None, LogHandler(), None, bridge), REGISTRY.all(Pane)
    pane, controls, numbers = (desk.make(entries[id_]) for id_ in ("cost", "cost-settings", "numbers"))
    frame = QWidget()
    qtbot.addWidget(frame)
    row = QHBoxLayout(frame)
    for one in (pane, controls, numbers):
        row.addWidget(one.widget)
    frame.resize(1600, 700)
    frame.show()
    qtbot.waitExposed(frame)
    session.add(inputs.from_text("a great serve"), RunOptions())
    session.set_page("cost")
    qtbot.waitUntil(lambda: bridge.is_empty() and not jobs.running(), timeout=WAIT)
    yield session, pane, controls, numbers.widget
    frame.hide()
    jobs.close()


@pytest.fixture(autouse=True)
def _one_thread():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_window_measures_when_asked_and_shows_its_numbers_beside(make_window, qtbot):
    window = make_window(run=False)
    window.runs.open_text("a great serve")
    qtbot.waitUntil(lambda: window.session.current is not None, timeout=WAIT)
    window.actions_.run("page-cost")
    pane = window.deck.panes["cost"]
    assert pane.widget.isVisible()
    seen = {name for name, dock in window.deck.docks.items() if dock.isVisible()}
    assert seen == {"cost", "cost-settings", "numbers"}
    qtbot.waitUntil(window.is_idle, timeout=WAIT)
    window.session.change(CostSettings, **TINY)
    window.deck.panes["cost-settings"].button.click()
    qtbot.waitUntil(window.is_idle, timeout=WAIT)
    assert len(pane.found().points) == 12
    assert window.topbar.page.value() == "cost"


def test_closed_forms_are_there_at_once_and_nothing_is_measured_unasked(opened):
    _, pane, controls, numbers = opened
    assert pane.found() is None
    assert not pane.is_measuring()
    curves = pane.time._curves
    names = ["Self-attention", "LSTM", "Convolution", "Restricted attention"]
    assert [curve.name for curve in curves] == [row[0] for row in pane.table.texts()] == names
    assert all(curve.dashed for curve in curves)
    for curve, layer in zip(curves, LAYERS, strict=True):
        np.testing.assert_array_equal(curve.n, 2.0 ** np.arange(6, 13))
        np.testing.assert_array_equal(curve.values, operations(layer, curve.n, 512))
    assert [mark.n for mark in pane.time._crossings] == [512, 1536]
    weights = pane.memory._curves[1]
    np.testing.assert_array_equal(weights.values, live_bytes("attention", True, weights.n, 512, 8))
    assert controls.device.count() >= 1
    assert controls.button.text() == "Measure"
    assert pane.table.caption() == "n tokens, d = 512, k = 3, r = 64"
    assert pane.table.texts()[0] == ["Self-attention", "n²·d", "1", "1"]
    # The row of attention: n²·d = 4096² · 512; of convolution: ⌈log₃ 4096⌉ = 8 and ⌈4096 / 3⌉ = 1,366.
    assert list(numbers.figures("operations")) == names
    assert numbers.title("operations") == "Operations, n = 4,096"
    assert numbers.figures("operations")["Self-attention"] == "8.59 G"
    assert numbers.figures("sequential")["LSTM"] == "4,096"
    assert numbers.figures("path")["Convolution"] == "8, 1,366"
    assert set(numbers.figures("pointed").values()) == {NOTHING}


def test_a_measurement_on_request_fills_both_plots_and_the_crossings(opened, settled):
    session, pane, controls, numbers = opened
    session.change(CostSettings, **TINY)
    settled(pane)
    QTest.mouseClick(controls.button, Qt.MouseButton.LeftButton)
    assert pane.is_measuring()
    assert controls.button.text() == "Cancel"
    settled(pane)
    found = pane.found()
    assert found.done
    assert {(point.kind, point.n) for point in found.points} == {(k, n) for k in KINDS for n in (16, 32, 64)}
    solid = [curve for curve in pane.time._curves if not curve.dashed]
    assert [curve.name for curve in solid] == ["Self-attention", "with weights", "LSTM", "Convolution"]
    named = {curve.name for curve in pane.time._curves if curve.named}
    assert named == {curve.name for curve in solid} | {"Restricted attention"}  # which nobody measures
    for curve, kind in zip(solid, KINDS, strict=True):
        np.testing.assert_array_equal(curve.values, found.seconds(kind)[1])
    measured = next(curve for curve in pane.memory._curves if curve.name == "with weights")
    np.testing.assert_array_equal(measured.values, live_bytes("attention", True, measured.n, 64, 2))
    assert controls.button.text() == "Measure"
    assert NOTHING not in numbers.figures("crossings").values()
    assert found.device in pane.time_said.text()

    # Other layers have other costs; going back brings these, not a new measurement.
    session.change(CostSettings, kernel=5)
    assert pane.found() is None
    assert all(curve.dashed for curve in pane.time._curves)
    session.undo()
    assert pane.found() is not None
    session.change(CostSettings, shortest=32)
    assert {point.n for point in pane.found().points} == {32, 64}


class Gate:
    """Stands in for `measure`: hands out one part, then waits until the task is cancelled."""

    def __init__(self):
        self.parted, self.ended = threading.Event(), threading.Event()

    def __call__(self, setup: Setup, seconds: float, task: Task) -> Measurements:
        task.partial(Measurements(setup, tuple(Point(kind, 16, 1e-3, 1, 10) for kind in KINDS), (), "CPU"))
        self.parted.set()
        try:
            while True:
                task.check()
                threading.Event().wait(0.005)
        finally:
            self.ended.set()


def test_cancel_keeps_what_was_measured_so_far(opened, qtbot, monkeypatch):
    session, pane, controls, _ = opened
    gate = Gate()
    monkeypatch.setattr("headlight.models.cost.measuring.measure", gate)
    session.change(CostSettings, **TINY)
    controls.button.click()
    qtbot.waitUntil(lambda: pane.found() is not None, timeout=WAIT)
    assert pane.is_measuring()
    controls.button.click()
    assert not pane.is_measuring()
    assert controls.button.text() == "Measure"
    qtbot.waitUntil(gate.ended.is_set, timeout=WAIT)
    assert len(pane.found().points) == 4
    assert not pane.found().done


def test_another_width_gives_the_running_measurement_up(opened, qtbot, monkeypatch):
    session, pane, controls, _ = opened
    gate = Gate()
    monkeypatch.setattr("headlight.models.cost.measuring.measure", gate)
    controls.button.click()
    qtbot.waitUntil(gate.parted.is_set, timeout=WAIT)
    controls.width._slider.setValue(0)
    assert session.view[CostSettings].width == 64
    qtbot.waitUntil(gate.ended.is_set, timeout=WAIT)
    assert not pane.is_measuring()


def test_controls_change_settings_and_undo_moves_them_back(opened):
    session, pane, controls, numbers = opened
    QTest.mouseClick(controls.heads._group.button(2), Qt.MouseButton.LeftButton)
    controls.lengths._slider.set_value(5, 10)
    controls.lengths._slider.changed.emit(5, 10)
    QTest.mouseClick(controls.terms._group.button(1), Qt.MouseButton.LeftButton)
    settings = session.view[CostSettings]
    assert (settings.heads, settings.shortest, settings.longest, settings.terms) == (4, 32, 1024, "all")
    assert controls.lengths._field.text() == "32 to 1k"
    assert [mark.label for mark in pane.time._crossings] == ["n = 2·d = 1,024"]
    # With projections attention is dearer than k = 3 at any length.
    assert numbers.figures("crossings")["Convolution"] == "none"
    assert numbers.figures("crossings")["LSTM"] == "2·d = 1,024"
    for _ in range(3):
        session.undo()
    assert session.view[CostSettings] == CostSettings()
    assert (controls.heads.value(), controls.terms.value(), controls.lengths.value()) == (8, "table", (6, 12))


def test_the_numbers_are_of_the_open_document_or_of_the_dot_under_the_cursor(opened, settled):
    session, pane, _, numbers = opened
    session.update(session.current, trace=trace_of(text_tokens(*"abcdefgh")))
    settled(pane)
    assert pane.time._own == pane.memory._own == (10, "this text")
    assert numbers.title("path") == "Longest path, n = 10"
    assert pane.time._curves[0].n[0] == 10
    pane.time._point((1, 3))
    n = pane.time.length((1, 3))
    assert pane.memory.length(pane.memory.pointed()) == n == 256
    assert numbers.title("path") == "Longest path, n = 256"
    of = {"Of": "LSTM", "Tokens": "256", "Operations": amount(256 * 512**2, "operations"), "Time": NOTHING}
    assert numbers.figures("pointed").items() >= of.items()
    assert numbers.figures("pointed")["Operations"] == numbers.figures("operations")["LSTM"]
    session.change(CostSettings, width=64)  # the dot stays under the cursor
    assert numbers.figures("pointed")["Operations"] == amount(256 * 64**2, "operations")
    pane.time._point((len(pane.time._curves), 0))
    assert (numbers.figures("pointed")["Tokens"], numbers.title("path")) == ("64", "Longest path, n = 64")
    assert numbers.figures("pointed")["Of"] == "crossing, closed forms"
    pane.time._point(None)
    assert pane.memory.pointed() is None
    assert set(numbers.figures("pointed").values()) == {NOTHING}
    assert numbers.title("path") == "Longest path, n = 10"


def test_what_was_measured_is_said_of_the_very_length_alone():
    setup, settings = Setup((16, 64)), CostSettings(shortest=16, longest=64)
    found = Measurements(setup, (Point("weights", 16, 2e-3, 10, 4_000),), (), "CPU")
    said = of_dot(settings, found, "weights", 16)
    assert (said["Of"], said["Time"], said["Memory"]) == ("with weights", "2 ms", "4 kB")
    assert said["Tensors"] == amount(live_bytes("attention", True, 16, 512, 8), "B")
    assert of_dot(settings, found, "weights", 32)["Time"] == NOTHING
    assert of_dot(settings, found, "restricted", 16).keys() == {"Of", "Tokens", "Operations"}


def test_what_is_left_out_is_said_once_for_each_layer():
    left = (
        LeftOut("weights", 8192, "it could take 5 GB, more than half of the 8 GB that are free"),
        LeftOut("weights", 16384, "it could take 20 GB, more than half of the 8 GB that are free"),
        LeftOut("recurrent", 16384, "it would take about 9 s, and 3 s are left", slow=True),
        LeftOut("fused", 32768, "the time is up", slow=True),
    )
    found = Measurements(Setup((16,)), (Point("fused", 16, 1e-3, 1, 9),), left)
    settings = CostSettings(shortest=16, longest=16384)
    assert cost_maps.notes(found, settings) == [
        f"Attention with weights at 8k, 16k left out: {left[0].why}.",
        "LSTM at 16k left out: it would take about 9 s, and 3 s are left.",
        "A longer time limit lets them run.",
    ]
    assert cost_maps.notes(found, CostSettings(shortest=16, longest=1024)) == []
    assert cost_maps.notes(None, settings) == []


def test_crossings_in_words_and_on_the_curves():
    taken = {"fused": 1.0, "weights": 9.0, "recurrent": 4.0, "convolution": 0.5}
    points = tuple(
        Point(kind, n, base * (n / 64) ** (2 if kind == "fused" else 1), 5, 9)
        for kind, base in taken.items()
        for n in (64, 128, 256, 512)
    )
    settings = CostSettings(width=128, longest=512)
    found = Measurements(Setup((64, 128, 256, 512), 128), points)
    rows = cost_maps.crossing_rows(settings, found)
    assert [(row.name, row.formula, row.closed) for row in rows] == [
        *(("LSTM", "d", "128"), ("Convolution", "k·d", "384")),
    ]
    assert rows[0].measured == ("256", "< 64")
    assert rows[1].measured == ("< 64", "< 64")
    marks = cost_maps.time_crossings(settings, found, None)
    assert [(mark.label, mark.measured) for mark in marks] == [
        *(("n = d = 128", False), ("n = k·d = 384", False), ("n ≈ 256", True)),
    ]
    assert marks[2].value == pytest.approx(16)
    # Closed forms run at the speed of the fastest: on them the mark of n = d lies too.
    speed = cost_maps.rate(settings, found)
    assert speed == pytest.approx(
        max(operations("convolution", 512, 128) / 4, operations("attention", 512, 128) / 64)
    )
    assert marks[0].value == pytest.approx(operations("recurrent", 128, 128) / speed)
    later = Measurements(Setup((64,), 128), tuple(p for p in points if p.n == 64))
    assert cost_maps.crossing_rows(settings, later)[0].measured == ("> 64", "< 64")


def test_without_a_document_settings_stay():
    session = Session()
    session.change(CostSettings, width=64)
    assert session.view == View()
