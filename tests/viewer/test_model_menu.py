"""The menu of models: published networks in menus of their families, the present one checked."""

import numpy as np
from PySide6.QtWidgets import QMenu

from viewer.inputs import ImageInput
from viewer.jobs import Jobs
from viewer.model_list import ModelList
from viewer.model_menu import ModelMenu
from viewer.session import RunOptions, Session


def test_published_networks_stand_in_menus_of_their_families(qtbot, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    session = Session()
    session.add(ImageInput("a", np.zeros((8, 8, 3), np.uint8)), RunOptions(model="resnet50"))
    menu = QMenu()
    qtbot.addWidget(menu)
    jobs = Jobs()
    ModelMenu(session, None, ModelList(jobs), menu).fill(menu)
    jobs.close()
    shown = {action.text(): action for action in menu.actions()}
    assert list(shown)[:3] == ["DINOv2-small · 12 × 6", "AlexNet", "VGG"]
    family = shown["ResNet"].menu()
    assert [action.text() for action in family.actions()] == ["ResNet-18", "ResNet-50", "ResNet-101"]
    assert [action.text() for action in family.actions() if action.isChecked()] == ["ResNet-50"]
    assert "Swin-T · 12 × 24" in [action.text() for action in shown["Swin"].menu().actions()]
