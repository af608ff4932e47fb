"""DETR's queries are tokens at their boxes, and look at cells of the picture as transformers has it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import DetrImageProcessorPil

from headlight.models.attention.asking.implementations import eager
from headlight.models.core.tokens import INPUT, OUTPUT, Box
from headlight.models.engines.door import check
from headlight.models.explain.rollout import rollout_row
from headlight.viewer.host.engines import open_engine
from tests.models import picture_texts

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 100, 3), np.uint8)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return open_engine(str(picture_texts.detector(tmp_path_factory.mktemp("detr"))), "image", "cpu")


def test_weights_are_those_of_eager_attention(engine):
    trace = engine.run(PIXELS)
    inputs = engine._inputs(trace.run.given, None)
    with torch.no_grad(), eager(engine.model):
        out = engine.model(**inputs, output_attentions=True)
    wanted = {
        "encoder": out.encoder_attentions,
        "decoder": out.decoder_attentions,
        "cross": out.cross_attentions,
    }
    assert trace.stacks == ("encoder", "decoder", "cross")
    for stack, every in wanted.items():
        layers = [layer for layer in trace.layers if layer.stack == stack]
        for layer, weights in zip(layers, every, strict=True):
            assert torch.allclose(layer.block(None, 0, len(layer.queries)), weights[0], atol=1e-5)
    assert max(check(trace)) < 1e-5


def test_queries_lie_where_their_boxes_do(engine):
    trace = engine.run(PIXELS)
    with torch.no_grad():
        plain = engine.model(**engine._inputs(trace.run.given, None))
    sizes = torch.tensor([PIXELS.shape[:2]])
    (found,) = DetrImageProcessorPil().post_process_object_detection(plain, threshold=0, target_sizes=sizes)
    queries = trace.streams[OUTPUT]
    assert np.allclose(queries.boxes, found["boxes"].numpy(), atol=0.5)
    named = [f"LABEL_{at} {score:.0%}" for at, score in zip(found["labels"], found["scores"], strict=True)]
    assert list(queries.labels) == named
    assert trace.layers[-1].queries is queries
    assert 3 in queries.find(queries.place(3))


def test_cells_lie_where_the_picture_changes_them(engine):
    before = engine.run(PIXELS)
    cells = before.streams[INPUT]
    assert cells.grid == (8, 13)
    for index in (20, 48, 70):
        box = cells.place(index)
        x, y = round((box.x0 + box.x1) / 2), round((box.y0 + box.y1) / 2)
        changed = PIXELS.copy()
        changed[y - 2 : y + 2, x - 2 : x + 2] = 255 - changed[y - 2 : y + 2, x - 2 : x + 2]
        after = engine.run(changed)
        values = [trace.layers[0].vectors("value") for trace in (before, after)]
        moved = cells.place(int((values[0] - values[1]).abs().amax((0, 2)).argmax()))
        assert isinstance(moved, Box)
        assert abs(moved.x0 - box.x0) <= 8
        assert abs(moved.y0 - box.y0) <= 8


def test_a_rollout_leads_from_a_query_to_cells(engine):
    trace = engine.run(PIXELS)
    row = rollout_row(trace.layers, 2)
    assert row.shape == (8 * 13,)
    assert 0.5 < row.sum() < 1
