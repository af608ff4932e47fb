"""Recorded attention against the weights that the models themselves compute, and the ways to record it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from transformers.models.swin.modeling_swin import SwinAttention

from headlight.models.attention import capture
from headlight.models.attention.calls import AttentionCall, GivenCall
from headlight.models.attention.capture import recording
from headlight.models.attention.joining import join
from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import is_faithful
from headlight.models.core.task import Cancelled, Task
from tests.models import tiny

NAMES: dict[str, list[tuple[str, str]]] = {
    "bert": [(f"encoder.layer.{i}.attention.self", "self") for i in range(2)],
    "distilbert": [(f"transformer.layer.{i}.attention", "self") for i in range(2)],
    "gpt2": [(f"transformer.h.{i}.attn", "self") for i in range(2)],
    "llama": [(f"model.layers.{i}.self_attn", "self") for i in range(2)],
    "t5": [(f"encoder.block.{i}.layer.0.SelfAttention", "self") for i in range(2)]
    + [
        (f"decoder.block.{i}.layer.{j}.{name}", kind)
        for i in range(2)
        for j, name, kind in ((0, "SelfAttention", "self"), (1, "EncDecAttention", "cross"))
    ],
    "bart": [(f"encoder.layers.{i}.self_attn", "self") for i in range(2)]
    + [
        (f"decoder.layers.{i}.{name}", kind)
        for i in range(2)
        for name, kind in (("self_attn", "self"), ("encoder_attn", "cross"))
    ],
}


def record(model: torch.nn.Module, inputs: dict[str, torch.Tensor]) -> list:
    with torch.inference_mode(), recording(model) as calls:
        model(**inputs)
    return calls


def eager(model: torch.nn.Module, inputs: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """Weights [B, H, Nq, Nk] in the order of the calls; a decoder layer's own before its cross attention."""
    model.set_attn_implementation("eager")
    returned: list[torch.Tensor] = []
    layers = [m for m in model.modules() if isinstance(m, SwinAttention)]
    hooks = [m.register_forward_hook(lambda m, args, out: returned.append(out[1])) for m in layers]
    with torch.inference_mode():
        out = model(**inputs, output_attentions=True)
    for hook in hooks:
        hook.remove()
    if returned:  # Swin hands out the weights of one block a stage only
        return returned
    if "decoder_attentions" not in out:
        return list(out.attentions)
    pairs = zip(out.decoder_attentions, out.cross_attentions, strict=True)
    return [*out.encoder_attentions, *(weights for pair in pairs for weights in pair)]


@pytest.mark.parametrize("make", tiny.RECORDED, ids=lambda make: make.__name__)
def test_recorded_weights_are_the_model_s_own(make: Callable[[], tiny.Tiny]) -> None:
    model, inputs = make()
    calls, reference = record(model, inputs), eager(model, inputs)

    assert len(calls) == len(reference)
    assert len({call.name for call in calls}) == len(calls)
    for call, weights in zip(calls, reference, strict=True):
        assert call.shape == tuple(weights.shape)
        for b in range(len(weights)):
            torch.testing.assert_close(call.weights(batch=b), weights[b].float(), atol=1e-5, rtol=0)
            assert call.error(b) <= 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_calls_are_named_by_their_module_and_kind(name: str) -> None:
    calls = record(*getattr(tiny, name)())
    assert [(call.name, call.kind) for call in calls] == NAMES[name]


def test_windows_are_told_from_whole_images() -> None:
    # The second stage has 4×4 tokens left, which one window covers.
    assert [call.kind for call in record(*tiny.swin())] == ["window", "window", "self", "self"]
    assert [call.kind for call in record(*tiny.vit())] == ["self"] * 2


def test_a_layer_that_runs_again_has_a_name_of_its_own() -> None:
    names = [call.name for call in record(*tiny.albert())]
    first = "encoder.albert_layer_groups.0.albert_layers.0.attention"
    assert names == [first, f"{first}:2", f"{first}:3"]


def test_parts_of_the_weights_are_parts_of_the_whole() -> None:
    model, inputs = tiny.t5()
    call = record(model, inputs)[2]  # the decoder's own: biased and causal
    whole = call.weights(batch=1)
    torch.testing.assert_close(call.weights([4, 1], batch=1), whole[:, [4, 1]])
    torch.testing.assert_close(call.weights(3, 2, batch=1), whole[2:3, 3:4])
    torch.testing.assert_close(call.weights(-1, -1, batch=1), whole[-1:, -1:])
    torch.testing.assert_close(call.weights(slice(2, 5), [3, 0], batch=1), whole[[3, 0], 2:5])


