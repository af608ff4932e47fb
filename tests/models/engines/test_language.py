"""Texts through language models: places of tokens, stretches, notices, decoders, and MiniLM's known heads."""

import numpy as np
import pytest
import torch
from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers, processors, trainers
from tokenizers.models import BPE, Unigram, WordLevel
from transformers import (
    BertConfig,
    BertModel,
    GPT2Config,
    GPT2Model,
    LlamaConfig,
    LlamaModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    T5Config,
    T5Model,
)

from headlight.models.attention.measures import measured
from headlight.models.catalogue.entries import Entry
from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import CharSpan
from headlight.models.engines.door import check
from headlight.models.engines.language import LanguageEngine
from headlight.viewer.host.engines import open_engine

WORDS = ["the", "cat", "sat", "on", "mat", "and", "then", "it", "ran"]


def words_tokenizer(specials: bool = True, limit: int = 16) -> PreTrainedTokenizerFast:
    """One token a word, BERT's special tokens if wanted."""
    vocabulary = {token: index for index, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if specials:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
        )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]", model_max_length=limit)


def bytes_tokenizer() -> PreTrainedTokenizerFast:
    """Bytes as GPT-2 writes them, without special tokens."""
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        ["the cat sat"] * 9, trainers.BpeTrainer(initial_alphabet=alphabet, show_progress=False)
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)


def engine_of(model: torch.nn.Module, tokenizer: PreTrainedTokenizerFast, **said) -> LanguageEngine:
    entry = Entry("tiny", "Tiny", "folder", "a test", "none", modality="text", **said)
    return LanguageEngine(model.eval(), tokenizer, entry, "cpu")


@pytest.fixture
def bert() -> LanguageEngine:
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    return engine_of(
        BertModel(BertConfig(vocab_size=20, max_position_embeddings=16, **sizes)), words_tokenizer()
    )


def test_a_pair_knows_its_texts_words_and_characters(bert):
    trace = bert.run("the cat  sat", "on the mat")
    tokens = trace.tokens
    assert tokens.labels == ("[CLS]", "the", "cat", "sat", "[SEP]", "on", "the", "mat", "[SEP]")
    np.testing.assert_array_equal(tokens.special, [1, 0, 0, 0, 1, 0, 0, 0, 1])
    np.testing.assert_array_equal(tokens.words, [-1, 0, 1, 2, -1, 3, 4, 5, -1])
    assert tokens.place(3) == CharSpan(9, 12, 0)
    assert tokens.place(5) == CharSpan(0, 2, 1)
    np.testing.assert_array_equal(trace.inputs["token_type_ids"], [0, 0, 0, 0, 0, 1, 1, 1, 1])
    assert trace.inputs["input_ids"].dtype == np.int64
    assert (trace.readout, trace.stretch, trace.notices) == (0, None, ())
    assert max(check(trace)) < 1e-5


@pytest.mark.parametrize(("start", "first"), [(0, 0), (7, 7), (999, 86), (-3, 0)])
def test_a_long_text_is_shown_by_the_stretch(bert, start, first):
    trace = bert.run(" ".join(["cat"] * 60 + ["mat"] * 40), start=start)
    assert len(trace.tokens) == 16
    assert trace.stretch == (first, first + 14, 100)
    assert trace.tokens.place(1) == CharSpan(first * 4, first * 4 + 3, 0)
    assert trace.notices == (
        "The text has 100 tokens and the model reads 14 of them at once: "
        f"tokens {first + 1} to {first + 14} are shown.",
    )


def test_of_a_pair_the_longer_text_is_cut(bert):
    trace = bert.run("the cat sat", " ".join(WORDS * 4), start=2)
    assert trace.stretch == (2, 12, 36)
    assert trace.tokens.labels[5:8] == tuple(WORDS[2:5])
    assert trace.tokens.texts.sum() == 10
    assert len(trace.tokens) == 16
    both = bert.run(" ".join(["cat"] * 20), " ".join(["mat"] * 30))
    assert len(both.tokens) == 16
    assert both.stretch == (0, 7, 30)
    assert [notice.split(" has ")[0] for notice in both.notices] == ["The second text", "The first text"]


def test_a_tokenizer_that_panics_is_no_end():
    tokenizer = words_tokenizer()
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("(a+)+$"), "isolated")
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}
    engine = engine_of(BertModel(BertConfig(vocab_size=20, **sizes)), tokenizer)
    with pytest.raises(HeadlightError, match=r"^The tokenizer of Tiny cannot read this text: .*\. Try"):
        engine.run("a" * 48 + "!")
    assert len(engine.run("the cat").tokens) == 3


def test_what_the_model_cannot_read_is_said(bert):
    assert bert.run("the zebra sat").notices == (
        "1 word is not in this model's vocabulary and became [UNK].",
    )
    assert bert.run("the é sat ü").notices == (
        "2 characters are not in this model's vocabulary and became [UNK].",
    )
    hebrew = bert.run("the שלום sat")
    assert hebrew.tokens.place(2) == CharSpan(4, 8, 0)
    assert "right-to-left" in hebrew.notices[1]
    for text in ("", " \n\t "):
        with pytest.raises(HeadlightError, match="The text is empty or holds only spaces"):
            bert.run(text)
    with pytest.raises(HeadlightError, match="The second text is empty"):
        bert.run("cat", " ")


