"""Encoder–decoders: three stacks as eager attention has them, two streams, targets given and written."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
import transformers as hf
from tokenizers import Tokenizer, decoders
from tokenizers.models import WordLevel

from headlight.models.attention.asking.implementations import eager
from headlight.models.catalogue.entries import Entry
from headlight.models.core.answers import Writing
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Hide
from headlight.models.core.settings import RolloutSettings
from headlight.models.core.task import Cancelled, Task
from headlight.models.core.tokens import INPUT, OUTPUT, CharSpan, Special
from headlight.models.core.trace import Trace
from headlight.models.engines.door import check
from headlight.models.engines.seq2seq import STACKS, Seq2SeqEngine
from headlight.models.engines.texts.going_on import spelled
from headlight.models.explain.rollout import rollout, rollout_matrix
from tests.models.engines.test_language import bytes_tokenizer, words_tokenizer

BART = {
    "vocab_size": 20,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "max_position_embeddings": 16,
    "decoder_start_token_id": 2,
    "pad_token_id": 0,
    "bos_token_id": 2,
    "eos_token_id": 3,
    "forced_eos_token_id": None,
}
T5 = {"vocab_size": 20, "d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
T5 |= {"decoder_start_token_id": 0, "eos_token_id": 3}
BERT = {"vocab_size": 20, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
BERT |= {"intermediate_size": 48, "max_position_embeddings": 16}


def pair() -> hf.PreTrainedModel:
    decoder = hf.BertConfig(**BERT, is_decoder=True, add_cross_attention=True)
    both = hf.EncoderDecoderConfig.from_encoder_decoder_configs(hf.BertConfig(**BERT), decoder)
    return hf.EncoderDecoderModel(both)


FAMILIES: dict[str, Callable[[], hf.PreTrainedModel]] = {
    "t5": lambda: hf.T5ForConditionalGeneration(hf.T5Config(**T5)),
    "bart": lambda: hf.BartForConditionalGeneration(hf.BartConfig(**BART)),
    "mbart": lambda: hf.MBartForConditionalGeneration(hf.MBartConfig(**BART)),
    "marian": lambda: hf.MarianMTModel(hf.MarianConfig(**BART)),
    "pegasus": lambda: hf.PegasusForConditionalGeneration(hf.PegasusConfig(**BART)),
    "m2m100": lambda: hf.M2M100ForConditionalGeneration(hf.M2M100Config(**BART)),
    "pair": pair,
    "headless": lambda: hf.BartModel(hf.BartConfig(**BART)),
}


def engine_of(model: hf.PreTrainedModel, target: hf.PreTrainedTokenizerFast | None = None) -> Seq2SeqEngine:
    entry = Entry("tiny", "Tiny", "folder", "a test", "none", modality="text", decodes=True)
    return Seq2SeqEngine(model.eval(), words_tokenizer(), entry, "cpu", target=target)


def made(name: str, spread: float = 4.0) -> Seq2SeqEngine:
    torch.manual_seed(0)
    model = FAMILIES[name]()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(1.5 if name == "t5" else spread)  # T5 has no 1/√d
    return engine_of(model)


@pytest.fixture(scope="module")
def bart() -> Seq2SeqEngine:
    return made("bart")


def far_from_eager(engine: Seq2SeqEngine, trace: Trace) -> float:
    """Over all layers of all stacks."""
    inputs = {name: torch.from_numpy(values)[None] for name, values in trace.inputs.items()}
    with torch.no_grad(), eager(engine.model):
        output = engine.model(**inputs, use_cache=False, output_attentions=True)
    far = []
    for stack in STACKS:
        layers = [layer for layer in trace.layers if layer.stack == stack]
        wanted = output[f"{stack}_attentions"]
        assert [layer.depth for layer in layers] == list(range(len(wanted)))
        for layer, weights in zip(layers, wanted, strict=True):
            assert (layer.queries, layer.keys) == tuple(trace.streams[name] for name in STACKS[stack])
            found = np.stack([layer.matrix(head) for head in range(layer.heads)])
            far.append(np.abs(found - weights[0].numpy()).max())
    return max(far)


@pytest.mark.parametrize("name", FAMILIES)
def test_three_stacks_are_what_an_eager_pass_computes(name):
    engine = made(name)
    trace = engine.run("the cat sat on the mat", writing=Writing(target="then it ran"))
    assert trace.stacks == ("encoder", "decoder", "cross")
    assert far_from_eager(engine, trace) < 1e-5
    assert max(check(trace)) < 1e-4
    assert trace.tokens.labels[1:-1] == ("the", "cat", "sat", "on", "the", "mat")
    assert trace.streams[OUTPUT].labels[-3:] == ("then", "it", "ran")
    hidden = engine.again(trace.run, (Hide((trace.tokens.place(2),)),))
    assert far_from_eager(engine, hidden) < 1e-5
    np.testing.assert_array_equal(hidden.inputs["attention_mask"], [1, 1, 0, 1, 1, 1, 1, 1])
    assert not hidden.layers[-1].column("max", 2)[1].any()


def test_what_the_model_writes_itself_is_what_generate_gives(bart):
    trace = bart.run("the cat sat")
    ids = torch.from_numpy(trace.inputs["input_ids"])[None]
    wanted = bart.model.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), max_length=16, num_beams=1, do_sample=False
    )[0].tolist()
    found = trace.inputs["decoder_input_ids"].tolist()
    assert found == wanted[: len(found)]
    assert len(wanted) - len(found) == (wanted[-1] == 3)
    answer = trace.answers[0]
    assert answer.follows
    assert answer.ids[: len(wanted) - 1, 0].tolist() == wanted[1 : len(found) + 1]  # the likeliest each time
    np.testing.assert_allclose(answer.given[: len(wanted) - 1], answer.probabilities[: len(wanted) - 1, 0])
    assert trace.streams[OUTPUT].place(0) == Special("[CLS]", 0, OUTPUT)
    target = answer.targets()[0]
    assert bart.scores(trace.run, np.zeros((2, len(trace.tokens)), bool), target) == pytest.approx(
        target.score
    )
    assert bart.gradients(trace.run, target).inputs.shape == (len(trace.tokens), 32)


def test_places_of_one_stream_are_not_found_in_the_other(bart):
    trace = bart.run("the cat", writing=Writing(target="the cat"))
    read, written = trace.streams[INPUT], trace.streams[OUTPUT]
    assert written.place(2) == CharSpan(0, 3, 0, OUTPUT)
    for tokens, other in ((read, written), (written, read)):
        for index in range(len(tokens)):
            assert tokens.find(tokens.place(index)).tolist() == [index]
            assert not len(other.find(tokens.place(index)))
            assert trace.at(tokens.place(index))[0] is tokens


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (" ", "The target is empty or holds only spaces."),
        ("cat " * 30, "The target has 30 tokens, and Tiny writes 15 at most."),
    ],
)
def test_a_target_that_cannot_be_written_says_why(bart, target, said):
    with pytest.raises(HeadlightError) as raised:
        bart.run("the cat", writing=Writing(target=target))
    assert raised.value.cause == said


def test_a_target_in_another_script_is_told_of(bart):
    trace = bart.run("the cat", writing=Writing(target="кот ran"))
    assert trace.streams[OUTPUT].labels[-2:] == ("[UNK] “кот”", "ran")
    assert "Target: 1 word is not in this model's vocabulary and became [UNK]." in trace.notices


def test_cancel_is_looked_at_at_every_token():
    engine = made("t5")

    class Impatient(Task):
        def __init__(self, patience: int) -> None:
            self.patience, self.said = patience, 0

        def progress(self, share: float, sentence: str) -> None:
            self.said += sentence.endswith("is written")
            if self.said == self.patience:
                raise Cancelled

    for patience in (1, 2, 7):
        task = Impatient(patience)
        with pytest.raises(Cancelled):
            engine.run("the cat", task=task)
        assert task.said == patience


def test_what_is_written_may_have_a_vocabulary_of_its_own():
    sounds = Tokenizer(WordLevel({"<pad>": 0, "K": 1, "AE": 2, "</s>": 3, "T": 4, "<unk>": 5}, "<unk>"))
    from tokenizers.pre_tokenizers import Whitespace

    sounds.pre_tokenizer = Whitespace()
    tokenizer = hf.PreTrainedTokenizerFast(
        tokenizer_object=sounds, unk_token="<unk>", pad_token="<pad>", eos_token="</s>"
    )
    config = hf.MarianConfig(**BART, decoder_vocab_size=6, share_encoder_decoder_embeddings=False)
    trace = engine_of(hf.MarianMTModel(config), tokenizer).run("the cat", writing=Writing(target="K AE T"))
    assert trace.inputs["decoder_input_ids"].tolist() == [2, 1, 2, 4]
    assert trace.streams[OUTPUT].labels[1:] == ("K", "AE", "T")
    own = engine_of(hf.MarianMTModel(config), tokenizer).run("the cat").streams[OUTPUT]
    assert set(own.labels) <= {"<pad>", "K", "AE", "</s>", "T", "<unk>"}
    assert own.sources[0].split() == [
        label for label, s in zip(own.labels, own.special, strict=True) if not s
    ]


def test_characters_of_tokens_that_were_written_are_found():
    tokenizer = bytes_tokenizer().backend_tokenizer
    encoding = tokenizer.encode("the cat 👍é", add_special_tokens=False)
    text, spans = spelled(tokenizer, (), encoding.ids)
    assert text == "the cat 👍é"
    np.testing.assert_array_equal(spans[-6:], [[8, 9]] * 4 + [[9, 10]] * 2)
    assert [text[a:b] for a, b in spans[:2]] == ["the", " cat"]
    pieces = Tokenizer(WordLevel({"a": 0, "b": 1}, "a"))
    pieces.decoder = decoders.WordPiece()
    assert spelled(pieces, (), [0, 1])[0] == "a b"


def test_rollout_goes_through_the_whole_model_as_its_formula_says(bart):
    trace = bart.run("the cat sat on the mat", writing=Writing(target="then it ran"))
    mean = {
        stack: [layer.matrix("mean").astype(float) for layer in trace.layers if layer.stack == stack]
        for stack in STACKS
    }

    def half(a: np.ndarray) -> np.ndarray:
        return (a + np.eye(len(a))) / 2

    encoder = np.linalg.multi_dot([half(a) for a in mean["encoder"][::-1]])
    read, kept = np.zeros((5, 8)), np.eye(5)
    for own, cross in zip(mean["decoder"], mean["cross"], strict=True):
        read = half(own) @ read / 2 + cross @ encoder / 2
        kept = half(own) @ kept / 2
    found = rollout_matrix(trace.layers, RolloutSettings())
    np.testing.assert_allclose(found, read, atol=1e-6)
    np.testing.assert_allclose(read.sum(1) + kept.sum(1), 1)
    alone = rollout_matrix(trace.layers, RolloutSettings(stack="cross"))
    np.testing.assert_allclose(alone, mean["cross"][-1] @ encoder, atol=1e-6)
    inside = rollout_matrix(trace.layers, RolloutSettings(stack="decoder", last=1))
    np.testing.assert_allclose(inside, half(mean["decoder"][1]) @ half(mean["decoder"][0]), atol=1e-6)
    relevance = rollout(trace, np.array([2]), settings=RolloutSettings())
    assert relevance.tokens is trace.tokens
    assert relevance.said in ("12 % on what was written before", "13 % on what was written before")


@pytest.mark.parametrize("beams", [1, 3])
def test_many_texts_are_written_as_each_alone(bart, beams):
    texts, writing = ("the cat", "the cat sat on the mat", "then it", "it ran"), Writing(new=6, beams=beams)
    lines = bart.write([bart.begin(text) for text in texts], writing)
    for text, line in zip(texts, lines, strict=True):
        alone = bart.run(text, writing=writing).written
        assert (line.ids, line.text, line.ended) == (alone.ids, alone.text, alone.ended)
        assert line.log_probability == pytest.approx(np.log(alone.probabilities).sum(), abs=1e-4)


def test_a_prefix_is_gone_on_with_and_an_end_that_is_given_ends_it(bart):
    whole = bart.run("the cat", writing=Writing(new=5)).written
    again = bart.run("the cat", writing=Writing(new=3, ids=whole.ids[:2])).written
    assert again.ids == whole.ids
    ended = bart.run("the cat", writing=Writing(ids=(7, 3)))
    assert (ended.written.ids, ended.written.labels[-1]) == ((7, 3), "[SEP]")
    assert ended.inputs["decoder_input_ids"].tolist() == [2, 7]
    assert bart.again(ended.run, ()).written.ids == (7, 3)
