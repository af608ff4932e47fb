"""The journeys: what somebody does in a few minutes, over several documents of every kind."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from tests.journeys.person import Person

SAMPLES = Path(__file__).parents[2] / "assets" / "samples"
PICTURE = str(SAMPLES / "chelsea.jpg")
ROOM = str(SAMPLES / "rooms" / "corridor.ply")
SENTENCE = "The cat sat on the mat because it was tired."


def opened(person: Person, count: int) -> None:
    person.wait(lambda: len(person.window.session.documents) == count, f"document {count}")


def type_sentence(person: Person, text: str = SENTENCE) -> None:
    """A new sentence on the welcome page."""
    count = person.ask(lambda: len(person.window.session.documents))
    person.key("ctrl+n")
    person.wait(person.window.welcome.isVisible, "the welcome page")
    person.hands.type(text)
    person.key("ctrl+enter")
    opened(person, count + 1)


def drop(person: Person, path: str) -> None:
    count = person.ask(lambda: len(person.window.session.documents))
    person.drop(path)
    opened(person, count + 1)


def every_kind_in_turn(person: Person) -> None:
    """A text, a picture, a cloud and a stack; their pages; back and forth between them."""
    person.look("start")
    type_sentence(person)
    person.look("a sentence")
    drop(person, PICTURE)
    person.look("a picture after a text")
    for page in "231":
        person.key(f"ctrl+{page}")
        person.look(f"page {page} of the picture")
    drop(person, ROOM)
    person.look("a room after a picture")
    person.key("ctrl+shift+n")
    opened(person, 4)
    person.look("a stack after a room")
    for step in range(4):
        person.key("ctrl+tab")
        person.look(f"document {step} again")


def cloud_first(person: Person) -> None:
    """A cloud is the first thing that is opened; then a picture, whose run is cancelled; then a text."""
    drop(person, ROOM)
    person.look("a room first")
    cloud = person.pane("cloud")
    person.drag(cloud, (0.4, 0.5), (0.6, 0.4))
    person.wheel(cloud, 2)
    person.click(cloud)
    person.look("a point of the room")
    drop(person, PICTURE)
    person.key("ctrl+.")
    person.look("cancelled while it reads")
    person.key("f5")
    person.look("run again")
    type_sentence(person)
    person.look("a text after a cloud and a picture")
    person.command("rollout")
    person.look("the rollout by the palette")
    person.key("ctrl+z")
    person.look("undone")
    person.key("ctrl+w")
    person.key("ctrl+w")
    person.look("two closed")


def small_and_large(person: Person) -> None:
    """The window is made small and large again while documents of several kinds are open."""
    drop(person, PICTURE)
    person.look("a picture")
    person.click(person.pane("heads"), 0.6, 0.5)
    person.hover(person.pane("matrix"))
    person.look("a head")
    person.resize(1024, 640)
    person.look("a small window")
    type_sentence(person)
    person.look("a text in a small window")
    drop(person, ROOM)
    person.look("a room in a small window")
    person.key("ctrl+tab")
    person.key("ctrl+2")
    person.look("the second page, small")
    person.resize(1300, 700)
    person.look("larger again")


def quit_in_the_middle(person: Person) -> None:
    """The window is closed while a model reads."""
    drop(person, PICTURE)
    time.sleep(0.4)
    person.look("a run under way", rest=False)
    person.key("ctrl+q")


TRIPS: dict[str, Callable[[Person], None]] = {
    trip.__name__: trip for trip in (every_kind_in_turn, cloud_first, small_and_large, quit_in_the_middle)
}
