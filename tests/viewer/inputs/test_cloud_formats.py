"""Files as other programs write them: odd headers, wrappings, folders and layouts that open all the same."""

from __future__ import annotations

import gzip
import os
import struct

import numpy as np
import pytest

from headlight.models.core.classes.lists import LISTS
from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.inputs import from_bytes, from_path
from tests.viewer import cloud_samples as make
from tests.viewer.cloud_samples import LABELS, NORMALS, RGB, XYZ, N, columns
from tests.viewer.inputs.test_clouds import WHOLE, is_sample, opened

XYZ_ = columns("x y z", XYZ)


def pcd_text(rows: str, viewpoint: str = "0 0 0 1 0 0 0", fields: str = "x y z") -> bytes:
    count = len(fields.split())
    head = f"VERSION 0.7\nFIELDS {fields}\nSIZE{' 4' * count}\nTYPE{' F' * count}\nCOUNT{' 1' * count}\n"
    head += f"WIDTH {N}\nHEIGHT 1\nVIEWPOINT {viewpoint}\nPOINTS {N}\nDATA ascii\n"
    return (head + rows).encode()


ROWS = make.table(XYZ).decode()


def test_the_viewpoint_is_a_pose():
    cloud = opened(pcd_text(ROWS, "10 20 1.5 0.7071068 0 0 0.7071068"), "scan.pcd")
    turned = np.column_stack([10 - XYZ[:, 1], 20 + XYZ[:, 0], 1.5 + XYZ[:, 2]])
    assert np.abs(cloud.points - turned).max() < 1e-3
    assert cloud.notices == ("The points of scan.pcd are turned and moved as its VIEWPOINT says.",)
    is_sample(opened(pcd_text(ROWS, "0 0 0 1")))
    is_sample(wrong := opened(pcd_text(ROWS, "1 2 3 0 0 0 0"), "scan.pcd"))
    assert wrong.notices == ("The VIEWPOINT of scan.pcd is no pose: it is passed over.",)


def test_pcd_columns_that_nobody_names_and_padding_that_is_not_there():
    more = opened(pcd_text(ROWS.replace("\n", " 7\n")), "scan.pcd")
    is_sample(more)
    assert "have 4 numbers, of which its header names 3" in more.notices[0]
    head = b"FIELDS x _ y z\nSIZE 4 2 4 4\nTYPE F U F F\nCOUNT 1 0 1 1\nWIDTH 60\nHEIGHT 1\nDATA binary\n"
    is_sample(opened(head + XYZ.tobytes()))


def test_a_compressed_body_may_be_stored_as_it_is():
    size = XYZ.nbytes
    head = f"FIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nWIDTH {N}\nHEIGHT 1\nDATA binary_compressed\n".encode()
    is_sample(opened(head + np.array([size, size], "<u4").tobytes() + XYZ.T.tobytes()))


def test_packed_colours_may_be_written_as_whole_numbers():
    packed = (RGB.astype(np.int64) * [65536, 256, 1]).sum(axis=1)
    rows = "".join(f"{x:.4f} {y:.4f} {z:.4f} {c}.0\n" for (x, y, z), c in zip(XYZ, packed, strict=True))
    is_sample(opened(pcd_text(rows, fields="x y z rgb")), colours=True)


# -- headers, wrappings, folders -----------------------------------------------------------------------------

PLAIN = make.ply(**XYZ_, scalar_a=XYZ[:, 0], scalar_b=XYZ[:, 1])
TEXT = make.ply("text", **XYZ_)
HEAD, BODY = PLAIN[: PLAIN.index(b"end_header\n") + 11], PLAIN[PLAIN.index(b"end_header\n") + 11 :]
ODD_PLY = {
    "ends of old Macs": HEAD.replace(b"\n", b"\r") + BODY,
    "ends of Windows": HEAD.replace(b"\n", b"\r\n") + BODY,
    "a name twice": PLAIN.replace(b"scalar_b", b"scalar_a"),
    "names with spaces": PLAIN.replace(b"scalar_a", b"scalar_C2C absolute distances"),
    "a mark": b"\xef\xbb\xbf" + TEXT,
    "decimal commas": TEXT[:120] + TEXT[120:].replace(b".", b","),
}


