"""Files of independent writers open as the clouds that were written."""

from __future__ import annotations

import numpy as np
import psutil
import pytest

from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Cancelled, Task
from headlight.viewer.inputs import guard
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.clouds import las
from headlight.viewer.inputs.clouds.labels import relabelled
from headlight.viewer.inputs.inputs import TextInput, from_bytes, from_path
from headlight.viewer.inputs.told.frame import Frame
from headlight.viewer.inputs.told.guess import guess_frame
from headlight.viewer.inputs.told.units import UPS
from tests.viewer import cloud_samples as make
from tests.viewer.cloud_samples import LABELS, NORMALS, RGB, XYZ, N, columns

XYZ_ = columns("x y z", XYZ)
RGB_ = columns("red green blue", RGB)
S3DIS_FILE_ORDER = [*S3DIS_CLASSES[:7], "chair", "table", "bookcase", "sofa", *S3DIS_CLASSES[11:]]
"""That of the original list of names."""
NUMBERED = (
    "{} numbers its labels without naming them: they are read as 0 ceiling, 1 floor … 12 clutter, "
    "as in S3DIS."
)


def opened(data: bytes, title: str = "cloud") -> CloudInput:
    cloud = from_bytes(data, title)
    assert isinstance(cloud, CloudInput)
    assert cloud.points.dtype == np.float32
    assert cloud.points.flags.c_contiguous
    assert np.isfinite(cloud.points).all()
    return cloud


def is_sample(cloud: CloudInput, colours: bool = False, labels: bool = False, normals: bool = False) -> None:
    """Exactly the sample's points, and of the rest what is said and nothing else."""
    assert np.abs(cloud.points - XYZ).max() < 1e-4
    assert cloud.total == N
    assert cloud.kept is None
    assert (cloud.frame, cloud.origin.tolist()) == (Frame(), [0, 0, 0])
    assert (cloud.colours is not None, cloud.labels is not None, cloud.normals is not None) == (
        colours,
        labels,
        normals,
    )
    if colours:
        assert cloud.colours.dtype == np.uint8
        assert np.array_equal(cloud.colours, RGB)
    if labels:
        assert cloud.labels.dtype == np.int16
        assert np.array_equal(cloud.labels, LABELS)
        assert cloud.classes == S3DIS_CLASSES
    if normals:
        assert np.abs(cloud.normals - NORMALS).max() < 1e-3


@pytest.mark.parametrize("order", ["<", ">", "text"])
def test_ply_with_everything_in_any_order(order):
    fields = {"label": LABELS.astype(np.uint8), **columns("nx ny nz", NORMALS), "quality": XYZ[:, 0]}
    fields |= {"blue": RGB[:, 2], "z": XYZ[:, 2].astype(np.float64), "red": RGB[:, 0], "y": XYZ[:, 1]}
    fields |= {"green": RGB[:, 1], "x": XYZ[:, 0]}
    cloud = opened(make.ply(order, **fields), "room.ply")
    is_sample(cloud, colours=True, labels=True, normals=True)
    assert cloud.notices == (NUMBERED.format("room.ply"),)


@pytest.mark.parametrize(
    "name",
    ["label", "class", "scalar_Label", "label_id", "sem_label", "semantic"],
)
def test_labels_have_many_names_in_ply(name):
    is_sample(opened(make.ply(**XYZ_, **{name: LABELS.astype(np.float32)})), labels=True)


@pytest.mark.parametrize(
    "colours",
    [RGB / np.float32(255), RGB.astype(np.float32), RGB.astype(np.uint16) * 257, RGB.astype(np.int32)],
)
def test_colours_go_to_1_255_or_65535(colours):
    is_sample(opened(make.ply(**XYZ_, **columns("red green blue", colours))), colours=True)


def test_ply_names_its_classes_in_a_comment():
    said = "classes: " + ", ".join(S3DIS_FILE_ORDER)
    numbers = np.array([S3DIS_FILE_ORDER.index(S3DIS_CLASSES[label]) for label in LABELS], np.uint8)
    cloud = opened(make.ply(comments=[said], **XYZ_, label=numbers))
    is_sample(cloud, labels=True)
    assert cloud.notices == ()


@pytest.mark.parametrize("encoding", ["ascii", "binary", "binary_compressed"])
def test_pcd(encoding):
    fields = {**XYZ_, **columns("normal_x normal_y normal_z", NORMALS), "label": LABELS.astype(np.uint32)}
    is_sample(opened(make.pcd(encoding, **fields)), labels=True, normals=True)


