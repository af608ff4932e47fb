"""The one door to every model: what stays loaded, what is refused, and devices."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from headlight.models import devices
from headlight.models.catalogue.bundled import BUNDLED
from headlight.models.catalogue.entries import find
from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import is_faithful
from headlight.models.core.task import Task
from headlight.models.engines import door
from headlight.viewer.host.engines import open_engine

MINILM = BUNDLED[0].folder


class Listener(Task):
    def __init__(self) -> None:
        self.sentences = []

    def progress(self, share, sentence):
        self.sentences.append(sentence)


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    monkeypatch.setattr(door, "_engines", type(door._engines)())


def small(folder: Path, **changed) -> Path:
    """MiniLM with one layer and a small vocabulary, as somebody might have saved it."""
    folder.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        shutil.copy(MINILM / name, folder)
    config = json.loads((MINILM / "config.json").read_text()) | {"num_hidden_layers": 1} | changed
    (folder / "config.json").write_text(json.dumps(config))
    weights = load_file(MINILM / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "layer." not in name or "layer.0." in name}
    save_file(kept, folder / "model.safetensors")
    return folder


def test_the_last_engines_stay_loaded(tmp_path, monkeypatch):
    one = door._extent(open_engine(str(small(tmp_path / "any")), "text", "cpu"))
    door._engines.clear()
    monkeypatch.setattr(
        door.devices, "free", lambda _: 5 * one - sum(map(door._extent, door._engines.values()))
    )
    first, second = small(tmp_path / "first"), small(tmp_path / "second")
    listener = Listener()
    opened = open_engine(str(first), "text", "cpu", listener)
    assert "Loading first" in listener.sentences
    assert opened.model.dtype == torch.float32
    assert not opened.card.untrained
    again = Listener()
    assert open_engine(str(first), "text", "cpu", again) is opened
    assert "Loading first" not in again.sentences
    open_engine(str(second), "text", "cpu")
    open_engine(str(small(tmp_path / "third")), "text", "cpu")
    assert len(door._engines) == 2, "room for two and a half"
    assert open_engine(str(first), "text", "cpu") is not opened


def test_memory_is_looked_at_before_weights_are_loaded_and_not_after(tmp_path, monkeypatch):
    first, second = small(tmp_path / "first"), small(tmp_path / "second")
    opened = open_engine(str(first), "text", "cpu")
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 23}))
    assert open_engine(str(first), "text", "cpu") is opened
    assert open_engine(str(first) + "/", "text", "cpu") is opened
    with pytest.raises(HeadlightError, match=r"The model needs 0\.0 GB of memory even in bfloat16, and"):
        open_engine(str(second), "text", "cpu")


def test_missing_weights_make_a_model_untrained(tmp_path):
    folder = small(tmp_path / "half", num_hidden_layers=2)
    opened = open_engine(str(folder), "text", "cpu")
    assert opened.card.untrained
    trace = opened.run("Hello there.")
    assert trace.model.untrained
    assert trace.notices[0].startswith("half is untrained: it lacks 16 of its 37 weights, encoder.layer.1.")


def test_what_wraps_all_names_is_left_off(tmp_path):
    folder = small(tmp_path / "parallel")
    weights = load_file(folder / "model.safetensors")
    save_file({f"module.{name}": value for name, value in weights.items()}, folder / "model.safetensors")
    opened = open_engine(str(folder), "text", "cpu")
    assert not opened.card.untrained
    name = "encoder.layer.0.attention.self.query.weight"
    assert torch.equal(opened.model.state_dict()[name], weights[name].float())


def test_what_cannot_be_opened_says_why(tmp_path):
    folder = small(tmp_path / "odd", model_type="surprise", auto_map={"AutoModel": "code.Model"})
    with pytest.raises(HeadlightError, match=r"The model type “surprise” in .* needs code of its own"):
        open_engine(str(folder), "text", "cpu")
    folder = small(tmp_path / "wide", hidden_size=768)
    with pytest.raises(HeadlightError, match="have other sizes than its configuration says"):
        open_engine(str(folder), "text", "cpu")
    folder = small(tmp_path / "words", num_hidden_layers="two")
    with pytest.raises(
        HeadlightError, match=r"words/config.json makes no sense: num_hidden_layers is “two”, "
    ):
        open_engine(str(folder), "text", "cpu")
    folder = small(tmp_path / "dumb")
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        (folder / name).unlink()
    with pytest.raises(HeadlightError, match=r"The folder .*dumb has weights but no tokenizer"):
        open_engine(str(folder), "text", "cpu")
    with pytest.raises(HeadlightError, match=r"DINOv2-small reads images, not text\. Choose minilm-l6"):
        open_engine("dinov2-small", "text", "cpu")
    assert not door._engines


def test_devices_have_names_and_memory():
    assert devices.pick("CPU ") == "cpu"
    assert devices.pick() in ("cuda", "mps", "cpu")
    with pytest.raises(HeadlightError, match=r"There is no device “tpu” here\. Choose .*cpu"):
        devices.pick("tpu")
    assert devices.memory("cpu") is None
    assert devices.describe("cpu").startswith(f"CPU, {torch.get_num_threads()} thread")


def test_a_trace_leads_back_to_its_engine_without_looking_it_up(tmp_path, monkeypatch):
    opened = open_engine(str(small(tmp_path / "first")), "text", "cpu")
    trace = opened.run("the cat")
    monkeypatch.setattr("headlight.models.catalogue.entries.find", lambda *_: pytest.fail("looked up again"))
    assert trace.run.engine() is opened
    door._engines.clear()
    again = trace.run.engine()  # loaded again, by its entry
    assert again is not opened
    assert again.run("the cat").inputs["input_ids"].tolist() == trace.inputs["input_ids"].tolist()
    assert trace.run.engine() is again


def test_the_fastest_device_comes_first(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert devices.pick() == "mps"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert devices.pick() == "cuda"
    assert devices.pick("cuda:1") == "cuda:1"
    with pytest.raises(HeadlightError, match="Choose cuda, cuda:0, cuda:1, mps or cpu"):
        devices.pick("cuda:2")


def test_what_does_not_fit_in_float32_is_computed_in_half_of_it_and_says_so(tmp_path, monkeypatch):
    folder = small(tmp_path / "large")
    weights = sum(value.numel() for value in load_file(folder / "model.safetensors").values())
    whole = open_engine(str(folder), "text", "cpu").run("Hello there.")
    door._engines.clear()
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 3 * weights}))
    opened = open_engine(str(folder), "text", "cpu")
    half = opened.run("Hello there.")
    assert opened.model.dtype == torch.bfloat16
    assert half.notices[0].startswith("It is computed in bfloat16, with 8 bits of each number: in float32 it")
    assert all(is_faithful(layer.check()) for layer in half.layers)
    for one, other in zip(whole.layers, half.layers, strict=True):
        assert abs(one.matrix(0) - other.matrix(0)).max() < 0.02
    assert find(str(folder)).opening.endswith("It will be computed in bfloat16.")
