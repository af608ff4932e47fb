"""The maker of training rooms: the split, scans, and samples, without any download."""

import io
import tarfile

import numpy as np
import pytest

from script.training import furniture, layout, make, package, scan
from script.training.furnish import Store
from script.training.furniture import Model
from script.training.mesh import Builder
from script.training.rooms import NUMBER, Room, build_shell, inside, outside_by

LABELLED = ("ceiling", "floor", "wall", "table")


def models(count: int, klass: str = "chair") -> list[Model]:
    size = (0.5, 0.5, 1.0)
    return [
        Model(f"A#{klass}{n}", "", klass, klass, size, 0.0, f"A#{klass}{n // 2}", "A.sh3f", "a.obj", None)
        for n in range(count)
    ]


def box_room(height: float = 2.6) -> Room:
    """A bare room of 4 × 3 m with a table in a corner."""
    plan = np.array([(0.0, 0.0), (4.0, 0.0), (4.0, 3.0), (0.0, 3.0)])
    room = Room(plan, height, 0.1, np.zeros(2))
    build_shell(room, np.random.default_rng(3), outer=False)
    build = Builder()
    build.box((3.0, 2.0, 0.0), (3.8, 2.8, 0.7), (0.5, 0.3, 0.1))
    room.add(build.mesh(), "table", "block")
    return room


def test_split_is_stable_and_keeps_a_design_on_one_side():
    known = models(40) + models(10, "door")
    split = furniture.split_designs(known)
    assert split == furniture.split_designs(reversed(known))
    for one, other in zip(known[::2], known[1::2], strict=True):
        assert split[one.key] == split[other.key]
    for klass, total in (("chair", 40), ("door", 10)):
        sides = [split[model.key] for model in known if model.klass == klass]
        assert {side: sides.count(side) for side in furniture.SPLITS}["test"] == 0.2 * total
        assert "train" in sides
        assert "validation" in sides


def test_split_does_not_move_when_another_class_grows():
    few, many = furniture.split_designs(models(20)), furniture.split_designs(models(20) + models(6, "door"))
    assert few.items() <= many.items()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Scopia/Kitchen/Large fridge/fridge_door@0", ("clutter", "kitchen")),
        ("Scopia/Doors and windows/Door/puerta@0", ("door", "door")),
        ("BlendSwap-CC-0/Office/White board/whiteBoard@0", ("board", "board")),
        ("BlendSwap-CC-BY/Kitchen/Chopping board/choppingBoard@0", ("clutter", "")),
        ("Scopia/Office/Desk lamp/desk_lamp1@0", ("clutter", "top")),
        ("Scopia/Vehicles/Skateboard/skateboard@0", ("", "")),
    ],
)
def test_names_give_classes(text, expected):
    assert furniture._classified(text) == expected


def test_obj_polygons_become_triangles_of_their_material():
    text = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nusemtl red\nf 1/1/1 2//1 3 4\nusemtl blue\nf -4 -3 -2\n"
    vertices, triangles, materials, names, _ = furniture.parse_obj(text)
    assert vertices.shape == (4, 3)
    assert triangles.tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 2]]
    assert [names[material] for material in materials] == ["red", "red", "blue"]


def test_scan_hits_all_and_noise_is_as_asked():
    room, rng = box_room(), np.random.default_rng(0)
    scene = scan.Scene.of(room)
    scanner = scan.Scanner(step=0.8, noise=0.004, growth=0.0, dropout=0.0, mixed=0.0)
    origin = np.array([1.5, 1.2, 1.4])
    hits = scan.scan(scan.Casters(scene), origin, scanner, rng)
    assert {int(label) for label in scene.labels[hits.triangles]} == {NUMBER[name] for name in LABELLED}
    low, high = np.array([0, 0, 0]) - 0.03, np.array([4, 3, 2.6]) + 0.03
    assert ((hits.points > low) & (hits.points < high)).all()
    error = np.linalg.norm(hits.points - origin, axis=1) - hits.ranges
    facing = np.abs((scene.normals[hits.triangles] * hits.directions).sum(1)) > 0.98
    assert error[facing].mean() == pytest.approx(0, abs=3e-4)
    assert error[facing].std() == pytest.approx(0.004, rel=0.1)