@pytest.mark.parametrize("encoding", ["binary", "binary_compressed"])
def test_pcd_packs_its_colours_into_the_bits_of_a_float(encoding):
    more = {"rgb": make.pypcd4.PointCloud.encode_rgb(RGB), "intensity": np.zeros(N, np.float32)}
    is_sample(opened(make.pcd(encoding, **XYZ_, **more)), colours=True)


@pytest.mark.parametrize("kind", ["U", "F"])
def test_pcd_in_ascii_with_packed_colours_pads_and_a_short_header(kind):
    packed = (RGB.astype(np.uint32) * [65536, 256, 1]).sum(axis=1).astype(np.uint32)
    shown = packed if kind == "U" else packed.view(np.float32)
    rows = "".join(f"0 0 {x:.4f} {y:.4f} {z:.4f} {c!s}\n" for (x, y, z), c in zip(XYZ, shown, strict=True))
    header = f"FIELDS _ x y z rgb\nSIZE 1 4 4 4 4\nTYPE U F F F {kind}\nCOUNT 2 1 1 1 1\n"
    header += f"WIDTH {N // 2}\nHEIGHT 2\nDATA ascii\n"
    is_sample(opened((header + rows).encode()), colours=True)


WHOLE = ["%.4f"] * 3 + ["%d"] * 3


@pytest.mark.parametrize(
    ("title", "data", "has"),
    [
        ("plain.xyz", make.table(XYZ), ""),
        ("s3dis.txt", make.table(XYZ, RGB, LABELS, form=[*WHOLE, "%d"]), "colours labels"),
        ("unit.xyz", make.table(XYZ, RGB / 255, form="%.5f"), "colours"),
        ("normals.asc", make.table(XYZ, NORMALS, RGB, form=["%.4f"] * 6 + ["%d"] * 3), "normals colours"),
        ("commas.csv", make.table(XYZ, RGB, form=WHOLE, separator=", "), "colours"),
        ("tabs.txt", make.table(XYZ, separator="\t").replace(b"\n", b"\r\n"), ""),
        ("german.csv", make.table(XYZ, separator=";").replace(b".", b","), ""),
        (
            "scan.pts",
            make.table(XYZ, XYZ[:, 0] * 100, RGB, form=["%.4f"] * 4 + ["%d"] * 3, header=str(N)),
            "colours",
        ),
        (
            "named.csv",
            make.table(
                LABELS, RGB, XYZ, form=["%d"] * 4 + ["%.4f"] * 3, separator=",", header="class,R,G,B,X,Y,Z"
            ),
            "colours labels",
        ),
        ("compare.txt", make.table(XYZ, RGB, form=WHOLE, header="//X Y Z R G B"), "colours"),
        ("marked.txt", b"\xef\xbb\xbf# made by hand\n\n" + make.table(XYZ).replace(b"\n", b"\n\n", 3), ""),
    ],
)
def test_tables_are_read_by_their_columns(title, data, has):
    is_sample(opened(data, title), **dict.fromkeys(has.split(), True))


def test_a_column_of_words_names_the_classes():
    rows = ["x,y,z,label,comment"]
    rows += [f"{x},{y},{z},{S3DIS_CLASSES[n]},of no use" for (x, y, z), n in zip(XYZ, LABELS, strict=True)]
    cloud = opened("\n".join(rows).encode(), "named.csv")
    is_sample(cloud, labels=True)
    assert cloud.notices == ()


@pytest.mark.parametrize(
    "text",
    [
        "One two three. 1 2 3",
        "1 2 3\n4 5 6\n",
        "year,sales,cost\n2001,5,6\n2002,6,7\n2003,7,8\n2004,7,8\n",
        "1 2\n3 4\n5 6\n7 8\n",
        "1 2 3\n1 2 3\n1 2 3\nand now all together\nwe march\nand sing\nout loud\n",
        "Dear all,\n1 2 3\n4 5 6\n7 8 9\n",
        "v is a letter\nOFF we go\n",
        "ply wood and solid oak\n",
    ],
)
def test_texts_with_numbers_stay_texts(text):
    assert isinstance(from_bytes(text.encode(), "notes.txt"), TextInput)


