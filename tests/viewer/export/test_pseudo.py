"""Depth and disparity images as clouds: closed forms, the files that hold them, and what is refused."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import tifffile
from PIL import Image
from plyfile import PlyData

from headlight.viewer.app.cli import run

FOCAL, BASE = 100.0, 0.5
CALIBRATION = f"""P0: {FOCAL} 0 16 0 0 {FOCAL} 12 0 0 0 1 0
P2: {FOCAL} 0 16 0 0 {FOCAL} 12 0 0 0 1 0
P3: {FOCAL} 0 16 {-FOCAL * BASE} 0 {FOCAL} 12 0 0 0 1 0
R0_rect: 1 0 0 0 1 0 0 0 1
Tr_velo_to_cam: 0 -1 0 0 0 0 -1 0 1 0 0 0
"""
"""Of a camera in the scanner's zero, 24 × 32 pixels."""


@pytest.fixture
def written(tmp_path, capfd):
    (tmp_path / "calib.txt").write_text(CALIBRATION)

    def call(values, name="depth.png", *more, out="out.npz", status=0):
        path = tmp_path / name
        if name.endswith(".npy"):
            np.save(path, values)
        elif name.endswith(".tif"):
            tifffile.imwrite(path, values)
        else:
            Image.fromarray(values).save(path)
        more = more or ("--calibration", str(tmp_path / "calib.txt"))
        assert run(["export", str(path), "cloud", *more, "--out", str(tmp_path / out)]) == status
        said = capfd.readouterr().err
        if status:
            return said
        if out.endswith("npz"):
            with np.load(tmp_path / out) as archive:
                return dict(archive), said
        return tmp_path / out, said

    call.calibration = str(tmp_path / "calib.txt")
    return call


def plane(far=8.0):
    """float64 (72, 96): so far everywhere, but for one pixel without a depth and one twice as far."""
    depth = np.full((72, 96), far)
    depth[3, 4], depth[12, 26] = 0, 2 * far
    return depth


@pytest.mark.parametrize("name", ["depth.png", "depth.npy", "depth.tif"])
def test_pixels_lie_where_the_camera_looks(written, name):
    values = (plane() * 256).astype(np.uint16) if name.endswith("png") else plane().astype(np.float32)
    found, _ = written(values, name)
    at = {tuple(pixel): point for pixel, point in zip(found["pixel"].tolist(), found["points"], strict=True)}
    assert (3, 4) not in at
    assert len(at) == 72 * 96 - 1
    assert at[12, 16] == pytest.approx((8, 0, 0))
    assert at[12, 26] == pytest.approx((16, -10 * 16 / FOCAL, 0))
    assert at[52, 16] == pytest.approx((8, 0, -40 * 8 / FOCAL))
    assert found["depth"][12, 26] == 16
    assert (found["intensity"] == 1).all()
    # Of a disparity of 6.25 pixels one pixel more and one less.
    place = found["pixel"].tolist().index([12, 16])
    assert found["fan"][place, :, 0] == pytest.approx((FOCAL * BASE / 7.25, FOCAL * BASE / 5.25))


def test_whole_numbers_are_counts_and_bytes_whole_metres(written):
    found, said = written((plane() * 256).astype(np.int32), "depth.npy")
    assert found["depth"] == pytest.approx(plane())
    assert "8 bits" not in said
    found, said = written(plane().astype(np.uint8))
    assert found["depth"] == pytest.approx(plane())
    assert "depth.png has 8 bits: it is read as whole metres" in said


def test_disparities_and_counts(written):
    disparity = np.divide(FOCAL * BASE, plane(), out=np.zeros((72, 96)), where=plane() > 0)
    found, _ = written(
        disparity.astype(np.float32), "d.npy", "--calibration", written.calibration, "--disparity"
    )
    assert found["depth"] == pytest.approx(plane(), rel=1e-5)
    more = ("--calibration", written.calibration, "--counts", "1000")
    found, _ = written((plane() * 1000).astype(np.uint16), "mm.png", *more)
    assert found["depth"] == pytest.approx(plane())


def test_what_is_above_the_scanner_is_counted_out(written):
    _, said = written((plane(20.0) * 256).astype(np.uint16))
    above = 72 * 96 - 1 - np.count_nonzero((12 - np.arange(72)) * 20 / FOCAL < 1) * 96
    assert "pixels are left out: their points would lie behind the scanner or more than 1 m above it" in said
    assert abs(int(said.split(" pixels")[0].split()[-1].replace(",", "")) - above) <= 1


def test_ply_and_table_open_again(written):
    path, _ = written((plane() * 256).astype(np.uint16), out="out.ply")
    vertices = PlyData.read(str(path))["vertex"]
    assert len(vertices) == 72 * 96 - 1
    assert vertices["nearer"].max() < 0 < vertices["farther"].min()
    path, _ = written((plane() * 256).astype(np.uint16), out="out.csv")
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert (rows[0]["row"], rows[0]["column"], float(rows[0]["x"])) == ("0", "0", 8.0)


def test_its_depth_image_is_the_picture_again(written, tmp_path, capfd):
    path, _ = written((plane() * 256).astype(np.uint16), out="out.ply")
    out = tmp_path / "again.npz"
    line = ["export", str(path), "represent", "--as", "depth", "--unit", "m", "--up", "z", "--out", str(out)]
    assert run(line) == 2
    assert "Give KITTI's calibration file of the scan." in capfd.readouterr().err
    assert run([*line, "--calibration", written.calibration, "--pixels", "96,72"]) == 0
    with np.load(out) as found:
        np.testing.assert_allclose(found["depth"], plane(), atol=1e-3)
        assert (found["cell"] >= 0).sum() == 72 * 96 - 1
    assert run([*line, "--calibration", written.calibration, "--pixels", "96"]) == 2
    assert "“96” is not a width and a height" in capfd.readouterr().err


def test_what_makes_no_cloud_is_refused_with_a_next_step(written, tmp_path):
    values = (plane() * 256).astype(np.uint16)
    out = ("--counts", "1")
    assert written(values, "a.png", *out, status=2) == (
        "headlight: A depth image alone does not say where in space its pixels lie. "
        "Give KITTI's calibration file of this picture with --calibration.\n"
    )
    both = ("--calibration", written.calibration, "--depth", "--disparity")
    assert "Give --depth or --disparity." in written(values, "a.png", *both, status=2)
    gone = ("--calibration", str(tmp_path / "gone.txt"))
    assert "The calibration gone.txt cannot be read: no such file" in written(
        values, "a.png", *gone, status=2
    )
    (tmp_path / "calib.txt").write_text("P2: 1 2 3")
    assert "lacks P2, R0_rect, Tr_velo_to_cam" in written(values, "a.png", status=2)
    (tmp_path / "calib.txt").write_text(CALIBRATION)
    assert "No pixel of a.png has a depth" in written(values * 0, "a.png", status=2)
    colours = np.random.default_rng(0).integers(0, 255, (72, 96, 3)).astype(np.uint8)
    assert "is a picture in colours, not of depths" in written(colours, "a.png", status=2)
