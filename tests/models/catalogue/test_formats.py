"""Folders as people have them open as the model that is in them, or say what they are."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import BertModel

from headlight.models.catalogue.entries import find
from headlight.models.catalogue.formats import adapter, lora
from headlight.models.catalogue.formats.layout import weights_in
from headlight.models.catalogue.loading import load_model, load_tokenizer
from headlight.models.core.errors import HeadlightError, UntrustedPickle
from tests.models import tiny

BOM = b"\xef\xbb\xbf"
QUERY = "encoder.layer.1.attention.self.query"


@pytest.fixture(scope="module")
def bert() -> BertModel:
    return tiny.bert()[0]


@pytest.fixture
def folder(bert, tmp_path) -> Path:
    """A BERT as transformers saves it, with a vocabulary, in a folder of its own."""
    folder = tmp_path / "small"
    bert.save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat"]))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    return folder


def weights(folder: Path) -> Path:
    return folder / "model.safetensors"


def same(bert: BertModel, folder: Path, trust_pickle: bool = False) -> bool:
    """Whether a folder opens with all weights of the model."""
    model, missing = load_model(find(str(folder), trust_pickle).weights, "cpu")
    read = model.state_dict()
    return not missing and all(torch.equal(value, read[name]) for name, value in bert.state_dict().items())


def cause(folder: Path) -> str:
    with pytest.raises(HeadlightError) as caught:
        find(str(folder))
    return caught.value.cause


def test_byte_order_marks_are_passed_by(bert, folder):
    for name in ("config.json", "tokenizer_config.json"):
        (folder / name).write_bytes(BOM + (folder / name).read_bytes())
    assert same(bert, folder)
    assert load_tokenizer(folder)("the cat")["input_ids"] == [2, 5, 6, 3]


def test_variants_and_other_names_are_weights(bert, folder):
    half = {name: value.half() for name, value in bert.state_dict().items()}
    save_file(half, folder / "model.fp16.safetensors", {"format": "pt"})
    assert weights_in(folder) == [weights(folder)]
    weights(folder).rename(folder / "model.fp32.safetensors")
    assert [file.name for file in weights_in(folder)] == ["model.fp32.safetensors"]  # it kept most
    assert same(bert, folder)
    (folder / "model.fp16.safetensors").unlink()
    (folder / "model.fp32.safetensors").rename(folder / "pytorch_model.safetensors")
    assert same(bert, folder)


def test_shards_need_no_index_and_are_all_there(bert, folder):
    state = bert.state_dict()
    weights(folder).unlink()
    for number, names in enumerate((list(state)[:20], list(state)[20:]), 1):
        save_file({name: state[name] for name in names}, folder / f"model-0000{number}-of-00002.safetensors")
    assert same(bert, folder)
    (folder / "model-00001-of-00002.safetensors").unlink()
    assert cause(folder) == f"The folder {folder} has 1 of the 2 files of weights that model has."


def test_sentence_transformers_and_the_hubs_cache_lead_to_their_model(bert, folder, tmp_path):
    outer = tmp_path / "sentences"
    (outer / "1_Pooling").mkdir(parents=True)
    (outer / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
    modules = [{"path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}]
    for path in ("..", "../small", "/", "nowhere"):
        (outer / "modules.json").write_text(json.dumps([{**modules[0], "path": path}]))
        assert cause(outer).endswith("names no transformer that lies beside it.")
    (outer / "modules.json").write_text(json.dumps(modules))
    assert cause(outer).endswith("names no transformer that lies beside it.")
    shutil.copytree(folder, outer / "0_Transformer")
    for name in ("vocab.txt", "tokenizer_config.json"):
        (outer / "0_Transformer" / name).rename(outer / name)
    entry = find(str(outer))
    assert (entry.title, entry.mean_pooled, entry.folder.name) == ("sentences", True, "0_Transformer")
    assert same(bert, outer)
    assert load_tokenizer(entry.weights)("cat")["input_ids"] == [2, 6, 3]

    cache = tmp_path / "models--someone--small"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text("abc")
    folder.rename(cache / "moved")
    (cache / "snapshots").mkdir()
    (cache / "moved").rename(cache / "snapshots" / "abc")
    assert same(bert, cache)


def test_a_pickle_is_read_once_it_is_trusted(bert, folder):
    weights(folder).unlink()
    torch.save(bert.state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(UntrustedPickle):
        find(str(folder))
    with pytest.raises(UntrustedPickle):
        find(str(folder / "pytorch_model.bin"))
    assert same(bert, folder, trust_pickle=True)


def test_what_is_no_model_is_named_for_what_it_is(folder, tmp_path):
    weights(folder).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert cause(folder) == f"{weights(folder)} is a note that Git LFS leaves in place of the weights."
    with pytest.raises(HeadlightError, match=r"Open its folder small\."):
        find(str(tmp_path))
    (tmp_path / "model_index.json").write_text("{}")
    assert cause(tmp_path) == f"The folder {tmp_path} is a pipeline of several models."


def adapter_in(folder: Path, **config) -> dict[str, torch.Tensor]:
    """A LoRA adapter of rank 2 of BERT's second layer; its matrices."""
    folder.mkdir()
    said = {"peft_type": "LORA", "base_model_name_or_path": "someone/small", "lora_alpha": 6, **config}
    (folder / "adapter_config.json").write_text(json.dumps(said))
    noise = torch.Generator().manual_seed(0)
    state = {
        f"base_model.model.{QUERY}.lora_A.weight": torch.randn(2, 32, generator=noise),
        f"base_model.model.{QUERY}.lora_B.weight": torch.randn(32, 2, generator=noise),
    }
    save_file(state, folder / "adapter_model.safetensors")
    return {"A": state[f"base_model.model.{QUERY}.lora_A.weight"], "B": list(state.values())[1]}


