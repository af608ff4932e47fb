"""GGUF files: the same model as before it was written, and one clear sentence for what cannot be opened."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headlight.models.catalogue.entries import find
from headlight.models.catalogue.formats import gguf_header
from headlight.models.catalogue.formats.gguf_header import read_header
from headlight.models.catalogue.loading import load_model, load_tokenizer
from headlight.models.core.answers import Writing
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Cancelled, Task
from headlight.models.engines.language import LanguageEngine
from headlight.models.engines.seq2seq import Seq2SeqEngine
from tests.models import gguf_files
from tests.models.gguf_files import write

IDS = torch.tensor([[5, 80, 12, 200, 80, 12, 33]])


@pytest.fixture(scope="module")
def llama(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write(file)
    return file


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "gemma2", "gpt2"])
def test_a_file_is_the_model_that_was_written(architecture, tmp_path):
    file = tmp_path / "Tiny.GGUF"
    model = write(file, architecture)
    loaded, missing = load_model(file, "cpu")
    assert type(loaded) is type(model)
    assert not missing
    for one in (model, loaded):
        one.set_attn_implementation("eager")
    wanted, found = (one(IDS, output_attentions=True) for one in (model, loaded))
    torch.testing.assert_close(found.logits, wanted.logits, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(found.attentions, wanted.attentions, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("gated", [True, False])
def test_an_encoder_decoder_is_one_in_all_its_stacks(gated, tmp_path):
    model = write(tmp_path / "t5.gguf", "t5", gated=gated)
    entry = find(str(tmp_path / "t5.gguf"))
    assert (entry.decodes, entry.layers, entry.heads) == (True, 4 if gated else 6, 4)
    engine = Seq2SeqEngine.open(entry, "cpu")
    trace = engine.run("the cat", writing=Writing(new=3))
    assert {layer.stack for layer in trace.layers} == {"encoder", "decoder", "cross"}
    ids, written = (torch.from_numpy(trace.inputs[name])[None] for name in ("input_ids", "decoder_input_ids"))
    model.set_attn_implementation("eager")
    wanted = model(input_ids=ids, decoder_input_ids=written, output_attentions=True)
    cross = [layer for layer in trace.layers if layer.stack == "cross"][-1]
    found = torch.from_numpy(np.stack([cross.matrix(head) for head in range(4)]))
    torch.testing.assert_close(found, wanted.cross_attentions[-1][0], rtol=1e-5, atol=1e-5)
    logits = engine.model(input_ids=ids, decoder_input_ids=written).logits
    torch.testing.assert_close(logits, wanted.logits, rtol=1e-5, atol=1e-5)


def test_positions_that_are_stretched_by_factors_in_the_file_are(tmp_path):
    stretched = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    stretched |= {"rope_theta": 10000.0, "original_max_position_embeddings": 16}
    model = write(tmp_path / "long.gguf", positions=stretched)
    loaded, _ = load_model(tmp_path / "long.gguf", "cpu")
    torch.testing.assert_close(loaded(IDS).logits, model(IDS).logits, rtol=1e-5, atol=1e-5)
    assert not torch.allclose(gguf_files.model_of("llama")(IDS).logits, model(IDS).logits, atol=1e-3)


def test_it_opens_as_any_other_model_with_its_head(llama):
    engine = LanguageEngine.open(find(str(llama)), "cpu")
    assert (engine.head.task, engine.card.untrained) == ("causal", False)
    trace = engine.run("the cat", writing=Writing(new=2))
    assert [len(trace.layers), trace.layers[0].heads] == [2, 4]
    assert max(layer.check() for layer in trace.layers) < 1e-5


def test_what_is_said_before_it_is_opened(llama, tmp_path):
    entry = find(str(llama))
    assert (entry.title, entry.modality, entry.layers, entry.heads) == ("tiny", "text", 2, 4)
    numbers = sum(parameter.numel() for parameter in gguf_files.model_of("llama").parameters())
    assert read_header(llama).numbers == numbers
    assert entry.opening.startswith(f"Opening it takes about 5 s and {4 * numbers / 1e3:.0f} kB of memory")
    assert entry.notices == ()
    write(tmp_path / "rounded.gguf", type="Q8_0")
    assert "Q8_0 kept" in find(str(tmp_path / "rounded.gguf")).notices[0]
    write(tmp_path / "own.gguf", values={"tokenizer.ggml.pre": "own", "llama.rope.scaling.type": "yarn"})
    stretched, cut = find(str(tmp_path / "own.gguf")).notices
    assert "stretches its positions" in stretched
    assert "“own”" in cut


def test_rounded_weights_are_near_those_that_were_rounded(tmp_path):
    model = write(tmp_path / "rounded.gguf", type="Q8_0")
    loaded, _ = load_model(tmp_path / "rounded.gguf", "cpu")
    wanted, found = (
        dict(one.named_parameters())["model.layers.1.mlp.up_proj.weight"] for one in (model, loaded)
    )
    assert 0 < (wanted - found).abs().max() <= wanted.abs().max() / 127


def test_its_own_tokenizer_is_taken_whatever_lies_beside_it(tmp_path):
    write(tmp_path / "model.gguf", values={"tokenizer.ggml.pre": "smollm"})
    (tmp_path / "tokenizer.json").write_text("{}")
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    tokenizer = load_tokenizer(tmp_path / "model.gguf")
    assert tokenizer.convert_ids_to_tokens(tokenizer("of the 12")["input_ids"]) == [
        *("o", "f", "Ġthe", "Ġ", "1", "2"),
    ]
    assert tokenizer.eos_token == "<|end|>"


def test_reading_tells_how_far_it_is_and_can_be_cancelled(llama):
    shares: list[float] = []

    class Stopped(Task):
        def progress(self, share: float, sentence: str) -> None:
            shares.append(share)
            if share > 0.5:
                raise Cancelled

    with pytest.raises(Cancelled):
        load_model(llama, "cpu", Stopped())
    assert shares == sorted(shares)
    assert len(shares) > 3


def cause(file: Path) -> str:
    """What is said of a file that cannot be opened, at once."""
    with pytest.raises(HeadlightError) as caught:
        find(str(file))
    assert caught.value.next_step
    return caught.value.cause


def header(tensors: int = 0, keys: int = 0, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, keys)


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def key(name: bytes, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


NAMED = key(b"general.architecture", 8, text(b"llama"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"GG", "cut off"),
        (b"PK\3\4 and so on", "is no GGUF file"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS"),
        (header(version=1), "of version 1"),
        (header(version=3 << 24), "big-endian"),
        (header(tensors=1 << 60), "1,152,921,504,606,846,976 tensors"),
        (header(tensors=90_000), "cut off"),
        (header(keys=1 << 60), "keys"),
        (header(keys=1) + NAMED[:20], "cut off"),
        (header(keys=1) + key(b"a", 9, struct.pack("<IQ", 8, 1 << 40)), "texts in a list"),
        (header(keys=1) + key(b"a", 9, struct.pack("<IQ", 10, 1 << 21)), "cut off"),
        (header(keys=1) + key(b"a", 9, struct.pack("<IQ", 9, 1)), "kind 9"),
        (header(keys=1) + key(b"a", 8, struct.pack("<Q", 100_000_000_000)), "bytes in a text"),
        (header(keys=1) + key(b"\xff", 0, b"\0"), "is no text"),
        (header(keys=1) + key(b"a", 77, b"\0"), "kind 77"),
        (header(keys=2) + 2 * NAMED, "twice"),
        (header(keys=1) + key(b"a", 0, b"\0"), "without an architecture"),
        (header(keys=1) + NAMED, "no weights"),
        (header(keys=2) + NAMED + key(b"general.alignment", 4, bytes(4)), "alignment is 0"),
        (header(keys=2) + NAMED + key(b"split.count", 2, b"\3\0"), "3 parts"),
        (header(keys=2) + NAMED + key(b"general.type", 8, text(b"adapter")), "adapter"),
        (header(1, 1) + NAMED + text(b"w") + struct.pack("<I4QIQ", 4, 5000, 5000, 1000, 1, 0, 0), "100.0 GB"),
        (header(1, 1) + NAMED + text(b"w") + struct.pack("<IQIQ", 1, 32, 99, 0) + bytes(99), "type 99"),
        (header(1, 1) + NAMED + text(b"w") + struct.pack("<IQIQ", 1, 33, 8, 0) + bytes(99), "rows of 33"),
        (header(1, 1) + NAMED + text(b"w") + struct.pack("<IQIQ", 1, 0, 0, 0) + bytes(99), "w is empty"),
    ],
)
def test_what_is_no_model_is_told_in_a_sentence(content, said, tmp_path):
    file = tmp_path / "bad.gguf"
    file.write_bytes(content)
    assert said in cause(file)


@pytest.mark.parametrize(
    ("values", "without", "said"),
    [
        ({}, ("tokenizer.ggml.tokens",), "no tokenizer"),
        ({"llama.block_count": 10**9}, (), "1,000,000,000 layers and has 2"),
        ({"llama.block_count": 1}, (), "1 layers and has 2"),
        ({"llama.embedding_length": 1 << 20}, (), "weights and holds"),
        ({"llama.attention.head_count": 0}, (), "cannot be loaded"),
        ({"llama.rope.dimension_count": 4_000_000_000}, (), "weights and holds"),
        ({"tokenizer.ggml.merges": ["no", "words"]}, (), "tokenizer"),
        ({"tokenizer.ggml.eos_token_id": 10**6}, (), "tokenizer"),
        ({"tokenizer.ggml.model": "rwkv"}, (), "rwkv"),
    ],
)
def test_claims_that_do_not_hold_are_told_before_anything_is_allocated(values, without, said, tmp_path):
    file = tmp_path / "bad.gguf"
    write(file, values=values, without=without)
    with pytest.raises(HeadlightError) as caught:
        opened(file)
    assert said in caught.value.cause


def opened(file: Path) -> None:
    load_tokenizer(find(str(file)).weights)
    load_model(file, "cpu")


def test_an_architecture_that_cannot_be_read_is_named_with_those_that_can(llama, tmp_path):
    file = tmp_path / "other.gguf"
    file.write_bytes(llama.read_bytes().replace(b"\5\0\0\0\0\0\0\0llama", b"\5\0\0\0\0\0\0\0hydra", 1))
    with pytest.raises(HeadlightError, match="“hydra”") as caught:
        find(str(file))
    assert "gpt2" in caught.value.next_step
    assert "llama" in caught.value.next_step
    assert "tokenizer" not in caught.value.next_step


def test_a_model_that_needs_more_memory_than_there_is_is_not_read(llama, monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 1000}))
    assert "GB of memory" in cause(llama)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_of_a_header_does_more_than_be_told(llama, tmp_path, data):
    whole = bytearray(llama.read_bytes())
    end = read_header(llama).end + 400
    for place in data.draw(st.lists(st.integers(0, end), min_size=1, max_size=4)):
        whole[place] = data.draw(st.integers(0, 255))
    file = tmp_path / "damaged.gguf"
    file.write_bytes(whole[: data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))])
    with suppress(HeadlightError):
        gguf_header.check(read_header(file))
