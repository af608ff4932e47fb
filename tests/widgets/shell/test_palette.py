import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from headlight.widgets.shell.palette import CommandPalette, PaletteEntry, match

Key = Qt.Key
ENTRIES = [
    PaletteEntry("open", "Open a file", "File", "Ctrl+O"),
    PaletteEntry("export", "Export attention", "File", "Ctrl+E", enabled=False),
    PaletteEntry("next", "Next head", "Walk", "Down"),
    PaletteEntry("class", "Select the class token", "Select", "C"),
    PaletteEntry("clear", "Clear the selection", "Select", "Esc"),
]


@settings(deadline=None)
@given(st.text(max_size=12), st.text(max_size=30))
def test_a_match_is_a_subsequence(query, text):
    found = match(query, text)
    if found is not None:
        _, places = found
        assert list(places) == sorted(set(places))
        assert len(places) == len(query.casefold().replace(" ", ""))


@settings(deadline=None)
@given(st.text("abcdef ", min_size=1, max_size=20), st.data())
def test_every_subsequence_matches(text, data):
    places = data.draw(st.lists(st.sampled_from(range(len(text))), unique=True).map(sorted))
    assert match("".join(text[place] for place in places), text) is not None


def test_word_starts_and_runs_win():
    assert match("nh", "Next head")[1] == (0, 5)
    assert match("sel", "Select it")[0] > match("sel", "Paste the label")[0]
    assert match("xyz", "Next head") is None


@pytest.fixture
def palette(show):
    palette = CommandPalette(show(QWidget(), 800, 500))
    palette.open_with(ENTRIES)
    return palette


def test_type_walk_and_enter(palette, qtbot):
    chosen = []
    palette.chosen.connect(chosen.append)
    field = palette.findChild(QLineEdit)
    assert palette.titles()[-1] == "Export attention"
    qtbot.keyClicks(field, "sel")
    assert palette.titles()[:2] == ["Select the class token", "Clear the selection"]
    qtbot.keyClick(field, Key.Key_Down)
    qtbot.keyClick(field, Key.Key_Return)
    assert chosen == ["clear"]
    assert palette.isHidden()


def test_disabled_entries_are_listed_but_not_chosen(palette, qtbot):
    chosen = []
    palette.chosen.connect(chosen.append)
    field = palette.findChild(QLineEdit)
    qtbot.keyClicks(field, "export")
    assert palette.titles() == ["Export attention"]
    qtbot.keyClick(field, Key.Key_Return)
    assert chosen == []
    assert palette.isVisible()


def test_up_from_the_first_is_the_last_that_can_be_chosen(palette, qtbot):
    chosen = []
    palette.chosen.connect(chosen.append)
    field = palette.findChild(QLineEdit)
    qtbot.keyClick(field, Key.Key_Up)
    qtbot.keyClick(field, Key.Key_Return)
    assert chosen == ["clear"]


def test_escape_and_a_click_beside_close_it(palette, qtbot):
    qtbot.keyClick(palette.findChild(QLineEdit), Key.Key_Escape)
    assert palette.isHidden()
    palette.open_with(ENTRIES)
    qtbot.mouseClick(palette, Qt.MouseButton.LeftButton, pos=QPoint(5, 490))
    assert palette.isHidden()


def test_it_follows_the_window(palette, qtbot):
    palette.parentWidget().resize(500, 300)
    qtbot.wait(10)
    assert palette.geometry() == palette.parentWidget().rect()
