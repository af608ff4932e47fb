"""A text and a picture through one encoder: weights are eager attention's, patches lie where they are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from headlight.models.attention.asking.implementations import eager
from headlight.models.core.answers import Classes, Writing
from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import Box
from headlight.models.engines.door import check
from headlight.viewer.host.engines import open_engine
from tests.models import picture_texts

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 100, 3), np.uint8)


@pytest.fixture(scope="module", params=picture_texts.TOGETHER)
def engine(request, tmp_path_factory):
    folder = picture_texts.folder(tmp_path_factory.mktemp("together"), request.param)
    return open_engine(str(folder), "picture-text", "cpu")


def test_weights_are_those_of_eager_attention(engine):
    trace = engine.run(PIXELS, "a cat")
    inputs = engine._inputs(trace.run.given, None)
    with torch.no_grad(), eager(engine.model), torch.random.fork_rng():
        torch.manual_seed(0)
        wanted = engine.model(**inputs, output_attentions=True).attentions
    for layer, weights in zip(trace.layers, wanted, strict=True):
        assert torch.allclose(layer.block(None, 0, len(layer.queries)), weights[0], atol=1e-5)
    assert max(check(trace)) < 1e-5
    assert (trace.answer(Classes) is not None) == ("vilt" in engine.entry.title)


def test_patches_lie_where_they_are_in_whichever_order_they_come(engine):
    before = engine.run(PIXELS, "a cat")
    for number in np.flatnonzero(before.tokens.on_picture)[::5]:
        box = before.tokens.place(int(number))
        x, y = round((box.x0 + box.x1) / 2), round((box.y0 + box.y1) / 2)
        changed = PIXELS.copy()
        changed[y - 1 : y + 1, x - 1 : x + 1] = 255 - changed[y - 1 : y + 1, x - 1 : x + 1]
        after = engine.run(changed, "a cat")
        values = [trace.layers[0].call.v[0] for trace in (before, after)]
        moved = (values[0] - values[1]).abs().amax((0, 2)).numpy()
        assert before.tokens.find(Box(x, y, x, y)).tolist() == [int(moved.argmax())]


def test_an_encoder_writes_nothing(engine):
    with pytest.raises(HeadlightError, match="writes nothing"):
        engine.run(PIXELS, "a cat", writing=Writing(new=3))