def test_npy_of_a_room_is_s3dis():
    rows = np.column_stack([XYZ, RGB, LABELS])
    for array in (rows.astype(np.float32), np.asfortranarray(rows)):
        cloud = opened(make.npy(array), "room.npy")
        is_sample(cloud, colours=True, labels=True)
    fields = make.records(**XYZ_, **RGB_, label=LABELS)
    is_sample(opened(make.npy(fields)), colours=True, labels=True)


@pytest.mark.parametrize(
    "keys", ["points colors labels", "coord color segment", "xyz rgb semantic_gt", "positions colours truth"]
)
def test_npz_has_many_names(keys):
    for compressed in (True, False):
        arrays = dict(zip(keys.split(), (XYZ, RGB, LABELS.reshape(-1, 1)), strict=True))
        is_sample(opened(make.npz(compressed, **arrays)), colours=True, labels=True)


def test_npz_names_its_classes():
    numbers = np.array([S3DIS_FILE_ORDER.index(S3DIS_CLASSES[label]) for label in LABELS])
    cloud = opened(make.npz(points=XYZ, labels=numbers, classes=np.array(S3DIS_FILE_ORDER)))
    is_sample(cloud, labels=True)
    assert cloud.notices == ()
    own = opened(make.npz(points=XYZ, labels=LABELS % 2, classes=np.array(["fish", "fowl"])))
    assert (own.classes, own.labels.tolist()) == (("fish", "fowl"), (LABELS % 2).tolist())


FAR = XYZ + np.array([4_512_345.5, 5_400_000, 120])


@pytest.mark.parametrize("compressed", [False, True])
def test_las_keeps_millimetres_far_from_zero(compressed):
    cloud = opened(make.las(compressed, FAR, RGB.astype(np.uint16) * 257, LABELS), "scan.las")
    assert np.abs(cloud.file_coordinates(cloud.points) - FAR).max() < 0.0006  # the file's own steps are 1 mm
    assert np.abs(cloud.points[:, 2] - FAR[:, 2]).max() < 0.0006
    assert np.array_equal(cloud.colours, RGB)
    assert np.array_equal(cloud.labels, LABELS)


def test_land_surveys_have_other_classes_and_some_hold_8_bit_colours():
    cloud = opened(make.las(False, FAR, RGB.astype(np.uint16), classes=LABELS % 7), "scan.las")
    assert np.array_equal(cloud.colours, RGB)
    assert cloud.labels is None
    assert cloud.notices == (
        "The classes of scan.las are those of land surveys (ground, low vegetation, medium vegetation …), "
        "not of rooms: they are left out. Choose a list of classes to use them.",
    )
    assert np.array_equal(relabelled(cloud, "s3dis").labels, LABELS % 7)
    kept = opened(make.ply(**XYZ_, scalar_Classification=(LABELS % 7).astype(np.float32)), "scan.ply")
    assert (kept.labels, kept.notices[0][:60]) == (
        None,
        cloud.notices[0].replace("scan.las", "scan.ply")[:60],
    )


def test_a_table_calls_its_labels_by_their_own_column():
    columns = np.arange(N) % 50, LABELS % 7
    header = "x,y,z,intensity,classification"
    rows = make.table(XYZ, *columns, form=["%.4f"] * 3 + ["%d"] * 2, separator=",", header=header)
    assert "are those of land surveys" in opened(rows, "survey.csv").notices[0]


def test_text_keeps_millimetres_far_from_zero():
    for data, title in (
        (make.table(FAR, form="%.3f"), "far.xyz"),
        (make.ply("text", **columns("x y z", FAR)), "far.ply"),
        (make.npy(FAR), "far.npy"),
    ):
        cloud = opened(data, title)
        assert np.abs(cloud.file_coordinates(cloud.points) - FAR).max() < 0.0006
        assert cloud.notices == ()
    rough = opened(make.ply(**columns("x y z", FAR.astype(np.float32))), "far.ply")
    assert rough.notices == (
        "far.ply holds 32-bit numbers so far from zero that its points lie on steps of 500 mm.",
    )


