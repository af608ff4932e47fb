"""The journeys: what somebody does in a few minutes, over several documents of every kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QAbstractSlider, QAbstractSpinBox, QComboBox, QWidget

from headlight.widgets.base import theme
from tests.journeys.person import Person
from tests.journeys.things import PICTURE, SENTENCE, SIDE


def opened(person: Person, count: int) -> None:
    person.wait(lambda: len(person.window.session.documents) == count, f"document {count}")


def type_sentence(person: Person, text: str = SENTENCE) -> None:
    """A new sentence on the welcome page."""
    count = person.ask(lambda: len(person.window.session.documents))
    person.key("ctrl+n")
    person.wait(person.window.welcome.isVisible, "the welcome page")
    person.hands.type(text)
    person.key("enter")
    opened(person, count + 1)


def drop(person: Person, name: str) -> None:
    """Drop one of the files of the journey's folder, or a path."""
    count = person.ask(lambda: len(person.window.session.documents))
    person.drop(str(person.folder / name))
    opened(person, count + 1)


def new_stack(person: Person) -> None:
    count = person.ask(lambda: len(person.window.session.documents))
    person.key("ctrl+shift+n")
    opened(person, count + 1)


def every_kind_in_turn(person: Person) -> None:
    """A text, a picture, a cloud and a stack; their pages; back and forth between them; all closed."""
    person.look("start")
    type_sentence(person)
    person.look("a sentence")
    person.key("ctrl+3")
    person.look("the cost of a sentence")
    drop(person, PICTURE)
    person.look("a picture after a text")
    for page in "231":
        person.key(f"ctrl+{page}")
        person.look(f"page {page} of the picture")
    drop(person, "room.txt")
    person.look("a room after a picture")
    new_stack(person)
    person.look("a stack after a room")
    for step in range(4):
        person.key("ctrl+tab")
        person.look(f"document {step} again")
    person.key("ctrl+n")
    person.look("the welcome page beside four documents")
    person.click(person.window.topbar.tabs.bar, 0.1)
    person.look("back to a document")
    person.key("ctrl+w", "ctrl+w")
    person.look("two closed")
    person.key("ctrl+shift+t")
    opened(person, 3)
    person.look("one open again")
    person.key("ctrl+w", "ctrl+w", "ctrl+w")
    person.look("all closed")


def cloud_first(person: Person) -> None:
    """A cloud is the first thing that is opened, read by both networks; a picture's run is cancelled."""
    drop(person, "room.txt")
    person.look("a room first")
    cloud = person.pane("cloud")
    person.drag(cloud, (0.4, 0.5), (0.6, 0.4))
    person.wheel(cloud, 2)
    person.look("turned and nearer")
    person.click(cloud, 0.5, 0.6)
    person.look("a point of the room")
    with person.hands.held("shift"):
        person.drag(cloud, (0.45, 0.5), (0.6, 0.65))
    person.look("a lasso")
    person.key("escape", "x", "z", "t")
    person.look("colours of the first view")
    wheel_changes_nothing(person)
    classes = person.pane("classes")
    person.hover(classes, 0.5, 0.1)
    person.look("a class pointed at")
    person.choose(person.window.topbar.model_button, "PointNet")
    person.look("another network")
    person.key("ctrl+z")
    person.look("the first network again")
    drop(person, PICTURE)
    person.key("ctrl+.")
    person.look("cancelled while it reads")
    person.key("f5")
    person.look("run again")
    type_sentence(person)
    person.look("a text after a cloud and a picture")
    person.command("show norms")
    person.look("norms by the palette")
    person.key("ctrl+z")
    person.look("undone")


def texts(person: Person) -> None:
    """A pair and a long text: editing, undo, tokens, stretches, theme and size of the text."""
    person.drop(str(person.folder / "short.txt"))
    opened(person, 1)
    person.look("a text first")
    wheel_changes_nothing(person)
    strip, matrix = person.pane("sentence"), person.pane("matrix")
    person.click(strip, 0.1, 0.2)
    person.drag(matrix, (0.4, 0.4), (0.7, 0.6))
    person.look("tokens chosen")
    person.key("f2")
    person.hands.type(" Then it fell.")
    person.look("typed at the end")
    person.key("escape")
    person.look("editing ended")
    text = person.ask(lambda: person.document.input.text)
    person.check(text.endswith("Then it fell."), f"it reads “{text}”")
    person.key("ctrl+z")
    person.look("the text undone")
    text = person.ask(lambda: person.document.input.text)
    person.check("Then it fell" not in text, f"it still reads “{text}”")
    drop(person, "long.txt")
    person.look("a long text")
    person.key("w", "h", "d")
    person.look("words, no special tokens, who looks")
    person.command("theme: light")
    person.look("in the light theme")
    person.key("ctrl+plus", "ctrl+plus")
    person.look("larger text")
    person.key("ctrl+minus", "ctrl+minus")
    person.look("as large as before")
    tabs = person.window.topbar.tabs.bar
    person.hands.click(*person.ask(lambda: _middle(tabs, tabs.tabRect(0))))
    person.look("the first tab")
    person.key("f8")
    person.wait(person.window.status.panel.isVisible, "the messages")
    person.key("escape")
    person.wait(lambda: not person.window.status.panel.isVisible(), "the messages' end")
    person.look("messages read")