def test_nothing_behind_a_wall_or_below_a_table_is_seen():
    room = box_room()
    wall = Builder()
    wall.box((2.0, 0.0, 0.0), (2.1, 3.0, 2.6), (1, 1, 1))
    room.add(wall.mesh(), "wall", "between")
    scene = scan.Scene.of(room)
    hits = scan.scan(
        scan.Casters(scene),
        np.array([1.0, 1.5, 1.5]),
        scan.Scanner(step=1.0, mixed=0.0),
        np.random.default_rng(1),
    )
    assert hits.points[:, 0].max() < 2.05
    assert NUMBER["table"] not in scene.labels[hits.triangles]
    # A sample of the surfaces knows no occlusion.
    every = scan.sample(scene, 200.0, 0.0, 0.0, np.random.default_rng(1))
    table = every.points[scene.labels[every.triangles] == NUMBER["table"]]
    assert (table[:, 2] < 0.01).any()


def test_glass_lets_rays_through():
    room = box_room()
    pane = Builder()
    pane.box((2.0, 0.0, 0.0), (2.02, 3.0, 2.6), (0.5, 0.6, 0.7, 0.2))
    room.add(pane.mesh(), "window", "pane")
    scene, origin = scan.Scene.of(room), np.array([1.0, 1.5, 1.5])
    shares = []
    for glass in (0.0, 0.5):
        scanner = scan.Scanner(step=1.0, mixed=0.0, dropout=0.0, glass=glass)
        hits = scan.scan(scan.Casters(scene), origin, scanner, np.random.default_rng(2))
        ahead = hits.directions[:, 0] > 0.8
        shares.append((scene.labels[hits.triangles[ahead]] == NUMBER["window"]).mean())
    assert shares[0] == 0
    assert shares[1] == pytest.approx(0.5, abs=0.05)


def test_grid_sample_has_one_point_a_voxel():
    points = np.random.default_rng(0).uniform(-1, 1, (20_000, 3)).astype(np.float32)
    kept = scan.one_a_voxel(points, 0.1, np.random.default_rng(1))
    cells = {tuple(cell) for cell in np.floor(points / 0.1).astype(int)}
    assert len(kept) == len(cells)
    assert {tuple(cell) for cell in np.floor(points[kept] / 0.1).astype(int)} == cells


def test_outside_of_a_plan_is_measured():
    plan = np.array([(0.0, 0.0), (4.0, 0.0), (4.0, 2.0), (2.0, 2.0), (2.0, 4.0), (0.0, 4.0)])
    points = np.array([(1.0, 3.0), (3.0, 3.0), (5.0, 1.0), (3.0, 1.0)])
    assert inside(plan, points).tolist() == [True, False, False, True]
    assert outside_by(plan, points) == pytest.approx([0, 1, 1, 0])


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_a_room_without_models_keeps_its_things_within_and_apart(seed):
    room = layout.build("train", np.random.default_rng(seed), models=False)
    low, high = room.plan.min(0), room.plan.max(0)
    for item in room.items:
        if item.klass >= NUMBER["table"]:
            box = item.mesh.box
            assert (box[0, :2] > low - 0.05).all(), item.name
            assert (box[1, :2] < high + 0.05).all(), item.name
            assert box[0, 2] > -0.01, item.name
            assert box[1, 2] < room.top + 0.01, item.name
    # A hole in the wall for every door and window that is set into one.
    assert len(room.holes) == sum(item.klass in (NUMBER["door"], NUMBER["window"]) for item in room.items)
    again = layout.build("train", np.random.default_rng(seed), models=False)
    assert [item.name for item in again.items] == [item.name for item in room.items]
    assert all(
        np.array_equal(a.mesh.vertices, b.mesh.vertices) for a, b in zip(room.items, again.items, strict=True)
    )