def test_e57_puts_its_scans_together():
    quarter = {"rotation": [np.sqrt(0.5), 0, 0, np.sqrt(0.5)], "translation": [2000.0, 0, 10]}
    invalid = np.arange(N) < 2
    scans = {"xyz": XYZ, "colours": RGB}, {"xyz": XYZ, "colours": RGB, "invalid": invalid, **quarter}
    cloud = opened(make.e57(*scans), "scan.e57")
    turned = np.column_stack([2000 - XYZ[:, 1], XYZ[:, 0], 10 + XYZ[:, 2]])
    expected = np.concatenate([XYZ, turned[~invalid]])
    assert np.abs(cloud.file_coordinates(cloud.points) - expected).max() < 2e-4
    assert np.array_equal(cloud.colours, np.concatenate([RGB, RGB[~invalid]]))
    assert np.array_equal(cloud.kept, [*range(N), *range(N + 2, 2 * N)])
    assert cloud.notices == (
        "scan.e57 holds 2 scans: they are read as one cloud.",
        "2 of 120 points of scan.e57 have no finite coordinates: left out.",
    )


MESHES = {
    "box.obj": make.box("obj"),
    "box.off": make.box("off"),
    "box.stl": make.box("stl"),
    "text.stl": make.box("stl_ascii"),
    "box.ply": make.box("ply"),
    "text.ply": make.box("ply", encoding="ascii"),
}


@pytest.mark.parametrize("title", MESHES)
def test_meshes_are_sampled_evenly_and_alike_each_time(title):
    cloud = opened(MESHES[title], title)
    points = np.abs(cloud.file_coordinates(cloud.points))
    on_face = np.abs(points - [1, 0.5, 0.25]) < 1e-6
    assert on_face.any(axis=1).all()
    assert (points <= np.array([1, 0.5, 0.25]) + 1e-6).all()
    assert len(points) == pytest.approx(7 / 0.02**2, rel=0.01)  # 7 m² at 2 cm
    assert on_face.mean(axis=0) == pytest.approx([1 / 7, 2 / 7, 4 / 7], abs=0.01)
    assert np.allclose(np.linalg.norm(cloud.normals, axis=1), 1, atol=1e-5)
    assert np.array_equal(opened(MESHES[title], title).points, cloud.points)
    assert f"{title} is a mesh of 12 triangles: 17,500 points of its surface are read." in cloud.notices


CORNERS = columns("x y z", np.array([[0, 0, 0], [4, 0, 0], [4, 3, 0], [0, 3, 0], [0, 0, 2]], np.float32))


@pytest.mark.parametrize("order", ["<", ">", "text"])
def test_meshes_carry_the_colours_of_their_corners(order):
    shade = {"red": np.array([0, 200, 200, 0, 0], np.uint8), "green": np.full(5, 9, np.uint8)}
    cloud = opened(make.ply(order, [[0, 1, 2, 3], [0, 3, 4]], **CORNERS, **shade, blue=shade["green"]))
    x = cloud.points[:, 0] if cloud.frame.up == "z" else cloud.file_coordinates(cloud.points)[:, 0]
    assert np.abs(cloud.colours[:, 0] - x * 50).max() <= 1
    assert (cloud.colours[:, 1] == 9).all()
    rows = "".join(f"v {x} {y} {z} 1 0 0.2\n" for x, y, z in zip(*CORNERS.values(), strict=True))
    assert (opened(f"{rows}f 1 2 3 4\n".encode(), "room.obj").colours == [255, 0, 51]).all()


def test_a_mesh_with_labels_gives_its_corners():
    cloud = opened(make.ply("<", [[0, 1, 2]], **CORNERS, label=np.arange(5, dtype=np.int32)), "scan.ply")
    assert cloud.labels.tolist() == [0, 1, 2, 3, 4]
    assert (
        "scan.ply is a mesh whose vertices have labels: its vertices are read as the points." in cloud.notices
    )


def test_obj_takes_the_colours_of_its_materials_from_beside_it(tmp_path):
    (tmp_path / "room.mtl").write_text("newmtl red paint\nKd 1 0 0\nnewmtl blue\nKd 0 0 0.5\n")
    lines = ["mtllib ../../room.mtl", *(f"v {x} {y} {z}" for x, y, z in zip(*CORNERS.values(), strict=True))]
    lines += ["usemtl red paint", "f 1/1/1 2//1 3 4", "usemtl blue", "f -5 -2 -1"]
    (tmp_path / "room.obj").write_text("\n".join(lines))
    cloud = from_path(tmp_path / "room.obj")
    flat = cloud.file_coordinates(cloud.points)[:, 2] < 1e-6
    assert (cloud.colours[flat] == [255, 0, 0]).all()
    assert (cloud.colours[~flat] == [0, 0, 128]).all()
    assert 0 < flat.sum() < len(flat)


