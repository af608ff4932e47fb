"""A stranger's package, installed beside Headlight, adds what it has by the registry alone."""

from __future__ import annotations

import contextlib
import sys

import numpy as np
import pytest
from PySide6.QtWidgets import QMenu

from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import ImageInput
from headlight.viewer.registry import REGISTRY, Kind, Method, Pane
from headlight.viewer.session import methods
from headlight.viewer.session.methods import IN_SPACE, ON_INPUT
from headlight.viewer.session.view import MapSettings, RolloutQuery
from tests.viewer.cloud_windows import answered
from tests.viewer.given import patch_tokens
from tests.viewer.given import trace_of as image_trace
from tests.viewer.given_cloud import room
from tests.viewer.given_cloud import trace_of as cloud_trace
from tests.viewer.linked import traced

DECLARED = """
from headlight.viewer.registry import (
    ColourMap, Command, Engine, Kind, Layout, Leaf, Method, Needs, Page, Pane, across
)


def declare(registry):
    registry.add(Page("loudness", "Loudness"))
    layout = Layout("loudness", across(Leaf("waves", 0.7), Leaf("numbers", 0.3), Leaf("log", shown=False)))
    registry.add(Kind("tune", "tune", "tunes", "stranger_sounds:Sound", ("waves",), (layout,), ADAPTER))
    registry.add(Pane("waves", "Waves", "stranger_sounds:WavesPane", Needs(("waves",))))
    registry.add(Command("louder", "Louder", "Sound", "stranger_sounds:louder", ("J",), Needs(("waves",))))
    registry.add(ColourMap("plasma"))
    heard = Layout("loudness", across(Leaf("said"), Leaf("numbers"), Leaf("log", shown=False)))
    registry.add(
        Kind("call", "call", "calls", "stranger_sounds:Call", ("read",), (heard,), "stranger_sounds:CALLS")
    )
    registry.add(Pane("said", "Said", "headlight.viewer.panes.shared.answer:AnswerPane", READ))
    registry.add(Engine("ears", "call", "stranger_sounds:Ears", models="stranger_sounds:MODELS"))
    cells, pixels = (Needs((given,), ("attention",), trace=True) for given in ("cells", "pixels"))
    points = Needs(("positions",))
    first = ("stranger_methods:FirstSettings",)
    registry.add(
        Method("turned", "Turned", "turned layers", "stranger_methods:turned", "head", cells, shares=False),
        Method("first", "First", "the first", "stranger_methods:first", "layers", cells, settings=first),
        Method("checkered", "Checkered", "a board", "stranger_methods:checkered", "picture", pixels),
        Method("near", "Near", "the near", "stranger_methods:near", "layers", points, unit="steps"),
    )


READ = Needs(("read",), trace=True)
ADAPTER = ".host.adapters:STACKS"
"""
SOUNDS = """
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QLabel

from headlight.models.catalogue.entries import Entry
from headlight.models.core.answers import Classes
from headlight.models.core.tokens import Tokens
from headlight.models.core.trace import INPUT, Run, Trace
from headlight.viewer.host.adapters import Adapter
from headlight.viewer.panes.shared.base import Pane


@dataclass(frozen=True)
class Sound:
    title: str
    level: int = 1
    notices: tuple = ()


def level_of(sound, task):
    return sound.level


class WavesPane(Pane):
    def build(self):
        return QLabel()

    def subject(self, document, view, hover):
        return document.input

    def slice(self, sound, view, hover):
        return partial(level_of, sound)

    def paint(self, result):
        self.widget.setText(f"level {result}")


def louder(window):
    document = window.session.current
    window.session.update(document, input=Sound(document.title, document.input.level + 1))


class Call(Sound):
    pass


class Calls(Adapter):
    def read(self, engine, what, options, task):
        return engine.run(what.level)


class Ears:
    lease = Run()

    def __init__(self, entry, device):
        self.entry, self.device, self.card = entry, device, entry.card()

    @classmethod
    def open(cls, entry, device, task):
        return cls(entry, device)

    def run(self, level):
        heard = np.float32([level, 10 - level]) / 10
        return Trace(
            model=self.card,
            layers=(),
            streams={INPUT: Tokens(("call",), np.zeros(1, bool))},
            inputs={"level": np.float32([level])},
            readout=None,
            seconds=0.0,
            device=self.device,
            answers=(Classes(("owl", "frog"), heard),),
            run=self.lease,
        )


CALLS = Calls()
MODELS = (Entry("ears", "Two ears", "folder", "a test", "none", Path(__file__).parent, "call"),)
"""

