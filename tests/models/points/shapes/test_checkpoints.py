"""Checkpoints of classifiers in their published layouts, made up, and files that are none."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from headlight.models.catalogue.entries import find
from headlight.models.core.answers import Classes
from headlight.models.core.errors import HeadlightError
from headlight.models.engines.checkpoints import CheckpointEngine
from headlight.models.engines.shapes import ShapesEngine
from headlight.models.points.shapes.checkpoints import MODELNET40, checkpoint_of
from headlight.models.points.shapes.point_transformer import ShapeTransformer
from headlight.models.points.shapes.pointnet import ShapePointNet
from tests.models.clouds import cloud, randomised


def of_pointcept(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {"module.backbone." + n.replace(".transformer2.", ".transformer."): t for n, t in state.items()}


_PLACES = {
    "local": ("conv1", "bn1", "", "conv2", "bn2", "", "conv3", "bn3"),
    "whole": ("fc1", "bn4", "", "fc2", "bn5"),
    "feature": ("conv2", "bn2", "", "conv3", "bn3"),
    "point": ("conv1", "bn1"),
    "head": ("fc1", "bn1", "", "fc2", "", "bn2", "", "fc3"),
}


def of_yanx27(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Its names; its convolutions have a third dimension."""
    found = {}
    for name, tensor in state.items():
        part, *rest = name.split(".")
        where = {"turn": "feat.stn.", "turn_features": "feat.fstn.", "head": ""}.get(part, "feat.")
        if part.startswith("turn"):
            part, *rest = rest
        place = "fc3" if part == "last" else _PLACES[part][int(rest.pop(0))]
        is_convolution = place.startswith("conv") and rest == ["weight"]
        found[".".join([where + place, *rest])] = tensor[..., None] if is_convolution else tensor
    return found


LAYOUTS: dict[str, tuple[Callable, Callable, str]] = {
    "Cls38": (lambda: ShapeTransformer(), of_pointcept, "state_dict"),
    "Cls50": (lambda: ShapeTransformer(blocks=(1, 2, 3, 5, 2)), of_pointcept, "state_dict"),
    "PointNet": (lambda: ShapePointNet(), of_yanx27, "model_state_dict"),
    "PointNet with normals": (lambda: ShapePointNet(6), of_yanx27, "model_state_dict"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_layout_is_the_network_it_was(layout: str, tmp_path: Path) -> None:
    make, rename, container = LAYOUTS[layout]
    torch.manual_seed(0)
    net = randomised(make())
    state = rename(net.state_dict())
    file = tmp_path / "best.pth"
    torch.save({"epoch": 9, container: state}, file)
    engine = CheckpointEngine.open(find(str(file), trust_pickle=True), "cpu")
    assert isinstance(engine, ShapesEngine)
    assert engine.classes == MODELNET40
    assert engine.config.up == "y"
    for name, tensor in net.state_dict().items():
        torch.testing.assert_close(engine.model.state_dict()[name], tensor, atol=0, rtol=0)
    points = cloud(300)
    if engine.config.normals:
        with pytest.raises(HeadlightError, match="reads normals, and this cloud has none"):
            engine.run(points)
    normals = np.tile(np.float32([0, 0, 1]), (300, 1))
    assert engine.run(points, normals).answer(Classes).probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_names_are_those_of_the_public_implementations() -> None:
    names = of_yanx27(ShapePointNet(3, 4).state_dict())
    assert {re.sub(r"\.(weight|bias|running_\w+|num_batches_tracked)$", "", name) for name in names} == {
        *(f"feat.{t}.{n}" for t in ("stn", "fstn") for n in (
            "conv1", "conv2", "conv3", "fc1", "fc2", "fc3", "bn1", "bn2", "bn3", "bn4", "bn5")),
        *(f"feat.{n}" for n in ("conv1", "conv2", "conv3", "bn1", "bn2", "bn3")),
        "fc1", "fc2", "fc3", "bn1", "bn2",
    }  # fmt: skip
    assert {"cls.0.weight", "cls.1.weight", "cls.4.weight", "cls.5.weight", "cls.8.weight"} <= set(
        ShapeTransformer(3, 4).state_dict()
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: {n: t for n, t in s.items() if n != "feat.stn.bn4.bias"}, "turn.whole.1.bias is missing"),
        (lambda s: {**s, "feat.conv1.weight": torch.zeros(64, 9, 1)}, "takes 9 numbers a point"),
        (lambda s: {**s, "fc2.bias": torch.zeros(7)}, r"head.3.bias is \(7,\) instead of \(256,\)"),
        (lambda s: {**s, "fc9.bias": torch.zeros(7)}, "has what no such network has: fc9.bias"),
        (lambda s: {**s, "fc3.weight": torch.zeros(7)}, r"fc3.weight has the shape \(7,\)"),
    ],
)
def test_what_does_not_fit_is_named(change: Callable, message: str) -> None:
    with pytest.raises(HeadlightError, match=message):
        checkpoint_of(change(of_yanx27(ShapePointNet(3, 4).state_dict())), "best.pth")
