"""What is offered of a recorded cloud is what it can have."""

from __future__ import annotations

import torch

import headlight
from headlight.viewer.host.forward import forward_pass
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import from_path
from headlight.viewer.registry import REGISTRY
from headlight.viewer.session.methods import IN_SPACE, objection


def test_what_takes_neighbours_or_the_model_says_why_it_is_not_there(tmp_path):
    attends, points = torch.nn.MultiheadAttention(6, 2, batch_first=True), torch.randn(1, 30, 3)
    x = torch.cat([points, points], -1)
    with headlight.record(attends) as recorded:
        attends(x, x, x)
    recorded.described(points=points[0].numpy()).save(tmp_path / "cloud.headlight.npz")
    what = from_path(tmp_path / "cloud.headlight.npz")
    trace, kind = forward_pass(what, RunOptions()).trace, REGISTRY.kind_of(what)
    said = {
        one.id: objection(one, kind, trace).partition(" has ")[2] or objection(one, kind, trace)
        for one in IN_SPACE.offered(kind)
    }
    assert said["composed"] == said["hops"] == "no attention between neighbours."
    assert said["gradient"].startswith("No gradients are taken of ")
    assert said["attention"] == said["voxels"] == ""