def s3dis(folder, *things: str):
    """A room folder with one file of ten points for each thing."""
    annotations = folder / "Area_1" / "office_1" / "Annotations"
    annotations.mkdir(parents=True)
    for i, thing in enumerate(things):
        (annotations / f"{thing}.txt").write_bytes(
            make.table(XYZ[i * 10 : i * 10 + 10], RGB[i * 10 : i * 10 + 10], form=WHOLE)
        )
    return annotations.parent


def test_a_room_of_s3dis_is_labelled_by_its_files(tmp_path):
    room = s3dis(tmp_path, "bookcase_1", "chair_2", "chair_10", "clutter_1", "stairs_1", "table_1")
    for path in (room, room / "Annotations"):
        cloud = from_path(path)
        assert np.abs(cloud.points - XYZ).max() < 1e-4
        assert np.array_equal(cloud.colours, RGB)
        assert [S3DIS_CLASSES[label] for label in cloud.labels[::10]] == [
            "bookcase",
            "chair",
            "chair",
            "clutter",
            "clutter",
            "table",
        ]
        assert (cloud.title, cloud.classes, cloud.notices) == ("office_1", S3DIS_CLASSES, ())
    with pytest.raises(HeadlightError, match=r"^Area_1 holds 1 room\. Choose one of them: office_1, say\.$"):
        from_path(room.parent)


def test_a_room_without_annotations_is_its_text(tmp_path):
    (tmp_path / "office_2").mkdir()
    (tmp_path / "office_2" / "office_2.txt").write_bytes(make.table(XYZ, RGB, form=WHOLE))
    is_sample(from_path(tmp_path / "office_2"), colours=True)


def room(seed: int, length=5.0, width=4.0, height=2.7) -> np.ndarray:
    """float64 (n, 3): floor, ceiling, walls and a table of a room, z up, in metres."""
    random = np.random.default_rng(seed)

    def plate(low, high, density=300):
        low, high = np.array(low), np.array(high)
        area = np.prod([extent for extent in high - low if extent])
        return low + random.random((int(area * density), 3)) * (high - low)

    return np.concatenate(
        [
            plate([0, 0, 0], [length, width, 0]),
            plate([0, 0, height], [length, width, height]),
            *(plate([x, 0, 0], [x, width, height]) for x in (0, length)),
            *(plate([0, y, 0], [length, y, height]) for y in (0, width)),
            plate([1, 1, 0.72], [2.6, 1.8, 0.72]),
            plate([1, 1, 0], [1, 1.8, 0.72]),
        ]
    )


@pytest.mark.parametrize(("unit", "metres"), [("metres", 1), ("centimetres", 0.01), ("millimetres", 0.001)])
@pytest.mark.parametrize("up", ["z", "y"])
def test_units_and_up_are_guessed_shown_and_changed(unit, metres, up):
    true = room(0)
    in_file = (true if up == "z" else np.column_stack([true[:, 0], true[:, 2], -true[:, 1]])) / metres
    cloud = opened(make.npz(points=in_file), "room.npz")
    assert cloud.guessed == cloud.frame == Frame(metres, up)
    assert cloud.frame.unit == unit
    assert np.abs(cloud.points - true).max() < 1e-5
    assert f"is read in {unit}, since rooms have such a size" in cloud.guess_reason.replace(
        "since a room has such a size", "since rooms have such a size"
    )
    assert f"; {up} points up, since " in cloud.guess_reason
    assert len(cloud.notices) == (metres != 1 or up != "z")
    other = cloud.reframed(Frame(0.3048, "x"))
    assert (other.frame, other.guessed) == (Frame(0.3048, "x"), cloud.guessed)
    assert np.allclose(other.points, in_file[:, [1, 2, 0]] * 0.3048, atol=1e-4 / metres)
    assert np.allclose(other.file_coordinates(other.points), in_file, atol=1e-5 / metres)
    back = other.reframed(cloud.guessed)
    assert np.abs(back.points - true).max() < 1e-5


def test_a_corridor_does_not_lie_down():
    for seed in range(3):
        assert guess_frame(room(seed, length=18, width=2.3, height=3.0))[0] == Frame()


