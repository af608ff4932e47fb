"""Detectors: their sizes against published figures, their targets against closed forms, what they find."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.points.detection.config import STREETS, Anchors, Backbone, Pillars, Suppression
from headlight.models.points.detection.decoding import anchors, found, from_anchors, peaks
from headlight.models.points.detection.network import Detector
from headlight.models.points.detection.pillars import PillarEncoder, batch_of
from headlight.models.points.detection.suppression import suppressed
from headlight.models.points.detection.targets import Truth, draw, gaussian_radius, loss, targets
from headlight.models.points.representations.cells import Grid
from headlight.models.points.representations.voxels import Hard

SMALL = replace(STREETS, grid=Grid((-8.0, -8.0, -3.0), (8.0, 8.0, 3.0), (0.25, 0.25, 6.0)))


def cloud(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform((-9, -9, -2, 0), (9, 9, 2, 1), (count, 4)).astype(np.float32)


def size(config) -> int:
    with torch.device("meta"):
        return sum(weight.numel() for weight in Detector(config).parameters())


def test_the_detector_has_the_size_of_the_trial():
    assert size(replace(STREETS, head=replace(STREETS.head, front=False))) == 827_404


@pytest.mark.parametrize(
    ("length", "width", "overlap", "radius"),
    [
        (10, 10, 0.1, 4.3246),
        (10, 10, 0.7, 2.7332),
        (4.63 / 0.8, 1.97 / 0.8, 0.1, 1.5857),
        (12.5 / 0.8, 2.9 / 0.8, 0.1, 2.9838),
        (3.9 / 0.32, 1.6 / 0.32, 0.1, 3.2704),
    ],
)
def test_gaussian_radius_as_published(length, width, overlap, radius):
    assert gaussian_radius(length, width, overlap) == pytest.approx(radius, abs=5e-5)


def test_a_gaussian_has_the_published_profile_and_is_cut_at_the_border():
    heat = np.zeros((7, 9))
    draw(heat, 3, 3, 2)
    assert heat[3, 3:6] == pytest.approx([1, 0.486752, 0.056135], abs=1e-6)
    assert heat[5, 5] == pytest.approx(0.003151, abs=1e-6)
    draw(heat, 0, 8, 2)
    assert heat[0, 6:] == pytest.approx([0.056135, 0.486752, 1], abs=1e-6)


def said_of(truth: Truth, config) -> list[dict[str, torch.Tensor]]:
    """Heads that say exactly what they should."""
    rows, columns = config.map
    said = []
    for wanted in targets([truth], config):
        task = {"heatmap": torch.logit(torch.where(wanted.heat == 1, 0.9, 0.0), eps=1e-6)}
        for name, values in wanted.wanted.items():
            flat = torch.zeros(rows * columns, values.shape[1], dtype=torch.float64)
            flat[wanted.where] = values.double() if name != "front" else values.double() - 0.5
            task[name] = flat.T.reshape(1, -1, rows, columns)
        said.append(task)
    return said


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["full", "axis"]))
def test_targets_are_decoded_to_the_boxes_they_were_made_of(seed, heading):
    random = np.random.default_rng(seed)
    cells = random.permutation(64)[:6]  # of 2 m, one box each
    middle = np.column_stack([cells % 8, cells // 8]) * 2 - 7 + random.uniform(-0.9, 0.9, (6, 2))
    sizes, yaw = random.uniform(0.4, 6, (6, 3)), random.uniform(-np.pi, np.pi, 6)
    boxes = np.column_stack([middle, random.uniform(-2, 2, 6), sizes, yaw])
    labels = random.integers(0, 4, 6)
    head = replace(SMALL.head, heading=heading, front=heading == "axis", tasks=(1, 3))
    config = replace(SMALL, head=head, suppression=Suppression(how="none"))
    answer = found(said_of(Truth(boxes, labels), config), config)
    match = np.linalg.norm(answer.boxes[:, None, :2] - middle[None], axis=2).argmin(1)
    assert sorted(match) == list(range(6))
    assert answer.labels.tolist() == labels[match].tolist()
    apart = answer.boxes - boxes[match]
    apart[:, 6] = (apart[:, 6] + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(apart).max() < 1e-4
    assert answer.heat.shape == (4, 32, 32)


def test_what_is_said_exactly_has_next_to_no_loss_and_unknown_fronts_none():
    boxes = np.array([[1, 2, 0, 4, 2, 1.5, 2.5], [-5, 3, 0, 1, 1, 1, 0.1]])
    truth = Truth(boxes, np.array([0, 2]), np.array([False, False]))
    found_ = loss(
        [{n: v.float() for n, v in task.items()} for task in said_of(truth, SMALL)], targets([truth], SMALL)
    )
    assert {name: float(value) for name, value in found_.items() if name != "heatmap"} == pytest.approx(
        dict.fromkeys(SMALL.head.regressed, 0), abs=1e-6
    )
    assert float(found_["heatmap"]) < 0.01
    assert targets([truth], SMALL)[0].wanted["front"].isnan().all()


def test_losses_fall_on_one_batch():
    torch.manual_seed(0)
    config = replace(SMALL, backbone=Backbone((1, 1), (8, 16), (2, 2), (1.0, 2.0), (8, 8)))
    net, batch = Detector(config), batch_of([cloud(500), cloud(500, 1)], config)
    truth = Truth(np.array([[1, 2, 0, 4, 2, 1.5, 2.5]]), np.array([1]))
    wanted = targets([truth, truth], config)
    totals = []
    for _ in range(6):
        total = sum(loss(net(batch), wanted).values())
        weights = list(net.parameters())
        for weight, slope in zip(weights, torch.autograd.grad(total, weights), strict=True):
            weight.data -= 3e-3 * slope.sign()
        totals.append(total.item())
    assert totals[-1] < totals[0] / 3


@pytest.mark.parametrize("widths", [(32,), (32, 64)])
def test_the_order_of_points_does_not_matter_to_pillars(widths):
    torch.manual_seed(0)
    config = replace(SMALL, encoder=Pillars(widths))
    net = PillarEncoder(config, config.encoder).eval()
    points = cloud(3000)
    with torch.no_grad():
        canvas, other = (
            net(batch_of([one], config)) for one in (points, np.random.default_rng(1).permutation(points))
        )
    assert (canvas - other).abs().max() < 1e-5
    rows = np.floor((points[:, 1] + 8) / 0.25).astype(int)
    columns = np.floor((points[:, 0] + 8) / 0.25).astype(int)
    inside = (rows >= 0) & (rows < 64) & (columns >= 0) & (columns < 64)
    occupied = np.zeros((64, 64), bool)
    occupied[rows[inside], columns[inside]] = True
    assert not canvas[0].abs().sum(0)[torch.from_numpy(~occupied)].any()


@pytest.mark.parametrize("widths", [(8,), (8, 8)])
def test_a_pillar_that_is_not_full_has_a_row_of_zeros_as_published(widths):
    """Against the published way: padded rows masked before the first layer alone."""
    torch.manual_seed(0)
    config = replace(SMALL, encoder=Pillars(widths, padded=True), hard=Hard(4, 1000))
    net = PillarEncoder(config, config.encoder).eval()
    for layer in net.pfn_layers:
        torch.nn.init.normal_(layer.norm.running_mean)
        torch.nn.init.normal_(layer.norm.bias)
    points = cloud(6000)
    batch = batch_of([points], config)
    from headlight.models.points.detection.pillars import decorated

    with torch.no_grad():
        canvas = net(batch)
        given = decorated(batch, config.grid, "xyz")
        x = torch.zeros(len(batch.cells), 4, given.shape[1])
        rank = torch.zeros(len(batch.cells), dtype=int)
        for number, row in enumerate(batch.row.tolist()):
            x[row, rank[row]] = given[number]
            rank[row] += 1
        for layer in net.pfn_layers:
            flat = torch.relu(layer.norm(layer.linear(x).flatten(0, 1))).unflatten(0, x.shape[:2])
            most = flat.amax(1, keepdim=True)
            x = most[:, 0] if layer.last else torch.cat([flat, most.expand_as(flat)], 2)
    assert 0 < batch.full.sum() < len(batch.full)
    _, _, y, column = batch.cells.unbind(1)
    assert (canvas[0, :, y, column].T - x).abs().max() < 1e-5


def test_circles_compare_the_squared_distance_as_published():
    boxes = np.zeros((3, 7))
    boxes[:, 0], boxes[:, 3:6] = (0, 1.9, 3.8), 1
    scores = np.array([0.5, 0.9, 0.4])
    assert suppressed(boxes, scores, "circle", 4.0).tolist() == [1]
    assert suppressed(boxes, scores, "circle", 3.6).tolist() == [1, 0, 2]
    assert suppressed(boxes, scores, "none", 0, most=2).tolist() == [1, 0]


def test_turned_boxes_are_suppressed_by_what_they_share():
    """Two of 4 × 2 m that cross share 4 of 12 m²."""
    boxes = np.array([[0, 0, 0, 4, 2, 1, 0], [0, 0, 5, 4, 2, 1, np.pi / 2]])
    scores = np.array([0.2, 0.3])
    assert suppressed(boxes, scores, "rotated", 0.34).tolist() == [1, 0]
    assert suppressed(boxes, scores, "rotated", 0.33).tolist() == [1]


def test_peaks_are_the_highest_of_their_neighbours():
    heat = torch.tensor([[[0.1, 0.2, 0.1], [0.3, 0.5, 0.1], [0.0, 0.0, 0.0]]])
    assert peaks(heat).nonzero().tolist() == [[0, 1, 1]]


def test_anchors_stand_as_published_and_say_their_boxes():
    head = Anchors(((3.9, 1.6, 1.56), (0.8, 0.6, 1.73)), (-1.78, -0.6))
    config = replace(SMALL, classes=("car", "pedestrian"), head=head)
    every = anchors(config).view(*config.map, 4, 7)
    assert every[0, 0, 0].tolist() == pytest.approx([-8, -8, -1, 3.9, 1.6, 1.56, 0])
    assert every[-1, -1, 3].tolist() == pytest.approx([8, 8, 0.265, 0.8, 0.6, 1.73, 1.57])
    anchor = torch.tensor([[1.0, 2, -1, 3, 4, 2, 0]], dtype=torch.float64)
    code = torch.tensor([[0.2, -0.4, 0.5, np.log(2), 0, 0, 0.3]])
    for way, yaw in ((0, 0.3 + np.pi), (1, 0.3 + 2 * np.pi)):  # which half turn from 45° on
        box = from_anchors(anchor, code, torch.tensor([way]), 0.78539)[0].tolist()
        assert box == pytest.approx([2, 0, 0, 6, 4, 2, yaw], abs=1e-5)
