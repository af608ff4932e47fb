"""The gradient field against autograd through the plain network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from headlight.models.core.task import Cancelled, Task
from headlight.models.points.neighbours import geometry
from headlight.models.points.reach import gradient as point_gradient
from headlight.models.points.reach.gradient import gradient_field
from tests.models.tiny_points import room, transformer

POINTS = room(700)[0]


def test_the_field_is_the_gradient_of_the_plain_network(monkeypatch):
    monkeypatch.setattr(point_gradient, "CHUNK", 1 << 14)  # several chunks a layer
    net, stages = transformer(), geometry(POINTS)
    values = torch.randn(700, 5, generator=torch.Generator().manual_seed(1)).requires_grad_()
    tokens = torch.tensor([5, 611])
    logits = net(values, stages)[tokens]
    for label, answer in ((None, logits.sum() / 2), (3, logits[:, 3].sum() / 2)):
        (gradient,) = torch.autograd.grad(answer, values, retain_graph=True)
        found, _ = gradient_field(net, values.detach(), stages, tokens, label=label)
        assert found.shape == gradient.shape
        assert (found != 0).any(1).float().mean() > 0.5
        assert float((found - gradient).abs().max()) <= 1e-5 * float(gradient.abs().max())


def test_few_points_have_a_field_too():
    net = transformer()
    for count in (1, 3, 20):
        stages = geometry(POINTS[:count])
        values = torch.ones(count, 5, requires_grad=True)
        (gradient,) = torch.autograd.grad(net(values, stages)[0].sum(), values)
        found, _ = gradient_field(net, values.detach(), stages, torch.tensor([0]))
        np.testing.assert_allclose(found, gradient, rtol=1e-4, atol=1e-6)


def test_cancel_is_heard_on_the_way_back():
    told = []

    class Listener(Task):
        def progress(self, share, sentence):
            told.append((share, sentence))
            if sentence == "Running backwards":
                raise Cancelled

    with pytest.raises(Cancelled):
        gradient_field(
            transformer(), torch.ones(700, 5), geometry(POINTS), torch.tensor([0]), task=Listener()
        )
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert 0.3 < shares[-1] < 0.7
