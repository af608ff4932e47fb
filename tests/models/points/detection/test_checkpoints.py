"""Published layouts of detectors: strict, of the published sizes, and with the meaning of their heads."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from headlight.models.core.errors import HeadlightError
from headlight.models.points.detection.checkpoints import (
    CIRCLES,
    NUSCENES,
    load_detector,
    read_detector,
    save_detector,
)
from headlight.models.points.detection.config import STREETS, Anchors, Backbone, Pillars, Voxels
from headlight.models.points.detection.layouts import named
from headlight.models.points.detection.network import Detector
from headlight.models.points.detection.reading import detection_config, written
from tests.models.points.detection import published

LAYOUTS = {
    "openpcdet-kitti": (published.openpcdet_pillars, "model_state", "OpenPCDet", 4_834_888),
    "openpcdet-nuscenes": (published.openpcdet_centres, "model_state", "OpenPCDet", 5_989_030),
    "mmdet3d-02pillar-circlenms": (published.mmdet3d_pillars, "state_dict", "mmdet3d", 5_982_854),
    "mmdet3d-01voxel": (published.mmdet3d_voxels, "state_dict", "mmdet3d", 8_938_262),
    "centerpoint-pillar": (published.centerpoint_pillars, "state_dict", "CenterPoint", None),
    "centerpoint-voxel0075": (published.centerpoint_voxels, "state_dict", "CenterPoint", None),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_published_layouts_are_read_whole(name, tmp_path):
    shapes, container, source, size = LAYOUTS[name]
    found = read_detector(published.saved(tmp_path / f"{name}.pth", shapes(), container), trust_pickle=True)
    net, config = found.network(), found.config
    count = sum(weight.numel() for weight in net.parameters())
    given = [shape for key, shape in shapes() if not key.endswith(("_mean", "_var", "_tracked", "_step"))]
    assert (found.source, count) == (source, sum(map(int, map(np.prod, given))))
    assert size in (None, count)
    kitti = name == "openpcdet-kitti"
    assert isinstance(config.head, Anchors) == kitti
    assert config.classes == (("car", "pedestrian", "cyclist") if kitti else NUSCENES)
    assert config.map == ((248, 216) if kitti else {"75": (180, 180)}.get(name[-2:], (128, 128)))
    assert config.frame.forward == ("x" if kitti else "y")
    assert config.suppression.limit == (CIRCLES if "circle" in name else 0.01 if kitti else 0.2)
    if isinstance(config.encoder, Pillars):
        assert (config.inputs, config.encoder.centre) == (
            *((4,) if kitti else (5,)),
            *(("xy",) if source == "CenterPoint" else ("xyz",)),
        )
        assert (config.hard is None) == (name == "openpcdet-nuscenes") == (not config.encoder.padded)
    else:
        assert config.encoder.biased == (source == "CenterPoint")


def test_heads_mean_the_same_whoever_trained_them(tmp_path):
    """The same yaw of 0.4 and 4 × 2 m, said as each of the three does."""
    size = np.log([4, 2, 1.5])
    turned = -0.4 - np.pi / 2
    said = {
        "openpcdet-nuscenes": (np.cos(0.4), np.sin(0.4), size),
        "mmdet3d-02pillar-circlenms": (np.sin(0.4), np.cos(0.4), size),
        "centerpoint-pillar": (np.sin(turned), np.cos(turned), size[[1, 0, 2]]),
    }
    for name, (first, second, sides) in said.items():
        shapes, *_ = LAYOUTS[name]
        raw = {key: torch.zeros(shape) for key, shape in shapes()}
        last = "3" if name.startswith("center") else "1"
        for key, tensor in raw.items():
            if key.endswith(f".rot.{last}.bias"):
                tensor.copy_(torch.tensor([first, second]))
            elif key.endswith(f".dim.{last}.bias"):
                tensor.copy_(torch.tensor(sides))
        state = named(raw, name).state
        assert state["head.task_heads.5.rot.3.bias"].tolist() == pytest.approx([np.sin(0.4), np.cos(0.4)])
        assert state["head.task_heads.5.dim.3.bias"].tolist() == pytest.approx(size.tolist())


def test_both_orders_of_sparse_weights_are_one():
    """spconv 1 and 2 hold the same numbers in another order."""
    torch.manual_seed(0)
    second = {key: torch.randn(shape) for key, shape in published.mmdet3d_voxels(2)}
    first = {k: t.permute(1, 2, 3, 4, 0) if t.ndim == 5 else t for k, t in second.items()}
    shapes = {key: tuple(tensor.shape) for key, tensor in first.items()}
    assert shapes == dict(published.mmdet3d_voxels(1))
    one, other = named(first, "a").state, named(second, "b").state
    assert all(torch.equal(one[name], other[name]) for name in other)


def test_what_is_no_such_detector_is_told_in_one_sentence(tmp_path):
    shapes = dict(published.openpcdet_centres())

    def refused(more=(), without=(), match=""):
        kept = [*((k, s) for k, s in shapes.items() if not k.startswith(tuple(without))), *more]
        file = published.saved(tmp_path / "x.pth", iter(kept), "model_state")
        with pytest.raises(HeadlightError, match=match):
            read_detector(file, trust_pickle=True).network()

    refused([("dense_head.heads_list.0.iou.1.bias", (1,))], match=r"does not know: .*iou")
    refused([("roi_head.fc.weight", (2, 2))], match="one stage")
    refused(without=["dense_head.heads_list.5"], match="tasks of 1, 2, 2, 1, 2 classes")
    refused(without=["backbone_2d.blocks.1.4.weight"], match="what no such network has")
    refused(without=["vfe"], match="neither pillars nor voxels")
    kitti = [(k, (12, *s[1:]) if "conv_cls" in k else s) for k, s in published.openpcdet_pillars()]
    file = published.saved(tmp_path / "y.pth", iter(kitti), "model_state")
    with pytest.raises(HeadlightError, match="anchors of other classes"):
        read_detector(file, trust_pickle=True)
    with pytest.raises(HeadlightError, match="pickle"):
        read_detector(file)


def test_a_folder_gives_the_network_back(tmp_path):
    torch.manual_seed(0)
    net = Detector(STREETS)
    save_detector(tmp_path, net, STREETS, licence="BSD-3-Clause")
    found = load_detector(tmp_path)
    assert found.config == STREETS
    for name, tensor in net.state_dict().items():
        assert found.state_dict()[name].allclose(tensor.to(found.state_dict()[name].dtype), atol=1e-3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model_type": "pointnet"}, "model_type"),
        ({"classes": ["car"]}, "1 classes, and heads for 4"),
        ({"inputs": 7}, "four numbers or five"),
        ({"grid": {"low": [0, 0, 0], "high": [1, 1, 1], "edge": [0, 1, 1]}}, "grid"),
        ({"grid": {"low": [0, 0, 0], "high": [900, 900, 1], "edge": [0.1, 0.1, 1]}}, "too large"),
        ({"encoder": {"widths": [32], "colour": 1}}, "encoder"),
        ({"encoder": {"widths": [1 << 20]}}, "width"),
        ({"backbone": {"layers": [1], "widths": [8, 8]}}, "missing"),
        ({"frame": {"forward": "z"}}, "forward"),
    ],
)
def test_a_damaged_configuration_is_refused(change, said):
    content = json.loads(json.dumps(written(STREETS)))
    assert detection_config(content, "it") == STREETS
    with pytest.raises(HeadlightError, match=said):
        detection_config(content | change, "it")


def test_configurations_of_all_kinds_are_written_and_read(tmp_path):
    voxels = read_detector(
        published.saved(tmp_path / "a.pth", published.mmdet3d_voxels(1), "state_dict"), trust_pickle=True
    ).config
    assert isinstance(voxels.encoder, Voxels)
    assert voxels.backbone == Backbone((5, 5), (128, 256), (1, 2), (1.0, 2.0), (256, 256))
    assert detection_config(json.loads(json.dumps(written(voxels))), "it") == voxels