METHODS = """
from dataclasses import dataclass, field, replace

import numpy as np

from headlight.models.core.relevance import Relevance


@dataclass(frozen=True)
class FirstSettings:
    times: float = field(
        default=1.0, metadata={"label": "Times", "span": (0.0, 9.0, 1.0), "written": "{:.0f}"}
    )


def turned(trace):
    return replace(trace, layers=trace.layers[::-1])


def first(trace, queries, task, settings):
    values = (np.arange(len(trace.tokens)) == queries[0]) * np.float32(settings.times)
    return Relevance(values=values, tokens=trace.tokens, said="only one")


def checkered(trace, task):
    return Relevance(values=np.indices((4, 6)).sum(0).astype(np.float32) % 2)


def near(trace, queries, task):
    return Relevance(values=np.arange(len(trace.tokens)) - 1, tokens=trace.tokens)
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The package on the path, as an installer leaves it; nothing of it stays in this process's registry."""
    info = tmp_path / "stranger-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[headlight]\nsounds = stranger:declare\n")
    (tmp_path / "stranger.py").write_text(DECLARED)
    (tmp_path / "stranger_sounds.py").write_text(SOUNDS)
    (tmp_path / "stranger_methods.py").write_text(METHODS)
    monkeypatch.syspath_prepend(str(tmp_path))
    with contextlib.suppress(_Over), REGISTRY.whole():
        yield
        raise _Over
    for name in ("stranger", "stranger_sounds", "stranger_methods"):
        sys.modules.pop(name, None)


class _Over(Exception):
    pass


def test_a_package_adds_a_kind_with_its_page_pane_command_and_colours(installed, make_window, settled, qtbot):
    window = make_window(run=False)
    assert not {"loudness", "tune", "waves", "louder"} & {entry.id for entry in REGISTRY}
    window.read_plugins()
    import stranger_sounds

    window.session.add(stranger_sounds.Sound("A bell"), window.runs.options)
    settled(window)
    assert window.deck.shows("waves")
    assert window.deck.shows("numbers")
    assert not window.deck.docks["log"].isVisible()
    assert window.deck.panes["waves"].widget.text() == "level 1"
    assert window.actions_.keys("louder") == "J"
    assert not window.actions_.commands["export"].enabled()
    window.actions_.actions["louder"].trigger()
    settled(window)
    assert window.deck.panes["waves"].widget.text() == "level 2"
    assert not window.actions_.actions["show-attention"].isEnabled()
    window.runs.open_text("a great serve")
    qtbot.waitUntil(lambda: window.session.current.title != "A bell")
    settled(window)
    assert not window.actions_.actions["louder"].isEnabled()
    assert "plasma" in [window.deck.panes["settings"].colours.itemText(n) for n in range(6)]


def test_an_engine_of_a_package_reads_its_kind_and_answers(installed, make_window, settled, qtbot):
    window = make_window()
    window.read_plugins()
    import stranger_sounds

    document = window.session.add(stranger_sounds.Call("A call", 8), window.runs.options)
    window.runs.start(document)
    qtbot.waitUntil(lambda: document.trace is not None)
    settled(window)
    assert document.trace.model.title == "Two ears"
    run = traced(window).run
    assert run.engine() is run.engine()
    assert [target.name for target in window.deck.panes["said"]._result.targets] == ["owl", "frog"]
    assert run.engine().entry in window.models.models.entries()
    window.runs.change(document, model="minilm-l6")
    qtbot.waitUntil(lambda: document.asked is None)
    assert document.trace.model.title == "Two ears"


