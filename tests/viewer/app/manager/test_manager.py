"""The window of models: found, asked about, downloaded, used and removed; offline is a state of it."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from safetensors.numpy import save

from headlight.models.catalogue.formats import cache
from headlight.models.catalogue.hub import fetching
from headlight.viewer.app.manager import said
from headlight.viewer.host.stock import rows
from headlight.viewer.host.stock.rows import Row
from headlight.viewer.host.stock.sizes import said_bytes
from tests.models.tiny_hub import serving

WAIT = 20_000
NAME = "someone/small"
BERT = {"model_type": "bert", "vocab_size": 10, "num_hidden_layers": 2, "num_attention_heads": 4}
WEIGHTS = save({"a": np.arange(500_000, dtype=np.float32)})


@pytest.fixture
def hub(tmp_path, monkeypatch):
    with serving(str(tmp_path / "hub")) as hub:
        hub.models[NAME] = {"config.json": json.dumps(BERT).encode(), "model.safetensors": WEIGHTS}
        hub.cards[NAME] = {"license": "mit"}
        yield hub


def test_rows_are_all_there_is_and_say_why_something_does_not_open(hub, tmp_path):
    (tmp_path / "broken").mkdir()
    fetching.fetched(NAME)
    stock = rows.listed([str(tmp_path / "broken"), "not/a-path"])
    by_group = {group: [row for row in stock.rows if row.group == group] for group in said.GROUPS}
    assert [row.id for row in by_group["bundled"]][:2] == ["minilm-l6", "dinov2-small"]
    assert not any(row.title == "Recorded" for row in stock.rows), "a recording is no model to be used"
    small = by_group["downloaded"][0]
    assert (small.id, small.reads, small.extent, small.kept, small.opens) == (
        NAME,
        "text",
        "2 × 4",
        True,
        True,
    )
    assert small.size > len(WEIGHTS)
    (broken,) = by_group["disk"]
    assert not broken.opens
    assert "has no config.json" in broken.note
    recommended = {row.id: row for row in by_group["hub"]}
    gpt2 = recommended["openai-community/gpt2"]
    assert (gpt2.extent, gpt2.opens) == ("12 × 12", False)
    assert recommended["resnet50"].opens, "it is built untrained without a download"
    assert len(recommended) == len(by_group["hub"])
    assert {row.reads for row in rows.recommended()} == {"text", "image", "picture-text", "sound"}
    assert all(row.licence or row.id == "openai/clip-vit-base-patch32" for row in rows.recommended())


def test_what_is_known_without_the_disk_is_all_but_what_lies_there(hub, monkeypatch):
    monkeypatch.setattr(cache, "root", lambda: pytest.fail("looked at the disk"))
    known = rows.known()
    assert {row.group for row in known.rows} == {"bundled", "hub"}
    assert len({row.id for row in known.rows}) == len(known.rows)
    sizes = [row.download for row in rows.recommended() if row.reads == "text"]
    assert sizes == sorted(sizes)


def test_what_is_said_of_a_row_before_a_download():
    assert "“a/b/c” is no name on the hub" in said.nothing("a/b/c")
    row = Row("a/b", "a/b", "hub", "text", 2, 4, download=300_000_000, licence="mit", opens=False)
    assert said.details(row, 10**9, True, said_bytes) == "Reads texts · 2 × 4 layers × heads · licence: mit"
    assert not said.can_download(row, 10**9)
    looked = replace(row, looked=True)
    assert said.details(looked, 10**9, True, said_bytes).splitlines()[-1] == (
        "A download takes 300 MB; 1.0 GB are free on this disk."
    )
    assert said.can_download(looked, 10**9)
    assert not said.can_download(looked, 10**8)
    begun = replace(looked, begun=250_000_000, gated=True)
    assert said.can_download(begun, 10**8), "only what is missing needs room"
    assert said.download_label(begun, said_bytes) == "Go on with the download (250 MB of 300 MB)"
    assert "Gated: accept its licence" in said.details(begun, 10**9, True, said_bytes)
    assert said.matches(row, "A/B mit", "text")
    assert not said.matches(row, "a/b", "image")


def test_a_name_is_looked_up_downloaded_used_and_deleted(qtbot, make_window, hub, monkeypatch):
    window = make_window(run=False)
    told = []
    window.told.connect(lambda _, sentences: told.append(sentences))
    window.actions_.run("models")
    dialog = window.manager.dialog
    qtbot.waitUntil(lambda: bool(dialog.stock.cache), timeout=WAIT)

    def looked_for(text: str) -> None:
        dialog.search.setText(text)
        qtbot.keyClick(dialog.search, Qt.Key.Key_Return)

    looked_for("no/such")
    qtbot.waitUntil(lambda: "There is no model no/such on the hub" in dialog.about.text(), timeout=WAIT)
    looked_for(NAME)
    qtbot.waitUntil(lambda: dialog.download.isEnabled(), timeout=WAIT)
    assert dialog.download.text() == "Download 2 MB"
    assert "Reads texts · 2 × 4 layers × heads · licence: mit" in dialog.about.text()

    go = threading.Event()
    written = fetching._written

    def slowly(pieces, part, there):
        for count in written(pieces, part, there):
            yield count
            if count > 1_000_000:
                go.wait(60)

    monkeypatch.setattr(fetching, "_written", slowly)
    dialog.download.click()
    qtbot.waitUntil(lambda: dialog.progress.isVisible(), timeout=WAIT)
    qtbot.waitUntil(lambda: ": 1." in window.manager.downloads.under[NAME].sentence, timeout=WAIT)
    dialog.progress._cancel.click()
    go.set()
    qtbot.waitUntil(lambda: dialog.row is not None and dialog.row.group == "downloaded", timeout=WAIT)
    assert not dialog.row.opens
    assert "Its download is not whole." in dialog.about.text()
    qtbot.waitUntil(lambda: dialog.download.text().startswith("Go on with the download ("), timeout=WAIT)
    dialog.download.click()
    qtbot.waitUntil(lambda: dialog.row is not None and dialog.row.opens, timeout=WAIT)
    assert f"{NAME} is downloaded." in told
    assert cache.is_whole(NAME)

    monkeypatch.setattr(window.manager, "_agrees", lambda *_: False)
    dialog.delete.click()
    assert cache.is_whole(NAME)
    monkeypatch.setattr(window.manager, "_agrees", lambda *_: True)
    dialog.delete.click()
    qtbot.waitUntil(lambda: dialog.row is not None and not dialog.row.kept, timeout=WAIT)
    assert cache.kept() == []

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    looked_for("")
    looked_for("gpt2")
    qtbot.waitUntil(
        lambda: dialog.state.text().startswith("Offline: the hub cannot be reached."), timeout=WAIT
    )
    assert not dialog.download.isEnabled()
    assert dialog.again.isVisible()
    dialog.kind.setCurrentIndex(dialog.kind.findData("image"))
    looked_for("dinov2-small")
    qtbot.waitUntil(lambda: dialog.row is not None and dialog.row.id == "dinov2-small", timeout=WAIT)
    assert dialog.use.isEnabled(), "what is on the disk opens"
    dialog.use.click()
    qtbot.waitUntil(lambda: window.offers.asked is not None, timeout=WAIT)
    window.offers.asked.reject()
    assert not dialog.isVisible()