@pytest.mark.parametrize(
    "make",
    [
        *(tiny.bert, tiny.splinter, tiny.llama, tiny.gemma2, tiny.gpt_oss, tiny.t5, tiny.swin),
        *(tiny.deberta, tiny.falcon, tiny.falcon_shared),
    ],
    ids=lambda make: make.__name__,
)
def test_recording_changes_neither_outputs_nor_model(make: Callable[[], tiny.Tiny]) -> None:
    model, inputs = make()
    # What fused kernels cannot compute has no other reference than the model's own eager attention.
    before = model.config._attn_implementation
    with torch.inference_mode():
        plain = model(**inputs)
        with recording(model):
            recorded = model(**inputs)
    assert model.config._attn_implementation == before
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert plain.keys() == recorded.keys()
    torch.testing.assert_close(recorded[0], plain[0], atol=1e-5, rtol=1e-5)


def test_the_implementation_is_restored_in_every_model_inside_and_after_an_error() -> None:
    model, _ = tiny.t5()
    model.set_attn_implementation("sdpa")
    model.encoder.config._attn_implementation_internal = "eager"
    with pytest.raises(ValueError, match="input_ids"), recording(model):
        model()
    assert model.config._attn_implementation == "sdpa"
    assert model.encoder.config._attn_implementation == "eager"
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def spoiled(call: AttentionCall) -> dict[str, AttentionCall]:
    """The call as it would look if a part of it had been recorded wrongly."""
    wrong = {
        "scale": replace(call, scaling=call.scaling * 1.5),
        "keys": replace(call, k=call.k.flip(2)),
        "values": replace(call, v=call.v.roll(1, 1)),
    }
    if call.mask is not None:
        wrong["mask"] = replace(call, mask=None)
    if call.bias is not None:
        wrong["bias"] = replace(call, bias=None)
    if call.softcap is not None:
        wrong["softcap"] = replace(call, softcap=None)
    if call.sinks is not None:
        wrong["sinks"] = replace(call, sinks=None)
    return wrong


@pytest.mark.parametrize(
    "make",
    [tiny.bert, tiny.gpt2, tiny.gemma2, tiny.gpt_oss, tiny.t5, tiny.swin],
    ids=lambda make: make.__name__,
)
def test_the_check_notices_whatever_is_recorded_wrongly(make: Callable[[], tiny.Tiny]) -> None:
    call = record(*make())[1]
    batch = call.shape[0] - 1  # the padded one; the last, shifted window
    assert {what: wrong.error(batch) > 1e-3 for what, wrong in spoiled(call).items()} == dict.fromkeys(
        spoiled(call), True
    )


def test_tensors_are_kept_without_copies() -> None:
    """The memory held over a pass is q, k, v and a few rows; a mask is shared between the layers."""
    masks = [call.mask for call in record(*tiny.bert())]
    assert masks[0].data_ptr() == masks[1].data_ptr()
    model, _ = tiny.dinov2()
    calls = record(model, tiny.pixels(160))
    held = {
        x.untyped_storage().data_ptr(): x.untyped_storage().nbytes()
        for call in calls
        for x in (call.q, call.k, call.v, call.outputs, call.rows)
    }
    needed = sum(x.nbytes for call in calls for x in (call.q, call.k, call.v))
    assert sum(held.values()) <= 1.1 * needed


def test_sinks_take_the_share_that_rows_lack() -> None:
    call = record(*tiny.gpt_oss())[0]
    share = call.sink(slice(2, 6), [1, 3])
    torch.testing.assert_close(call.weights(slice(2, 6), [1, 3]).sum(-1) + share, torch.ones(2, 4))
    assert share.min() > 0
    assert record(*tiny.bert())[0].sink().abs().max() == 0


class Watch(Task):
    """Notes what it is told, and cancels once `stop` sentences have come."""

    def __init__(self, stop: int = 1000) -> None:
        self.told: list[tuple[float, str]] = []
        self.stop = stop

    def check(self) -> None:
        if len(self.told) >= self.stop:
            raise Cancelled

    def progress(self, share: float, sentence: str) -> None:
        self.told.append((share, sentence))
        self.check()


