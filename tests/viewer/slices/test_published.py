"""The tables of published figures: whole, with sources, and lit by the model that is open."""

from __future__ import annotations

from headlight.models.catalogue.bundled import BUNDLED
from headlight.models.catalogue.published import PUBLISHED
from headlight.viewer.slices.published import ordered, said, tables, told

CLOUD = ("read", "positions")


def test_every_figure_has_its_source_and_is_a_share_of_a_hundred():
    assert [table.id for table in tables()] == [
        *("s3dis", "rooms", "modelnet40", "nuscenes", "kitti", "imagenet", "coco", "bleu", "phonemes"),
    ]
    for table in tables():
        assert table.rows
        assert table.made_up == all("Headlight" in row.source for row in table.rows)
        for row in table.rows:
            assert len(row.values) == len(table.measures)
            assert row.source
            assert all(value is None or 0 < value < 100 for value in row.values)
            assert any(value is not None for value in row.values)


def test_rows_of_the_open_model_are_lit_and_their_tables_come_first():
    first, second, *rest = ordered("point-transformer", CLOUD)
    assert [first.rows[number].network for number in first.lit("point-transformer")] == [
        "Point Transformer",
        "Point Transformer, trained again",
    ]
    assert second.made_up
    assert not any(table.lit("point-transformer") for table in rest)
    assert ordered(None, CLOUD) == [table for table in tables() if table.of == "positions"]
    assert [table.id for table in ordered("pillars", CLOUD)[:2]] == ["nuscenes", "kitti"]
    assert [table.id for table in ordered("deit-small", ("read", "pixels"))] == ["imagenet", "coco"]
    assert [table.id for table in ordered("phonemes", ("characters",))] == ["phonemes", "bleu"]


def test_every_lit_row_is_of_a_model_that_can_be_opened_by_its_name():
    known = {entry.id for entry in BUNDLED} | set(PUBLISHED)
    ids = [one for table in tables() for row in table.rows for one in row.models]
    assert not [one for one in ids if one not in known and "/" not in one]


def test_what_nobody_gave_is_said_so_and_sorted_below():
    table = tables()[0]
    assert table.texts()[0] == ("PointNet", "41.1", "–", "–", table.rows[0].source)
    assert (said(61.33), said(70.0), said(None)) == ("61.33", "70.0", "–")
    assert told(tables()[1], 1) == {
        "Network": "PointNet",
        "Measured on": "Rooms of Headlight",
        "Figures": "61.4 · 77.9 · 83.0",
        "Given by": "Headlight",
    }
    assert min(key[2] for key in table.sorted_by()) == -1.0
