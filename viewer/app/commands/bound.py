"""A command of the registry, bound to the window: run, enabled, checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from PySide6.QtCore import QSettings

from headlight.viewer.registry import Change, Command, resolve
from headlight.viewer.session.session import Session

if TYPE_CHECKING:
    from headlight.viewer.app.layout.deck import Deck
    from headlight.viewer.session.opening import Notify
    from headlight.viewer.session.runs import Runs

P = TypeVar("P")


class Acts(Protocol):
    """The window, as far as what is bound to it knows it."""

    session: Session
    runs: Runs
    settings: QSettings
    deck: Deck | None
    notify: Notify

    def made(self, type_: type[P]) -> list[P]:
        """The panes of a type that were made, in the registry's order."""
        ...

    def shows_pane(self, name: str) -> bool: ...
    def switch_pane(self, name: str) -> None: ...


@dataclass(frozen=True, eq=False)
class Bound:
    """What a command does to this window, and whether it can now."""

    command: Command
    window: Acts

    @property
    def id(self) -> str:
        return self.command.id

    @property
    def title(self) -> str:
        return self.command.title

    @property
    def category(self) -> str:
        return self.command.category

    @property
    def keys(self) -> tuple[str, ...]:
        return self.command.keys

    @property
    def is_switch(self) -> bool:
        return bool(self.command.checked) or isinstance(self.command.run, Change)

    def enabled(self) -> bool:
        needs, current = self.command.needs, self.window.session.current
        if needs is not None and needs.met(current):
            return False
        return not self.command.enabled or bool(self._call(self.command.enabled))

    def checked(self) -> bool:
        change = self.command.run
        if not isinstance(change, Change):
            return bool(self._call(self.command.checked))
        document = self.window.session.current
        if document is None or not self.command.needs.fits(document.kind, document.page):
            return False
        return self._value(change) == change.values[0]

    def run(self) -> None:
        change = self.command.run
        if not isinstance(change, Change):
            self._call(change)
            return
        on = len(change.values) > 1 and self._value(change) == change.values[0]
        value = change.values[1 if on else 0]
        self.window.session.change(resolve(change.settings), **{change.name: value})
        if change.pane and not self.window.shows_pane(change.pane):
            self.window.switch_pane(change.pane)

    def _value(self, change: Change) -> object:
        return getattr(self.window.session.view[resolve(change.settings)], change.name)

    def _call(self, name: str) -> object:
        return found(name, self.window)(*self.command.arguments)


def found(name: str, window: Acts) -> Callable[..., Any]:
    """What a name of a command means: a dotted function of the window, or what the window can do itself."""
    if ":" in name:
        act = resolve(name)
        return lambda *arguments: act(window, *arguments)
    act: Any = window
    for part in name.split("."):
        act = getattr(act, part)
    return act
