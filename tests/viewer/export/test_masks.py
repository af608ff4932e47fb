"""`export IMAGE masks`: what is cut out around pixels that are named."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headlight.models.core.answers import Masks
from headlight.viewer.app.cli import run
from headlight.viewer.host.engines import open_engine
from tests.models import prompted

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 100, 3), np.uint8)
AT = ("--at", "30,20", "35,41", "--not-at", "80,5")


@pytest.fixture(scope="module")
def there(tmp_path_factory) -> Path:
    """A folder with a picture and a model."""
    root = tmp_path_factory.mktemp("masks")
    prompted.folder(root)
    Image.fromarray(PIXELS).save(root / "picture.png")
    return root


def export(there: Path, out: Path, *more: str, what: str = "masks") -> int:
    return run(
        ["export", str(there / "picture.png"), what, "--model", str(there / "sam"), *more, "--out", str(out)]
    )


def test_each_kind_of_file(there, tmp_path):
    for ending in ("npz", "csv", "png"):
        assert export(there, tmp_path / f"a.{ending}", *AT) == 0
    engine = open_engine(str(there / "sam"), "image", "cpu")
    trace = engine.run(PIXELS, at=((30, 20), (35, 41)), not_at=((80, 5),))
    wanted, every = trace.answer(Masks), engine.in_full(trace)
    with np.load(tmp_path / "a.npz") as found:
        np.testing.assert_array_equal(found["masks"], every)
        np.testing.assert_allclose(found["scores"], wanted.scores, rtol=1e-6)
        assert found["prompts"].tolist()[-2:] == ["point 3, not", "no box"]
        assert found["areas"].tolist() == every.sum((1, 2)).tolist()
        np.testing.assert_array_equal(found["pixel_values"], trace.inputs["pixel_values"])
    rows = list(csv.reader((tmp_path / "a.csv").read_text().splitlines()))
    assert rows[0] == ["index", "mask", "predicted_iou", "pixels", "share", "stability"]
    assert [row[1] for row in rows[1:]] == ["mask 1", "mask 2", "mask 3"]
    picture = np.asarray(Image.open(io.BytesIO((tmp_path / "a.png").read_bytes())))
    np.testing.assert_array_equal(picture > 0, every[wanted.best])


def test_where_the_decoder_looks(there, tmp_path):
    assert export(there, tmp_path / "a.npz", *AT, "--stack", "cross", "--layer", "2", what="attention") == 0
    with np.load(tmp_path / "a.npz") as found:
        assert found["attention"].shape == (4, 9, 64)
        assert str(found["layer_name"]) == "mask_decoder.transformer.final_attn_token_to_image"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            (),
            "Nothing says what is to be cut out. Name a pixel on it (--at 120,80) or a box (--around).",
        ),
        (("--at", "30"), "--at: “30” is not X,Y in pixels of the picture."),
        (("--at", "300,20"), "The point 300,20 lies outside of the picture, which has 100 × 60 pixels."),
        (("--around", "40,9,20,30"), "40,9,20,30 is no box within a picture of 100 × 60 pixels."),
        (("--at", "3,4", "--mask", "7"), "There is no mask 7. Choose from 0 to 2."),
    ],
)
def test_what_cannot_be_cut_out(there, tmp_path, capfd, more, said):
    assert export(there, tmp_path / "a.png", *more) == 2
    assert said in capfd.readouterr().err
    assert not (tmp_path / "a.png").exists()


def test_a_model_that_cuts_nothing_out(there, tmp_path, capfd):
    picture, out = str(there / "picture.png"), str(tmp_path / "a.npz")
    assert run(["export", picture, "masks", "--model", "dinov2-small", *AT, "--out", out]) == 2
    assert "DINOv2-small has cut nothing out of the picture." in capfd.readouterr().err