def small_and_large(person: Person) -> None:
    """The window is made small and large again while documents of several kinds are open."""
    drop(person, PICTURE)
    person.look("a picture")
    wheel_changes_nothing(person)
    person.click(person.pane("heads"), 0.6, 0.5)
    person.hover(person.pane("matrix"))
    person.look("a head")
    person.drag(person.pane("picture"), (0.3, 0.4), (0.5, 0.6))
    person.wheel(person.pane("picture"), 3)
    person.look("patches chosen, nearer")
    size = person.ask(lambda: person.window.deck.panes["settings"].size)
    person.ask(lambda: person.window.deck.panes["settings"].widget.ensureWidgetVisible(size))
    slider = person.ask(lambda: size.findChild(QAbstractSlider))
    person.drag(slider, (0.1, 0.5), (0.2, 0.5))
    person.look("more pixels")
    was = person.ask(lambda: person.document.options.size)
    person.check(was > SIDE, f"it was read at {was} px")
    person.key("ctrl+z")
    person.look("as many as before")
    before = person.expected.geometry
    person.maximise()
    person.look("maximised")
    person.full_screen()
    person.look("full screen")
    type_sentence(person)
    person.look("a text in full screen")
    person.full_screen()
    person.look("maximised again")
    person.maximise()
    person.look("as it was")
    person.check(person.expected.geometry == before, f"it was {before} and is {person.expected.geometry}")
    person.resize(-300, -200)
    person.look("a small window")
    drop(person, "room.txt")
    person.look("a room in a small window")
    person.key("ctrl+tab", "ctrl+2")
    person.look("the second page, small")
    new_stack(person)
    person.look("a stack in a small window")
    person.resize(250, 150)
    person.look("larger again")


def cancelled(person: Person) -> None:
    """What runs is cancelled while a model is loaded, while it reads, and while saliency is predicted."""
    person.drop(PICTURE)
    person.wait(lambda: bool(person.window.jobs.running("run")), "its beginning")
    person.key("ctrl+.")
    person.look("cancelled while it is opened or loaded")
    if not person.ask(lambda: person.window.session.documents):
        drop(person, PICTURE)
    else:
        person.key("f5")
    person.look("read after all")
    person.key("s", "ctrl+.")
    person.look("a saliency cancelled")
    person.key("ctrl+shift+r")
    person.look("gone on with")
    person.check(
        person.ask(lambda: person.window.deck.panes["relevance"].is_whole()), "the saliency is not whole"
    )
    person.key("f5")
    person.key("ctrl+.")
    person.look("a second run cancelled")
    person.key("ctrl+2", "ctrl+.")
    person.look("the second page cancelled")
    person.key("ctrl+shift+r")
    person.look("and gone on with")
    person.key("f5", "ctrl+w")
    person.look("closed while it runs")


def quit_in_the_middle(person: Person) -> None:
    """The window is closed while a model reads."""
    drop(person, PICTURE)
    person.look("a run under way", rest=False)
    person.quit()


def leave(person: Person) -> None:
    """The window is moved, made smaller and its theme changed; it is closed with another page open."""
    person.resize(-200, -120)
    person.move(60, 40)
    type_sentence(person)
    person.key("ctrl+3")
    person.command("theme: light")
    person.look("elsewhere")
    place = person.expected.geometry
    left = [place.x(), place.y(), place.width(), place.height()]
    Path.home().joinpath("left.json").write_text(json.dumps(left))
    person.quit()


def come_back(person: Person) -> None:
    """The window stands where it was left."""
    person.look("started again")
    place = person.expected.geometry
    now = [place.x(), place.y(), place.width(), place.height()]
    left = json.loads(Path.home().joinpath("left.json").read_text())
    person.check(now == left, f"it was left at {left} and came back at {now}")
    person.check(person.ask(theme.chosen)[0] == "light", "the theme is another")
    type_sentence(person)
    person.look("a sentence again")


def wheel_changes_nothing(person: Person) -> None:
    """Turn the wheel over every control in sight: none of them changes what is set."""

    def controls() -> list[QWidget]:
        kinds = (QComboBox, QAbstractSlider, QAbstractSpinBox)
        found = [w for kind in kinds for w in person.window.findChildren(kind)]
        return [w for w in found if w.isVisible() and not w.visibleRegion().isEmpty() and not _scrolls(w)]

    def state() -> tuple:
        document = person.document
        return document.view, document.wanted, document.asked, person.window.topbar.tabs.bar.currentIndex()

    before = person.ask(state)
    for control in person.ask(controls):
        if person.ask(lambda one=control: not one.visibleRegion().isEmpty()):
            person.wheel(control, -1)
            if person.ask(state) != before:
                person.check(False, f"the wheel changed {person.ask(control.accessibleName)}")
                before = person.ask(state)
    person.look("the wheel turned over all controls")


def _scrolls(widget: QObject) -> bool:
    return widget.metaObject().className() == "QScrollBar"


def _middle(widget: QWidget, rect) -> tuple[int, int]:
    point = widget.mapToGlobal(rect.center())
    return point.x(), point.y()


_ALL = (every_kind_in_turn, cloud_first, texts, small_and_large, cancelled)
TRIPS: dict[str, Callable[[Person], None]] = {
    trip.__name__: trip for trip in (*_ALL, quit_in_the_middle, leave, come_back)
}
