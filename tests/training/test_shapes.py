"""Shapes to learn from: who is in which split, what is made up, and how a training goes on."""

import argparse
import csv
from collections import Counter

import numpy as np
import pytest

from script.training.furniture import Model
from script.training.shapes import designs, fit, pools
from script.training.shapes.augment import Change, changed
from script.training.shapes.objects import CLASSES, LIST, SPLITS, classified, design, sides


@pytest.mark.parametrize(
    ("where", "klass"),
    [
        ("Scopia/Bedroom/Socket/chaussette@0", ""),
        ("Scopia/Miscellaneous/Square switch/square-switch@1", "plug"),
        ("Scopia/Office/Phone/phone@0", ""),
        ("Scopia/Lights/Desk lamp/desk_lamp1@0", "lamp"),
        ("BlendSwap-CC-BY/Bedroom/Bedside table/bedsideTable@0", "cabinet"),
        ("BlendSwap-CC-0/Kitchen/Cup cake/cupcake@0", ""),
        ("Scopia/Living room/Glass table/glass_table_office@0", "table"),
        ("Scopia/Vehicles/Skateboard/skateboard@0", ""),
    ],
)
def test_names_give_classes(where, klass):
    assert classified(where) == klass


def test_bodies_and_sizes_are_of_one_design():
    assert design("Reallusion", "sitMale02", "person") == design("Reallusion", "male02", "person")
    assert design("Scopia", "square-plug-TypeA", "plug") == design("Scopia", "plug-TypeA-whites", "plug")
    models = [Model(f"a#{n}", "", "chair", "", (1, 1, 1), 0, f"d{n // 3}", "", "", None) for n in range(60)]
    found = Counter(sides(models).values())
    assert {split: 3 * count for split, count in found.items()} == {"train": 36, "validation": 9, "test": 15}


def test_the_list_has_every_design_once_and_free_licences():
    with LIST.open(newline="") as file:
        rows = list(csv.DictReader(file))
    home = {}
    for row in rows:
        assert home.setdefault((row["class"], row["design"]), row["split"]) == row["split"]
    counts = Counter((row["class"], row["split"]) for row in rows)
    assert set(counts) == {(klass, split) for klass in CLASSES for split in SPLITS}
    assert min(count for (_, split), count in counts.items() if split == "test") >= 4
    assert {row["licence"] for row in rows} == {"CC0", "CC-BY 3.0"}


@pytest.mark.parametrize("klass", CLASSES)
def test_a_made_up_object_is_whole_and_what_is_seen_of_it_is_in_the_unit_ball(klass):
    rng = np.random.default_rng(0)
    model = designs.made(klass, 3)
    assert np.isfinite(model.vertices).all()
    points, normals, _ = pools.sampled(model, rng, 1000)
    sides_ = pools.seen(model, points[:300], normals[:300])
    assert sides_.any()
    small = pools.within(points)
    assert np.linalg.norm(small, axis=1).max() == pytest.approx(1)
    found = changed(small[:300].astype(np.float16), sides_, 128, Change(), rng)
    assert found.shape == (128, 3)
    assert found.dtype == np.float32
    assert np.linalg.norm(found, axis=1).max() < 1.1


def test_a_training_that_was_stopped_goes_on(tmp_path, monkeypatch):
    network = "mvcnn"
    rng = np.random.default_rng(0)
    points = np.stack([pools.within(rng.normal(size=(600, 3)) * [1, 1, n + 1]) for n in range(2)])
    for split in ("train", "validation"):
        np.savez(
            tmp_path / f"{split}.npz",
            points=points.astype(np.float16),
            sides=np.full((2, 600), 0x7FFF, np.uint16),
            labels=np.arange(2),
            names=np.array(["a#0", "b#0"]),
        )
    monkeypatch.setattr(fit, "CLASSES", ("flat", "long"))
    monkeypatch.setattr(fit, "BATCH", {network: 4})
    monkeypatch.setattr(fit, "count", lambda *_: 64)
    folders = {"data": tmp_path, "run": tmp_path, "begin": None}
    given = argparse.Namespace(network=network, minutes=0.001, validate=9, **folders)
    first = fit.Training(given)
    first.fit()
    given.minutes = first.elapsed / 60 + 0.001
    again = fit.Training(given)
    assert again.step == first.step > 0
    again.fit()
    assert again.step > first.step
    assert (tmp_path / "best.pt").exists()
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 2
