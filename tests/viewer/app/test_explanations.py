"""Every word on a control, a section, a row of numbers or a pane's title is explained where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QAbstractButton, QComboBox, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from headlight.models.core.settings import RolloutSettings
from headlight.viewer.app.explanations import EXPLANATIONS, explain, find
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import TextInput
from headlight.viewer.session.view import CloudSettings, MapSettings, RepresentSettings
from headlight.widgets.controls.choices import NumberRow, Section, Segmented
from headlight.widgets.controls.sliders import LabelledSlider, RangeRow
from headlight.widgets.shell.pane_frame import PaneTitle
from headlight.widgets.shell.tips import SHIFT, WIDTH, pane_of, placed, words_of
from tests.viewer.cloud_windows import answered
from tests.viewer.given import text_tokens, trace_of

SAMPLES = Path(__file__).parents[3] / "assets" / "samples"
PLAIN = {
    "a token, a layer or a number that is chosen": re.compile(r"\[?\w+\]?, selected|\(\d+, \d+\)|(.*: )?\d+"),
    "a button that says what it does": re.compile(
        r"(Float|Close|Move|Remove|Step|Play|Pause|Show all|Clear|Cancel|Run|Edit|Open).*"
    ),
    "the network whose field it is": re.compile(r"DINOv2-small"),
    "a class of the cloud, whose tip tells its own points": re.compile(r".*\d points.*"),
}
"""Words that need no explanation, by the reason."""


def labelled(window: QWidget) -> Iterator[QWidget]:
    """All in sight that has words and is to be explained."""
    kinds = (NumberRow, Section, Segmented, LabelledSlider, RangeRow, PaneTitle, QAbstractButton, QComboBox)
    for dock in window.deck.docks.values():
        yield from (
            widget
            for widget in dock.findChildren(QWidget)
            if isinstance(widget, kinds) and widget.isVisible()
        )


def unexplained(window: QWidget) -> set[tuple[str, str]]:
    missing = set()
    for widget in labelled(window):
        words = words_of(widget, QPoint())
        plain = any(pattern.fullmatch(word) for word in words for pattern in PLAIN.values())
        if words and not plain and find(pane_of(widget), words) is None:
            missing.add((pane_of(widget), " | ".join(words)))
    return missing


def read(window: QWidget, settled, unread: set[tuple[str, str]]) -> None:
    """Turn every page of the current document."""
    for page in list(window.session.current.pages):
        window.session.set_page(page)
        settled(window)
        unread |= unexplained(window)


def test_all_words_of_all_pages_are_explained(make_window, settled, qtbot: QtBot):
    window = make_window(size=224)
    window.resize(1440, 900)
    missing: set[tuple[str, str]] = set()
    for opened in (
        lambda: window.runs.open_text("The bank by the river flooded."),
        lambda: window.runs.open_path(str(SAMPLES / "astronaut.jpg")),
        window.runs.open_stack,
    ):
        before = len(window.session.documents)
        opened()
        qtbot.waitUntil(lambda n=before: len(window.session.documents) > n, timeout=60_000)
        settled(window)
        read(window, settled, missing)
    assert missing == set()


def test_all_words_of_a_cloud_are_explained(cloud_window, settled):
    window, missing = cloud_window, set()
    for reach in ("attention", "composed", "hops", "gradient", "voxels"):
        window.session.change(MapSettings, method=reach)
        settled(window)
        missing |= unexplained(window)
    for by in ("truth", "error", "confidence", "entropy", "rgb", "height", "stage"):
        window.session.change(CloudSettings, first=by)
        settled(window)
        missing |= unexplained(window)
    window.session.set_page("representations")
    for shown in (RepresentSettings(), RepresentSettings(space="occupancy", above="pillars", hard=True)):
        window.session.change(RepresentSettings, also=(shown,))
        settled(window)
        missing |= unexplained(window)
    assert missing == set()


def test_a_rest_over_a_slider_says_what_it_does_below_it(make_window, settled, qtbot: QtBot, monkeypatch):
    window = make_window()
    window.runs.open_text("The bank by the river flooded.")
    settled(window)
    shown = []
    monkeypatch.setattr(QToolTip, "showText", lambda place, text, *_: shown.append((place, text)))
    discard = window.deck.panes["relevance"].forms.forms[RolloutSettings].controls["discard"]
    label = discard.findChildren(QWidget)[0]
    for widget in (label, discard):
        rest(widget)
        place, text = shown.pop()
        assert text.startswith("The share of the lowest weights")
        assert "Gildenblat" in text
        assert max(len(line) for line in text.split("\n")) <= WIDTH
        assert (place + SHIFT).y() > discard.mapToGlobal(discard.rect().bottomLeft()).y()
    rest(window.deck.panes["matrix"].view)  # a map is compared: nothing is put over it
    assert shown == []


def test_a_tip_stands_below_its_row_or_above_where_there_is_no_room(qapp):
    screen = QRect(0, 0, 1440, 900)
    for row in (QRect(20, 30, 200, 40), QRect(1240, 30, 190, 40), QRect(20, 850, 200, 40)):
        at = placed(row, "Two lines of\nwords are in this tip.", screen) + SHIFT
        size = QFontMetrics(QToolTip.font()).size(0, "Two lines of\nwords are in this tip.")
        tip = QRect(at, size)
        assert screen.contains(tip)
        assert not tip.intersects(row)
        assert abs(tip.top() - row.bottom()) < 10 or row.bottom() + size.height() > screen.bottom()


def test_why_an_option_is_off_is_said_before_what_it_means(make_window, settled):
    window = make_window(run=False)
    answered(window, window.session.add(TextInput("a", "a b c"), RunOptions()), trace_of(text_tokens(*"abc")))
    settled(window)
    method = window.deck.panes["settings"].method
    (norms,) = [b for b in method.findChildren(QAbstractButton) if b.text() == "Norms"]
    text, _ = window.tips.said(norms, QPoint())
    assert text.index("projection was not seen") < text.index("Lengths of vectors")


def test_headings_of_tables_are_explained(make_window, settled, qtbot):
    window = make_window(run=False)
    window.runs.open_stack()
    qtbot.waitUntil(lambda: window.deck is not None)
    window.session.update(window.session.current, state="ready")
    settled(window)
    table = window.deck.panes["stack-layers"].list
    headings = {table.heading_at(QPoint(x, 3)) for x in range(table.viewport().width())} - {""}
    assert {"layer", "field", "stride"} <= headings
    assert all(find("stack-layers", [heading]) for heading in headings)


@pytest.mark.parametrize("entry", EXPLANATIONS, ids=lambda entry: entry.words[0])
def test_explanations_are_short_sentences_and_each_word_has_one(entry):
    assert entry.says[0].isupper()
    assert entry.says.endswith(".")
    assert len(entry.says) < 220
    assert "<" not in entry.says + entry.paper  # a tip that looks like HTML is taken for it
    for word in entry.words:
        assert sum(word in other.words for other in EXPLANATIONS) == 1
        if word[0] != "/":
            pane, _, bare = word.rpartition("/")
            assert find(pane, [bare]) is entry


def test_what_has_no_meaning_of_its_own_says_nothing():
    assert explain("settings", ["qwerty"]) == ""


def rest(widget: QWidget) -> None:
    """Let the pointer rest over a widget."""
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QHelpEvent
    from PySide6.QtWidgets import QApplication

    at = widget.rect().center()
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, at, widget.mapToGlobal(at)))
