"""A scan as networks see it: every point of the file has one cell, or the reason why not."""

import numpy as np
import pytest

from headlight.viewer.app.cli import run

TURN, RISE = np.meshgrid(np.linspace(-np.pi, np.pi, 200, False) + 0.01, np.radians(np.linspace(10, -30, 8)))


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    """Eight beams on a wall all around, as nuScenes writes them: x y z intensity ring."""
    around = [np.cos(RISE) * np.cos(TURN), np.cos(RISE) * np.sin(TURN), np.sin(RISE)]
    ring = np.repeat(np.arange(8)[::-1], 200)
    rows = np.column_stack([(8 * np.array(around)).reshape(3, -1).T, np.arange(1600) % 256, ring])
    path = tmp_path_factory.mktemp("scan") / "a.pcd.bin"
    rows.astype("<f4").tofile(path)
    return path


def of(scan, *words):
    out = scan.with_name("out.npz")
    assert run(["export", str(scan), "represent", *words, "--out", str(out)]) == 0
    with np.load(out) as file:
        return dict(file)


def test_every_point_has_its_cell_in_every_representation(scan):
    for name in ("voxels", "pillars", "birds-eye", "views", "occupancy"):
        found = of(scan, "--as", name)
        assert found["cell"].shape == (1600,)
        assert found["cell"].dtype == np.int64
        assert (found["cell"] != -1).all()
        assert found["cell"].max() < np.prod(found["shape"])
    found = of(scan, "--as", "voxels", "--edge", "0.5")
    centres = found["means"][found["cell"], :3]
    points = (
        (8 * np.stack([np.cos(RISE) * np.cos(TURN), np.cos(RISE) * np.sin(TURN), np.sin(RISE)]))
        .reshape(3, -1)
        .T
    )
    assert np.abs(centres - points).max() < 0.5


def test_far_from_zero_points_keep_their_cells(scan):
    near = np.random.default_rng(0).random((500, 3)) * 4
    np.save(scan.with_name("near.npy"), near)
    np.save(scan.with_name("far.npy"), near + np.array([5e6, 4e6, 64]))
    for name, where in (("voxels", "means"), ("pillars", "points")):
        wanted, found = (
            of(scan.with_name(one), "--as", name, "--edge", "0.5") for one in ("near.npy", "far.npy")
        )
        assert (found["cell"] == wanted["cell"]).mean() > 0.99
        moved = found[where][:, :3] - (5e6, 4e6, 64)
        np.testing.assert_allclose(moved, wanted[where][:, :3], atol=1e-3 if name == "pillars" else 0.3)
    out = str(scan.with_name("x.npz"))
    assert run(["export", str(scan), "represent", "--edge", "1e-300", "--out", out]) == 2


def test_the_rings_of_the_file_are_the_rows_of_its_range_image(scan):
    found = of(scan, "--as", "range")
    assert found["image"].shape == (5, 8, 2048)
    assert np.array_equal(found["cell"] // 2048, np.repeat(np.arange(8), 200))
    assert np.allclose(found["image"][0].ravel()[found["cell"]], 8, atol=1e-4)
    assert np.array_equal(found["image"][3].ravel()[found["cell"]], np.arange(1600) % 256)


def test_pixels_name_the_points_of_the_file_where_some_were_left_out(scan):
    rows = np.fromfile(scan, "<f4").reshape(-1, 5)
    rows[[1, 500]] = np.nan
    path = scan.with_name("gaps.ply")
    names = ("x", "y", "z")
    head = ["ply", "format ascii 1.0", "element vertex 1600", *(f"property float {one}" for one in names)]
    lines = [" ".join(map(str, row)) for row in rows[:, :3].tolist()]
    path.write_text("\n".join([*head, "end_header", *lines, ""]))
    far = np.linalg.norm(rows[:, :3], axis=1)
    found = of(path, "--as", "range", "--sensor", "fitted")
    hit = found["index"] >= 0
    numbers = found["index"][hit]
    np.testing.assert_allclose(found["image"][0][hit], far[numbers], rtol=1e-5)
    assert np.array_equal(found["cell"][numbers], np.flatnonzero(hit))
    found = of(path, "--as", "views")
    assert found["cells"].shape == (12, 1600)
    assert (found["cells"][:, [1, 500]] == -1).all()
    seen = found["cell"] >= 0
    assert np.array_equal(found["index"].ravel()[found["cell"][seen]], np.flatnonzero(seen))


def test_what_hard_voxels_drop_is_said_with_the_limits_nobody_gave(scan, capfd):
    found = of(scan, "--as", "voxels", "--edge", "4", "--most-points", "3")
    dropped = (found["cell"] == -2).sum()
    assert f"{dropped:,} points are dropped: 3 of a cell and 40,000 cells are kept." in capfd.readouterr().err


def test_a_range_may_begin_below_zero(scan):
    spaced, joined = (
        of(scan, *words)["cell"] for words in (("--range", "-4,-4,-9,9,9,9"), ("--range=-4,-4,-9,9,9,9",))
    )
    assert np.array_equal(spaced, joined)
    assert (spaced == -1).any()


def test_what_is_published_is_taken_and_what_does_not_fit_is_said(scan, capfd):
    found = of(scan, "--as", "pillars", "--like", "kitti")
    assert found["pillars"].shape[1:] == (32, 10)
    assert (found["cell"] == -1).sum() > 800  # what is behind
    assert of(scan, "--as", "voxels", "--like", "kitti")["voxels"].shape[1:] == (5, 4)
    capfd.readouterr()
    out = str(scan.with_name("x.npz"))
    for words, said in {
        ("range", "--sensor", "vlp-16"): "lie outside of what a Velodyne VLP-16 sees",
        ("pillars", "--range", "100,0,0,200,1,1"): "None of the 1,600 points is in the range",
        ("voxels", "--like", "bmw"): "invalid choice: 'bmw'",
        ("voxels", "--edge", "0"): "A grid needs edges above zero",
        ("voxels", "--edge", "1,2"): "is not 1 or 3 numbers",
    }.items():
        assert run(["export", str(scan), "represent", "--as", *words, "--out", out]) == 2
        assert said in capfd.readouterr().err
    assert not scan.with_name("x.npz").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--sensor fitted", "--sensor means nothing with --as voxels: it is of range."),
        (
            "--as views --edge 0.5",
            "--edge means nothing with --as views: it is of voxels, pillars, birds-eye",
        ),
        (
            "--as occupancy --like kitti",
            "--like means nothing with --as occupancy: it is of voxels, pillars or",
        ),
        ("--as range --cameras 3", "--cameras means nothing with --as range: it is of views."),
    ],
)
def test_what_means_nothing_beside_what_is_asked_is_refused(scan, words, said, capfd):
    out = scan.with_name("no.npz")
    assert run(["export", str(scan), "represent", *words.split(), "--out", str(out)]) == 2
    assert said in capfd.readouterr().err
    assert not out.exists()


def test_a_few_damaged_beams_are_told(scan, capfd):
    rows = np.tile(np.fromfile(scan, "<f4").reshape(-1, 5), (10, 1))
    rows[[-700, -900], 4] = np.nan, 3.5
    rows.tofile(scan.with_name("damaged.pcd.bin"))
    of(scan.with_name("damaged.pcd.bin"), "--as", "occupancy")
    assert "2 of 16,000 points have no beam that a sensor could have" in capfd.readouterr().err
