"""The engine of point clouds: what the model sees, what every file point is told, PointNet's blocks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from scipy.spatial import cKDTree

from headlight.models.core.answers import EVERY, PointLabels, Target
from headlight.models.core.errors import HeadlightError, UntrustedPickle
from headlight.models.core.layers import CHECK_LIMIT
from headlight.models.core.task import SILENT, Task
from headlight.models.engines import door, points
from headlight.models.engines.door import check
from headlight.models.engines.points import PointsEngine
from headlight.models.points import blocks as point_blocks
from headlight.models.points.blocks import blocks
from headlight.models.points.checkpoints import load_network
from headlight.models.points.grid import grid_sample
from headlight.models.points.neighbours import geometry, spacing
from headlight.viewer.host.engines import open_engine
from tests.models.tiny_points import pointnet, room, saved, transformer

POINTS, COLOURS = room(3000)


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    monkeypatch.setattr(door, "_engines", type(door._engines)())


def opened(folder) -> PointsEngine:
    return open_engine(str(folder), "points", "cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("tiny"), transformer(), grid=0.2)


@pytest.fixture(scope="module")
def trace(folder):
    return opened(folder).run(POINTS, COLOURS, np.full(3000, -1, np.int16))


def test_the_model_sees_a_grid_sample_and_gives_the_plain_networks_answer(folder, trace):
    sample = grid_sample(POINTS, 0.2)
    assert trace.answer(PointLabels).sample.tolist() == sample.tolist()
    assert np.array_equal(trace.tokens.positions, POINTS[sample])
    seen = POINTS[sample]
    expected = np.column_stack(
        [seen[:, 2] - np.percentile(seen[:, 2], 1), COLOURS[sample] / 255, np.ones(len(seen))]
    ).astype(np.float32)
    np.testing.assert_allclose(trace.inputs["features"], expected, atol=1e-6)
    assert np.array_equal(trace.inputs["points"], seen)
    with torch.no_grad():
        logits = load_network(folder)[0](torch.from_numpy(expected), geometry(seen))
    probabilities = torch.softmax(logits, dim=1).numpy()
    np.testing.assert_allclose(trace.answer(PointLabels).probabilities, probabilities, atol=1e-5)
    assert len(trace.layers) == 10
    assert [layer.group_count for layer in trace.layers] == [len(layer.queries) for layer in trace.layers]
    assert trace.layers[0].queries is trace.layers[-1].keys is trace.tokens
    assert trace.readout is None
    assert not trace.model.untrained
    assert max(check(trace)) <= CHECK_LIMIT


def test_every_point_of_the_file_has_its_nearest_tokens_answer(trace):
    answer = trace.answer(PointLabels)
    distances = np.linalg.norm(POINTS[:, None] - trace.tokens.positions[None], axis=2)
    assert np.allclose(distances[np.arange(3000), answer.nearest], distances.min(axis=1))
    assert np.array_equal(answer.labels, answer.probabilities.argmax(axis=1)[answer.nearest])
    assert np.allclose(answer.confidence, answer.probabilities.max(axis=1)[answer.nearest])
    assert answer.nearest[answer.sample].tolist() == list(range(len(trace.tokens)))


def test_without_colours_the_model_is_told_so(folder, tmp_path):
    trace = opened(folder).run(POINTS)
    assert (trace.inputs["features"][:, 1:] == 0).all()
    assert trace.notices == ()
    other = saved(
        tmp_path / "xyz",
        transformer(in_channels=6),
        inputs=["x", "y", "z", "r", "g", "b"],
        colour="signed",
        centre="minimum",
        grid=0.2,
    )
    trace = opened(other).run(POINTS)
    assert trace.inputs["features"][:, :3].min(axis=0).tolist() == [0, 0, 0]
    assert (trace.inputs["features"][:, 3:] == 0).all()  # grey is the middle of −1 to 1
    assert trace.notices == (
        "xyz was trained on coloured clouds, and this one has no colours: it sees all in grey.",
    )
    coloured = opened(other).run(POINTS, np.full((3000, 3), 255, np.uint8))
    assert (coloured.inputs["features"][:, 3:] == 1).all()


def test_a_large_cloud_is_seen_through_larger_voxels(folder, monkeypatch):
    monkeypatch.setattr(points, "LIMIT", 100)
    trace = opened(folder).run(POINTS, COLOURS)
    assert len(trace.tokens) <= 100
    assert len(trace.answer(PointLabels).labels) == 3000
    (notice,) = trace.notices
    count = f"{len(trace.tokens):,} in all, instead of one in 0.2 m as in its training."
    assert notice.startswith(f"The cloud is large: {Path(folder).name} sees one point in ")
    assert notice.endswith(count)


def test_a_cloud_much_sparser_than_those_of_the_training_is_called_sparse(tmp_path):
    reader = opened(saved(tmp_path / "fine", transformer(), grid=0.02))
    trace = reader.run(POINTS, COLOURS)
    apart = spacing(cKDTree(trace.inputs["points"]))
    assert 0.05 < apart < 0.15
    assert trace.notices == (
        f"The cloud is sparse: one point in {apart:.2g} m, where fine learnt from one in 0.02 m. "
        "Its classes can be trusted less.",
    )


@pytest.mark.parametrize("count", [1, 2, 17])
def test_a_few_points_are_a_cloud(folder, count):
    trace = opened(folder).run(POINTS[:count], COLOURS[:count])
    assert len(trace.answer(PointLabels).labels) == count
    assert max(check(trace)) <= CHECK_LIMIT
    same = opened(folder).run(np.repeat(POINTS[:1], 5, axis=0))
    assert len(same.tokens) == 1
    assert len(set(same.answer(PointLabels).labels.tolist())) == 1


def test_the_gradient_field_is_the_models_own(folder, trace):
    values = torch.from_numpy(trace.inputs["features"]).requires_grad_()
    logits = load_network(folder)[0](values, trace.outputs["geometry"])
    labels = logits.argmax(1)
    common = int(labels.mode().values)
    for target, answer in (
        (Target("all classes", 1.0, EVERY, trace.tokens.place(3)), logits[3].sum()),
        (Target("the commonest", 1.0, common), logits[labels == common, common].mean()),
    ):
        field = trace.run.gradients(target).inputs
        (expected,) = torch.autograd.grad(answer, values, retain_graph=True)
        np.testing.assert_allclose(field, expected, rtol=1e-3, atol=1e-5 * expected.abs().max())


def test_pointnet_covers_every_point_by_blocks_as_one_forward_pass_each(tmp_path, monkeypatch):
    monkeypatch.setattr(point_blocks, "TOGETHER", 450)  # three blocks a pass; at the end a part of that
    folder = saved(tmp_path / "net", pointnet(), grid=0.2, points=150)
    net, *_ = load_network(folder)
    reader = opened(folder)
    trace = reader.run(POINTS, COLOURS)
    assert trace.layers == ()
    assert check(trace) == ()
    seen, given = trace.tokens.positions, trace.inputs["features"]
    blocks, total = trace.outputs["blocks"], torch.zeros(len(seen), 13)
    assert len(blocks) > 4
    floor = np.percentile(seen[:, 2], 1)
    where = [
        np.column_stack([seen[b.tokens, :2] - seen[b.tokens, :2].mean(axis=0), seen[b.tokens, 2] - floor])
        for b in blocks
    ]
    where = torch.from_numpy(np.stack(where).astype(np.float32))
    values = torch.from_numpy(given[np.stack([block.tokens for block in blocks])])
    assert values.shape == (len(blocks), 150, 5)
    with torch.no_grad():
        deep = torch.cat(
            [net.encoded(*part)[1] for part in zip(values.split(3), where.split(3), strict=True)]
        )
        for number, block in enumerate(blocks):
            total[block.tokens] += net(values[number, None], where[number, None])[0]
            # Without its other points the global feature, and so every answer, is the same.
            critical = np.flatnonzero(np.isin(block.tokens, block.critical))
            assert torch.equal(deep[number][critical].amax(dim=0), deep[number].amax(dim=0))
    answer = trace.answer(PointLabels).probabilities
    np.testing.assert_allclose(answer, torch.softmax(total, dim=1), atol=1e-4)
    critical = trace.outputs["critical"]
    assert 0 < len(critical) < len(seen)
    with pytest.raises(HeadlightError, match="net joins all points of a block by one maximum"):
        trace.run.gradients(trace.answers[0].targets()[0])


def test_the_upper_bound_holds_what_changes_no_maximum(tmp_path):
    folder = saved(tmp_path / "net", pointnet(), grid=0.2)
    reader, (net, *_) = opened(folder), load_network(folder)
    trace = reader.run(POINTS)  # without colours, as candidates are
    assert reader.upper_bound(trace, trace.inputs["points"]).all()
    candidates = np.random.default_rng(0).uniform(-2, 6, (500, 3)).astype(np.float32)
    inside = reader.upper_bound(trace, candidates)
    assert 0 < inside.sum() < 500
    (block,) = trace.outputs["blocks"]
    seen = trace.inputs["points"]
    floor = np.percentile(seen[:, 2], 1)

    def looked(points: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        where = torch.from_numpy(points - np.array([*block.centre, floor], np.float32))[None]
        values = torch.zeros(1, len(points), 5)
        values[..., 0] = where[..., 2]
        return values, where

    with torch.no_grad():
        _, deep, turns = net.encoded(*looked(seen))
        other = net.encoded(*looked(candidates), turns)[1][0]
    above = (other - deep[0].amax(dim=0)).amax(dim=1).numpy()
    clear = np.abs(above) > 1e-4
    assert np.array_equal(inside[clear], above[clear] < 0)


def test_blocks_are_round_columns_that_cover_every_point():
    where = np.random.default_rng(0).uniform(0, 1, (3000, 3)) * (5, 3, 2)
    parts = [part for part, _ in blocks(where, 400)]
    assert np.array_equal(np.unique(np.concatenate(parts)), np.arange(3000))
    assert 8 <= len(parts) < 40
    for part in parts:
        assert len(np.unique(part)) == 400
        assert np.linalg.norm(where[part, :2] - where[part, :2].mean(axis=0), axis=1).max() < 2
    shares = [share for _, share in blocks(where, 400)]
    assert shares == sorted(shares)
    assert [part.tolist() for part, _ in blocks(np.ones((3, 3)), 10)] == [[0, 1, 2]]
    one_place = [part for part, _ in blocks(np.ones((50, 3)), 7)]
    assert np.array_equal(np.unique(np.concatenate(one_place)), np.arange(50))


def test_what_cannot_be_opened_says_why(tmp_path, folder):
    def cause(path, **options) -> str:
        with pytest.raises(HeadlightError) as caught:
            open_engine(str(path), "points", "cpu", **options)
        return caught.value.cause

    wrong = saved(tmp_path / "wrong", transformer(), inputs=["height", "r", "g", "b", "smell"])
    where = wrong / "config.json"
    assert cause(wrong) == (
        f"{where} has “smell” among its inputs, and they can be height, x, y, z, r, g, b, coloured."
    )
    config = json.loads(where.read_text())
    where.write_text(json.dumps(config | {"inputs": ["height"]}))
    assert "does not fit" in cause(wrong)
    where.write_text(json.dumps(config | {"planes": [16, 1 << 40]}))
    assert cause(wrong).startswith(f"{where} says “planes”: 1,099,511,627,776, and its weights are ")
    where.write_text(json.dumps(config | {"planes": [16, -40]}))
    assert cause(wrong).startswith(f"{where} has no usable “planes”")
    cut = saved(tmp_path / "cut", pointnet(), points="all")
    assert cause(cut) == f"{cut / 'config.json'} says points = all, and a block can have 1 to 1,048,576."
    assert cause(tmp_path / "none") == f"There is no model or folder “{tmp_path / 'none'}”."
    checkpoint = tmp_path / "model.pth"
    checkpoint.write_bytes(b"\x80")
    with pytest.raises(UntrustedPickle, match=r"is a pickle, which can run code .* give --trust-pickle"):
        open_engine(str(checkpoint), "points", "cpu")
    with pytest.raises(HeadlightError, match="reads point clouds, not images"):
        open_engine(str(folder), "image", "cpu")
    more = saved(tmp_path / "more", transformer(), blocks=[2, 2, 2, 2, 1])
    assert "has what no such network has: enc5.1.bn1.bias" in cause(more)
    with pytest.raises(HeadlightError, match="holds a swin model, and it is not known what such"):
        open_engine(str(saved(tmp_path / "odd", pointnet(), model_type="swin")), "points", "cpu")


def test_a_folder_without_all_weights_is_untrained_and_says_which_are_random(tmp_path):
    whole = saved(tmp_path / "whole", transformer())
    less = saved(tmp_path / "less", transformer())
    state = load_file(less / "model.safetensors")
    lost = sorted(name for name in state if name.startswith("cls."))
    save_file({name: value for name, value in state.items() if name not in lost}, less / "model.safetensors")
    reader = opened(less)
    trace = reader.run(POINTS, COLOURS)
    assert trace.model.untrained
    assert trace.notices == (
        f"less lacks the weights cls.0.weight and {len(lost) - 1} more: they are random.",
    )
    assert check(trace) == pytest.approx([0.0] * len(trace.layers), abs=1e-4)
    kept, known = reader.model.state_dict(), opened(whole).model.state_dict()
    assert all(torch.equal(kept[name], known[name]) for name in known if name not in lost)
    again = load_network(less)[0].state_dict()
    assert all(torch.equal(kept[name], again[name]) for name in lost)  # random, but no other next time


def test_a_checkpoint_of_another_program_reads_clouds(tmp_path):
    net = transformer(in_channels=6, planes=(16, 16, 16, 16, 16))
    file = tmp_path / "model.pth"
    state = {
        f"module.backbone.{name.replace('.transformer2.', '.transformer.')}": value
        for name, value in net.state_dict().items()
    }
    torch.save({"state_dict": state}, file)
    reader = open_engine(str(file), "points", "cpu", trust_pickle=True)
    assert reader.classes[:2] == ("ceiling", "floor")
    trace = reader.run(POINTS, COLOURS)
    expected = (POINTS.min(axis=0) + POINTS.max(axis=0)) / 2
    seen = trace.inputs["points"]
    assert np.allclose(trace.inputs["features"][:, :2], seen[:, :2] - expected[:2], atol=0.1)
    assert trace.notices[0].startswith("Older Pointcept checkpoints take colours")
    save_file({name: value.contiguous() for name, value in state.items()}, tmp_path / "model.safetensors")
    same = open_engine(str(tmp_path / "model.safetensors"), "points", "cpu").run(POINTS, COLOURS)
    assert np.array_equal(same.answer(PointLabels).labels, trace.answer(PointLabels).labels)
    assert same.model.title == "model"


def test_progress_grows_and_names_what_is_done(folder):
    told = []

    class Listener(Task):
        def progress(self, share, sentence):
            told.append((share, sentence))

    opened(folder).run(POINTS, COLOURS, task=Listener())
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert {"Sampling the cloud", "Answers for all points of the file"} <= {sentence for _, sentence in told}


def test_loading_makes_sure_that_kept_attention_changes_no_answer(folder, monkeypatch):
    def otherwise(self, features, stages, task=SILENT, calls=None):
        return folded(self, features, stages, task, calls) * 1.01

    folded = points.FoldedPointTransformer.__call__
    monkeypatch.setattr(points.FoldedPointTransformer, "__call__", otherwise)
    with pytest.raises(
        HeadlightError, match=f"{Path(folder).name} cannot be shown: while its attention is kept"
    ):
        opened(folder)
