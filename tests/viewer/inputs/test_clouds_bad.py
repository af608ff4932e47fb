"""Damaged, lying and odd clouds: one exact message or notice each, and never a crash."""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.clouds import parts
from headlight.viewer.inputs.inputs import from_bytes, from_path
from tests.viewer import cloud_samples as make
from tests.viewer.cloud_samples import LABELS, RGB, XYZ, N, columns
from tests.viewer.inputs.variants import plys, scanners, tables

XYZ_ = columns("x y z", XYZ)
PLY = make.ply(**XYZ_)
PLY_TEXT = make.ply("text", **XYZ_)
PCD = make.pcd("binary", **XYZ_)
PACKED = make.pcd("binary_compressed", **XYZ_, label=LABELS.astype(np.uint32), more=np.zeros(N))
LAS = make.las(False, XYZ.astype(np.float64))
LAZ = make.las(True, XYZ.astype(np.float64))
E57 = make.e57({"xyz": XYZ, "colours": RGB})
WHOLE = "Get a whole copy of it and try again."
THIN = "Thin it out and try again."
NEEDED = "Choose a file whose points have x, y and z."
LINE = "Correct or remove that line and try again."
SOMETHING = "Choose a file with something in it."
MILLIARD = f"{{}} has 1,000,000,000 points, and clouds are read up to 20,000,000. {THIN}"


def with_count(data: bytes, count: int) -> bytes:
    """The same file with another number of points in its header."""
    old = str(N).encode()
    for before in (b"element vertex ", b"POINTS ", b"WIDTH "):
        data = data.replace(before + old, before + str(count).encode())
    return data


def las_with_count(count: int) -> bytes:
    data = bytearray(LAS)
    struct.pack_into("<I", data, 107, 0)
    struct.pack_into("<Q", data, 247, count)
    return bytes(data)


