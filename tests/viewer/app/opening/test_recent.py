"""What was opened before is found again after a restart; what is no more is not offered."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QMenu, QPushButton

from headlight.viewer.app.opening.recent import Recent, Used


@pytest.fixture
def listed(qtbot):
    """The recent files that a window offers once it has looked: in its menu, and on its page."""

    def names(window) -> tuple[list[str], list[str]]:
        window.recent.look()
        qtbot.waitUntil(lambda: not window.jobs.running("disk"), timeout=10_000)
        menu = [action.text() for action in window.recent_files.menu.actions() if action.toolTip() != ""]
        buttons = window.welcome.findChildren(QPushButton)
        page = [button.text() for button in buttons if button.isVisibleTo(window.welcome)]
        return [name for name in menu if name.endswith(".txt")], [n for n in page if n.endswith(".txt")]

    return names


def test_recent_files_survive_a_restart_without_those_that_are_gone(make_window, settled, listed, tmp_path):
    window = make_window(run=False)
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text("A text.")
        window.runs.open_path(str(tmp_path / name))
        settled(window)
    window.close()
    (tmp_path / "b.txt").unlink()
    window = make_window(run=False)
    assert listed(window) == (["c.txt", "a.txt"], ["c.txt", "a.txt"])
    file = window._menu_actions()["File"]
    assert window.recent_files.menu.menuAction() in file
    window.recent_files.menu.actions()[1].trigger()
    settled(window)
    assert window.session.current.title == "a.txt"
    assert listed(window)[0] == ["a.txt", "c.txt"]
    (tmp_path / "b.txt").write_text("It is back.")
    assert listed(window)[0] == ["a.txt", "c.txt", "b.txt"]
    window.recent_files.menu.actions()[-1].trigger()
    assert listed(window) == ([], [])
    assert not window.recent_files.menu.menuAction().isEnabled()


def test_models_used_before_stand_in_the_menu_of_models(make_window, tmp_path, qtbot):
    window = make_window(run=False)
    here, gone = tmp_path / "mine", tmp_path / "gone"
    here.mkdir()
    for used in (
        Used(str(gone), "Gone", "text"),
        Used("owner/far", "far", "image"),
        Used(str(here), "mine", "text"),
    ):
        window.recent.add_model(used)
    window.runs.open_text("A text.")
    qtbot.waitUntil(lambda: window.session.current is not None)
    again = Recent(window.settings, window.jobs)
    again.look()
    qtbot.waitUntil(lambda: len(again.models()) == 2, timeout=10_000)
    window.recent.look()
    qtbot.waitUntil(lambda: len(window.recent.models()) == 2, timeout=10_000)
    menu = QMenu(window)
    window.models.fill(menu)
    listed = {action.text(): action for action in menu.actions()}
    before = listed["Opened before"].menu()
    shown = [(action.text(), action.isEnabled()) for action in before.actions() if action.text()]
    assert shown == [("mine · reads texts", True), ("far · reads images", False), ("Clear this list", True)]
    asked = []
    window.runs.change = lambda document, **options: asked.append(options["model"])
    before.actions()[0].trigger()
    assert asked == [str(here)]
    before.actions()[-1].trigger()
    assert window.recent.models() == []
