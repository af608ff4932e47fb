"""A first look at a large file: points of it, from first to last, read as all of them are."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Cancelled, Task
from headlight.viewer.inputs import cloud_files
from headlight.viewer.inputs.clouds import e57, las
from headlight.viewer.inputs.clouds.scanners.packets import Packets
from headlight.viewer.inputs.inputs import from_path
from headlight.viewer.inputs.source import Source
from headlight.viewer.registry import resolve
from tests.viewer import cloud_samples as make
from tests.viewer.cloud_samples import columns
from tests.viewer.inputs.variants.surveys import SURVEYS

MANY = 20_000
XYZ = (np.random.default_rng(5).random((MANY, 3)) * [30, 4, 2.6]).round(3) + np.array([5e5, 0, 0])
XYZ[:, 0] = np.sort(XYZ[:, 0])
RGB = np.random.default_rng(6).integers(0, 256, (MANY, 3)).astype(np.uint8)
SHADES = columns("red green blue", RGB)
OBJ = b"o room\n" + b"".join(
    b"v %.3f %.3f %.3f %.5f %.5f %.5f\nvn 0 0 1\n" % (*place, *shade)
    for place, shade in zip(XYZ, RGB / 255, strict=True)
)
FILES = {
    "room.ply": lambda: make.ply(**columns("x y z", XYZ), **SHADES),
    "big.ply": lambda: make.ply(">", **columns("x y z", XYZ), **SHADES),
    "room.pcd": lambda: make.pcd("binary", **columns("x y z", XYZ), **columns("r g b", RGB)),
    "room.las": lambda: make.las(False, XYZ, RGB.astype(np.uint16) * 257),
    "room.laz": lambda: make.las(True, XYZ, RGB.astype(np.uint16) * 257),
    "room.e57": lambda: make.e57({"xyz": XYZ - [5e5, 0, 0], "colours": RGB, "translation": [5e5, 0, 0]}),
    "text.ply": lambda: make.ply("text", **columns("x y z", XYZ), **SHADES),
    "room.npy": lambda: make.npy(np.column_stack([XYZ, RGB])),
    "columns.npy": lambda: make.npy(np.asfortranarray(np.column_stack([XYZ, RGB]))),
    "records.npy": lambda: make.npy(make.records(**columns("x y z", XYZ), **SHADES)),
    "room.pts": lambda: b"%d\n" % MANY + make.table(XYZ, XYZ[:, :1] * 0 + 7, RGB, form="%.3f"),
    "room.obj": lambda: OBJ,
    "mesh.ply": lambda: make.ply("<", [[0, 1, 2], [2, 1, 4]], **columns("x y z", XYZ), **SHADES),
    "room.csv": lambda: make.table(XYZ, RGB, form="%.3f", separator=",", header="x,y,z,r,g,b"),
}


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """Small files count as large, and native readers run in this process."""
    monkeypatch.setattr(cloud_files, "_LARGE", 0)
    for module in (las, e57):
        monkeypatch.setattr(module, "guarded", lambda source, native, kind, made: resolve(native)(source))


@pytest.mark.parametrize("name", FILES)
def test_a_first_look_is_of_the_files_own_points(name, tmp_path):
    path, seen = tmp_path / name, []
    path.write_bytes(FILES[name]())
    whole = from_path(path, early=seen.append)
    (look,) = seen
    assert len(whole.points) == MANY or "mesh" in name
    assert len(look.points) >= 100
    rows = {
        tuple(place): tuple(shade)
        for place, shade in zip(np.rint(XYZ * 1000).tolist(), RGB.tolist(), strict=True)
    }
    places = np.rint(look.file_coordinates(look.points) * 1000)
    assert [rows.get(tuple(place)) for place in places.tolist()] == list(map(tuple, look.colours.tolist()))
    assert look.frame == whole.frame
    if name != "room.laz":  # of which the beginning of what is packed together is seen
        assert np.ptp(look.points[:, 0]) > 29


E57S = [one for one in SURVEYS if one.file.endswith(".e57") and not one.refused]


@pytest.mark.parametrize("variant", E57S, ids=lambda one: one.file)
def test_packets_of_e57_are_read_as_its_library_does(variant, tmp_path):
    (tmp_path / variant.file).write_bytes(variant.data)
    with open(tmp_path / variant.file, "rb") as file:
        source = Source(variant.file, file, len(variant.data), tmp_path / variant.file)
        (picked,) = Packets(file, SILENT).picked()
        some, whole = e57.read_some(source), e57.read(source)
    assert len(next(iter(picked.values()))) == len(whole.points)  # which are few
    for part in ("points", "colours", "normals", "intensity"):
        one, other = getattr(some, part), getattr(whole, part)
        assert (one is None) == (other is None)
        assert one is None or np.allclose(one, other, rtol=0, atol=1e-9, equal_nan=True), part


def test_an_e57_whose_packets_are_torn_is_looked_at_as_its_library_reads_it(tmp_path, monkeypatch):
    path, data = tmp_path / "room.e57", FILES["room.e57"]()
    path.write_bytes(data)
    monkeypatch.setattr(Packets, "_heads", lambda *_: 1 / 0)
    seen = []
    assert len(from_path(path, early=seen.append).points) == len(seen[0].points) == MANY


def test_some_triangles_of_a_mesh_are_seen(tmp_path):
    path, seen = tmp_path / "room.stl", []
    path.write_bytes(make.box("stl", (30.0, 4.0, 2.6)))
    whole = from_path(path, early=seen.append)
    (look,) = seen
    assert len(whole.points) > 1000
    assert np.allclose(np.ptp(look.points, axis=0), [30, 4, 2.6], atol=0.2)


def test_what_cannot_be_looked_at_first_is_read_all_the_same(tmp_path):
    lists, mesh = tmp_path / "packed.npz", tmp_path / "text.ply"
    lists.write_bytes(make.npz(points=XYZ))
    mesh.write_bytes(make.ply("text", [[0, 1, 2]]))
    seen = []
    for path in (lists, mesh):
        assert len(from_path(path, early=seen.append).points)
    assert seen == []


def test_what_is_damaged_fails_where_all_is_read(tmp_path):
    wild = XYZ.copy()
    wild[::500] = 1e308  # which no float32 has
    path, seen = tmp_path / "wild.pcd", []
    path.write_bytes(make.pcd("binary", **columns("x y z", wild)))
    assert len(from_path(path, early=seen.append).points) == len(XYZ) - len(wild[::500])
    cut = tmp_path / "cut.las"
    cut.write_bytes(FILES["room.las"]()[:-5])
    with pytest.raises(HeadlightError, match="promises 20,000 points and holds 19,999"):
        from_path(cut, early=seen.append)
    assert len(seen) == 2


def test_a_first_look_is_cancelled_too(tmp_path):
    class Now(Task):
        def check(self) -> None:
            raise Cancelled

    path = tmp_path / "room.csv"
    path.write_bytes(FILES["room.csv"]())
    with pytest.raises(Cancelled):
        from_path(path, Now(), early=lambda look: pytest.fail("handed out"))
