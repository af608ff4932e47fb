"""What the catalogue offers, and what it says of folders that are no model, damaged or unsafe."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from headlight.models.catalogue import entries as catalog
from headlight.models.catalogue import folders
from headlight.models.catalogue.entries import Entry, default, download, entries, find
from headlight.models.core.errors import HeadlightError

BERT = {"model_type": "bert", "vocab_size": 10, "num_hidden_layers": 2, "num_attention_heads": 4}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that the catalogue takes for a small text model."""
    (tmp_path / "config.json").write_text(json.dumps(BERT))
    save_file({"a": np.zeros((2, 3), np.float16)}, tmp_path / "model.safetensors")
    return tmp_path


def cause(name: Path | str) -> str:
    with pytest.raises(HeadlightError) as caught:
        find(str(name))
    return caught.value.cause


def test_the_bundled_models_are_what_the_catalogue_says():
    assert [entry.id for entry in entries()[:2]] == ["minilm-l6", "dinov2-small"]
    for entry in (entry for entry in entries() if entry.where == "bundled"):
        opened = catalog.open_folder(entry.folder)
        assert (entry.modality, entry.layers, entry.heads) == (opened.modality, opened.layers, opened.heads)
        assert entry.megabytes == pytest.approx(opened.megabytes, abs=0.1)
        assert "licence" in (entry.folder / "NOTICE.md").read_text().lower()


def test_the_default_suits_the_input_and_answers_as_is_needed(tmp_path):
    def made(id, **more):
        return Entry(id, id, "bundled", "", "", modality="lists", **more)

    gone = made("gone", suits=("object",), folder=tmp_path / "nowhere")
    plain, boxes = made("plain", suits=("room",)), made("b", suits=("street",), detects=True)
    brought = (plain, gone, boxes)
    assert default("lists", brought) is plain
    assert default("lists", brought, ("scan", "street")) is boxes
    assert default("lists", brought, ("object",)) is plain
    assert default("lists", brought, ("room",), "boxes") is boxes
    assert default("lists", (gone,)) is gone
    with pytest.raises(HeadlightError, match="reads lists and answers with classes"):
        default("lists", brought, says="classes")


def test_a_folder_is_an_entry(folder):
    entry = find(str(folder))
    assert (entry.where, entry.modality, entry.layers, entry.heads) == ("folder", "text", 2, 4)
    assert entry.folder == folder
    assert not entry.mean_pooled
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
    assert find(str(folder)).mean_pooled


def test_two_towers_count_as_the_one_that_sees(folder):
    config = {"model_type": "clip", "text_config": {"vocab_size": 9}, "vision_config": {"patch_size": 16}}
    config["vision_config"] |= {"num_hidden_layers": 5, "num_attention_heads": 3}
    (folder / "config.json").write_text(json.dumps(config))
    entry = find(str(folder))
    assert (entry.modality, entry.layers, entry.heads) == ("image", 5, 3)


def test_folders_that_cannot_be_opened_say_why(folder):
    weights = folder / "model.safetensors"
    good = weights.read_bytes()
    weights.write_bytes(good[:-3])
    assert cause(folder).startswith(f"{weights} is damaged: ")
    weights.write_bytes((1 << 50).to_bytes(8, "little") + b"{}")
    assert cause(folder).startswith(f"{weights} is damaged: ")
    weights.unlink()
    assert cause(folder) == f"The folder {folder} has config.json but no weights (model.safetensors)."
    (folder / "pytorch_model.bin").write_bytes(b"\x80")
    assert cause(folder) == (
        f"The folder {folder} has its weights only as a pickle (pytorch_model.bin), which can run code."
    )
    (folder / "config.json").write_text("{}")
    assert cause(folder) == f"{folder / 'config.json'} names no model_type."
    (folder / "config.json").write_text("[" * 100_000)
    assert cause(folder).startswith(f"{folder / 'config.json'} cannot be read: ")
    (folder / "config.json").unlink()
    assert cause(folder) == f"The folder {folder} is no model: it has no config.json."


def test_shards_stay_in_their_folder(folder):
    (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "model-00001-of-00001.safetensors"}}))
    assert find(str(folder)).megabytes > 0
    index.write_text(json.dumps({"weight_map": {"a": "../model.safetensors"}}))
    assert cause(folder) == f"{index} names “../model.safetensors”, which is no safetensors file beside it."
    index.write_text(json.dumps({"weight_map": {"a": "model-00002-of-00002.safetensors"}}))
    assert cause(folder) == f"The folder {folder} lacks the weights model-00002-of-00002.safetensors."


def test_limits_are_looked_at_before_anything_is_loaded(folder, monkeypatch):
    monkeypatch.setattr(folders, "MAX_TENSORS", 0)
    assert cause(folder) == "The weights have more than 0 tensors."


def test_names_that_are_nothing():
    assert cause("minilm") == "There is no model or folder “minilm”."
    assert cause("/no/such/folder") == "There is no model or folder “/no/such/folder”."
    assert cause("a--b/c") == "“a--b/c” is no name that the hub allows."


def test_hub_models_are_known_by_name_and_need_a_network(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    entry = find("google/vit-base-patch16-224")
    assert (entry.where, entry.title, entry.modality) == ("hub", "vit-base-patch16-224", None)
    with pytest.raises(HeadlightError) as caught:
        download(entry)
    assert str(caught.value) == (
        "google/vit-base-patch16-224 is not on this computer, and the hub cannot be reached. "
        "Go online, or open a folder that holds the model."
    )


def test_downloaded_models_are_listed_and_opened_without_a_network(folder, tmp_path_factory, monkeypatch):
    cache = tmp_path_factory.mktemp("hub")
    kept = cache / "models--someone--small"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "main").write_text("0" * 40)
    (kept / "blobs").mkdir()
    (kept / "snapshots").mkdir()
    folder.rename(kept / "snapshots" / ("0" * 40))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    entry = find("someone/small")
    assert (entry.id, entry.where, entry.modality) == ("someone/small", "downloaded", "text")
    assert download(entry) is entry
    assert "someone/small" in [entry.id for entry in entries()]


def test_listing_imports_neither_torch_nor_transformers():
    code = (
        "import sys; from headlight.models import devices; from headlight.models.engines import door;"
        "from headlight.models.catalogue.entries import entries; entries();"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