@pytest.mark.parametrize("name", ODD_PLY)
def test_odd_headers_of_ply(name):
    is_sample(opened(ODD_PLY[name]))


def test_lists_of_points_are_passed_over():
    head = (
        f"ply\nformat ascii 1.0\nelement vertex {N}\nproperty float x\nproperty float y\nproperty float z\n"
    )
    head += "property list uchar float tag\nend_header\n"
    rows = "".join(f"{x:.4f} {y:.4f} {z:.4f} 2 5 6\n" for x, y, z in XYZ)
    cloud = opened((head + rows).encode(), "tags.ply")
    is_sample(cloud)
    assert cloud.notices == ("Lists of the points of tags.ply are passed over: tag.",)


def test_gzip_is_unpacked():
    full = make.ply(**XYZ_, **columns("red green blue", RGB))
    is_sample(opened(gzip.compress(full), "room.ply.gz"), colours=True)
    is_sample(opened(gzip.compress(make.table(XYZ)), "room.xyz.gz"))


@pytest.mark.parametrize(("name", "numbers"), [("scan.bin.gz", 4), ("scan.pcd.bin.gz", 5)])
def test_a_cars_scan_is_known_in_gzip_too(name, numbers):
    rows = np.column_stack([XYZ, np.full((len(XYZ), numbers - 3), 3)]).astype("<f4")
    packed = gzip.compress(rows.tobytes())
    cloud = opened(packed, name)
    assert np.array_equal(cloud.points, rows[:, :3])
    assert (cloud.intensity == 3).all()
    for damaged in (packed[:-1], packed[:-12], gzip.compress(rows.tobytes()[:-2])):
        with pytest.raises(HeadlightError, match=f"^{name} is a damaged or cut-off gzip archive"):
            opened(damaged, name)


def test_ptx_puts_its_scans_in_their_places():
    def scan(move: str) -> str:
        rows = "".join(f"{x:.4f} {y:.4f} {z:.4f} 0.5 {r} {g} {b}\n" for (x, y, z), (r, g, b) in SHADED)
        matrix = f"0 1 0 0\n-1 0 0 0\n0 0 1 0\n{move} 1\n"
        return f"{N}\n2\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n{matrix}{rows}" + "0 0 0 0.5 0 0 0\n" * N

    shaded = zip(XYZ.tolist(), RGB.tolist(), strict=True)
    SHADED = list(shaded)
    cloud = opened((scan("0 0 0") + scan("10 20 0")).encode(), "scans.ptx")
    turned = np.column_stack([-XYZ[:, 1], XYZ[:, 0], XYZ[:, 2]])
    assert np.abs(cloud.points - np.vstack([turned, turned + np.array([10, 20, 0])])).max() < 1e-3
    assert np.array_equal(cloud.colours, np.vstack([RGB, RGB]))
    assert (cloud.total, cloud.notices[0]) == (4 * N, "scans.ptx holds 2 scans: they are read as one cloud.")


def test_scans_of_cars_find_their_labels(tmp_path):
    for name in ("velodyne", "labels"):
        (tmp_path / name).mkdir()
    numbers = np.where(LABELS < 6, 40, 50).astype(np.uint32)
    (tmp_path / "velodyne" / "000007.bin").write_bytes(np.column_stack([XYZ, XYZ[:, 0] / 9]).tobytes())
    (tmp_path / "labels" / "000007.label").write_bytes((numbers + 65536 * 3).tobytes())
    cloud = from_path(tmp_path / "velodyne" / "000007.bin")
    assert np.abs(cloud.points - XYZ).max() < 1e-6
    assert cloud.listed == "semantickitti"
    assert {cloud.classes[label] for label in cloud.labels[:7]} == {"road", "building"}
    lasers = np.column_stack([XYZ, XYZ[:, 0] * 20, LABELS]).astype(np.float32)
    is_sample(opened(lasers.tobytes(), "sweep.pcd.bin"))


