"""Figures stand in rows that keep their places, whatever is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlight.widgets.controls.readout import NOTHING, Figures, Readout

SECTIONS = (Figures("cursor", "Under the cursor", ("Key", "Weight")), Figures("map", "Map", ("Entropy",)))


@pytest.fixture
def readout(show):
    made = Readout()
    made.set_sections(SECTIONS)
    return show(made, 240, 200)


def test_what_is_not_said_is_a_dash_and_a_row_that_is_not_there_an_error(readout):
    readout.say("cursor", {"Weight": "0.1250"})
    assert readout.figures("cursor") == {"Key": NOTHING, "Weight": "0.1250"}
    readout.say("cursor", {"Key": "“serve”"}, "Selected")
    assert readout.figures("cursor") == {"Key": "“serve”", "Weight": NOTHING}
    with pytest.raises(KeyError, match="Rank"):
        readout.say("map", {"Rank": "1 of 3"})
    readout.set_sections(SECTIONS)  # the same: what was said stays
    assert readout.figures("cursor")["Key"] == "“serve”"
    readout.set_sections(SECTIONS[1:])
    assert readout.figures("map") == {"Entropy": NOTHING}


def test_no_figure_moves_a_row_or_widens_the_column(readout):
    rows = [row for section in readout._rows for row in section]
    before = [row.geometry() for row in rows]

    @given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=90))
    def said(text):
        readout.say("cursor", {"Key": text, "Weight": text})
        assert [row.geometry() for row in rows] == before
        assert readout.widget().minimumSizeHint().width() < 240
        assert readout.figures("cursor")["Key"] == text

    said()


def test_a_long_figure_is_cut_and_held_whole_by_its_tip(readout):
    readout.say("cursor", {"Key": "mean of 1,370 patches of the picture at the left"})
    row = readout._named("cursor")["Key"]
    assert row._shown.text().endswith("…")
    assert row._shown.toolTip() == row.value()
    assert row._label.shown() == "Key"