def test_mean_pooled_models_have_no_readout():
    config = BertConfig(vocab_size=20, hidden_size=32, num_hidden_layers=1, num_attention_heads=2)
    assert engine_of(BertModel(config), words_tokenizer(), mean_pooled=True).run("the cat").readout is None


def test_a_decoder_reads_bytes_from_left_to_right():
    torch.manual_seed(0)
    tokenizer = bytes_tokenizer()
    config = GPT2Config(vocab_size=len(tokenizer), n_positions=12, n_embd=32, n_layer=2, n_head=4)
    engine = engine_of(GPT2Model(config), tokenizer)
    trace = engine.run("the 🎉cat")
    tokens = trace.tokens
    assert tokens.labels[0] == "the"
    assert not tokens.special.any()
    emoji = tokens.find(CharSpan(4, 5))
    assert [tokens.labels[i] for i in emoji[-4:]] == [f"⟨{part}/4 of 🎉⟩" for part in (1, 2, 3, 4)]
    assert tokens.pieces[emoji[-1]] not in tokens.labels
    assert len(emoji) >= 4  # four bytes of one character
    assert {tokens.place(int(i)) for i in emoji[-3:]} == {CharSpan(4, 5, 0)}
    assert trace.readout == len(tokens) - 1
    assert np.triu(trace.layers[1].matrix(2), 1).max() == 0
    assert max(check(trace)) < 1e-5
    first, stop, total = engine.run("the cat sat " * 9).stretch
    assert (first, stop) == (0, 12)
    assert total > 12


def test_a_tokenizer_that_keeps_spaces_still_tells_words_apart():
    pieces = [("<unk>", 0.0), ("▁the", -1.0), ("▁c", -1.0), ("at", -1.0), ("▁", -9.0)]
    tokenizer = Tokenizer(Unigram(pieces, unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(split=False)
    config = LlamaConfig(
        vocab_size=20,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>")
    engine = engine_of(LlamaModel(config), wrapped)
    trace = engine.run("the cat", "the cat")
    assert trace.tokens.labels == ("the", "c", "##at", "the", "c", "##at")
    np.testing.assert_array_equal(trace.tokens.words, [0, 1, 1, 2, 3, 3])
    assert [layer.heads for layer in trace.layers] == [4]
    assert max(check(trace)) < 1e-5


def test_limits_come_from_the_model_where_the_tokenizer_knows_none():
    sizes = {"vocab_size": 20, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    roberta = RobertaModel(RobertaConfig(max_position_embeddings=14, pad_token_id=1, **sizes))
    engine = engine_of(roberta, words_tokenizer(limit=10**30))
    assert engine.limit == 12
    assert len(engine.run("cat " * 50).tokens) == 12
    assert engine_of(BertModel(BertConfig(**sizes)), words_tokenizer(limit=10**30)).limit == 512


def test_of_an_encoder_that_lost_its_decoder_the_encoder_is_run():
    config = T5Config(vocab_size=20, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4)
    trace = engine_of(T5Model(config), words_tokenizer(specials=False)).run("the cat sat")
    assert len(trace.layers) == 2
    assert trace.readout is None
    assert trace.notices[0].startswith("Only an encoder")
    assert max(check(trace)) < 1e-5


@pytest.fixture(scope="module")
def minilm() -> LanguageEngine:
    return open_engine(None, "text", "cpu")


def test_minilm_has_its_known_heads(minilm):
    """Of all heads they are ranked first. What heads write is A·V·W_O."""
    text = "The quick brown fox jumps over the lazy dog, and then it rested in the shade of an old oak tree."
    trace = minilm.run(text)
    assert len(trace.layers) == 6
    assert {layer.heads for layer in trace.layers} == {12}
    found = measured(trace.layers)
    for name, head, score in (("previous", (0, 2), 0.999), ("next", (1, 8), 0.63)):
        assert np.unravel_index(np.nanargmax(found[name]), found[name].shape) == head
        assert found[name][head] == pytest.approx(score, abs=0.05)
    call = trace.layers[3].call
    written = call.weights(heads=5)[0] @ call.v[0, 5] @ call.projection.weight[:, 160:192].T
    norms = written.norm(dim=1)[~torch.from_numpy(trace.tokens.special)].mean()
    assert found["written"][3, 5] == pytest.approx(float(norms), rel=1e-5)
    assert max(check(trace)) < 1e-4
    assert not trace.model.untrained


def test_minilm_is_what_an_eager_pass_computes(minilm):
    trace = minilm.run("She will serve first.", "The waiter serves a salad — naïve café 🎉.")
    inputs = {name: torch.from_numpy(values)[None] for name, values in trace.inputs.items()}
    minilm.model.set_attn_implementation("eager")
    try:
        with torch.no_grad():
            eager = minilm.model(**inputs, output_attentions=True).attentions
    finally:
        minilm.model.set_attn_implementation("sdpa")
    for layer, weights in zip(trace.layers, eager, strict=True):
        for head in range(layer.heads):
            np.testing.assert_allclose(layer.matrix(head), weights[0, head], atol=1e-5)


def test_minilm_places_survive_accents_emoji_and_right_to_left(minilm):
    text = "naïve café 🎉 שלום 中文"
    tokens = minilm.run(text).tokens
    shown = [text[slice(*tokens.spans[i])] for i in range(len(tokens)) if not tokens.special[i]]
    assert shown[:3] == ["naïve", "café", "🎉"]
    assert "".join(shown) == text.replace(" ", "")
    assert minilm.run("word " * 1200).stretch == (0, 510, 1200)