def npy_with_shape(*shape: int, like: np.ndarray = XYZ) -> bytes:
    out = io.BytesIO()
    header = {"descr": np.lib.format.dtype_to_descr(like.dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_2_0(out, header)
    return out.getvalue() + like.tobytes()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("points.npy", make.npy(np.zeros((2_000_000, 3), np.float32)))
    return out.getvalue()


def spoilt(line: int, text: str, rows: bytes) -> bytes:
    lines = rows.decode().split("\n")
    lines[line - 1] = text
    return "\n".join(lines).encode()


NAN = np.where(np.arange(N)[:, None] % 20 == 3, np.array([np.nan, 1, np.inf], np.float32), XYZ)
SQUARE = "OFF\n4 1 0\n0 0 0\n1 0 0\n1 1 0\n0 1 0\n"

ERRORS = {
    "short.ply": (PLY[:-5], f"{{}} promises 60 points and holds 59. {WHOLE}"),
    "more.ply": (with_count(PLY, 19_000_000), f"{{}} promises 19,000,000 points and holds 60. {WHOLE}"),
    "more_text.ply": (with_count(PLY_TEXT, 61), f"{{}} promises 61 points and holds 60. {WHOLE}"),
    "much_more_text.ply": (
        with_count(PLY_TEXT, 19_000_000),
        f"{{}} promises 19,000,000 points and holds 60. {WHOLE}",
    ),
    "milliard.ply": (with_count(PLY, 10**9), MILLIARD),
    "none.ply": (with_count(PLY, 0), f"{{}} holds no points. {SOMETHING}"),
    "negative.ply": (with_count(PLY, -5), f"The header of {{}} cannot be read: line 3 is wrong. {WHOLE}"),
    "no_z.ply": (make.ply(x=XYZ[:, 0], y=XYZ[:, 1]), f"The points of {{}} have no z. {NEEDED}"),
    "word.ply": (
        spoilt(9, "1 two 3", PLY_TEXT),
        f"Line 9 of {{}} holds “two” where a number should be. {LINE}",
    ),
    "columns.ply": (spoilt(9, "1 2", PLY_TEXT), f"Line 9 of {{}} has 2 numbers where 3 should be. {LINE}"),
    "faces.ply": (
        make.ply("<", [[0, 1, 99]], **XYZ_),
        f"A face of {{}} has corner 99, and the corners are 0 to 59. {WHOLE}",
    ),
    "same.ply": (
        make.ply(**columns("x y z", np.ones((N, 3), np.float32))),
        "All 60 points of {} are the same point. Choose a file whose points differ.",
    ),
    "nan.ply": (
        make.ply(**columns("x y z", np.full((N, 3), np.nan, np.float32))),
        f"None of the 60 points of {{}} has finite coordinates. {WHOLE}",
    ),
    "beyond.npy": (make.npy(XYZ * np.float64(1e200)), f"{{}} has coordinates beyond 10¹². {WHOLE}"),
    "short.pcd": (PCD[:-5], f"{{}} promises 60 points and holds 59. {WHOLE}"),
    "more.pcd": (with_count(PCD, 19_000_000), f"{{}} promises 19,000,000 points and holds 60. {WHOLE}"),
    "milliard.pcd": (with_count(PCD, 10**9), MILLIARD),
    "word.pcd": (
        spoilt(12, "1 2 three", make.pcd("ascii", **XYZ_)),
        f"Line 12 of {{}} holds “three” where a number should be. {LINE}",
    ),
    "corrupt.pcd": (PACKED[:-100] + bytes(100), f"{{}} is a damaged or cut-off PCD file. {WHOLE}"),
    "lying.pcd": (with_count(PACKED, 61), f"{{}} is a damaged or cut-off PCD file. {WHOLE}"),
    "header.pcd": (PCD.replace(b"SIZE 4", b"SIZE 5"), f"The header of {{}} cannot be read. {WHOLE}"),
    "word.xyz": (
        spoilt(2, "1 2 abc", make.table(XYZ)),
        f"Line 2 of {{}} holds “abc” where a number should be. {LINE}",
    ),
    "short.pts": (make.table(XYZ, header="61"), f"{{}} promises 61 points and holds 60. {WHOLE}"),
    "milliard.pts": (make.table(XYZ, header="1000000000"), MILLIARD),
    "flat.npy": (
        make.npy(XYZ[:, :2]),
        "{} is an array of 60 × 2. Points are N × 3, or more columns for colour and label.",
    ),
    "picture.npy": (
        make.npy(np.zeros((64, 64, 3), np.float32)),
        "{} is an array of 64 × 64 × 3. Points are N × 3, or more columns for colour and label.",
    ),
    "words.npy": (
        make.npy(np.array([["a", "b", "c"]])),
        "{} holds <U1, not numbers. Save points as float32.",
    ),
    "empty.npy": (make.npy(XYZ[:0]), f"{{}} holds no points. {SOMETHING}"),
    "pickle.npy": (
        make.npy(np.array([[1, 2, None]])),
        "{} holds Python objects, which Headlight does not load. Save it as plain numbers.",
    ),
    "milliard.npy": (npy_with_shape(10**9, 3), MILLIARD),
    "more.npy": (npy_with_shape(19_000_000, 3), f"{{}} promises 19,000,000 points and holds 60. {WHOLE}"),
    "pickle.npz": (
        make.npz(points=np.array([[1, 2, None]])),
        "points in {} holds Python objects, which Headlight does not load. Save it as plain numbers.",
    ),
    "bomb.npz": (
        bomb(),
        "{} unpacks next to nothing to 24,000,128 bytes. No points shrink so much: choose another file.",
    ),
    "names.npz": (
        make.npz(weights=XYZ, biases=XYZ),
        "{} has no array of points (its arrays: biases, weights). Name the array points and try again.",
    ),
    "cut.npz": (make.npz(points=XYZ)[:-30], f"{{}} is a damaged or cut-off NPZ archive. {WHOLE}"),
    "cut.las": (LAS[:-5], f"{{}} promises 60 points and holds 59. {WHOLE}"),
    "milliard.las": (las_with_count(10**9), MILLIARD),
    "header.las": (LAS[:200], f"{{}} is a damaged or cut-off LAS file. {WHOLE}"),
    "cut.laz": (LAZ[:-200], f"{{}} is a damaged or cut-off LAZ file. {WHOLE}"),
    "cut.e57": (E57[:-1024], f"{{}} is a damaged or cut-off E57 file. {WHOLE}"),
    "corrupt.e57": (E57[:1100] + b"?" + E57[1101:], f"{{}} is a damaged or cut-off E57 file. {WHOLE}"),
    "face.obj": (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 x\n", f"Line 4 of {{}} is no face. {LINE}"),
    "corner.obj": (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 a 0\n", f"Line 4 of {{}} is no corner. {LINE}"),
    "far.obj": (
        b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 4\n",
        f"A face of {{}} has corner 3, and the corners are 0 to 2. {WHOLE}",
    ),
    "cut.off": (SQUARE.encode(), f"{{}} promises 1 faces and holds 0. {WHOLE}"),
    "few.off": (b"OFF\n3 0 0\n0 0 0\n1 1 1\n", f"{{}} promises 3 points and holds 2. {WHOLE}"),
    "empty.off": (b"OFF\n0 0 0\n", f"{{}} holds no points. {SOMETHING}"),
    "milliard.off": (b"OFF\n1000000000 0 0\n0 0 0\n", MILLIARD),
    "face.off": ((SQUARE + "3 0 1\n").encode(), f"Line 7 of {{}} is no face. {LINE}"),
    "cut.stl": (make.box("stl")[:-10], f"{{}} promises 12 triangles and holds 11. {WHOLE}"),
    "empty.stl": (b"solid nothing\nendsolid nothing\n", f"{{}} holds no points. {SOMETHING}"),
    "word.stl": (
        b"solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 x\n",
        f"Line 4 of {{}} is no corner. {LINE}",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_bad_clouds_give_exactly_their_message(name):
    data, message = ERRORS[name]
    tracemalloc.start()
    with pytest.raises(HeadlightError) as error:
        from_bytes(data, name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(error.value) == message.format(name)
    assert peak < 30_000_000 + 2 * len(data)  # nothing is made of the size that a header promises


def test_a_word_among_numbers_is_named_with_its_line_however_late_it_comes():
    rows = make.table(np.tile(XYZ, (80, 1)))
    with pytest.raises(HeadlightError) as error:
        from_bytes(rows + b"1 2 \x1b[0m\n", "late.txt")
    assert str(error.value) == (
        f"Line 4,801 of late.txt holds “\N{REPLACEMENT CHARACTER}[0m” where a number should be. {LINE}"
    )


NOTICES = {
    "nan.ply": (
        make.ply(**columns("x y z", NAN)),
        "3 of 60 points of nan.ply have no finite coordinates: left out.",
    ),
    "range.npz": (
        make.npz(points=XYZ, labels=np.where(np.arange(N) < 2, 41, LABELS)),
        "2 labels of range.npz are out of range (0 to 41, not 0 to 12): they are read as unlabelled.",
    ),
    "kitti.npz": (
        make.npz(points=XYZ, labels=LABELS + 40),
        "The labels of kitti.npz (40 to 52) are not those of S3DIS (0 to 12): they are left out. "
        "Choose a list of classes to use them.",
    ),
    "halves.npz": (
        make.npz(points=XYZ, labels=LABELS / 2),
        "The labels of halves.npz are no whole numbers: they are left out.",
    ),
    "fewer.npz": (
        make.npz(points=XYZ, labels=LABELS[:-1]),
        "The labels in fewer.npz are 59 int64 for 60 points: they are left out.",
    ),
    "black.ply": (
        make.ply(**XYZ_, **columns("red green blue", RGB * 0)),
        "All colours of black.ply are black: it is read without colours.",
    ),
    "corners.off": (
        b"OFF\n3 0 0\n0 0 0\n1 1 1\n2 0 0\n",
        "corners.off has no faces: its corners are read as the points.",
    ),
    "corners.obj": (
        b"v 0 0 0\nv 1 1 1\nv 2 0 0\n",
        "corners.obj has no faces: its corners are read as the points.",
    ),
    "line.off": (
        b"OFF\n3 1 0\n0 0 0\n1 1 1\n2 2 2\n3 0 1 2\n",
        "The faces of line.off have no area: its corners are read as the points.",
    ),
    "cloud.png": (PLY, "cloud.png is a PLY file in spite of its name."),
}


@pytest.mark.parametrize("name", NOTICES)
def test_odd_clouds_open_and_say_what_is_odd(name):
    data, notice = NOTICES[name]
    cloud = from_bytes(data, name)
    assert isinstance(cloud, CloudInput)
    assert notice in cloud.notices


def test_what_is_dropped_is_remembered():
    fields = {**columns("x y z", NAN), **columns("red green blue", RGB), "label": LABELS.astype(np.int16)}
    cloud = from_bytes(make.ply(**fields), "room.ply")
    assert cloud.total == N
    assert np.array_equal(cloud.kept, [i for i in range(N) if i % 20 != 3])
    assert np.array_equal(cloud.points, XYZ[cloud.kept])
    assert np.array_equal(cloud.colours, RGB[cloud.kept])
    assert np.array_equal(cloud.labels, LABELS[cloud.kept])


def test_unlabelled_points_are_minus_one():
    for none in (-1, 255, np.nan):
        labels = np.where(LABELS == 0, none, LABELS).astype(np.float64)
        cloud = from_bytes(make.npz(points=XYZ, labels=labels), "room.npz")
        assert np.array_equal(cloud.labels, np.where(LABELS == 0, -1, LABELS))
        assert len(cloud.notices) == 1  # that the labels have no names


def test_one_point_is_a_cloud():
    cloud = from_bytes(b"1 2 3\n", "one.xyz")
    assert cloud.points.tolist() == [[1, 2, 3]]


def test_a_file_beyond_the_limit_is_not_read(tmp_path):
    with (tmp_path / "vast.ply").open("wb") as file:
        file.write(PLY)
        file.truncate(4_000_000_001)
    with pytest.raises(HeadlightError, match=r"^vast\.ply has 4\.0 GB, and .* up to 4 GB\. Thin"):
        from_path(tmp_path / "vast.ply")


def test_points_are_counted_while_they_are_read(monkeypatch):
    monkeypatch.setattr(parts, "MAX_CLOUD_POINTS", 50)
    with pytest.raises(HeadlightError, match=r"^a\.xyz has 60 points, and clouds are read up to 50\."):
        from_bytes(make.table(XYZ), "a.xyz")


def ptx() -> bytes:
    head = f"{N}\n1\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n1 0 0 0\n0 1 0 0\n0 0 1 0\n5 5 5 1\n"
    return head.encode() + make.table(XYZ, np.full(N, 0.5), form="%.3f")


def colmap() -> bytes:
    points = (
        struct.pack("<Q3d3BdQ4i", i, *XYZ[i].tolist(), *RGB[i].tolist(), 0.5, 2, 1, 2, 3, 4) for i in range(N)
    )
    return struct.pack("<Q", N) + b"".join(points)


def strips() -> bytes:
    return make.ply("text", [[0, 1, 2, 3, -1, 4, 5, 6]], **XYZ_).replace(
        b"element face", b"element tristrips"
    )


FILES = {
    "little.ply": make.ply(**XYZ_, **columns("red green blue", RGB), label=LABELS.astype(np.int32)),
    "big.ply": make.ply(">", [[0, 1, 2], [0, 1, 2, 3]], **XYZ_),
    "text.ply": make.ply("text", [[0, 1, 2], [0, 1, 2, 3]], **XYZ_),
    "text.pcd": make.pcd("ascii", **XYZ_),
    "binary.pcd": make.pcd("binary", **XYZ_, rgb=make.pypcd4.PointCloud.encode_rgb(RGB)),
    "packed.pcd": PACKED,
    "room.txt": make.table(XYZ, RGB, LABELS, form=["%.3f"] * 3 + ["%d"] * 4),
    "named.csv": make.table(XYZ, RGB, form="%.3f", separator=",", header="x,y,z,r,g,b"),
    "scan.pts": make.table(XYZ, form="%.3f", header=str(N)),
    "room.npy": make.npy(np.column_stack([XYZ, RGB, LABELS])),
    "fields.npy": make.npy(make.records(**XYZ_, label=LABELS)),
    "plain.npz": make.npz(False, points=XYZ, labels=LABELS, classes=np.array(["a"] * 13)),
    "deflated.npz": make.npz(points=XYZ, colors=RGB),
    "box.obj": make.box("obj", (0.3, 0.2, 0.1)),
    "box.off": make.box("off", (0.3, 0.2, 0.1)),
    "box.stl": make.box("stl", (0.3, 0.2, 0.1)),
    "text.stl": make.box("stl_ascii", (0.3, 0.2, 0.1)),
    "scan.ptx": ptx(),
    "room.ply.gz": gzip.compress(make.ply(**XYZ_), mtime=0),
    "000001.bin": np.column_stack([XYZ, XYZ[:, 0] / 9]).tobytes(),
    "points3D.bin": colmap(),
    "strips.ply": strips(),
    "turned.pcd": make.pcd("ascii", **XYZ_).replace(b"0.0 0.0 0.0 1.0 0.0 0.0 0.0", b"1 2 3 0 0 0 1"),
    "grid.asc": tables.ESRI.encode(),
    "surfer.grd": tables.SURFER,
    "a.splat": scanners.splat(),
    "a.spz": scanners.spz(),
    "packed.ply": plys.packed_splats(),
    "wide.csv": make.table(XYZ, separator=",", header="X [mm],Y [mm],Z [mm]").decode().encode("utf-16"),
}
PIECES = [
    b"1e400",
    b"nan",
    b"-1",
    b"99999999999",
    b"1000000000",
    b"\n",
    b" ",
    b"\0",
    b"abc",
    b"\xff" * 4,
    b"",
    b"\x7f",
]
place = st.integers(0, 10**6)
change = st.one_of(
    st.tuples(st.just("byte"), place, st.integers(0, 255)),
    st.tuples(st.just("insert"), place, st.sampled_from(PIECES)),
    st.tuples(st.just("replace"), place, st.sampled_from(PIECES)),
    st.tuples(st.just("delete"), place, st.integers(1, 40)),
    st.tuples(st.just("cut"), place, st.just(0)),
)


def changed(data: bytes, changes, within: int) -> bytes:
    """Damage, mostly in the first `within` bytes, where headers are."""
    made = bytearray(data)
    for what, at, value in changes:
        at %= max(1, min(within, len(made)))
        if what == "byte" and made:
            made[at] = value
        elif what == "insert":
            made[at:at] = value
        elif what == "replace":
            made[at : at + len(value)] = value
        elif what == "delete":
            del made[at : at + value]
        elif what == "cut":
            del made[at:]
    return bytes(made)


def one_line(sentence: str) -> None:
    assert "\n" not in sentence
    assert len(sentence) < 400


def opens_or_is_refused(data: bytes, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            cloud = from_bytes(data, name)
        except HeadlightError as error:
            return one_line(str(error))
    if not isinstance(cloud, CloudInput):
        return
    count = len(cloud.points)
    assert (cloud.points.dtype, cloud.points.shape) == (np.float32, (count, 3))
    assert np.isfinite(cloud.points).all()
    assert np.isfinite(cloud.file_coordinates(cloud.points)).all()
    for array, dtype in ((cloud.colours, np.uint8), (cloud.normals, np.float32)):
        assert array is None or (array.dtype, array.shape) == (dtype, (count, 3))
    if cloud.labels is not None:
        assert cloud.labels.shape == (count,)
        assert -1 <= cloud.labels.min() <= cloud.labels.max() < len(cloud.classes)
    for notice in cloud.notices:
        one_line(notice)


@settings(max_examples=120, deadline=None)
@given(
    name=st.sampled_from(sorted(FILES)),
    changes=st.lists(change, min_size=1, max_size=3),
    within=st.sampled_from([300, 10**6]),
)
def test_a_damaged_cloud_opens_or_is_refused_in_one_line(name, changes, within):
    opens_or_is_refused(changed(FILES[name], changes, within), name)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", ["scan.las", "scan.laz", "scan.e57"])
def test_a_damaged_file_of_a_native_reader_opens_or_is_refused(name, seed):
    random = np.random.default_rng(seed)
    data = bytearray({"scan.las": LAS, "scan.laz": LAZ, "scan.e57": E57}[name])
    for _ in range(3):
        data[random.integers(0, len(data) if seed % 2 else 400)] = random.integers(256)
    opens_or_is_refused(bytes(data), name)