def test_arrays_of_any_name_and_shape():
    is_sample(opened(make.npz(arr_0=XYZ)))
    is_sample(opened(make.npz(x=XYZ[:, 0], y=XYZ[:, 1], z=XYZ[:, 2])))
    is_sample(opened(make.npy(XYZ[None])))
    many = (np.tile(XYZ, (2, 1)) + np.arange(2 * N)[:, None] / 1000).astype(np.float32)
    assert np.array_equal(opened(make.npy(many.T)).points, many)


def test_a_scene_is_a_folder_of_arrays(tmp_path):
    for name, array in {"coord": XYZ, "color": RGB, "normal": NORMALS, "segment": LABELS[:, None]}.items():
        np.save(tmp_path / f"{name}.npy", array)
    is_sample(from_path(tmp_path), colours=True, labels=True, normals=True)
    (tmp_path / "segment.npy").rename(tmp_path / "segment20.npy")
    assert from_path(tmp_path).classes == LISTS["scannet20"].names


def test_a_first_column_may_count_or_label():
    counted = opened(make.table(np.arange(N), XYZ, RGB, form=["%d", *WHOLE]), "scan.txt")
    is_sample(counted, colours=True)
    assert counted.notices == ("The first column of scan.txt counts its lines: x, y and z follow.",)
    labelled = opened(make.table(LABELS, XYZ, form=["%d"] + ["%.4f"] * 3), "scan.txt")
    is_sample(labelled, labels=True)
    assert labelled.notices[0] == "The first column of scan.txt is read as labels: x, y and z follow."


def test_colours_of_tables_may_have_fractions_and_of_cameras_12_bits():
    mean = opened(make.table(XYZ, RGB / 1.01, form="%.4f"), "mean.xyz")
    assert np.array_equal(mean.colours, np.rint(RGB / 1.01))
    deep = opened(make.npz(points=XYZ, colors=(RGB * (4095 / 255)).astype(np.uint16)))
    assert np.abs(deep.colours.astype(int) - RGB).max() <= 1


def test_tables_of_other_programs():
    trailing = "".join(f"{x:.4f} {y:.4f} {z:.4f} P{i}\n" for i, (x, y, z) in enumerate(XYZ))
    is_sample(opened(trailing.encode(), "points.xyz"))
    is_sample(opened(("X\tY\tZ\n" + make.table(XYZ, separator="\t").decode()).encode("utf-16"), "wide.csv"))
    blocks = make.table(XYZ[:30], header="30") + make.table(XYZ[30:], header="30")
    is_sample(opened(blocks, "scans.pts"))
    is_sample(opened(make.table(XYZ).replace(b"\n", b"\r"), "mac.xyz"))


def test_rooms_as_they_are_handed_on(tmp_path):
    things = tmp_path / "office_9" / "Annotations"
    things.mkdir(parents=True)
    half = N // 2
    first, second = (
        make.table(XYZ[part], RGB[part], form=WHOLE) for part in (slice(half), slice(half, None))
    )
    (things / "chair_1.txt").write_bytes(first)
    (things / "chair_1 (1).txt").write_bytes(first)
    (things / "._chair_1.txt").write_bytes(b"\x00\x05\x16\x07")
    lines = second.split(b"\n")
    lines[3] = lines[3].replace(b" ", b"\x10", 1)
    (things / "table².txt").write_bytes(b"\n".join(lines))
    cloud = from_path(things.parent)
    assert (cloud.total, len(cloud.points)) == (N, N - 1)
    assert np.abs(cloud.points - np.delete(XYZ, half + 3, axis=0)).max() < 1e-4
    assert np.array_equal(cloud.colours, np.delete(RGB, half + 3, axis=0))
    assert [notice for notice in cloud.notices if "chair" in notice or "cannot" in notice] == [
        "chair_1 (1).txt in office_9 is a copy of chair_1.txt: it is left out.",
        "Line 4 of table².txt cannot be read: its point is left out.",
    ]