@pytest.mark.parametrize("up", ["z-down", "y-down"])
def test_a_room_on_its_head_is_known_by_its_floor(up):
    for seed in range(3):
        upright = room(seed, 6.0, 5.0)
        open_above = upright[upright[:, 2] < 2.69]
        assert guess_frame(open_above)[0] == Frame()
        frame, reason = guess_frame(Frame(1.0, up).turned_back(open_above))
        assert frame == Frame(1.0, up)
        assert f"; {up[0]} points down, since its far end looks like the floor" in reason
        # A table and what stands below it have a plane above and none below too.
        table = np.array([1, 1, 0.72]) * room(seed, 2.6, 1.0, 1.0)
        assert guess_frame(table[table[:, 2] > 0.01])[0].up == "z"


def test_a_turn_is_a_rotation_and_turns_normals_too():
    cloud = opened(make.ply(**XYZ_, **columns("nx ny nz", NORMALS)))
    for said, up in UPS.items():
        turned = cloud.reframed(Frame(1.0, up))
        assert turned.frame.upright == said
        assert np.array_equal(turned.points[:, 2], XYZ[:, "xyz".index(said[0])] * (1 if "up" in said else -1))
        triple = np.cross(*turned.frame.turned(np.eye(3))[:2])
        assert np.array_equal(triple, turned.frame.turned(np.eye(3))[2])
        assert np.array_equal(turned.normals, turned.frame.turned(NORMALS))
        assert np.array_equal(turned.reframed(Frame()).points, cloud.points)


class Recorder(Task):
    def __init__(self, stop_at: float = 2.0) -> None:
        self.shares: list[float] = []
        self.stop_at = stop_at

    def progress(self, share: float, sentence: str) -> None:
        self.shares.append(share)
        assert sentence.endswith("big.ply")
        if share >= self.stop_at:
            raise Cancelled


def test_reading_tells_how_far_it_is_and_can_be_cancelled(tmp_path):
    many = np.random.default_rng(0).random((2_000_000, 3)).astype(np.float32)
    (tmp_path / "big.ply").write_bytes(make.ply(**columns("x y z", many)))
    task = Recorder()
    cloud = from_path(tmp_path / "big.ply", task)
    assert np.array_equal(cloud.points, many)
    assert task.shares == sorted(task.shares)
    assert (len(task.shares) >= 6, task.shares[-1]) == (True, 1.0)
    with pytest.raises(Cancelled):
        from_path(tmp_path / "big.ply", Recorder(stop_at=0.3))


@pytest.mark.parametrize(
    ("reader", "message"),
    [
        ("dies", "is a damaged or cut-off LAS file. Get a whole copy of it and try again."),
        ("chokes", "is a damaged or cut-off LAS file. Get a whole copy of it and try again."),
        ("hangs", "keeps its reader busy without end. Get a whole copy of it and try again."),
        ("takes_all_memory", "does not fit into the free memory. Close other programs or thin it out."),
    ],
)
def test_what_native_readers_do_to_their_process_is_one_message(reader, message, monkeypatch):
    guard.waiting.end()
    before = psutil.Process().children()
    monkeypatch.setattr(guard, "QUIET", 0.5 if reader == "hangs" else 30.0)
    monkeypatch.setattr(las, "NATIVE", f"tests.viewer.odd_readers:{reader}")
    with pytest.raises(HeadlightError) as error:
        from_bytes(make.las(False, FAR), "scan.las")
    assert str(error.value) == f"scan.las {message}"
    guard.waiting.end()
    assert psutil.Process().children() == before


def test_a_native_reader_is_cancelled_at_once(monkeypatch, tmp_path):
    guard.waiting.end()
    before = psutil.Process().children()
    monkeypatch.setattr(las, "NATIVE", "tests.viewer.odd_readers:is_slow")
    (tmp_path / "big.ply").write_bytes(make.las(False, FAR))
    task = Recorder(stop_at=0.01)
    with pytest.raises(Cancelled):
        from_path(tmp_path / "big.ply", task)
    assert task.shares[-1] < 0.5
    assert psutil.Process().children() == before


def test_a_door_stands_up_though_its_plane_is_across_another_axis():
    leaf = np.random.default_rng(0).random((4000, 3)) * (0.9, 0.04, 2.05)
    leaf[::2, 1] = 0.0
    assert guess_frame(leaf)[0].up == "z"
    assert guess_frame(leaf[:, [0, 2, 1]], up="y")[0].up == "y"
