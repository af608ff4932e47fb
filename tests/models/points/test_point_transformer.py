"""PointTransformer: names and sizes of the public implementation, and one step of training."""

from __future__ import annotations

import torch

from headlight.models.points.neighbours import collate, geometry
from headlight.models.points.point_transformer import PointTransformer
from tests.models.clouds import cloud


def test_it_has_the_parameters_and_names_of_the_public_implementation() -> None:
    net = PointTransformer()
    state = net.state_dict()
    assert sum(parameter.numel() for parameter in net.parameters()) == 7_767_729
    assert len(state) == 932
    assert sum(name.endswith("transformer2.linear_q.weight") for name in state) == 18
    shapes = {
        "enc1.0.linear.weight": (32, 6),
        "enc5.0.linear.weight": (512, 259),
        "enc4.5.transformer2.linear_p.1.running_var": (3,),
        "enc2.1.transformer2.linear_w.2.weight": (8, 64),
        "enc3.3.transformer2.linear_w.5.bias": (16,),
        "dec5.0.linear1.0.weight": (512, 1024),
        "dec5.0.linear2.0.bias": (512,),
        "dec4.0.linear2.0.weight": (256, 512),
        "dec1.0.linear2.1.weight": (32,),
        "dec1.1.linear3.weight": (32, 32),
        "cls.3.weight": (13, 32),
    }
    assert {name: tuple(state[name].shape) for name in shapes} == shapes


def test_two_crops_train_every_parameter() -> None:
    torch.manual_seed(0)
    net = PointTransformer(5, 3, planes=(8, 16, 16, 24, 32), blocks=(2, 2, 2, 2, 2))
    batch = collate([geometry(cloud(2000)), geometry(cloud(1500, 1))])
    loss = torch.nn.functional.cross_entropy(net(torch.randn(3500, 5), batch), torch.randint(0, 3, (3500,)))
    loss.backward()
    assert [stage.counts for stage in batch.stages] == [(2000, 1500), (500, 375), (125, 93), (31, 23), (7, 5)]
    # Of a bias before a norm or a softmax nothing comes back but rounding.
    assert all(p.grad.isfinite().all() for p in net.parameters())
    assert all(p.grad.any() for name, p in net.named_parameters() if name.endswith("weight"))
