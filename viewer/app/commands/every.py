"""Every command of the registry as an action of the window: menus, palette and keys are made from these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from headlight.viewer.app.commands.bound import Acts, Bound
from headlight.viewer.registry import REGISTRY, Command, Page, Pane
from headlight.viewer.session.jobs import Jobs

VIEW = "View"


def listed() -> list[Command]:
    """All commands, in the order of the menus; those of pages and panes are made of them."""
    own = list(REGISTRY.all(Command).values())
    at = next(number for number, command in enumerate(own) if command.category == VIEW)
    pages = [
        Command(
            id=f"page-{page.id}",
            title=f"Page: {page.title.lower()}",
            category=VIEW,
            run="session.set_page",
            keys=(_key(number),),
            enabled="offers_page",
            checked="shows_page",
            arguments=(page.id,),
        )
        for number, page in enumerate(REGISTRY.all(Page).values(), 1)
    ]
    panes = [
        Command(
            id=f"pane-{pane.id}",
            title=f"Pane: {pane.named or pane.title}",
            category=VIEW,
            run="switch_pane",
            enabled="offers_pane",
            checked="shows_pane",
            arguments=(pane.id,),
        )
        for pane in REGISTRY.all(Pane).values()
    ]
    return [*own[:at], *pages, *own[at:], *panes]


def _key(number: int) -> str:
    """Of a page by its number, from 1: nine, ten and nine of them."""
    if number < 10:
        return f"Ctrl+{number}"
    return f"Alt+{(number - 9) % 10}" if number < 20 else f"Ctrl+Alt+{number - 19}"


class Actions:
    """The commands as QActions of a window, so that their keys work and menus can show them.

    The key of a disabled action does nothing: whatever enabled states depend on must be followed.
    """

    def __init__(self, window: QWidget, acts: Acts, jobs: Jobs) -> None:
        self.before: Callable[[str], None] = lambda id_: None
        """Called before a command is run."""
        self._turn = jobs.turn(self.refresh)
        self.commands: dict[str, Bound] = {}
        self.actions: dict[str, QAction] = {}
        self._window, self._acts = window, acts

    def take(self) -> list[QAction]:
        """Make actions of the commands that are new in the registry, and give them."""
        new = [command for command in listed() if command.id not in self.commands]
        for command in new:
            self.commands[command.id] = Bound(command, self._acts)
            action = QAction(command.title, self._window)
            action.setShortcuts([QKeySequence(key) for key in command.keys])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setCheckable(self.commands[command.id].is_switch)
            action.triggered.connect(lambda _=False, id_=command.id: self.run(id_))
            self._window.addAction(action)
            self.actions[command.id] = action
        return [self.actions[command.id] for command in new]

    def follow(self, *signals: Any) -> None:
        """Refresh once the event that emits any of these is over."""
        for signal in signals:
            signal.connect(self._follow)

    def _follow(self, *_: object) -> None:
        self._turn.ask()

    def run(self, id_: str) -> None:
        """Run a command if it can be run now."""
        command = self.commands[id_]
        if command.enabled():
            self.before(id_)
            command.run()
        self.refresh()

    def refresh(self) -> None:
        """Bring switches and enabled states up to date, before a menu or the palette is shown."""
        for id_, command in self.commands.items():
            self.actions[id_].setEnabled(command.enabled())
            if command.is_switch:
                self.actions[id_].setChecked(command.checked())

    def keys(self, id_: str) -> str:
        """The first shortcut as this platform writes it."""
        return next(map(native, self.commands[id_].keys), "")


def native(key: str) -> str:
    """A key as this platform writes it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