def test_a_package_that_fails_is_told_and_leaves_the_rest(installed, make_window, tmp_path):
    (tmp_path / "stranger.py").write_text(DECLARED.replace('"Waves"', "WAVES"))
    window = make_window(run=False)
    told = []
    window.told.connect(lambda kind, said: told.append((kind, said)))
    window.read_plugins()
    assert "waves" not in REGISTRY.all(Pane)
    assert "tune" not in REGISTRY.all(Kind)
    assert told == [
        (
            "error",
            "The plugin “sounds” failed: NameError: name 'WAVES' is not defined. Update it, or take it out.",
        )
    ]


def test_a_package_s_methods_stand_in_the_choices_that_there_are(installed, make_window, settled):
    built_in = {method.name for method in REGISTRY.all(Method).values()}
    window = make_window(run=False)
    window.read_plugins()
    picture, trace = picture_read()
    answered(window, window.session.add(picture, RunOptions()), trace)
    settled(window)
    shown, beside = window.deck.panes["picture"], window.deck.panes["relevance"]
    menu = QMenu(window)
    beside.fill_menu(menu)
    titles = [action.text() for action in menu.actions()]
    assert [title for title in titles if title not in built_in] == ["First", "Checkered"]
    window.session.select(layer=0, head=1, queries=[trace.tokens.place(2)])
    chosen = {"method": "turned", "relevance": "first"}
    window.session.change(MapSettings, also=(RolloutQuery(True),), **chosen)
    (form,) = (form for type_, form in beside.forms.forms.items() if type_.__name__ == "FirstSettings")
    form.controls["times"].changed.emit(3.0)
    settled(window)
    np.testing.assert_array_equal(shown.result.values, trace.layers[1].weights[1, 2])
    np.testing.assert_array_equal(window.deck.panes["matrix"]._result.values, trace.layers[1].weights[1])
    assert window.deck.docks["heads"].subtitle().startswith("turned · ")
    assert (beside.result.values.tolist(), beside.result.what) == ([0, 0, 3, 0, 0, 0, 0], "first")
    assert (beside.note.text(), form.isVisible()) == ("only one", True)
    menu.actions()[-1].trigger()
    settled(window)
    assert window.deck.docks["relevance"].title() == "Checkered"
    assert (beside.result.levels.max(), beside.read_at(25, 2)) == (255, "checkered\t1.00")
    assert not form.isVisible()


def test_a_package_s_method_of_points_is_a_reach(installed, make_window, settled):
    window = make_window(run=False)
    window.read_plugins()
    cloud, trace = cloud_read()
    document = window.session.add(cloud, RunOptions())
    answered(window, document, trace)
    window.session.select(queries=[document.trace.tokens.place(3)])
    window.session.change(MapSettings, method="near")
    settled(window)
    dock, second = window.deck.docks["cloud-second"], window.deck.panes["cloud-second"]
    assert dock.title() == "Near"
    assert dock.subtitle().endswith(f"up to {len(document.trace.tokens) - 2} steps")
    assert second.painted.drawn.seen.tolist() == [False, *[True] * (len(document.trace.tokens) - 1)]


def picture_read():
    return ImageInput("a", np.zeros((20, 30, 3), np.uint8)), image_trace(patch_tokens())


def cloud_read():
    cloud = room(900)
    return cloud, cloud_trace(cloud)


@pytest.mark.parametrize("make", [picture_read, cloud_read])
def test_a_method_that_is_gone_gives_way_and_the_log_says_so(make, make_window, settled, caplog, monkeypatch):
    window = make_window(run=False)
    what, trace = make()
    document = window.session.add(what, RunOptions())
    answered(window, document, trace)
    window.session.select(queries=[trace.tokens.place(3)])
    gone = f"gone from {type(what).__name__}"
    monkeypatch.setattr(methods._log, "disabled", False)  # import-linter disables all loggers
    window.session.change(MapSettings, method=gone, relevance=gone)
    settled(window)
    assert [record.getMessage() for record in caplog.records if gone in record.getMessage()]
    for slot, first in ((ON_INPUT, "Attention"), (IN_SPACE, "Attention")):
        assert slot.method(document, document.view).title == first
    assert window.messages.texts() == []
