"""Streets made here: the split, the scanner, crops, and that both networks learn, without any download."""

from dataclasses import asdict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.points.detection.network import Detector
from headlight.models.points.detection.targets import loss
from headlight.models.points.grids.range_net import RangeNet
from script.training.streets import boxes, pixels, shapes, surroundings
from script.training.streets.scanner import HDL32, HDL64, Scan, scan
from script.training.streets.scans import turned
from script.training.streets.street import Placed, Street, apart, corners

PLACES = ((10.0, 2.0, 0.4), (-14.0, 5.0, 2.0), (6.0, -4.0, -1.0), (4.0, 6.0, 3.0))
HEIGHT = 1.8


def street() -> Street:
    """One parametric design of each class on a flat road."""
    things = []
    for klass, (x, y, yaw) in enumerate(PLACES):
        shape = shapes.designed(shapes.CLASSES[klass], klass)
        size = shape.size * (1.1, 0.95, 1.05)
        box = np.array([x, y, size[2] / 2 - HEIGHT, *size, yaw])
        things.append(Placed(shape, klass, box, 0.5))
    return Street(surroundings.ground(8.0, (2.0, 2.0), 0.0, None).placed(at=(0, 0, -HEIGHT)), tuple(things))


@pytest.fixture(scope="module")
def made() -> Scan:
    return scan(street(), HDL32, np.random.default_rng(0))


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    place = tmp_path_factory.mktemp("streets")
    for split in ("train", "validation"):
        (place / split).mkdir()
        np.savez(place / split / "one.npz", **asdict(made))
    return place


def in_boxes(scan: Scan) -> np.ndarray:
    """float (n, 3): how far outside its box each point of a thing is, along the box's own axes."""
    own = scan.things >= 0
    box = scan.boxes[scan.things[own]].astype(float)
    x, y, z = (scan.points[own] - box[:, :3]).T
    c, s = np.cos(box[:, 6]), np.sin(box[:, 6])
    return np.abs(np.stack([c * x + s * y, c * y - s * x, z], 1)) - box[:, 3:6] / 2


def test_what_a_thing_returns_is_in_its_box_and_the_road_is_flat(made):
    assert (made.counts >= 20).all()
    assert made.counts.tolist() == np.bincount(made.things[made.things >= 0]).tolist()
    assert in_boxes(made).max() < 0.1  # noise of five sigma
    road = made.points[(made.things < 0) & (made.points[:, 2] < -1)]
    assert abs(np.median(road[:, 2]) + HEIGHT) < 0.01


@pytest.mark.parametrize("sensor", [HDL32, HDL64])
def test_a_ring_is_the_beam_that_a_point_was_measured_by(sensor):
    found = scan(street(), sensor, np.random.default_rng(1))
    far = np.linalg.norm(found.points, axis=1)
    elevation = np.degrees(np.arcsin(found.points[:, 2] / far))
    assert np.abs(elevation - np.array(sensor.beams)[found.ring]).max() < 1e-3
    assert found.intensity.min() >= 0
    assert found.intensity.max() <= 1


def test_a_thing_hides_what_is_behind_it(made):
    alone = scan(Street(street().ground, ()), HDL32, np.random.default_rng(0))
    box = made.boxes[0]
    behind = box[:2] / np.linalg.norm(box[:2]) * (np.linalg.norm(box[:2]) + 6)
    near = [int((np.linalg.norm(one.points[:, :2] - behind, axis=1) < 0.8).sum()) for one in (made, alone)]
    assert near[0] < near[1] / 4


def test_splits_share_no_object_and_no_design():
    rows = shapes.listed()
    assert len({row.key for row in rows}) == len(rows)
    families = {row.key.split("#")[1].rsplit("v", 1)[0].removesuffix("-sport"): set() for row in rows}
    for row in rows:
        families[row.key.split("#")[1].rsplit("v", 1)[0].removesuffix("-sport")].add(row.split)
    assert all(len(splits) == 1 for splits in families.values())
    numbers = [set(range(first, first + count)) for first, count in shapes.DESIGNS.values()]
    assert sum(map(len, numbers)) == len(set.union(*numbers))
    for klass in shapes.CLASSES:
        assert {"train", "test"} <= {row.split for row in rows if row.klass == klass}


@settings(max_examples=20, deadline=None)
@given(st.floats(-3.2, 3.2), st.booleans(), st.floats(0.9, 1.1))
def test_points_stay_in_their_boxes_when_a_scan_is_turned(made, angle, mirrored, scale):
    moved = turned(made, angle, mirrored, scale)
    assert np.allclose(in_boxes(moved), in_boxes(made) * scale, atol=1e-3)


def test_boxes_are_apart_when_an_edge_separates_them():
    one = corners(np.array([0, 0, 0, 4, 2, 1, 0.3]))
    for place, expected in (((0, 2.5), True), ((1.0, 1.0), False), ((4.4, 1.4), True)):
        assert apart(one, corners(np.array([*place, 0, 4, 2, 1, 0.3]))) is expected


def test_the_detectors_loss_on_a_crop_is_that_of_its_whole_heads_and_falls(folder, monkeypatch):
    monkeypatch.setattr(boxes, "CROPS", 1)
    monkeypatch.setattr(boxes, "HALF", 10.0)
    torch.manual_seed(0)
    task = boxes.Boxes(folder, 0)
    net = Detector(boxes.STREETS).eval()
    batch = task.batch()
    clouds, ((row, column),), wanted = batch
    assert len(wanted[0].where) >= 1
    rows, columns = task.part.cells
    with torch.no_grad():
        whole = net.encoder(clouds)[:, :, row : row + rows, column : column + columns]
        expected = sum(loss(net.over(whole), wanted).values())
        assert task.loss(net, batch).item() == pytest.approx(float(expected), rel=1e-4)
    losses = descent(net.train(), task, batch, 4)
    assert losses[-1] < 0.8 * losses[0]


def test_the_range_networks_loss_falls(folder, monkeypatch):
    monkeypatch.setattr(pixels, "CROPS", 1)
    torch.manual_seed(0)
    task = pixels.Pixels(folder, 0)
    batch = task.batch()
    assert set(torch.unique(batch[1]).tolist()) <= {-1, 0, 1, 2, 3, 4}
    losses = descent(RangeNet(widths=(8, 12, 16)), task, batch, 8)
    assert losses[-1] < 0.8 * losses[0]


def descent(net, task, batch, steps: int) -> list[float]:
    optimiser, found = torch.optim.AdamW(net.parameters(), 3e-3), []
    for _ in range(steps):
        value = task.loss(net, batch)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        found.append(value.item())
    return found
