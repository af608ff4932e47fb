"""A robot with a seed: random gestures over random panes, documents, pages and keys."""

from __future__ import annotations

import random
import time

from tests.journeys.person import Person
from tests.journeys.trips import PICTURE, ROOM, drop, type_sentence

KEYS = (
    *("left", "right", "up", "down", "[", "]", "a", "r", "s", "1", "2", "3", "d", "l", "g", "h", "w", "x"),
    *("f", "ctrl+z", "ctrl+shift+z", "ctrl+1", "ctrl+2", "ctrl+3", "ctrl+tab", "escape", "ctrl+a", "ctrl+0"),
    *("p", "t", "c", "z", "o", "e", "tab", "shift+tab", "ctrl+c", "n", "v", ",", ".", "ctrl+."),
)


def wander(person: Person, seed: int, seconds: float) -> None:
    """Random gestures until the time is over; now and then it waits and looks."""
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    type_sentence(person)
    drop(person, PICTURE)
    drop(person, ROOM)
    person.look("all three open")
    step = 0
    while time.monotonic() < end:
        step += 1
        name = gesture(person, chance)
        if step % 12 == 0:
            person.look(f"gesture {step}: {name}")
        else:
            person.steps.append(f"gesture {step}: {name}")
    person.key("escape")
    person.look("the end")


def gesture(person: Person, chance: random.Random) -> str:
    """One random gesture; its name."""
    panes = person.ask(lambda: _seen(person))
    if not panes or chance.random() < 0.4:
        key = chance.choice(KEYS)
        person.key(key)
        return f"key {key}"
    name, widget = chance.choice(panes)
    at, to = (chance.uniform(0.05, 0.95), chance.uniform(0.05, 0.95)), (chance.random(), chance.random())
    what = chance.choice(("click", "hover", "hover", "drag", "wheel"))
    if what == "click":
        person.click(widget, *at)
    elif what == "hover":
        person.hover(widget, *at)
    elif what == "drag":
        person.drag(widget, at, to)
    else:
        person.wheel(widget, chance.choice((-3, -1, 1, 3)), *at)
    return f"{what} on {name}"


def _seen(person: Person) -> list:
    deck = person.window.deck
    if deck is None or not deck.isVisible():
        return []
    panes = [(name, pane.widget) for name, pane in deck.panes.items()]
    return [(name, widget) for name, widget in panes if not widget.visibleRegion().isEmpty()]
