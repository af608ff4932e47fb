"""What files of many programs mean: where another reading would give other points, colours or labels."""

from __future__ import annotations

import io

import laspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from headlight.models.core.classes.lists import LISTS, S3DIS_CLASSES
from headlight.viewer.host.forward import truth_for
from headlight.viewer.inputs.clouds.labels import place, relabelled
from headlight.viewer.inputs.clouds.parts import bytes8
from headlight.viewer.inputs.inputs import from_path
from headlight.viewer.inputs.told.frame import Frame
from headlight.viewer.slices.clouds.colours import heights
from tests.viewer import cloud_samples as make
from tests.viewer.cloud_samples import LABELS, RGB, XYZ, N, columns
from tests.viewer.inputs.test_clouds import is_sample, opened, room

XYZ_ = columns("x y z", XYZ)
ROOM = room(1)
MAP = np.array([455_012.25, 5_412_345.5, 210])
BLUE, GREEN = (10, 20, 200), (10, 200, 30)


# -- strays --------------------------------------------------------------------------------------------------

far = st.one_of(
    st.tuples(*[st.floats(200, 1e9)] * 3),
    st.tuples(*[st.floats(-1e9, -200)] * 3),
    st.tuples(st.just(0.0), st.just(0.0), st.floats(-1e4, -200)),
)


@settings(max_examples=25, deadline=None)
@given(strays=st.lists(far, min_size=1, max_size=8), at=st.integers(0, 1000))
def test_strays_change_nothing_but_are_told(strays, at):
    clean = opened(make.npy(ROOM), "room.npy")
    cloud = opened(make.npy(np.insert(ROOM, at, strays, axis=0)), "room.npy")
    assert np.array_equal(cloud.points, clean.points)
    assert (cloud.frame, cloud.origin.tolist()) == (clean.frame, clean.origin.tolist())
    assert (cloud.total, len(cloud.others)) == (len(ROOM) + len(strays), len(strays))
    assert "far from all the others" in cloud.notices[0]
    assert np.allclose(cloud.all_coordinates()[at : at + len(strays)], strays)


anywhere = st.tuples(*[st.one_of(st.floats(-30, 30), st.floats(-1e9, 1e9))] * 3)


