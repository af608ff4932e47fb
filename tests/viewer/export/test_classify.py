"""What a dropped object is, as a file; and what is no object, as one line."""

import numpy as np
import pytest

from headlight.viewer.app.cli import run
from tests.models.clouds import cloud
from tests.models.shape_folders import NAMES, shape_folder

TETRAHEDRON = "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 3 2\nf 1 2 4\nf 1 4 3\nf 2 3 4\n"


@pytest.fixture
def of(tmp_path):
    """(status, the file) of a mesh through a network of a type."""

    def exported(content, kind, name="a.obj", ending="npz"):
        (tmp_path / name).write_text(content)
        model, out = shape_folder(tmp_path / kind, kind), tmp_path / f"out.{ending}"
        status = run(["export", str(tmp_path / name), "classify", "--model", str(model), "--out", str(out)])
        return status, out

    return exported


def test_a_mesh_has_probabilities_and_where_they_came_from(of):
    status, out = of(TETRAHEDRON, "shape_pointnet")
    assert status == 0
    with np.load(out) as found:
        assert tuple(found["classes"]) == NAMES
        assert found["probabilities"].shape == (3,)
        assert found["probabilities"].sum() == pytest.approx(1, abs=1e-5)
        assert set(found["maxima"]) <= set(found["index"])
    status, out = of(TETRAHEDRON, "shape_mvcnn")
    with np.load(out) as found:
        assert found["views"].shape == found["seen"].shape == (6, 32, 32)
        assert found["winner"].max() < 6
        assert found["alone"].shape == (6, 3)
    status, out = of(TETRAHEDRON, "shape_transformer", ending="csv")
    rows = out.read_text().splitlines()
    assert rows[0] == "index,class,probability"
    assert len(rows) == 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "All points lie in one plane"),
        ("v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n", "has 3 points, and a shape"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 1\n", "has 3 points, and a shape is told from 32 on"),
    ],
)
def test_what_is_no_object_is_one_line(of, content, said, capfd):
    status, out = of(content, "shape_transformer")
    assert status == 2
    assert not out.exists()
    line = capfd.readouterr().err
    assert said in line
    assert line.count("\n") == 1


def test_no_way_leads_from_the_answer_to_one_point(tmp_path, capfd):
    np.save(tmp_path / "a.npy", cloud(400))
    model, out = shape_folder(tmp_path / "m", "shape_transformer"), str(tmp_path / "x.npz")
    words = ["export", str(tmp_path / "a.npy"), "rollout", "--point", "3", "--model", str(model)]
    assert run([*words, "--out", out]) == 2
    assert "it answers for the cloud as a whole, not for a point." in capfd.readouterr().err


def test_a_model_of_rooms_says_so(tmp_path, capfd):
    np.save(tmp_path / "a.npy", cloud(400))
    out = str(tmp_path / "x.npz")
    words = ["export", str(tmp_path / "a.npy"), "classify", "--model", "pointnet", "--out", out]
    assert run(words) == 2
    assert "PointNet gives no class to a cloud as a whole." in capfd.readouterr().err
