"""What layers would say is what the model's own norm and head say; what heads add sums to the logit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers as hf

from headlight.models.core.answers import NextTokens
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Scale
from headlight.models.core.trace import Trace
from headlight.models.engines import door
from headlight.models.explain.lens import added, lens
from headlight.viewer.host.engines import open_engine
from tests.models.headed import GPT2, TEXT, saved

USUAL = {**TEXT, "intermediate_size": 48, "num_key_value_heads": 2, "pad_token_id": 0}
GEMMA2 = {**USUAL, "head_dim": 8, "attn_logit_softcapping": 1.5, "final_logit_softcapping": 3.0}
MODELS = {
    "gpt2": lambda: hf.GPT2LMHeadModel(hf.GPT2Config(**GPT2)),
    "llama": lambda: hf.LlamaForCausalLM(hf.LlamaConfig(**USUAL)),
    # Norms behind its attention and its MLP too, and a soft cap on its logits.
    "gemma2": lambda: hf.Gemma2ForCausalLM(hf.Gemma2Config(**GEMMA2)),
    # Attention and MLP side by side.
    "neox": lambda: hf.GPTNeoXForCausalLM(hf.GPTNeoXConfig(**TEXT, intermediate_size=48)),
    "bert": lambda: hf.BertForMaskedLM(hf.BertConfig(**TEXT, intermediate_size=64)),
    # What attention writes is narrower than the stream.
    "mobilebert": lambda: hf.MobileBertForMaskedLM(
        hf.MobileBertConfig(**TEXT, intermediate_size=32, embedding_size=16, intra_bottleneck_size=16)
    ),
}


@pytest.fixture(scope="module")
def traces(tmp_path_factory) -> dict[str, Trace]:
    made = {}
    for name, model in MODELS.items():
        torch.manual_seed(0)
        folder = saved(tmp_path_factory.mktemp("models") / name, model().eval())
        made[name] = open_engine(str(folder), "text", "cpu").run("the cat sat on the mat")
    made["induction"] = open_engine("induction", "text", "cpu").run("Mrs Abernathy lit the lamp. Then Mrs")
    yield made
    door._engines.clear()


@pytest.mark.parametrize("name", ["gpt2", "llama", "gemma2", "bert"])
def test_each_layer_says_what_norm_and_head_make_of_its_state(name, traces):
    trace = traces[name]
    whole = trace.run.engine().head.whole
    with torch.no_grad():
        output = whole(torch.tensor(trace.inputs["input_ids"])[None], output_hidden_states=True)
        *states, last = output.hidden_states
        norm = {"gpt2": lambda: whole.transformer.ln_f, "bert": torch.nn.Identity}
        norm = norm.get(name, lambda: whole.model.norm)()
        head = whole.cls if name == "bert" else whole.get_output_embeddings()
        logits = torch.stack([head(norm(state))[0] for state in states] + [head(last)[0]])
        if name == "gemma2":
            logits = 3 * torch.tanh(logits / 3)
    found = lens(trace)
    expected = logits.softmax(-1).numpy()[:, found.tokens]
    np.testing.assert_allclose(
        found.probabilities, -np.sort(-expected, -1)[..., : found.ids.shape[2]], atol=1e-5
    )
    wanted = expected[:, np.arange(len(found.tokens)), found.wanted]
    np.testing.assert_allclose(found.of_wanted, wanted, atol=1e-5)
    assert (found.ranks[-1] == 1).all()
    assert found.ranks[0].max() > 1
    assert (found.ids[-1, :, 0] == trace.answer(NextTokens).ids[:, 0]).all()
    part = lens(trace, np.array([2]))
    np.testing.assert_allclose(part.probabilities, found.probabilities[:, 2:3], atol=1e-6)


@pytest.mark.parametrize("name", ["gpt2", "llama", "gemma2", "neox", "induction"])
def test_all_that_is_added_sums_to_the_logit(name, traces):
    trace = traces[name]
    whole = trace.run.engine().head.whole
    with torch.no_grad():
        logits = whole(torch.tensor(trace.inputs["input_ids"])[None]).logits[0].numpy()
    for token in (1, len(trace.tokens) - 1):
        for number in (3, int(logits[token].argmax())):
            found = added(trace, token, number)
            assert found.heads.shape == (len(trace.layers), trace.layers[0].heads)
            assert found.total == pytest.approx(found.logit, abs=1e-4)
            assert found.said == pytest.approx(logits[token, number], abs=1e-4)
            capped = 3 * np.tanh(found.logit / 3) if name == "gemma2" else found.logit
            assert capped == pytest.approx(found.said, abs=1e-4)


def test_what_a_head_adds_is_what_its_output_projection_writes(traces):
    """By hand, of GPT-2: its norm's scale is that of the whole stream."""
    trace, token, number = traces["gpt2"], 4, 7
    whole = trace.run.engine().head.whole
    layer, states = trace.layers[1], trace.run.states()
    values = layer.vectors("value")
    summed = torch.einsum("hk,hkv->hv", torch.from_numpy(layer.rows(token)[1]), values)
    block, last = whole.transformer.h[1], whole.transformer.ln_f
    with torch.no_grad():
        inner = block(torch.from_numpy(states[1])[None])
        end = (inner if isinstance(inner, torch.Tensor) else inner[0])[0, token]
        parts = torch.einsum("hv,hvd->hd", summed, block.attn.c_proj.weight.unflatten(0, (4, -1)))
        scaled = (parts - parts.mean(-1, keepdim=True)) / (end.var(correction=0) + last.eps).sqrt()
        expected = (last.weight * scaled) @ whole.lm_head.weight[number]
    np.testing.assert_allclose(added(trace, token, number).heads[1], expected.numpy(), atol=1e-5)


def test_a_head_that_is_switched_off_adds_nothing(traces):
    trace = traces["llama"]
    off = trace.run.again((Scale(trace.layers[0].name, (2,), 0.0),))
    found = added(off, 3, 5)
    assert found.heads[0, 2] == 0 != found.heads[0, 1]
    assert found.total == pytest.approx(found.logit, abs=1e-4)


def test_of_the_model_built_by_hand_the_induction_head_says_it(traces):
    trace = traces["induction"]
    answer = trace.answer(NextTokens)
    found = added(trace, len(trace.tokens) - 1, int(answer.ids[-1, 0]))
    assert found.heads[1, 0] == pytest.approx(found.logit, abs=1e-3)
    assert abs(found.heads[0, 0]) < 1e-3
    ranks = lens(trace).ranks[:, -1].tolist()
    assert ranks[2] == 1 < ranks[1]  # nothing is said before the last layer


def test_what_cannot_be_taken_apart_says_why(traces):
    with pytest.raises(HeadlightError, match="not merely added"):
        added(traces["bert"], 2, 3)
    with pytest.raises(HeadlightError, match="not merely added"):
        added(traces["mobilebert"], 2, 3)
    with pytest.raises(HeadlightError, match="no entry 99"):
        added(traces["gpt2"], 2, 99)
    with pytest.raises(HeadlightError, match="an encoder and a decoder"):
        lens(open_engine("phonemes", "text", "cpu").run("cat"))
    with pytest.raises(HeadlightError, match="does not say which tokens"):
        lens(open_engine(None, "text", "cpu").run("the cat"))