@settings(max_examples=20, deadline=None)
@given(
    strays=st.lists(anywhere, min_size=1, max_size=len(ROOM) // 250),
    move=st.sampled_from([np.zeros(3), MAP, np.array([1e7, -1e7, 0])]),
    unit=st.sampled_from([1.0, 1000.0]),
)
def test_no_few_points_anywhere_move_the_frame(strays, move, unit):
    clean = (ROOM + move) * unit
    alone = opened(make.npy(clean), "room.npy")
    cloud = opened(make.npy(np.vstack([clean, (np.array(strays) + move) * unit])), "room.npy")
    assert cloud.frame == alone.frame
    assert np.abs(cloud.origin - alone.origin).max() <= unit  # its whole metres may be the next ones
    assert np.abs(cloud.file_coordinates(cloud.points[: len(ROOM)]) - clean).max() < 0.0006 * unit
    count = len(cloud.kept) if cloud.kept is not None else cloud.total
    assert (cloud.total - count > 0) == any("far from all the others" in told for told in cloud.notices)
    assert np.abs(np.subtract(heights(cloud.points), heights(alone.points))).max() < 0.1


def test_a_few_colours_beyond_all_others_darken_nothing():
    shades = np.tile(RGB, (40, 1)).astype(np.uint16)
    shades[7] = 40_000
    assert np.array_equal(bytes8(shades)[8:], np.tile(RGB, (40, 1))[8:])
    assert np.array_equal(bytes8(shades * 16)[8:], np.rint(np.tile(RGB, (40, 1))[8:] * (16 * 255 / 65535)))


def test_a_point_at_zero_beside_map_coordinates_moves_nothing():
    cloud = opened(make.npy(np.vstack([ROOM + MAP, [[0, 0, 0]]])), "far.npy")
    assert np.abs(cloud.file_coordinates(cloud.points) - ROOM - MAP).max() < 0.0006
    assert np.abs(cloud.points).max() < 300
    assert cloud.notices[0] == (
        f"1 of {len(ROOM) + 1:,} points of far.npy lies far from all the others (0 0 0): left out, without a "
        "label."
    )


def test_long_and_sparse_clouds_have_no_strays():
    street = np.random.default_rng(0).normal(size=(2000, 3)) * [40, 5, 1]
    corridor = room(2, length=60, width=2)
    for points in (street, corridor, np.array([[0, 0, 0], [1, 0, 0], [500, 0, 0]])):
        assert opened(make.npy(points)).kept is None


def test_rays_that_met_nothing_are_no_points():
    inside = ROOM - [2, 2, 1]
    rows = np.where((np.arange(len(ROOM)) % 10 == 0)[:, None], 0, inside)
    cloud = opened(make.npy(rows), "scan.npy")
    assert np.array_equal(cloud.kept, np.flatnonzero(rows.any(axis=1)))
    assert "lie at exactly 0 0 0, as rays that met nothing do: left out." in cloud.notices[0]


def test_marks_of_nothing_are_no_points_either():
    marked = np.arange(len(ROOM)) % 15 == 0
    cloud = opened(make.npy(np.where(marked[:, None], -9999, ROOM)))
    assert np.array_equal(cloud.kept, np.flatnonzero(~marked))


def test_millimetres_stay_at_ten_thousand_kilometres():
    points = np.round(ROOM + np.array([1e7, 1e7, 0]), 3)
    for data in (
        make.npy(points),
        make.table(points, form="%.3f"),
        make.ply("<", **columns("x y z", points)),
    ):
        cloud = opened(data, "far.xyz")
        assert np.abs(cloud.file_coordinates(cloud.points) - points).max() < 0.0005


# -- units ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("unit", "metres"), [("millimetres", 0.001), ("centimetres", 0.01)])
def test_a_formats_metres_are_not_believed_where_only_another_unit_makes_a_room(unit, metres):
    cloud = opened(make.las(False, ROOM / metres), "room.las")
    assert cloud.frame.unit == unit
    assert np.abs(np.ptp(cloud.points, axis=0) - np.ptp(ROOM, axis=0)).max() < 0.001
    assert f"read in {unit}, since rooms have such a size, though its format says metres" in cloud.notices[0]
    hills = np.random.default_rng(0).random((20_000, 3)) * [5000, 4000, 900] + [4e5, 5e6, 100]
    assert opened(make.las(False, hills), "hills.las").frame == Frame()


HEADERS = {
    "X(m),Y(m),Z(m)": 1.0,
    "E,N,H": 1.0,
    "x [mm],y [mm],z [mm]": 0.001,
    "Rechtswert,Hochwert,Höhe": 1.0,
    "Local X,Local Y,Local Z": 1.0,
    "easting_ft,northing_ft,elevation_ft": 0.3048,
    '"Points:0","Points:1","Points:2"': 1.0,
}


@pytest.mark.parametrize("header", HEADERS)
def test_headers_name_places_and_units(header):
    metres = HEADERS[header]
    cloud = opened(make.table(XYZ / metres, separator=",", header=header), "survey.csv")
    assert cloud.frame.metres_per_unit == metres
    assert np.abs(cloud.points - XYZ).max() < 1e-3


def test_longitudes_and_latitudes_become_metres():
    metres = XYZ.astype(np.float64) * [10, 10, 1]
    degrees = metres / [111_320 * np.cos(np.radians(60)), 111_412, 1] + [24.9, 60, 0]
    rows = make.table(degrees, form="%.9f", separator=",", header="lon,lat,alt")
    cloud = opened(rows, "gps.csv")
    assert np.abs(np.ptp(cloud.points, axis=0) / np.ptp(metres, axis=0) - 1).max() < 0.005
    assert cloud.notices == ("The longitudes and latitudes of gps.csv are read as metres from their middle.",)


def test_degrees_without_a_name_are_told():
    degrees = XYZ / [1e5, 1e5, 1] + [24.9, 60.0, 0]
    assert "look like degrees of longitude and latitude" in opened(make.npy(degrees)).notices[0]


def test_las_tells_its_feet():
    header = laspy.LasHeader(point_format=3, version="1.2")
    header.scales = [0.001] * 3
    keys = np.array([1, 1, 0, 2, 1024, 0, 1, 1, 3076, 0, 1, 9003], "<u2").tobytes()
    header.vlrs.append(laspy.VLR("LASF_Projection", 34735, "", keys))
    file = laspy.LasData(header)
    file.x, file.y, file.z = (ROOM / 0.3048).T
    out = io.BytesIO()
    file.write(out)
    cloud = opened(out.getvalue(), "survey.las")
    assert cloud.frame.unit == "feet"
    assert np.abs(np.ptp(cloud.points, axis=0) - np.ptp(ROOM, axis=0)).max() < 0.002


def test_shares_of_one_stay_shares_where_a_few_lie_above():
    bright = RGB / 255.0
    bright[0] = 1.002
    colours = opened(make.ply(**XYZ_, **columns("red green blue", bright.astype(np.float32)))).colours
    assert np.array_equal(colours[1:], RGB[1:])


# -- labels --------------------------------------------------------------------------------------------------

PLACES = np.where(ROOM[:, 2] == 0, "floor", np.where(ROOM[:, 2] == 2.7, "ceiling", "wall"))
PLACES[np.abs(ROOM[:, 2] - 0.72) < 1e-9] = "table"


@pytest.mark.parametrize("listed", ["s3dis", "nyu40"])
@pytest.mark.parametrize("name", ["label", "scalar_Classification"])
def test_lists_of_classes_are_told_apart_by_where_things_are(listed, name):
    found = LISTS[listed]
    numbers = np.array([found.numbers[found.names.index(thing)] for thing in PLACES], np.uint16)
    cloud = opened(make.ply(**columns("x y z", ROOM), **{name: numbers}), "scan.ply")
    assert (cloud.listed, cloud.classes) == (listed, found.names)
    assert [cloud.classes[label] for label in cloud.labels] == PLACES.tolist()
    assert f"as in {found.title}." in cloud.notices[0]
    truth, notices = truth_for(cloud, S3DIS_CLASSES, "A model")
    assert [S3DIS_CLASSES[label] for label in truth] == PLACES.tolist()
    assert notices == ()


def test_the_benchmark_of_scannet_has_walls_where_s3dis_has_ceilings():
    found = LISTS["scannet20"]
    seen = PLACES != "ceiling"
    numbers = np.array([found.names.index(thing) for thing in PLACES[seen]], np.uint8)
    cloud = opened(make.npz(points=ROOM[seen], labels=numbers), "scan.npz")
    assert cloud.listed == "scannet20"


def test_labels_are_read_by_another_list_when_asked():
    cloud = opened(make.npz(points=XYZ, labels=LABELS + 1), "scan.npz")
    assert cloud.labels is None
    other = relabelled(cloud, "nyu40")
    assert [other.classes[label] for label in other.labels[:4]] == ["wall", "floor", "cabinet", "bed"]
    assert not set(cloud.notices) & set(other.notices)
    original = relabelled(cloud, "s3dis-files")
    assert original.notices == (
        "4 labels of scan.npz are out of range (1 to 13, not 0 to 12): they are read as unlabelled.",
    )
    assert [original.classes[n] for n in original.labels[7:10]] == ["table", "bookcase", "sofa"]
    assert relabelled(other, "none").labels is None
    assert relabelled(other, "names").notices == ("scan.npz names no classes: its labels are left out.",)
    back = relabelled(relabelled(other, "none"), "nyu40")
    assert np.array_equal(back.labels, other.labels)


def test_names_of_other_lists_find_their_like():
    found = [
        place(name, S3DIS_CLASSES) for name in ("Bookshelf", "desk", "whiteboard", "other_furniture", "couch")
    ]
    assert [S3DIS_CLASSES[index] for index in found] == ["bookcase", "table", "board", "clutter", "sofa"]
    assert (place("unlabeled", S3DIS_CLASSES), place("toilet", S3DIS_CLASSES)) == (-1, None)
    assert LISTS["nyu40"].names[place("bookcase", LISTS["nyu40"].names)] == "bookshelf"
    assert (len(LISTS["nyu40"].names), len(LISTS["scannet20"].names)) == (40, 20)


def test_names_of_classes_are_utf_8_and_of_one_line():
    rows = ["x,y,z,label"] + [f"{x},{y},{z},Stühle\x1b[0m" for x, y, z in XYZ]
    assert opened("\n".join(rows).encode(), "named.csv").classes == ("Stühle\N{REPLACEMENT CHARACTER}[0m",)


# -- surfaces ------------------------------------------------------------------------------------------------

QUAD = np.array([[0, 0, 0], [3, 0, 0], [3, 2, 0], [0, 2, 0]], np.float32)


def ply_text(*elements: str, rows: str, comments: tuple[str, ...] = ()) -> bytes:
    vertices = "".join(f"{x} {y} {z}\n" for x, y, z in QUAD)
    head = ["ply", "format ascii 1.0", *(f"comment {c}" for c in comments), "element vertex 4"]
    head += [f"property float {axis}" for axis in "xyz"]
    return "\n".join([*head, *elements, "end_header", vertices + rows]).encode()


def test_strips_are_surfaces():
    strip = ply_text("element tristrips 1", "property list int int vertex_indices", rows="7 0 1 3 2 -1 0 1\n")
    cloud = opened(strip, "range.ply")
    assert len(cloud.points) == round(6 / 0.02**2)
    assert np.allclose(np.ptp(cloud.points, axis=0), [3, 2, 0], atol=0.1)
    assert np.allclose(np.abs(cloud.normals[:, 2]), 1)
    assert len(np.unique(cloud.normals[:, 2])) == 1  # every second triangle is turned


def test_faces_have_colours_of_their_own():
    own = [f"property uchar {name}" for name in ("red", "green", "blue")]
    said = ("element face 2", "property list uchar int vertex_indices", *own)
    cloud = opened(ply_text(*said, rows="4 0 1 2 3 10 20 200\n3 0 1 2 10 200 30\n"), "faces.ply")
    assert {tuple(colour) for colour in cloud.colours.tolist()} == {BLUE, GREEN}


def chequered() -> bytes:
    """Blue on the left, green on the right; above them, red."""
    pixels = np.array([[[255, 0, 0]] * 2, [BLUE, GREEN]], np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels.repeat(8, 0).repeat(8, 1)).save(out, "PNG")
    return out.getvalue()


def painted_as_expected(cloud) -> None:
    x, y = cloud.file_coordinates(cloud.points)[:, :2].T
    for part, colour in (
        ((y > 1.01), (255, 0, 0)),
        ((y < 0.99) & (x < 1.49), BLUE),
        ((y < 0.99) & (x > 1.51), GREEN),
    ):
        assert part.any()
        assert (cloud.colours[part] == colour).all()


def test_pictures_on_surfaces_colour_their_points(tmp_path):
    (tmp_path / "textures").mkdir()
    (tmp_path / "textures" / "wall paper.png").write_bytes(chequered())
    (tmp_path / "quad.mtl").write_text(
        "newmtl paper\nKd 1 1 1\nmap_Kd -s 1 1 1 textures\\wall paper.png\nnewmtl gone\nmap_Kd gone.png\n"
    )
    corners = "".join(f"v {x} {y} {z}\n" for x, y, z in QUAD)
    places = "vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
    (tmp_path / "quad.obj").write_text(
        f"mtllib quad.mtl\n{corners}{places}usemtl paper\nf 1/1 2/2 3/3\nf 1/-4 -2/-2 -1/-1\n"
    )
    cloud = from_path(tmp_path / "quad.obj")
    painted_as_expected(cloud)
    (tmp_path / "lost.obj").write_text(f"mtllib quad.mtl\n{corners}{places}usemtl gone\nf 1/1 2/2 3/3\n")
    assert (
        "Pictures that lost.obj is painted with are not used: gone.png."
        in from_path(tmp_path / "lost.obj").notices
    )


def test_meshlabs_pictures_colour_their_points_too(tmp_path):
    (tmp_path / "paper.png").write_bytes(chequered())
    said = ("element face 2", "property list uchar int vertex_indices", "property list uchar float texcoord")
    rows = "3 0 1 2 6 0 0 1 0 1 1\n3 0 2 3 6 0 0 1 1 0 1\n"
    (tmp_path / "quad.ply").write_bytes(ply_text(*said, rows=rows, comments=("TextureFile paper.png",)))
    painted_as_expected(from_path(tmp_path / "quad.ply"))


def test_no_mesh_reads_a_picture_outside_of_its_folder(tmp_path):
    (tmp_path / "secret.png").write_bytes(chequered())
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "a.mtl").write_text("newmtl m\nmap_Kd ../secret.png\n")
    (inner / "link.png").symlink_to(tmp_path / "secret.png")
    (inner / "b.mtl").write_text("newmtl m\nmap_Kd link.png\n")
    for name in "ab":
        (inner / f"{name}.obj").write_text(
            f"mtllib {name}.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl m\nf 1/1 2/1 3/1\n"
        )
        cloud = from_path(inner / f"{name}.obj")
        assert "are not used" in " ".join(cloud.notices)
        assert len(np.unique(cloud.colours, axis=0)) == 1


def test_off_files_have_colours_without_saying_so():
    corners = "".join(f"{x} {y} {z} 250 10 20 255\n" for x, y, z in QUAD)
    cloud = opened(f"# by hand\nOFF\n4 1 0\n{corners}4 0 1 2 3\n".encode(), "quad.off")
    assert (cloud.colours == [250, 10, 20]).all()
    normals = "".join(f"{x} {y} {z} 0 0 1\n" for x, y, z in QUAD)
    plain = opened(f"OFF\n4 1 0\n{normals}4 0 1 2 3\n".encode(), "quad.off")
    assert plain.colours is None
    assert "The numbers behind the corners of quad.off are no colours: they are passed over." in plain.notices


def test_splats_have_the_colour_of_their_constant_harmonic():
    harmonics = columns("f_dc_0 f_dc_1 f_dc_2", (RGB / np.float32(255) - 0.5) / np.float32(0.28209479))
    zeros = columns("nx ny nz", np.zeros((N, 3), np.float32))
    cloud = opened(make.ply(**XYZ_, **zeros, **harmonics, opacity=XYZ[:, 0]), "splats.ply")
    is_sample(cloud, colours=True)
    assert "Gaussian splats" in cloud.notices[0]
