"""The menu of models: published networks in menus of their families, what lies on the disk from a worker."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QMenu, QMessageBox

from headlight.models.catalogue import entries as catalog
from headlight.models.catalogue.bundled import BUNDLED
from headlight.viewer.app.bridge import Bridge
from headlight.viewer.app.models.listed import ModelList
from headlight.viewer.app.models.menu import ModelMenu
from headlight.viewer.app.opening.recent import Recent
from headlight.viewer.inputs.inputs import ImageInput
from headlight.viewer.panes.shared.dialogs import FileDialogs
from headlight.viewer.session.jobs import Jobs
from headlight.viewer.session.session import RunOptions, Session


def menu_of(session, jobs, parent, folder) -> ModelMenu:
    settings = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    recent = Recent(settings, jobs, parent)
    return ModelMenu(session, None, ModelList(jobs), recent, None, FileDialogs(settings, parent), parent)


def test_published_networks_stand_in_menus_of_their_families(qtbot, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    session = Session()
    session.add(ImageInput("a", np.zeros((8, 8, 3), np.uint8)), RunOptions(model="resnet50"))
    menu = QMenu()
    qtbot.addWidget(menu)
    jobs = Jobs(Bridge().post)
    menu_of(session, jobs, menu, tmp_path).fill(menu)
    jobs.close()
    shown = {action.text(): action for action in menu.actions()}
    assert list(shown)[:4] == ["DINOv2-small · 12 × 6", "Small CLIP · 5 × 6", "AlexNet", "VGG"]
    family = shown["ResNet"].menu()
    assert [action.text() for action in family.actions()] == ["ResNet-18", "ResNet-50", "ResNet-101"]
    assert [action.text() for action in family.actions() if action.isChecked()] == ["ResNet-50"]
    assert "Swin-T · 12 × 24" in [action.text() for action in shown["Swin"].menu().actions()]


def test_the_menu_waits_for_no_disk_and_gets_what_lies_there_later(qtbot, monkeypatch, tmp_path):
    go, by = threading.Event(), []

    def entries():
        by.append(threading.current_thread() is threading.main_thread())
        go.wait(10)
        return [*catalog.known(), replace(BUNDLED[1], id="mine", title="Mine")]

    monkeypatch.setattr(catalog, "entries", entries)
    monkeypatch.setattr(catalog, "cached", lambda name: pytest.fail("looked at the disk"))
    session, jobs, menu = Session(), Jobs(Bridge().post), QMenu()
    session.add(ImageInput("a", np.zeros((8, 8, 3), np.uint8)), RunOptions())
    qtbot.addWidget(menu)
    models = menu_of(session, jobs, menu, tmp_path)
    menu.aboutToShow.connect(lambda: models.fill(menu))

    def shown() -> list[str]:
        return [action.text() for action in menu.actions() if action.isVisible() and action.text()]

    menu.popup(menu.pos())
    before = shown()
    assert before[0] == "DINOv2-small · 12 × 6"
    assert before[-1] == "Looking on this disk…"
    go.set()
    qtbot.waitUntil(lambda: shown() == [*before[:-1], "Mine · 12 × 6"], timeout=10_000)
    assert by == [False]
    menu.close()
    menu.popup(menu.pos())
    assert "Mine · 12 × 6" in shown()  # what was found is known from now on
    menu.close()
    jobs.close()


def test_links_out_of_a_folder_are_followed_only_after_asking(make_window, qtbot, monkeypatch, tmp_path):
    whole = next(entry for entry in BUNDLED if entry.id == "minilm-l6").folder
    folder = tmp_path / "linked"
    folder.mkdir()
    for file in whole.iterdir():
        (folder / file.name).symlink_to(file)
    asked, answers = [], ["Cancel", "Follow them"]

    def answer(box: QMessageBox) -> int:
        asked.append(box.text())
        button = answers.pop(0)
        next(b for b in box.buttons() if b.text().replace("&", "") == button).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", answer)
    window = make_window(model=str(folder))
    window.runs.open_text("Some words.")
    qtbot.waitUntil(lambda: bool(window.session.documents) and window.is_idle(), timeout=30_000)
    document = window.session.current
    assert (document.state, document.trace) == ("failed", None)
    assert "are links to elsewhere. Copy what is there into it" in document.failure
    window.run_again()
    qtbot.waitUntil(lambda: document.trace is not None and window.is_idle(), timeout=30_000)
    assert asked == ["Files of linked are links, which lead out of its folder."] * 2
    assert any("lie elsewhere: by a link" in said for said in window.messages.texts())
    window.messages.clear()