def test_an_adapter_is_merged_onto_its_base_where_that_is_on_this_disk(bert, folder, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    parts = adapter_in(tmp_path / "tuned")
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(HeadlightError) as caught:
        find(str(tmp_path / "tuned"))
    assert str(caught.value) == (
        "tuned is a LoRA adapter of someone/small, which is not on this disk. Download someone/small in the "
        "model manager, or put its folder beside the adapter, named small."
    )
    (tmp_path / "elsewhere").rename(folder)
    entry = find(str(tmp_path / "tuned"))
    assert (entry.title, entry.modality, entry.layers, entry.heads) == ("tuned", "text", 2, 4)
    assert entry.notices == ("It is someone/small, into which the LoRA adapter of this folder was merged.",)
    model, missing = load_model(entry.weights, "cpu")
    change = model.get_submodule(QUERY).weight - bert.get_submodule(QUERY).weight
    assert not missing
    assert torch.allclose(change, 3 * parts["B"] @ parts["A"], atol=1e-5)  # alpha / rank = 6 / 2
    assert load_tokenizer(entry.weights)("cat")["input_ids"] == [2, 6, 3]


def test_adapters_of_other_kinds_are_named(tmp_path):
    adapter_in(tmp_path / "prompt", peft_type="PROMPT_TUNING")
    assert cause(tmp_path / "prompt") == (
        f"The folder {tmp_path / 'prompt'} is a PROMPT_TUNING adapter of someone/small, which cannot be "
        "merged into its weights."
    )


def test_the_ways_of_adapting_follow_their_papers():
    """rsLoRA's scale, DoRA's norms, layers whose weights lie across, and one without its other half."""
    noise = torch.Generator().manual_seed(0)
    weight, low, high = (torch.randn(*size, generator=noise) for size in ((6, 6), (2, 6), (6, 2)))

    def merged(norm: torch.Tensor | None = None, **config) -> torch.Tensor:
        said = adapter.Adapter(Path("."), {"lora_alpha": 6, **config}, "base")
        changes = {"base_model.model.a.lora_A.weight": low, "base_model.model.a.lora_B.weight": high}
        if norm is not None:
            changes["base_model.model.a.lora_magnitude_vector"] = norm
        return lora.merged({"body.a.weight": weight}, said, changes)["body.a.weight"]

    assert torch.allclose(merged(use_rslora=True), weight + 6 / 2**0.5 * high @ low)
    assert torch.allclose(merged(fan_in_fan_out=True), weight + 3 * (high @ low).T)
    assert torch.allclose(merged(alpha_pattern={"a": 2}), weight + high @ low)
    norm = torch.rand(6, generator=noise)
    assert torch.allclose(merged(norm, use_dora=True).norm(dim=1), norm)
    with pytest.raises(HeadlightError, match="without its other half"):
        lora.merged({"a.weight": weight}, adapter.Adapter(Path("."), {}, "base"), {"a.lora_A.weight": low})


def test_numbers_of_layers_say_nothing_of_their_files(folder):
    """What a training leaves beside a model is no weights."""
    save_file({"a": torch.zeros(1)}, folder / "optimizer.safetensors")
    weights(folder).rename(folder / "weights.safetensors")
    assert [file.name for file in weights_in(folder)] == ["weights.safetensors"]
    assert np.isfinite(find(str(folder)).megabytes)