def test_links_are_followed_only_inside_a_room(tmp_path):
    things = tmp_path / "office_9" / "Annotations"
    things.mkdir(parents=True)
    (things / "chair_1.txt").write_bytes(make.table(XYZ, RGB, form=WHOLE))
    (tmp_path / "secret.txt").write_bytes(make.table(XYZ + 1, RGB, form=WHOLE))
    (things / "door_1.txt").symlink_to(tmp_path / "secret.txt")
    (things / "floor_1.txt").symlink_to(things / "floor_1.txt")  # to itself
    os.mkfifo(things / "wall_1.txt")
    cloud = from_path(things.parent)
    assert (cloud.total, {cloud.classes[label] for label in cloud.labels}) == (N, {"chair"})
    assert cloud.notices[0] == "In office_9 door_1.txt is a link out of it: passed over."
    (things / "chair_1.txt").rename(things.parent / "kept.txt")
    (things / "chair_1.txt").symlink_to(things.parent / "kept.txt")
    assert from_path(things).total == N


def test_names_in_notices_are_escaped_and_short():
    odd = "\x1b[31m\u202e" + "x" * 5000
    mesh = f"mtllib {odd}\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl a\nf 1 2 3\n"
    told = opened(mesh.encode("latin-1", "replace"), "odd.obj").notices
    assert "are not beside it (\\x1b[31m" in told[0]
    assert all(one.isprintable() and len(one) < 400 for one in told)


def test_blank_lines_without_end_are_no_header():
    for data in (b"\n" * 60_000 + b"x", b"# \n" * 20_000 + b"x", b"9" * 60_000 + b";"):
        from_bytes(data, "odd.txt")


def test_colmaps_points_are_not_their_numbers():
    title = "# 3D point list with one line of data per point:\n"
    title += "#   POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID, POINT2D_IDX)\n"
    rows = zip(range(9, 9 + N), XYZ.tolist(), RGB.tolist(), strict=True)
    lines, records = "", struct.pack("<Q", N)
    for number, place, shade in rows:
        track = [1, 5] * (number % 3 + 2)
        lines += " ".join(map(str, [number, *place, *shade, 0.5, *track])) + "\n"
        records += struct.pack(f"<Q3d3BdQ{len(track)}i", number, *place, *shade, 0.5, len(track) // 2, *track)
    for data, name in (((title + lines).encode(), "points3D.txt"), (records, "points3D.bin")):
        cloud = opened(data, name)
        assert np.abs(cloud.file_coordinates(cloud.points) - XYZ).max() < 1e-4
        assert np.array_equal(cloud.colours, RGB)
        assert "no unit and no way up of its own" in cloud.notices[0]


@pytest.mark.parametrize("magics", [False, True])
def test_triangles_of_stl_have_colours(magics):
    data = bytearray(make.box("stl"))
    red = 31 if magics else 31 << 10 | 1 << 15
    for at in range(84, len(data), 50):
        struct.pack_into("<H", data, at + 48, red)
    if magics:
        data[:10] = b"COLOR=\x01\x02\x03\xff"
        struct.pack_into("<H", data, 84 + 48, 1 << 15)  # one without a colour of its own
    cloud = opened(bytes(data), "box.stl")
    found = {tuple(colour) for colour in cloud.colours.tolist()}
    assert found == ({(255, 0, 0), (1, 2, 3)} if magics else {(255, 0, 0)})
    assert opened(make.box("stl")).colours is None