@pytest.mark.parametrize("make", [tiny.bert, tiny.deberta])
def test_progress_is_told_and_cancel_heard_between_layers(make: Callable[[], tiny.Tiny]) -> None:
    model, inputs = make()
    watch = Watch()
    with recording(model, watch) as calls:
        model(**inputs)
    assert watch.told == [(0.0, "Layer 1 of 2"), (0.5, "Layer 2 of 2")]

    with pytest.raises(Cancelled), recording(model, Watch(stop=2)) as calls:
        model(**inputs)
    assert len(calls) == (1 if make is tiny.bert else 0)
    with recording(model) as calls:
        model(**inputs)
    assert len(calls) == 2


def test_threads_record_into_their_own_lists() -> None:
    model, inputs = tiny.bert()
    other, _ = tiny.gpt2()
    counts: dict[str, list[int]] = {"same": [], "other": []}

    def run(which: str, model: torch.nn.Module, inputs: dict[str, torch.Tensor]) -> None:
        for _ in range(5):
            with recording(model) as calls:
                model(**inputs)
            counts[which].append(len(calls))

    threads = [
        threading.Thread(target=run, args=("same", model, inputs)),
        threading.Thread(target=run, args=("other", other, {"input_ids": tiny.ids(5)})),
    ]
    with recording(other):
        pass
    for thread in threads:
        thread.start()
    run("same", model, inputs)
    for thread in threads:
        thread.join()
    assert counts == {"same": [2] * 10, "other": [2] * 5}
    assert model.config._attn_implementation == other.config._attn_implementation == "sdpa"


def test_another_thread_may_run_the_model_unrecorded() -> None:
    model, inputs = tiny.gemma2()
    plain = model(**inputs).logits
    with recording(model) as calls:
        found: list[torch.Tensor] = []
        thread = threading.Thread(target=lambda: found.append(model(**inputs).logits))
        thread.start()
        thread.join()
        assert calls == []
        model(**inputs)
    assert [call.step for call in calls] == [1, 1]
    torch.testing.assert_close(found[0], plain, atol=1e-4, rtol=1e-4)


def test_a_model_that_takes_no_function_gives_its_weights() -> None:
    model, inputs = tiny.deberta()
    calls, reference = record(model, inputs), eager(model, inputs)
    assert [call.name for call in calls] == [f"encoder.layer.{i}.attention.self" for i in range(2)]
    for call, weights in zip(calls, reference, strict=True):
        assert isinstance(call, GivenCall)
        torch.testing.assert_close(call.weights(slice(0, 3), 1, batch=1), weights[1, 1:2, :3])
        assert max(call.error(0), call.error(1)) <= 1e-5
        assert replace(call, given=call.given * 1.1).error() > 0.05


@pytest.mark.parametrize(
    ("make", "shapes"),
    [
        (tiny.swin2, [(8, 2, 16, 16)] * 2 + [(2, 4, 16, 16)] * 2),
        (tiny.pvt2, [(2, 1, 64, 16), (2, 2, 16, 16), (2, 2, 16, 16)]),
        (tiny.deberta, [(2, 4, 9, 9)] * 2),
    ],
)
def test_given_weights_of_every_block_are_checked_against_what_it_made_of_them(make, shapes) -> None:
    calls = record(*make())
    assert [call.shape for call in calls] == shapes
    for call in calls:
        assert max(call.error(item) for item in range(call.shape[0])) <= 1e-5
        # Rows that sum to 1 and are those of other keys.
        assert replace(call, given=call.given.flip(-1)).error() > 1e-2


@pytest.mark.parametrize("make", [tiny.falcon, tiny.falcon_shared], ids=lambda make: make.__name__)
def test_a_decoder_that_gives_its_weights_looks_back_alone(make: Callable[[], tiny.Tiny]) -> None:
    calls = record(*make())
    assert [call.shape for call in calls] == [(2, 4, 9, 9)] * 2
    for call in calls:
        assert call.given.triu(1).abs().max() == 0
        assert call.v.shape[1] == 4
        assert max(call.error(0), call.error(1)) <= 1e-5


