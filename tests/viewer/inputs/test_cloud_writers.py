"""Clouds as programs beside the usual ones write them: what each means, told apart by what is in them."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlight.models.core.classes.lists import LISTS, S3DIS_CLASSES
from headlight.viewer.host.asked import OfCloud
from headlight.viewer.inputs.clouds.labels import TITLES
from headlight.viewer.inputs.clouds.las import _plane_unit
from headlight.viewer.inputs.inputs import from_path
from headlight.viewer.inputs.pictures.marks import marked
from headlight.viewer.options import options_of
from tests.viewer import cloud_samples as make
from tests.viewer.cloud_samples import RGB, XYZ, N, columns
from tests.viewer.inputs.test_clouds import opened, room

XYZ_ = columns("x y z", XYZ)
ROOM = room(1)
MAP = np.array([5e5, 5.4e6, 300])
GREY = np.random.default_rng(0).integers(30, 220, (len(ROOM), 1))
COLOURS = (GREY * [1.0, 0.9, 0.8]).astype(int)
"""As in a photo: the channels go together."""
NUMBERS = np.random.default_rng(1).permutation(np.arange(len(ROOM)) % 256)[:, None]
CLASS = (np.arange(len(ROOM)) % 13)[:, None]


# -- marks ---------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-500, 500), min_size=2, max_size=20), st.integers(1, 40))
def test_marks_are_found_however_many_there_are(values, count):
    measured = np.array(values)
    both = np.concatenate([measured, np.full(count, -9999.0)])
    assert marked(both).tolist() == [False] * len(values) + [True] * count
    assert marked(measured) is None


def test_a_number_among_others_is_no_mark():
    assert marked(np.array([-9999.0, -9998.0, 3.0])) is None
    assert marked(np.array([1.0, np.nan, 7.0]), 7.0).tolist() == [False, False, True]


def test_a_grid_of_which_half_was_not_measured_is_as_high_as_its_other_half():
    holes = ROOM.copy()
    holes[::2, 2] = -9999
    cloud = opened(make.npy(holes), "grid.npy")
    assert np.array_equal(cloud.kept, np.arange(1, len(ROOM), 2))
    assert np.ptp(cloud.points[:, 2]) < 3
    assert "marks what was not measured" in cloud.notices[0]


# -- units ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metres", [0.01, 0.001])
@pytest.mark.parametrize("kind", ["npy", "las"])
def test_a_room_keeps_its_unit_far_from_zero(metres, kind):
    far = ROOM / metres + [2e6, 5e6, 0]
    cloud = opened(make.npy(far) if kind == "npy" else make.las(False, far), f"site.{kind}")
    assert cloud.frame.metres_per_unit == metres


def test_a_hillside_far_from_zero_stays_in_metres():
    east, north = np.random.default_rng(0).uniform(0, 1000, (2, 9000))
    hill = np.column_stack([east, north, 250 * np.sin(east / 400) * np.cos(north / 500)])
    assert opened(make.npy(hill + MAP), "hill.npy").frame.metres_per_unit == 1


def test_the_unit_of_a_plane_is_not_that_of_its_ellipsoid():
    foot = 'LENGTHUNIT["US survey foot",0.304800609601219]'
    axes = f'AXIS["easting",east,{foot}],AXIS["northing",north,{foot}]'
    base = 'BASEGEOGCRS[ELLIPSOID["GRS 1980",6378137,298,LENGTHUNIT["metre",1]]]'
    assert _plane_unit(f'PROJCRS["x",{base},CS[Cartesian,2],{axes}]') == pytest.approx(1200 / 3937)
    older = 'PROJCS["x",GEOGCS["y",UNIT["degree",0.017]],UNIT["foot",0.3048]]'
    assert _plane_unit(older) == 0.3048
    assert _plane_unit(older.replace('"foot",0.3048', '"degree",0.017')) is None


# -- columns without names -----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["icl", "cil", "ic", "ci"])
@pytest.mark.parametrize("intensity", [NUMBERS, NUMBERS * 200, NUMBERS / 255, NUMBERS * 16 - 2048])
def test_an_intensity_is_no_channel_on_either_side_of_the_colour(order, intensity):
    parts = {"i": intensity, "c": COLOURS, "l": CLASS}
    cloud = opened(make.table(ROOM, *(parts[part] for part in order)), "scan.txt")
    assert np.array_equal(cloud.colours, COLOURS)
    assert ("l" in order) == (cloud.numbers is not None and np.array_equal(cloud.numbers, CLASS[:, 0]))


def test_a_label_stands_before_a_colour_or_before_the_number_of_its_thing():
    before = opened(make.table(ROOM, CLASS, COLOURS), "scan.txt")
    assert np.array_equal(before.numbers, CLASS[:, 0])
    assert np.array_equal(before.colours, COLOURS)
    things = CLASS * 3 + np.arange(len(ROOM))[:, None] % 3
    assert np.array_equal(opened(make.table(ROOM, COLOURS, CLASS, things), "scan.txt").numbers, CLASS[:, 0])


@pytest.mark.parametrize(
    "header",
    [
        "Rechtswert;Hochwert;Höhe;Rot;Grün;Blau;Klasse",
        "x;y;z;Rouge;Vert;Bleu;Classe",
        "X;Y;Z;Rojo;Verde;Azul;Clase",
        "X(m);Y(m);Z(m);Red(0-255);Green (0-255);Blue[0-255];sem",
        "Points:0;Points:1;Points:2;RGB:0;RGB:1;RGB:2;label",
        "x;y;z;R_8bit;G_8bit;B_8bit;class_id",
    ],
)
def test_columns_are_named_in_other_languages_and_with_notes(header):
    cloud = opened(make.table(ROOM, COLOURS, CLASS, separator=";", header=header), "scan.csv")
    assert np.array_equal(cloud.colours, COLOURS)
    assert np.array_equal(cloud.numbers, CLASS[:, 0])


def test_a_time_is_no_place():
    times = 1.5e9 + np.sort(np.random.default_rng(0).uniform(0, 600, (len(ROOM), 1)), axis=0)
    cloud = opened(make.table(times, ROOM), "scan.csv")
    assert np.allclose(cloud.points, ROOM, atol=1e-4)
    assert "tells times: x, y and z follow" in cloud.notices[0]


# -- colours -------------------------------------------------------------------------------------------------


def test_bytes_with_a_sign_and_whole_shares_are_colours():
    signed = columns("red green blue", RGB.astype(np.uint8).view(np.int8).reshape(N, 3))
    assert np.array_equal(opened(make.ply(**XYZ_, **signed)).colours, RGB)
    full = RGB > 128
    shares = columns("red green blue", full.astype(np.int32))
    assert np.array_equal(opened(make.ply(**XYZ_, **shares)).colours, full * 255)


@pytest.mark.parametrize("kind", [np.uint32, np.float32])
def test_colours_in_one_number_are_read_of_every_format(kind):
    packed = (RGB.astype(np.uint32) << [16, 8, 0]).sum(axis=1).astype(np.uint32).view(kind)
    assert np.array_equal(opened(make.ply(**XYZ_, rgb=packed)).colours, RGB)
    assert np.array_equal(opened(make.npy(make.records(**XYZ_, rgb=packed)), "a.npy").colours, RGB)


def test_fields_of_a_pcd_may_be_in_capitals():
    packed = (RGB.astype(np.uint32) << [16, 8, 0]).sum(axis=1).astype(np.uint32)
    data = make.pcd("binary", **XYZ_, rgb=packed).replace(b" rgb", b" RGB")
    assert np.array_equal(opened(data, "scan.pcd").colours, RGB)


SQUARE = "0 0 0", "4 0 0", "4 3 0", "0 3 0"
RED, GREEN = (255, 0, 0), (0, 255, 0)


def in_halves(cloud) -> np.ndarray:
    """Red below the diagonal of the square, green above it."""
    x, y, _ = cloud.all_coordinates().T
    return np.where((y / 3 <= x / 4)[:, None], RED, GREEN)


PLAIN_COLOUR = "".join(f"property uchar {name}\n" for name in ("red", "green", "blue"))


@pytest.mark.parametrize(
    ("elements", "rows"),
    [
        (
            f"element tristrips 2\nproperty list int int vertex_indices\n{PLAIN_COLOUR}",
            "3 0 1 2 255 0 0\n3 0 2 3 0 255 0\n",
        ),
        (
            "element face 2\nproperty list uchar int vertex_indices\nproperty int material_index\n"
            f"element material 2\n{PLAIN_COLOUR}",
            "3 0 1 2 0\n3 0 2 3 1\n255 0 0\n0 255 0\n",
        ),
    ],
)
def test_strips_and_materials_of_a_ply_have_colours(elements, rows):
    head = "ply\nformat ascii 1.0\nelement vertex 4\n" + "".join(f"property float {a}\n" for a in "xyz")
    corners = "".join(f"{corner}\n" for corner in SQUARE)
    cloud = opened(f"{head}{elements}end_header\n{corners}{rows}".encode(), "square.ply")
    assert np.array_equal(cloud.colours, in_halves(cloud))


def test_whole_shares_colour_the_faces_of_an_off():
    corners = "\n".join(SQUARE)
    cloud = opened(f"OFF\n4 2 0\n{corners}\n3 0 1 2 1 0 0\n3 0 2 3 0 1 0\n".encode(), "square.off")
    assert np.array_equal(cloud.colours, in_halves(cloud))


@pytest.mark.parametrize("word", ["CNOFF", "NCOFF"])
def test_letters_of_an_off_stand_in_either_order(word):
    corners = "\n".join(f"{corner} 0 0 1 10 20 30 255" for corner in SQUARE)
    cloud = opened(f"{word}\n4 1 0\n{corners}\n4 0 1 2 3\n".encode(), "square.off")
    assert (cloud.colours == (10, 20, 30)).all()


def test_corners_of_an_obj_have_opacities_and_its_lines_go_on():
    corners = "\n".join(f"v {corner} 0.2 0.4 0.6 1.0" for corner in SQUARE)
    cloud = opened(f"{corners}\nf 1 2 \\\n3\nf 1 3 4\n".encode(), "square.obj")
    assert (cloud.colours == (51, 102, 153)).all()
    assert "2 triangles" in cloud.notices[0]


# -- labels --------------------------------------------------------------------------------------------------

PLACES = np.where(ROOM[:, 2] == 0, "floor", np.where(ROOM[:, 2] == 2.7, "ceiling", "wall"))


def test_every_list_can_be_chosen_on_the_command_line():
    assert tuple(options_of(OfCloud)[0].choices) == tuple(TITLES)


def test_matterport_has_its_ceilings_where_nyu_has_dressers():
    found = LISTS["matterport40"]
    numbers = np.array([found.numbers[found.names.index(thing)] for thing in PLACES], np.int32)
    cloud = opened(make.npz(points=ROOM, labels=numbers), "house.npz")
    assert (cloud.listed, cloud.classes[cloud.labels[0]]) == ("matterport40", PLACES[0])


def test_a_street_and_two_classes_of_nothing_are_no_rooms_of_s3dis():
    rng = np.random.default_rng(0)
    road = rng.uniform(0, [60, 30, 0.1], (4000, 3))
    grass = rng.uniform([0, 30, 0], [60, 60, 0.5], (2000, 3))
    house = rng.uniform(0, [60, 0.5, 14], (3000, 3))
    street = np.concatenate([road, grass, house])
    kinds = np.repeat([1, 2, 5], [4000, 2000, 3000])
    cloud = opened(make.npz(points=street, labels=kinds), "street.npz")
    assert cloud.labels is None
    assert "Choose a list of classes" in cloud.notices[0]
    inside = (np.linalg.norm(ROOM - ROOM.mean(axis=0), axis=1) < 1).astype(int)
    assert opened(make.npz(points=ROOM, labels=inside), "room.npz").labels is None


def test_numbers_of_things_stand_above_classes_of_semantickitti():
    kinds, things = np.resize([40, 10, 50, 70], N), np.arange(N) % 7
    cloud = opened(make.npz(points=XYZ, labels=kinds | things << 16), "scan.npz")
    found = LISTS["semantickitti"]
    assert cloud.listed == "semantickitti"
    assert [
        found.numbers[found.names.index(cloud.classes[label])] for label in cloud.labels
    ] == kinds.tolist()


def test_copies_and_notes_in_a_room_add_no_points(tmp_path):
    things = tmp_path / "office_1" / "Annotations"
    things.mkdir(parents=True)
    wall = make.table(ROOM[:300], COLOURS[:300], form="%.3f")
    names = ["wall_1", "wall_1 copy 2", "Kopie von wall_1", "wall_1~", "Copy of wall_1 - Kopie (2)"]
    for name in names:
        (things / f"{name}.txt").write_bytes(wall)
    (things / "wall_1 (1).txt").write_bytes(make.table(ROOM[:300], COLOURS[:300], form="%.2f"))
    (things / "Copy of chair_7.txt").write_bytes(make.table(ROOM[300:400], COLOURS[300:400]))
    (things / "readme.txt").write_text("Made by hand.\nPlease cite us.\n")
    (things / ".DS_Store").write_bytes(struct.pack("<8I", *range(8)))
    cloud = from_path(things.parent)
    found, counts = np.unique([S3DIS_CLASSES[label] for label in cloud.labels], return_counts=True)
    assert dict(zip(found, counts, strict=True)) == {"wall": 300, "chair": 100}
    assert "wall_1~.txt in office_1 is a copy of wall_1.txt: it is left out." in cloud.notices
    assert "wall_1 (1).txt in office_1 has the points of wall_1.txt: it is left out." in cloud.notices
    assert "readme.txt in office_1 is no table of points: it is passed over." in cloud.notices
