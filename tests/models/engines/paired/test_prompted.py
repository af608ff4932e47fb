"""SAM is asked by clicks as transformers has it: masks, their predicted IoU, attention both ways."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from transformers import SamImageProcessorPil, SamProcessor
from transformers.models.sam.modeling_sam import SamVisionAttention

from headlight.models.attention.asking.implementations import eager
from headlight.models.core.answers import Masks
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Scale
from headlight.models.core.tokens import INPUT, OUTPUT
from headlight.models.engines.door import check
from headlight.models.explain.rollout import rollout_row
from headlight.viewer.host.engines import open_engine
from tests.models import prompted

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 100, 3), np.uint8)
AT, NOT_AT, AROUND = ((30.0, 20.0), (35.0, 41.0)), ((80.0, 5.0),), (10.0, 8.0, 70.0, 50.0)
STACKS = {"self_attn": "decoder", "token_to_image": "cross", "image_to_token": "back"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return open_engine(str(prompted.folder(tmp_path_factory.mktemp("sam"))), "image", "cpu")


def wanted(engine, points, labels, box):
    """(what transformers' own processor and model make of it, the weights of the decoder, masks in full)."""
    side = {"height": prompted.SIDE, "width": prompted.SIDE}
    processor = SamProcessor(SamImageProcessorPil(size={"longest_edge": prompted.SIDE}, pad_size=side))
    more = {} if box is None else {"input_boxes": [[list(box)]]}
    if points:
        more |= {"input_points": [[[list(one) for one in points]]], "input_labels": [[labels]]}
    given = {**processor(PIXELS, return_tensors="pt", **more)}
    sizes = given.pop("original_sizes"), given.pop("reshaped_input_sizes")
    weights, hooks = {}, []
    for name, module in engine.model.mask_decoder.named_modules():
        if type(module).__name__ == "SamAttention":
            keep = lambda _, __, out, name=name: weights.update({f"mask_decoder.{name}": out[1]})  # noqa: E731
            hooks.append(module.register_forward_hook(keep))
    given = {name: one.float() if one.is_floating_point() else one for name, one in given.items()}
    with torch.no_grad(), eager(engine.model):
        found = engine.model(**given)
    for hook in hooks:
        hook.remove()
    masks = processor.image_processor.post_process_masks(found.pred_masks, *sizes, pad_size=side)
    return found, weights, masks[0][0]


@pytest.mark.parametrize(
    ("at", "not_at", "around"), [(AT, NOT_AT, None), ((), (), AROUND), (AT[:1], (), AROUND)]
)
def test_a_click_says_what_transformers_does(engine, at, not_at, around):
    trace = engine.run(PIXELS, at=at, not_at=not_at, around=around)
    found, weights, masks = wanted(engine, (*at, *not_at), [1] * len(at) + [0] * len(not_at), around)
    answer = trace.answer(Masks)
    np.testing.assert_allclose(trace.outputs["logits"], found.pred_masks[0, 0], atol=1e-5)
    np.testing.assert_allclose(answer.scores, found.iou_scores[0, 0], atol=1e-5)
    assert (engine.in_full(trace) == masks.numpy()).mean() > 0.9999
    layers = {layer.name: layer for layer in trace.layers}
    assert len(weights) == 7
    for name, one in weights.items():
        np.testing.assert_allclose(layers[name].block(None, 0, one.shape[2]), one[0], atol=1e-5)
        assert layers[name].stack == next(stack for end, stack in STACKS.items() if end in name)
    assert max(check(trace)) < 1e-5


def test_the_second_sam_is_looked_at_before_anything_is_shown_to_it(tmp_path_factory):
    engine = open_engine(str(prompted.second(tmp_path_factory.mktemp("unasked"))), "image", "cpu")
    trace = engine.run(PIXELS)
    assert trace.streams[OUTPUT].labels[-2:] == ("no point", "no box")
    assert (len(trace.layers), trace.answers) == (7, ())


@pytest.mark.parametrize(("at", "around"), [(AT, None), ((), AROUND), (AT[:1], AROUND)])
def test_the_second_sam_says_what_transformers_does(tmp_path_factory, at, around):
    engine = open_engine(str(prompted.second(tmp_path_factory.mktemp("sam2"))), "image", "cpu")
    trace = engine.run(PIXELS, at=at, around=around)
    scale = torch.tensor([128 / 100, 128 / 60])
    given = {"pixel_values": torch.from_numpy(trace.inputs["pixel_values"])[None]}
    if at:
        given |= {"input_points": (torch.tensor(at) * scale)[None, None]}
    if around is not None:
        given |= {"input_boxes": (torch.tensor(around) * scale.repeat(2))[None, None]}
    with torch.no_grad():
        found = engine.model(**given)
    masks = nn.functional.interpolate(found.pred_masks[0], (60, 100), mode="bilinear")[0] > 0
    answer, tokens = trace.answer(Masks), trace.streams[OUTPUT]
    np.testing.assert_allclose(trace.outputs["logits"], found.pred_masks[0, 0], atol=1e-4)
    np.testing.assert_allclose(answer.scores, found.iou_scores[0, 0], atol=1e-4)
    assert (engine.in_full(trace) == masks.numpy()).mean() > 0.999
    assert [tokens.labels[at] for at in answer.tokens] == ["mask 1", "mask 2", "mask 3"]
    assert trace.stacks == ("decoder", "cross", "back")
    assert max(check(trace)) < 1e-5


def test_the_encoder_looks_as_eager_attention_does(engine):
    trace = engine.run(PIXELS)
    pixels = torch.from_numpy(trace.inputs["pixel_values"])[None]
    weights, hooks = [], []
    for layer in engine.model.vision_encoder.layers:
        hooks.append(layer.attn.qkv.register_forward_pre_hook(lambda _, args: weights.append(args[0])))
    with torch.no_grad():
        engine.model.vision_encoder(pixels)
    for hook in hooks:
        hook.remove()
    for layer, block, given in zip(trace.layers, engine.model.vision_encoder.layers, weights, strict=True):
        with torch.no_grad():
            found = SamVisionAttention.forward(block.attn, given)[1]  # [windows · heads, n, n]
        found = found.unflatten(0, (-1, 4))
        shown = torch.stack([layer.call.weights(batch=item) for item in range(len(found))])
        torch.testing.assert_close(shown, found, atol=1e-5, rtol=0)
    assert trace.layers[0].group_count == 9
    assert max(check(trace)) < 1e-5
    assert all(layer.has_norms for layer in trace.layers)


def test_cells_and_points_lie_where_they_are_on_the_picture(engine):
    trace = engine.run(PIXELS, at=AT, not_at=NOT_AT)
    cells, tokens = trace.streams[INPUT], trace.streams[OUTPUT]
    assert cells.grid == (8, 8)  # of 64 × 64 pixels, of which the picture fills 64 × 38
    assert cells.region.corners == (0, 0, 100, 64 * 60 / 38)
    assert tokens.labels[-4:] == ("point 1", "point 2", "point 3, not", "no box")
    place = tokens.place(5)
    assert ((place.x0 + place.x1) / 2, (place.y0 + place.y1) / 2) == (30.5, 20.5)
    assert cells.find(place).tolist() == [cells.index(1, 2)]
    assert tokens.find(place).tolist() == [5]


def test_another_click_asks_the_decoder_alone(engine):
    seen = []
    hook = engine.model.vision_encoder.register_forward_hook(lambda *_: seen.append(1))
    before = engine.run(PIXELS.copy())
    assert (before.stacks, before.answers, len(seen)) == (("encoder",), (), 1)
    picture = before.run.given.picture.pixels
    after = engine.run(picture, at=AT)
    hook.remove()
    assert len(seen) == 1
    assert all(one is other for one, other in zip(before.layers, after.layers, strict=False))


def test_heads_of_the_decoder_are_switched_off(engine):
    trace = engine.run(PIXELS, at=AT)
    name = next(layer.name for layer in trace.layers if layer.stack == "back")
    changed = trace.run.again((Scale(name, (0, 1, 2, 3)),))
    layer = next(one for one in changed.layers if one.name == name)
    assert not layer.matrix("mean").any()
    assert not torch.equal(changed.outputs["logits"], trace.outputs["logits"])


def test_a_rollout_goes_both_ways(engine):
    """Against the product of the whole matrices over cells and tokens at once."""
    trace = engine.run(PIXELS, at=AT)
    cells, tokens = (len(trace.streams[name]) for name in (INPUT, OUTPUT))
    every = {"encoder": (0, 0), "decoder": (cells, cells), "cross": (cells, 0), "back": (0, cells)}
    product = np.eye(cells + tokens)
    for layer in trace.layers:
        row, column = every[layer.stack]
        one = np.eye(cells + tokens)
        rows, columns = slice(row, row + len(layer.queries)), slice(column, column + len(layer.keys))
        one[rows, columns] += layer.matrix("mean")
        one[rows] /= one[rows].sum(1, keepdims=True)
        product = one @ product
    np.testing.assert_allclose(rollout_row(trace.layers, 2), product[cells + 2, :cells], atol=1e-6)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"at": ((100.0, 5.0),)}, "The point 100,5 lies outside of the picture, which has 100 × 60 pixels."),
        ({"around": (9.0, 9.0, 9.0, 30.0)}, "9,9,9,30 is no box within a picture of 100 × 60 pixels."),
    ],
)
def test_what_lies_outside_is_refused(engine, asked, said):
    with pytest.raises(HeadlightError) as caught:
        engine.run(PIXELS, **asked)
    assert caught.value.cause == said
