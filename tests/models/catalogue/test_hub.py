"""Models of the hub are looked up, downloaded, gone on with, listed and removed; a small hub stands in."""

import json
import os

import numpy as np
import pytest
from safetensors.numpy import save

from headlight.models.catalogue.entries import Entry, download, find
from headlight.models.catalogue.formats import cache
from headlight.models.catalogue.hub import fetching
from headlight.models.catalogue.hub.failures import Unreachable
from headlight.models.catalogue.hub.fetching import already, fetched
from headlight.models.catalogue.hub.offers import File, chosen, looked_up
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Cancelled, Task
from tests.models.tiny_hub import TinyHub, serving

NAME = "someone/small"
BERT = {"model_type": "bert", "vocab_size": 10, "num_hidden_layers": 2, "num_attention_heads": 4}
CARD = b"---\nlicense: mit\n---\n# Small"
SMALL = len(json.dumps(BERT)) + len(CARD)
WEIGHTS = save({"a": np.arange(500_000, dtype=np.float32)})


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "PIECE", 100_000)
    with serving(str(tmp_path / "hub")) as hub:
        hub.models[NAME] = {
            "config.json": json.dumps(BERT).encode(),
            "model.safetensors": WEIGHTS,
            "pytorch_model.bin": b"\x80" * 9,
            "onnx/model.safetensors": WEIGHTS,
            "modeling.py": b"raise SystemExit",
            "README.md": CARD,
        }
        hub.cards[NAME] = {"license": "mit"}
        yield hub


class Listener(Task):
    """stop: ends the work once it says so much."""

    def __init__(self, stop: float = 2.0) -> None:
        self.shares, self.said, self.stop = [], "", stop

    def progress(self, share: float, sentence: str) -> None:
        if share >= self.stop:
            raise Cancelled
        self.shares.append(share)
        self.said = sentence


def test_a_model_says_what_it_is_before_it_is_downloaded(hub: TinyHub):
    offer = looked_up(NAME)
    assert (offer.licence, offer.gated, offer.modality) == ("mit", False, "text")
    assert (offer.layers, offer.heads) == (2, 4)
    assert [file.path for file in offer.files] == ["config.json", "README.md", "model.safetensors"]
    assert offer.size == len(WEIGHTS) + SMALL
    assert cache.kept() == []


def test_a_download_counts_its_bytes_and_opens(hub: TinyHub):
    listener = Listener()
    entry = download(find(NAME), listener)
    assert (entry.where, entry.modality, entry.layers, entry.licence) == ("downloaded", "text", 2, "mit")
    assert listener.shares == sorted(listener.shares)
    assert listener.said == "Downloading someone/small: 2.0 of 2.0 MB"
    assert sorted(os.listdir(entry.folder)) == ["README.md", "config.json", "model.safetensors"]
    assert (entry.folder / "model.safetensors").read_bytes() == WEIGHTS
    hub.asked.clear()
    fetched(NAME)
    assert [path for path, _ in hub.asked] == ["config.json"], "it is read to say what it is"


@pytest.mark.parametrize("ranged", [True, False])
def test_a_download_that_was_cancelled_goes_on_where_it_was(hub: TinyHub, ranged):
    hub.ranged = ranged
    with pytest.raises(Cancelled):
        fetched(NAME, Listener(stop=0.5))
    begun = cache.kept()[0].begun
    assert 0.4 * len(WEIGHTS) < begun < 0.6 * len(WEIGHTS)
    assert already(looked_up(NAME)) == begun + SMALL
    assert not cache.is_whole(NAME)
    hub.asked.clear()
    folder = fetched(NAME)
    assert ("model.safetensors", f"bytes={begun}-") in hub.asked
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert cache.is_whole(NAME)
    assert cache.kept()[0].begun == 0


