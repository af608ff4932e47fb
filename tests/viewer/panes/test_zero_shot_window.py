"""The page of class texts in a real window: from one click to texts, a label, its answer, and back."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from headlight.models.catalogue.entries import find
from headlight.models.core.answers import TextClasses
from headlight.viewer.inputs.inputs import ImageInput
from headlight.viewer.session.pictures import zero_shot
from headlight.viewer.session.session import RunOptions
from headlight.viewer.session.view import TargetSettings
from tests.models import two_towers
from tests.viewer.cloud_windows import answered, pane
from tests.viewer.given import patch_tokens, trace_of

TEXTS = ("a chair", "a lamp", "it")


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    """(the path of a picture, a folder of a model of two towers)"""
    root = tmp_path_factory.mktemp("window")
    pixels = np.random.default_rng(0).integers(0, 256, (80, 120, 3), np.uint8)
    Image.fromarray(pixels).save(root / "picture.png")
    return str(root / "picture.png"), str(two_towers.folder(root, "clip"))


@pytest.fixture
def compared(make_window, settled, there):
    """A window with a picture beside three texts."""
    window = make_window(model=there[1], texts=TEXTS)
    window.session.opening_page = "zero-shot"
    window.runs.open_path(there[0])
    settled(window)
    return window


def shares(document) -> np.ndarray:
    return document.trace.answer(TextClasses).probabilities


def test_a_model_of_one_tower_says_how_to_come_to_texts(make_window, settled):
    window = make_window(run=False)
    window.session.opening_page = "zero-shot"
    document = window.session.add(ImageInput("Picture", np.zeros((20, 30, 3), np.uint8)), RunOptions())
    answered(window, document, trace_of(patch_tokens()))
    settled(window)
    texts = pane(window, "class-texts")
    assert texts.begin.isVisible()
    assert "has no tower that reads texts" in texts.note.text()
    assert not window.deck.shows("label")
    offered = find(zero_shot.MODEL)
    assert (offered.title, offered.has_two_towers()) == (zero_shot.TITLE, True)
    texts.begin.click()
    wanted = document.wanted.options
    assert (wanted.model, wanted.texts) == (zero_shot.MODEL, zero_shot.TEXTS)


def test_texts_are_chosen_edited_added_and_taken_away(compared, settled):
    window, texts = compared, pane(compared, "class-texts")
    document = window.session.current
    first = document.trace.answer(TextClasses)
    assert [texts.rows.row(at).line.text() for at in range(3)] == [*TEXTS]
    QTest.mouseClick(texts.rows.row(2).bar, Qt.MouseButton.LeftButton)
    assert window.session.view[TargetSettings].index == 2
    settled(window)
    assert pane(window, "words").strip.accessibleDescription().split() == ["it"]
    line = texts.rows.row(0).line
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "a boat")
    QTest.keyClick(line, Qt.Key.Key_Return)
    settled(window)
    assert document.trace.answer(TextClasses).names == ("a boat", *TEXTS[1:])
    texts.rows.more.setText("a bed")
    QTest.keyClick(texts.rows.more, Qt.Key.Key_Return)
    settled(window)
    texts.rows.row(1).close.click()
    settled(window)
    assert document.trace.answer(TextClasses).names == ("a boat", "it", "a bed")
    texts.rows.more.setText("it")  # which is there: it is told, and all stays as it was
    QTest.keyClick(texts.rows.more, Qt.Key.Key_Return)
    settled(window)
    assert document.trace.answer(TextClasses).names == ("a boat", "it", "a bed")
    assert document.options.texts == ("a boat", "it", "a bed")
    for _ in range(3):
        window.session.undo()
        settled(window)
    assert document.trace.answer(TextClasses).names == TEXTS
    np.testing.assert_allclose(
        document.trace.answer(TextClasses).probabilities, first.probabilities, atol=1e-6
    )


def test_a_label_its_answer_and_what_was_before(compared, settled):
    window, label = compared, pane(compared, "label")
    document, plain = window.session.current, window.session.current.input.pixels.copy()
    answer = document.trace.answer(TextClasses)
    second = answer.targets()[1].name
    assert not pane(window, "text-on-picture").before.isVisible()
    label.tempt.click()
    settled(window)
    (put,) = zero_shot.labels_of(document)
    assert put.text == second.removeprefix("a ")
    assert (document.input.pixels != plain).any()
    picture, texts = pane(window, "text-on-picture"), pane(window, "class-texts")
    assert picture.before.isVisible()
    row = texts.rows.row(answer.targets()[0].index)
    assert row.before.isVisible()
    np.testing.assert_allclose(texts._before, answer.probabilities, atol=1e-6)
    middle = picture.now.to_widget(put.x, put.y).toPoint()
    aside = picture.now.to_widget(put.x + 12, put.y - 9).toPoint()
    QTest.mousePress(picture.now, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(picture.now, (middle + aside) / 2)
    QTest.mouseMove(picture.now, aside)
    QTest.mouseRelease(picture.now, Qt.MouseButton.LeftButton, pos=aside)
    settled(window)
    (moved,) = zero_shot.labels_of(document)
    assert (moved.x - put.x, moved.y - put.y) == pytest.approx((12, -9), abs=1)
    label.deny.click()
    settled(window)
    assert [one.text for one in zero_shot.labels_of(document)] == [put.text, f"not {second}"]
    assert not label.deny.isVisible()
    for _ in range(3):
        window.session.undo()
        settled(window)
    np.testing.assert_array_equal(document.input.pixels, plain)
    assert not picture.before.isVisible()
    np.testing.assert_allclose(
        document.trace.answer(TextClasses).probabilities, answer.probabilities, atol=1e-6
    )
    answered(window, document, trace_of(patch_tokens()))  # another model, of one tower
    settled(window)
    assert picture.bar._scale is None
    assert texts.begin.isVisible()