def test_weights_are_told_from_scores() -> None:
    model, inputs = tiny.squeezebert()
    calls = record(model, inputs)
    with torch.inference_mode():
        scores = model(**inputs, output_attentions=True).attentions
    assert [call.name for call in calls] == [f"encoder.layers.{i}.attention" for i in range(2)]
    for call, given in zip(calls, scores, strict=True):
        torch.testing.assert_close(call.weights(batch=1), given[1].softmax(-1))
        assert max(call.error(0), call.error(1)) <= 1e-5


def test_a_pass_leaves_the_model_as_it_was() -> None:
    model, inputs = tiny.big_bird()
    before = model.encoder.layer[0].attention.self
    assert model.attention_type == "block_sparse"
    for _ in range(2):  # weights that the model itself loses sight of as it changes
        calls = record(model, inputs)
        assert [call.shape for call in calls] == [(2, 4, 9, 9)] * 2
        assert max(call.error(1) for call in calls) <= 1e-5
        assert model.attention_type == "block_sparse"
        assert model.encoder.layer[0].attention.self is before


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("make", [tiny.gpt2, tiny.deberta], ids=lambda make: make.__name__)
def test_what_is_no_number_passes_no_check(make: Callable[[], tiny.Tiny], value: float) -> None:
    call = record(*make())[0]
    wrong = call.v.clone()
    wrong[0, 0, 3, 0] = value  # of one key, whichever rows are sampled
    assert not is_faithful(replace(call, v=wrong).error(0))
    assert is_faithful(replace(call, v=wrong).error(1))


def test_a_model_that_cannot_be_recorded_says_so() -> None:
    with pytest.raises(HeadlightError, match="nor has weights to show") as error:
        record(*tiny.fnet())
    assert error.value.next_step.startswith("Open another model")


@pytest.mark.parametrize(
    "make",
    [tiny.gpt2_left_padded, tiny.llama, tiny.gemma2_wide, tiny.t5, tiny.bloom],
    ids=lambda make: make.__name__,
)
def test_joined_steps_of_generation_are_the_whole_matrix(make: Callable[[], tiny.Tiny]) -> None:
    model, inputs = make()
    inputs.pop("decoder_input_ids", None)
    with recording(model) as calls:
        out = model.generate(**inputs, max_new_tokens=5, min_new_tokens=5, do_sample=False)
    joined = join(calls)
    seen = out[:, :-1]  # the last token is never read
    whole = {**inputs, "decoder_input_ids": seen} if make is tiny.t5 else {"input_ids": seen}
    if make is tiny.gpt2_left_padded:
        mask = torch.nn.functional.pad(inputs["attention_mask"], (0, 4), value=1)
        whole |= {"attention_mask": mask, "position_ids": (mask.cumsum(1) - 1).clamp(min=0)}
    reference = eager(model, whole)

    assert len(joined) == len(reference)
    for call, weights in zip(joined, reference, strict=True):
        for b in range(2):
            torch.testing.assert_close(call.weights(batch=b), weights[b], atol=1e-5, rtol=0)
            assert call.error(b) <= 1e-5
        # Each step turned its own part: what it was before is of none of them alone.
        turn = getattr(call, "turn", None)
        assert (turn is not None) == (make in (tiny.llama, tiny.gemma2_wide))
        assert turn is None or turn.given is None


def test_steps_whose_keys_were_forgotten_cannot_be_joined() -> None:
    model, _ = tiny.mistral()
    with recording(model) as calls:
        model.generate(input_ids=tiny.ids(2), max_new_tokens=4, min_new_tokens=4, do_sample=False)
    with pytest.raises(ValueError, match="forgot keys"):
        join(calls)


@pytest.mark.parametrize("count", [7, 8])  # 8: a mask that is compared eight numbers at a time
@pytest.mark.parametrize(("make", "causal"), [(tiny.gpt2, True), (tiny.gpt2_left_padded, False)])
def test_the_kernel_is_told_of_causality_where_a_mask_says_no_more(make, causal, count, monkeypatch) -> None:
    given, kernel = [], capture.sdpa_attention_forward

    def noted(module, q, k, v, mask, **more):
        given.append((mask is None, more["is_causal"]))
        return kernel(module, q, k, v, mask, **more)

    monkeypatch.setattr(capture, "sdpa_attention_forward", noted)
    model, inputs = make()
    calls = record(model, {name: values[:, :count] for name, values in inputs.items()})
    assert set(given) == {(causal, causal)}
    assert all(call.mask is not None for call in calls)