def test_a_connection_that_breaks_is_taken_up_again_and_told_when_it_stays_broken(hub: TinyHub):
    hub.cut["model.safetensors"] = [300_000, 300_000]
    listener = Listener()
    assert (fetched(NAME, listener) / "model.safetensors").read_bytes() == WEIGHTS
    asked = [asked for path, asked in hub.asked if path == "model.safetensors"]
    assert (len(asked), asked[0]) == (3, None)
    cache.delete(NAME)
    hub.cut["model.safetensors"] = [300_000] * 3
    with pytest.raises(Unreachable) as caught:
        fetched(NAME)
    assert caught.value.cause.startswith("The connection to the hub broke after 0.")
    assert caught.value.next_step == "Download it again when you are online: it goes on from there."
    assert fetched(NAME).is_dir()


def test_what_came_damaged_is_not_kept(hub: TinyHub):
    with pytest.raises(Cancelled):
        fetched(NAME, Listener(stop=0.5))
    begun = next((cache.folder_of(NAME) / "blobs").glob(f"*{cache.BEGUN}"))
    begun.write_bytes(bytes(begun.stat().st_size))
    with pytest.raises(HeadlightError, match=r"model\.safetensors came damaged from the hub"):
        fetched(NAME)
    assert cache.kept()[0].begun == 0
    assert fetched(NAME).is_dir()


def test_what_cannot_be_had_is_told(hub: TinyHub, monkeypatch):
    with pytest.raises(HeadlightError, match="There is no model no/such on the hub, or it is private"):
        fetched("no/such")
    hub.models["meta/secret"] = dict(hub.models[NAME])
    hub.gated.add("meta/secret")
    assert looked_up("meta/secret").gated
    with pytest.raises(HeadlightError, match="meta/secret is gated on the hub"):
        fetched("meta/secret")
    monkeypatch.setattr(fetching, "free", lambda: 1_000_000)
    with pytest.raises(HeadlightError, match="someone/small takes 2 MB, and 1 MB are free on this disk"):
        fetched(NAME)
    for offline in ("HF_HUB_OFFLINE", "HUGGINGFACE_CO_URL_TEMPLATE"):
        value = True if offline == "HF_HUB_OFFLINE" else "http://127.0.0.1:9/{repo_id}/{revision}/{filename}"
        monkeypatch.setattr(f"huggingface_hub.constants.{offline}", value)
    with pytest.raises(Unreachable, match="is not on this computer, and the hub cannot be reached"):
        looked_up(NAME)


def test_only_what_the_cache_holds_is_deleted(hub: TinyHub, tmp_path):
    fetched(NAME)
    beside = tmp_path / "hub" / "datasets--someone--small"
    beside.mkdir()
    assert cache.kept()[0].name == NAME
    assert cache.delete(NAME) >= len(WEIGHTS)
    assert cache.kept() == []
    assert beside.is_dir()
    for name in (NAME, "../../x", "a/../b"):
        with pytest.raises(Exception, match=r"is not in the hub’s cache|Repo id"):
            cache.delete(name)
    assert isinstance(find(NAME), Entry)


def test_of_several_files_of_weights_those_are_chosen_that_are_read():
    def paths(*names: str) -> list[str]:
        return [file.path for file in chosen("a/b", [File(name, 10 + len(name)) for name in names])]

    index = "model.safetensors.index.json"
    shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    assert paths("config.json", index, *shards, "model.fp16-00001-of-00001.safetensors") == [
        *("config.json", index),
        *shards,
    ]
    assert paths("config.json", "model.fp16.safetensors", "model.safetensors") == [
        "config.json",
        "model.safetensors",
    ]
    assert paths("model.fp16.safetensors", "model.int8x.safetensors") == ["model.int8x.safetensors"]
    assert paths("adapter_config.json", "adapter_model.safetensors") == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    sentences = ("modules.json", "0_T/config.json", "0_T/tokenizer.json", "0_T/model.safetensors")
    assert paths(*sentences, "1_Pooling/config.json", "1_Pooling/tokenizer.json") == [
        *sentences[:3],
        *("1_Pooling/config.json", sentences[3]),
    ]
    for name, said in (
        ("a.gguf", "as GGUF files"),
        ("pytorch_model.bin", "only as pickles"),
        ("x", "no weights"),
    ):
        with pytest.raises(HeadlightError, match=said):
            paths(name)