def test_every_thing_is_in_a_sample_of_the_room():
    room = layout.build("train", np.random.default_rng(1), models=False)
    scene = scan.Scene.of(room)
    hits = scan.within(room, scan.sample(scene, 400.0, 0.0, 0.0, np.random.default_rng(0)), scene)
    seen = set(scene.items[hits.triangles].tolist())
    missing = [item.name for number, item in enumerate(room.items) if number not in seen]
    assert not missing
    assert (outside_by(room.plan, hits.points[:, :2].astype(float)) <= room.thickness + 0.05).all()


def test_settled_keeps_distances_and_height():
    points = np.random.default_rng(0).uniform(0, 3, (50, 3)).astype(np.float32)
    moved = make.settled(points, np.random.default_rng(5))
    assert np.linalg.norm(moved[0] - moved[1:], axis=1) == pytest.approx(
        np.linalg.norm(points[0] - points[1:], axis=1), abs=1e-5
    )
    assert np.ptp(moved[:, 2] - points[:, 2]) < 1e-5


def test_a_debian_package_is_unpacked(tmp_path):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:xz") as archive:
        entry = tarfile.TarInfo("./usr/share/a.sh3f")
        entry.size = 3
        archive.addfile(entry, io.BytesIO(b"abc"))
    members = {b"debian-binary": b"2.0\n", b"control.tar.xz": b"odd", b"data.tar.xz": data.getvalue()}
    content = b"!<arch>\n"
    for name, body in members.items():
        head = name.ljust(48) + str(len(body)).encode().ljust(10) + b"`\n"
        content += head + body + b"\n" * (len(body) % 2)
    (tmp_path / "a.deb").write_bytes(content)
    package.unpack(tmp_path / "a.deb", tmp_path / "out")
    assert (tmp_path / "out" / "usr" / "share" / "a.sh3f").read_bytes() == b"abc"
    (tmp_path / "b.deb").write_bytes(b"no archive")
    with pytest.raises(SystemExit, match="no Debian package"):
        package.unpack(tmp_path / "b.deb", tmp_path / "out")


def test_a_warped_mesh_keeps_floor_height_and_build():
    build = Builder()
    build.box((-0.2, -0.3, 0.1), (0.2, 0.3, 1.1), (0.5, 0.3, 0.1))
    mesh = build.mesh()
    np.testing.assert_allclose(mesh.warped().vertices, mesh.vertices)
    warped = mesh.warped(taper=(0.5, -0.5), lean=0.1)
    np.testing.assert_array_equal(warped.triangles, mesh.triangles)
    np.testing.assert_array_equal(warped.vertices[:, 2], mesh.vertices[:, 2])
    low, high = (warped.vertices[warped.vertices[:, 2] == z] for z in mesh.box[:, 2])
    np.testing.assert_allclose(np.ptp(low, axis=0)[:2], (0.4, 0.6), atol=1e-6)
    np.testing.assert_allclose(np.ptp(high, axis=0)[:2], (0.6, 0.3), atol=1e-6)
    assert high[:, 1].mean() == pytest.approx(0.1, abs=1e-6)
    # A bulge is widest at half the height and nothing at both ends.
    np.testing.assert_allclose(mesh.warped(bulge=0.2).vertices, mesh.vertices, atol=1e-6)


def test_only_designs_of_training_are_warped():
    build = Builder()
    build.box((-0.2, -0.3, 0), (0.2, 0.3, 1), (0.5, 0.3, 0.1))
    mesh, found = build.mesh(), {}
    for split in furniture.SPLITS:
        store = Store(split, np.random.default_rng(0), models=False)
        tops = [store.varied(mesh, "chair").vertices[4:] for _ in range(20)]
        found[split] = max(np.ptp(top[:, 0]) / 0.4 for top in tops)
    assert found["validation"] == found["test"] <= 1.1 * 1.05 < found["train"]
