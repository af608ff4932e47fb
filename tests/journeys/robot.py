"""A robot with a seed: random gestures over random panes, controls, documents, pages and keys."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import psutil
from PySide6.QtWidgets import QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QWidget

from tests.journeys.person import Person
from tests.journeys.things import PICTURE
from tests.journeys.trips import drop, new_stack, type_sentence

KEYS = (
    *("left", "right", "up", "down", "[", "]", "a", "r", "s", "1", "2", "3", "d", "l", "g", "h", "w", "x"),
    *("f", "ctrl+z", "ctrl+shift+z", "ctrl+1", "ctrl+2", "ctrl+3", "ctrl+tab", "escape", "ctrl+a", "ctrl+0"),
    *("p", "t", "c", "z", "o", "e", "tab", "shift+tab", "ctrl+c", "n", "v", ",", ".", "ctrl+.", "f2", "f8"),
    *("ctrl+shift+tab", "ctrl+shift+r", "f5", "ctrl+w", "ctrl+shift+t", "u", "i", "b", "space", "enter"),
)
LOOKS_EVERY = 10
"""Gestures between two looks."""
OPENERS = ("Menu", "Run", "Measure")
"""Buttons that open what only a hand closes, or that measure for half a minute."""


def wander(person: Person, seed: int, seconds: float) -> None:
    """Random gestures until window and engine have taken so many seconds of processor time; now and then it
    waits and looks.
    """
    chance = random.Random(seed)
    openers = [
        lambda: type_sentence(person),
        lambda: drop(person, PICTURE),
        lambda: drop(person, "room.txt"),
        lambda: new_stack(person),
    ]
    chance.shuffle(openers)
    for open_one in openers:
        open_one()
    person.look("all kinds open")
    end, step, done = taken() + seconds, 0, []
    while taken() < end:
        step += 1
        done.append(gesture(person, chance))
        if step % LOOKS_EVERY == 0:
            close_what_is_open(person)
            person.look(f"gestures to {step}: {', '.join(done)}")
            done = []
            if not person.ask(lambda: person.window.session.documents):
                chance.choice(openers)()
    person.key("escape")
    person.look("the end")


def taken() -> float:
    """Seconds of processor time of this process and of the engine that it has."""
    this = psutil.Process()
    times = [one.cpu_times() for one in (this, *this.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def gesture(person: Person, chance: random.Random) -> str:
    """One random gesture; its name."""
    kind = chance.choices((_key, _on_pane, _on_control, _on_tab), (0.4, 0.35, 0.2, 0.05))[0]
    try:
        return kind(person, chance)
    except RuntimeError as error:  # what was chosen went before the hand was there
        if "already deleted" not in str(error):
            raise
        return f"{kind.__name__[1:]} of something that is gone"


def _key(person: Person, chance: random.Random) -> str:
    key = chance.choice(KEYS)
    person.key(key)
    return key


def _on_pane(person: Person, chance: random.Random) -> str:
    panes = person.ask(lambda: _panes(person))
    if not panes:
        return _key(person, chance)
    name, widget = chance.choice(panes)
    at, to = (chance.uniform(0.05, 0.95), chance.uniform(0.05, 0.95)), (chance.random(), chance.random())
    what = chance.choice(("click", "hover", "hover", "drag", "wheel"))
    act: dict[str, Callable[[], None]] = {
        "click": lambda: person.click(widget, *at),
        "hover": lambda: person.hover(widget, *at),
        "drag": lambda: person.drag(widget, at, to),
        "wheel": lambda: person.wheel(widget, chance.choice((-3, -1, 1, 3)), *at),
    }
    act[what]()
    return f"{what} {name}"


def _on_control(person: Person, chance: random.Random) -> str:
    controls = person.ask(lambda: _controls(person))
    if not controls:
        return _key(person, chance)
    control = chance.choice(controls)
    name = person.ask(lambda: control.accessibleName() or getattr(control, "text", str)())
    if person.ask(lambda: isinstance(control, QAbstractSlider)):
        person.drag(control, (chance.random(), 0.5), (chance.random(), 0.5))
    else:
        person.click(control)
    if person.ask(lambda: isinstance(control, QComboBox)):
        person.key(*chance.choices(("down", "up"), k=2), "enter")
    return f"control {name}"


def _on_tab(person: Person, chance: random.Random) -> str:
    person.click(person.window.topbar.tabs.bar, chance.random())
    return "tab"


def close_what_is_open(person: Person) -> None:
    """A list, the palette or the messages, as a person does: by Escape."""
    from PySide6.QtWidgets import QApplication

    def is_open() -> bool:
        others = QApplication.activePopupWidget() is not None or QApplication.activeModalWidget() is not None
        return others or person.window.palette_popup.isVisible() or person.window.status.panel.isVisible()

    person.settle()  # the last keys have arrived
    for _ in range(5):
        if not person.ask(is_open):
            return
        person.key("escape")
        end = time.monotonic() + 5  # seconds: one Escape may close one of several
        while person.ask(is_open) and time.monotonic() < end:
            time.sleep(0.05)


def _panes(person: Person) -> list[tuple[str, QWidget]]:
    deck = person.window.deck
    if deck is None or not deck.isVisible():
        return []
    panes = [(name, pane.widget) for name, pane in deck.panes.items()]
    return [(name, widget) for name, widget in panes if not widget.visibleRegion().isEmpty()]


def _controls(person: Person) -> list[QWidget]:
    found = []
    for kind in (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox):
        found += person.window.findChildren(kind)
    deck = person.window.deck
    holders = [] if deck is None else [pane.widget for pane in deck.panes.values()]
    holders.append(person.window.topbar.page)
    return [
        widget
        for widget in found
        if widget.isVisible() and widget.isEnabled() and not widget.visibleRegion().isEmpty()
        if any(holder.isAncestorOf(widget) for holder in holders)
        if getattr(widget, "text", str)() not in OPENERS
    ]
