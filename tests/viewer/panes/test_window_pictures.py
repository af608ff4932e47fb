"""A picture in a real window with the bundled model: patches, rollout, saliency, read-outs."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSlider

from headlight.models.core.interventions import Hide
from headlight.models.core.settings import RolloutSettings
from headlight.models.core.tokens import Box
from headlight.models.explain.of_target.gradients import times_input
from headlight.models.explain.targets import placed, targets_at
from headlight.viewer.inputs.inputs import ImageInput
from headlight.viewer.panes.attention.picture import ARTIFACTS_NAMED
from headlight.viewer.session.session import Hover, RunOptions
from headlight.viewer.session.view import MapSettings, RolloutQuery, Selection
from headlight.widgets.base.cursor_tip import read_out
from tests.viewer import given
from tests.viewer.cloud_windows import answered, pane
from tests.viewer.linked import click, numbers, traced
from tests.widgets.pointer import move


def test_a_picture_and_its_patches(image_window, settled):
    window = image_window
    trace = traced(window)
    assert trace.tokens.grid == (16, 24)
    picture = pane(window, "picture")
    box = trace.tokens.place(trace.tokens.index(5, 7))
    middle = picture.view.to_widget((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
    click(picture.view, middle)
    settled(window)
    assert window.session.view[Selection].queries == (box,)
    index = trace.tokens.index(5, 7)
    np.testing.assert_array_equal(picture.result.values, trace.layers[11].row(0, index)[1])
    assert [chip.label for chip in picture.chips.chips()] == ["[CLS]", "patch (5, 7)"]
    window.actions_.run("clear")
    settled(window)
    np.testing.assert_array_equal(picture.result.values, trace.layers[11].row(0, 0)[1])


def test_a_right_click_on_a_patch_offers_to_hide_it_and_a_drag_pans(image_window, settled):
    window = image_window
    picture, tokens = pane(window, "picture"), traced(window).tokens
    box = tokens.place(tokens.index(5, 7))
    middle = picture.view.to_widget((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
    right, area = Qt.MouseButton.RightButton, picture.view
    QTest.mousePress(area, right, pos=middle.toPoint())
    move(area, middle.toPoint() + QPoint(60, 0), right)
    QTest.mouseRelease(area, right, pos=middle.toPoint() + QPoint(60, 0))
    assert not picture.menu.actions()
    QTest.mouseClick(area, right, pos=middle.toPoint())
    assert window.session.view[Selection].queries == (box,)
    hide, swap = picture.menu.actions()
    assert (hide.text(), hide.isEnabled()) == ("Hide it from the model", True)
    assert not swap.isEnabled()
    picture.menu.close()
    hide.trigger()
    settled(window)
    assert window.session.current.made.interventions == (Hide((box,)),)


def test_the_short_side_goes_back_to_a_small_one_that_a_model_was_made_for(make_window, settled, qtbot):
    window = make_window(model="small-clip")
    window.runs.open_pixels(np.zeros((40, 60, 3), np.uint8), "A picture")
    settled(window)
    size, document = pane(window, "settings").size, window.session.current
    assert (size.value(), size.note()) == (96, "")
    window.runs.change(document, size=224)
    settled(window)
    assert size.value() == 224
    size._slider.setValue(0)
    qtbot.waitUntil(lambda: document.options.size == 96)
    assert min(document.trace.shapes["pixel_values"][1:]) == 96


def test_the_picture_stays_where_it_is_whatever_is_selected_in_it(image_window, settled):
    window = image_window
    picture, tokens = pane(window, "picture"), window.session.current.trace.tokens
    before = picture.view.geometry()
    for count in (1, 3, 40, 384):
        window.session.select(queries=[tokens.place(index) for index in range(1, 1 + count)])
        settled(window)
        assert picture.view.geometry() == before, count
    assert [chip.label for chip in picture.chips.chips()] == ["[CLS]", "mean of all patches"]


def test_pointing_at_a_head_previews_it_on_the_picture(image_window, settled):
    window = image_window
    trace, picture = traced(window), pane(window, "picture")
    window.session.set_hover(Hover(layer=3, head=4))
    settled(window)
    np.testing.assert_array_equal(picture.result.values, trace.layers[3].row(4, 0)[1])
    window.session.set_hover(Hover())
    settled(window)
    np.testing.assert_array_equal(picture.result.values, trace.layers[11].row(0, 0)[1])


def test_rollout_saliency_and_mass_mask_on_the_picture(image_window, settled, monkeypatch):
    window = image_window
    picture, relevance = pane(window, "picture"), pane(window, "relevance")
    assert relevance.result.values.sum() == pytest.approx(1, abs=1e-4)
    assert numbers(window, "beside")["Of"] == "[CLS]"
    copied = []
    for pointed in (False, True):
        monkeypatch.setattr(relevance.widget, "underMouse", lambda pointed=pointed: pointed)
        window.actions_.run("copy-numbers")
        copied.append(QGuiApplication.clipboard().text())
    assert copied == [picture.table(), relevance.table()]
    window.session.change(MapSettings, mass=0.6)
    settled(window)
    for one in (picture, relevance):
        assert 0 < one.result.mask.sum() < one.result.mask.size
    window.switch_pane("relevance")
    assert not window.deck.shows("relevance")
    window.actions_.run("show-saliency")
    settled(window)
    assert window.deck.shows("relevance")
    assert (picture.result.at, relevance.query_row.isVisible()) == ((11, 0), False)
    assert relevance.read_at(150, 100).startswith("saliency\t0.")
    saliency = relevance.result.values
    assert saliency.shape == (224, 336)
    cup, corner = saliency[60:170, 90:250].mean(), saliency[:30, :30].mean()
    assert cup > 0.6 > 0.2 > corner


def test_places_outlive_another_size_of_the_picture(image_window, settled):
    window = image_window
    window.session.select(queries=[Box(300, 200, 310, 210)])
    window.runs.change(window.session.current, size=252)
    settled(window)
    tokens = window.session.current.trace.tokens
    assert tokens.grid == (18, 27)
    assert len(tokens.find_all(window.session.view[Selection].queries)) == 1


def test_the_read_out_says_weight_tokens_layer_and_head(image_window, settled):
    window = image_window
    picture, trace = pane(window, "picture"), traced(window)
    box = trace.tokens.place(trace.tokens.index(5, 7))
    middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    weight = trace.layers[11].row(0, 0)[1][trace.tokens.index(5, 7)]
    assert picture.read_at(*middle) == f"patch (5, 7)\t{read_out(float(weight))}"
    rank = 1 + int((trace.layers[11].row(0, 0)[1] > weight).sum())
    assert numbers(window, "pointed") == {
        "Query": "[CLS]",
        "Key": "patch (5, 7)",
        "Weight": read_out(float(weight)),
        "Rank": f"{rank} of 385",
        "In": "layer 11, head 0",
    }
    assert numbers(window, "head")["Entropy, mean"].endswith(" nats")
    assert numbers(window, "head")["Distance, mean"].endswith(" px")


def test_what_rests_under_the_cursor_is_read_out_of_the_method_that_is_painted(image_window, settled):
    window = image_window
    shown = window.deck.panes["relevance"]
    for method in ("saliency", "rollout", "saliency"):
        window.session.change(MapSettings, relevance=method)
        settled(window)
        if method == "saliency":
            move(shown.picture, shown.picture.rect().center())
            settled(window)
        figures = window.deck.panes["numbers"].widget.figures
        assert figures("pointed")["In"] == figures("beside")["In"] == method
    assert shown.picture._tip.text.startswith("saliency")


def test_arrow_keys_are_a_sliders_that_tab_has_reached_until_a_click(image_window, qtbot):
    window = image_window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    settings = pane(window, "settings")
    slider = settings.opacity.findChild(QSlider)
    slider.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert window.session.view[MapSettings].opacity == pytest.approx(0.74)
    assert window.session.view[Selection].layer == 11
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=slider.rect().center())
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert window.session.view[Selection].layer == 10


def test_a_rollout_through_a_layer_that_fails_its_check_is_not_drawn(image_window, settled):
    window = image_window
    document, rollout = window.session.current, pane(window, "relevance")
    window.session.update(document, checks=(*document.checks[:4], 0.5, *document.checks[5:]))
    settled(window)
    assert rollout.picture._overlay._array is None
    window.session.change(RolloutSettings, first=5)
    settled(window)
    assert rollout.picture._overlay._array is not None


def test_many_artifact_tokens_leave_the_picture_its_room(make_window, settled):
    window = make_window(run=False)
    document = window.session.add(ImageInput("Picture", np.zeros((20, 30, 3), np.uint8)), RunOptions())
    tokens = given.patch_tokens(4, 5)
    artifacts = np.arange(tokens.prefix, len(tokens))
    answered(window, document, given.trace_of(tokens, artifacts=artifacts))
    settled(window)
    pane = window.deck.panes["picture"]
    last = pane.artifacts.chips()[-1]
    assert len(pane.artifacts.chips()) == ARTIFACTS_NAMED + 1
    assert last.label == f"{len(artifacts) - ARTIFACTS_NAMED} more"
    assert last.tooltip.count("(") == len(artifacts) - ARTIFACTS_NAMED
    assert pane.artifacts.width() == pane.artifacts_row.width()  # not between its labels, one below the other
    pane.artifacts.clicked.emit(ARTIFACTS_NAMED, False)
    assert len(window.session.view[Selection].queries) == len(artifacts) - ARTIFACTS_NAMED


def test_a_method_of_a_target_shows_the_chosen_one_and_undo_takes_it_back(image_window, settled):
    window = image_window
    trace, beside = traced(window), pane(window, "relevance")
    unsigned = beside.bar._lut
    window.session.change(MapSettings, relevance="gradient-input")
    np.testing.assert_array_equal(beside.bar._lut, unsigned)  # of what is still on the screen
    settled(window)
    assert not np.array_equal(beside.bar._lut, unsigned)
    drawn, alike = targets_at(trace)
    assert [beside.target.itemText(at) for at in range(2)] == ["saliency", "similarity"]
    drawn = placed(trace, drawn)  # of the patch that draws the eye most
    np.testing.assert_allclose(beside.result.values, times_input(trace, drawn).values, rtol=1e-4)
    assert beside.result.scale.low == -beside.result.scale.high < 0
    beside.target.activated.emit(1)
    settled(window)
    np.testing.assert_allclose(beside.result.values, times_input(trace, alike).values, rtol=1e-4)
    window.actions_.run("undo")
    settled(window)
    assert beside.target.currentText() == "saliency"
    place = trace.tokens.place(40)
    window.session.change(RolloutQuery, selected=True)
    window.session.select(queries=[place])
    settled(window)
    (there, _) = targets_at(trace, [place])
    assert there.place == place
    np.testing.assert_allclose(beside.result.values, times_input(trace, there).values, rtol=1e-4)


def test_page_down_walks_through_a_folder_and_the_slider_through_a_file(
    make_window, settled, qtbot, tmp_path
):
    frames = [Image.new("L", (48, 40), shade) for shade in (30, 90, 150)]
    frames[0].save(tmp_path / "1.gif", save_all=True, append_images=frames[1:])
    frames[0].save(tmp_path / "2.png")
    window = make_window(size=224)
    window.open_paths([str(tmp_path)])
    settled(window)
    picture, tabs = pane(window, "picture"), window.topbar.tabs.bar
    assert tabs.tabText(0) == "1.gif · 1 of 2"
    assert picture.frames.isVisible()
    picture.frames.changed.emit(3)
    qtbot.waitUntil(lambda: window.session.current.input.pixels[0, 0, 0] == 150)
    settled(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_PageDown)
    settled(window)
    assert (tabs.tabText(0), tabs.count()) == ("2.png · 2 of 2", 1)
    assert not picture.frames.isVisible()
    QTest.keyClick(window, Qt.Key.Key_PageUp)
    settled(window)
    assert window.session.current.input.film.at == 1
