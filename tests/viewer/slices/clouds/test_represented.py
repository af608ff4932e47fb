"""Where a point is in each representation, and how that is drawn and exported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from headlight.models.core.tokens import Position, Region
from headlight.viewer.export.clouds.represent import RepresentOptions, asked, of_above, of_space
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.told.frame import Frame
from headlight.viewer.session.view import RepresentSettings, View
from headlight.viewer.slices.clouds.represented.kept import asked_of, found
from headlight.viewer.slices.clouds.represented.linked import CellOf, linked, taken, taken_of
from headlight.viewer.slices.clouds.represented.parts import PARTS, named, part_of
from headlight.viewer.slices.clouds.represented.pictures import Why, drawn, in_force

TURN, RISE = np.meshgrid(np.linspace(-3.1, 3.1, 150), np.radians(np.linspace(9.5, -29.5, 8)), indexing="ij")


def scan(origin=(0.0, 0.0, 0.0)) -> CloudInput:
    """Eight beams on a wall all around, and behind its first point another one."""
    around = np.stack([np.cos(RISE) * np.cos(TURN), np.cos(RISE) * np.sin(TURN), np.sin(RISE)], -1)
    points = 8 * around.reshape(-1, 3)
    points = np.concatenate([points, 1.5 * points[:1]]) - origin
    bright = np.arange(len(points)) % 200
    return CloudInput(
        *("scan", points.astype(np.float32), np.array(origin), Frame(), Frame()), intensity=bright
    )


def cloud_of(points) -> CloudInput:
    return CloudInput("made", np.asarray(points, np.float32), np.zeros(3), Frame(), Frame())


POINTS = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 40), st.just(3)), elements=st.floats(-4, 4, width=32)
)
WAYS = st.builds(
    RepresentSettings,
    low=st.sampled_from([None, (-2.0, -2.0, -2.0)]),
    hard=st.booleans(),
    most_points=st.just(2),
    most_cells=st.just(5),
    shuffle=st.integers(0, 2),
    voxel_edge=st.sampled_from([0.5, 1.0]),
    pillar_edge=st.just(1.0),
    space=st.sampled_from(["voxels", "occupancy"]),
    above=st.sampled_from(["birds-eye", "pillars"]),
    sensor=st.just("vlp-16"),
)


@settings(max_examples=30, deadline=None)
@given(points=POINTS, ways=WAYS)
def test_every_point_has_one_cell_or_a_reason_and_a_cell_has_its_points(points, ways):
    if ways.low is not None:
        ways = replace(ways, high=(2.0, 2.0, 2.0))
    cloud = cloud_of(points)
    for name in ("space", "above"):
        if isinstance(drawn(name, cloud, ways), Why):
            continue  # none in range
        part = part_of(cloud, ways, name)
        cells = part.cells_of(np.arange(len(points)))
        for point, cell in enumerate(cells.tolist()):
            if cell >= 0:
                assert point in part.points_of(cell)
            else:
                assert part.said(np.array([point])) in (part.why_dropped, part.why_outside)
        assert sum(len(part.points_of(cell)) for cell in range(part.size)) == (cells >= 0).sum()
        assert len(np.unique(cells[cells >= 0])) == part.held


@pytest.mark.parametrize("origin", [(0.0, 0.0, 0.0), (5000.0, -3000.0, 100.0)])
def test_what_is_pointed_at_is_found_everywhere_and_hidden_ones_say_so(origin):
    cloud, ways = scan(origin), RepresentSettings(sensor="hdl-32e")
    parts = {name: part_of(cloud, ways, name) for name in PARTS}
    behind = len(cloud.points) - 1
    one = linked(cloud, ways, behind)
    assert one.said["range"] == "behind a nearer point"
    assert not len(one.cells["range"])
    assert one.figures["x"] == f"{cloud.file_coordinates(cloud.points[behind])[0, 0]:,.3f}"
    assert float(one.figures["Range"].split()[0]) == pytest.approx(12, abs=0.01)
    low, high = one.box
    assert (low <= cloud.points[behind]).all()
    assert (cloud.points[behind] < high).all()
    pixel = int(linked(cloud, ways, 0).cells["range"][0])
    again = linked(cloud, ways, CellOf("range", pixel))
    assert again.points.tolist() == [0]
    for name in ("space", "above"):
        (cell,) = again.cells[name]
        assert 0 in linked(cloud, ways, CellOf(name, int(cell))).points
    assert again.said["views"] == parts["views"].said(np.array([0]))


def test_a_selection_comes_back_from_the_places_that_it_was_kept_as():
    cloud, ways = scan(), RepresentSettings(sensor="hdl-32e")
    few, many = taken(cloud, ways, np.array([3, 5])), taken(cloud, ways, np.arange(100, 140))
    assert [type(one) for one in (*few, *many)] == [Position, Position, Region]
    assert linked(cloud, ways, few).points.tolist() == [3, 5]
    assert linked(cloud, ways, many).points.tolist() == list(range(100, 140))
    pixels = part_of(cloud, ways, "range").cells_of(np.arange(100, 140))
    back = linked(cloud, ways, taken_of(cloud, ways, "range", pixels))
    assert back.points.tolist() == list(range(100, 140))


def test_a_picture_finds_where_points_are_in_it():
    for sensor in ("hdl-32e", "fitted", "middle"):
        cloud, ways = scan(), RepresentSettings(sensor=sensor)
        for name in ("range", "above"):
            picture, part = drawn(name, cloud, ways), part_of(cloud, ways, name)
            columns, rows = np.floor(picture.places(cloud.points.astype(float))).astype(int).T
            cells = part.cells_of(np.arange(len(cloud.points)))
            there = cells >= 0
            np.testing.assert_array_equal((rows * part.shown.shape[1] + columns)[there], cells[there])
            assert (picture.levels.ravel()[cells[there]] > 0).all()
            assert np.count_nonzero(picture.levels) == part.held


def test_a_panorama_stands_in_the_middle_of_a_room():
    """And that is what one sees of it, unless a sensor is chosen."""
    low, high = np.array([5.0, 5.0, -2.0]), np.array([9.0, 8.0, 8.0])
    cloud, ways = cloud_of([low, high, (9.0, 6.5, 3.0)]), RepresentSettings()
    picture = drawn("range", cloud, ways)
    np.testing.assert_array_equal(picture.stand, (low + high) / 2)
    part = part_of(cloud, ways, "range")
    assert divmod(int(part.cells_of(np.array([2]))[0]), 1024) == (32, 512)  # ahead, on the horizon
    assert part.shown.arrays["image"][0, 32, 512] == 2.0


def test_a_sensor_that_does_not_fit_says_so_in_place_of_the_picture():
    cloud = scan()
    why = drawn("range", cloud, RepresentSettings(sensor="vlp-16"))
    assert "points lie outside of what a Velodyne VLP-16 sees" in why.sentence
    assert "hdl-32e" in why.sentence
    nothing = drawn("above", cloud, RepresentSettings(low=(90.0, 90.0, 0.0), high=(91.0, 91.0, 1.0)))
    assert nothing.sentence.startswith("None of the 1,201 points is in the range.")
    assert linked(cloud, RepresentSettings(sensor="vlp-16"), 0).said.keys() == {"space", "above", "views"}


def test_another_order_of_the_points_keeps_others_of_as_many():
    cloud = cloud_of(np.random.default_rng(0).random((200, 3)))
    ways = RepresentSettings(hard=True, most_points=3, most_cells=4, voxel_edge=0.5)
    kept = [
        part_of(cloud, replace(ways, shuffle=seed), "space").cells_of(np.arange(200)) >= 0
        for seed in (0, 1, 0)
    ]
    assert kept[0].sum() == kept[1].sum() == 12
    assert (kept[0] != kept[1]).any()
    np.testing.assert_array_equal(kept[0], kept[2])
    assert drawn("space", cloud, ways).said.endswith("188 dropped")


@pytest.mark.parametrize(
    "ways",
    [
        RepresentSettings(),
        RepresentSettings(like="kitti", hard=True),
        RepresentSettings(like="kitti", above="pillars"),
        RepresentSettings(space="occupancy", low=(0.0, 0.0, 0.0), high=(8.0, 8.0, 8.0)),
        RepresentSettings(hard=True, shuffle=2, above="pillars", most_points=4, pillar_edge=0.4),
    ],
)
def test_the_export_of_a_pane_gives_what_it_shows(ways):
    cloud = scan()
    for part, chosen in (("space", of_space), ("above", of_above)):
        wanted = found(cloud, asked_of(ways, named(ways, part)))
        got = found(cloud, asked(replace(RepresentOptions("voxels"), **chosen(View(ways)))))
        np.testing.assert_array_equal(got.cell, wanted.cell)


def test_controls_know_what_holds():
    known = in_force(scan(), RepresentSettings(like="kitti", hard=True))
    assert (known.voxel_edge, known.pillar_edge, known.most_points) == (0.05, 0.16, 32)
    assert known.of_voxels == {"most_points": "5 of a voxel", "voxel_edge": "0.1 m high"}
    assert known.high[0] == pytest.approx(scan().points[:, 0].max())
