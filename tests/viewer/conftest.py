"""Windows for tests."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QCursor, QGuiApplication

import headlight.viewer.builtin  # noqa: F401  (what there is: the window has it imported)
from headlight.viewer.host.lanes import Host
from headlight.viewer.registry import REGISTRY, Kind
from headlight.viewer.session.session import RunOptions
from tests.viewer.linked import ROOT, SENTENCE, look_at

PAGES = {kind.id: [layout.page for layout in kind.layouts] for kind in REGISTRY.all(Kind).values()}
"""The pages of every kind of document."""

if sys.platform != "linux":
    collect_ignore = ["app/opening/test_drag_from_outside.py"]  # it needs X11, xdotool and a window manager


@pytest.fixture
def make_window(qtbot, qapp, tmp_path):
    """A function that opens a real window with settings of its own; run=False leaves out the models."""
    from headlight.viewer.app.window import Window
    from headlight.viewer.panes.shared.log_handler import LogHandler
    from headlight.widgets.base import theme

    opened = []

    def make(run: bool = True, theme_choice: str = "dark", host: Host | None = None, **options) -> Window:
        theme.apply(qapp, theme_choice)
        settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        window = Window(RunOptions(**options), settings, LogHandler(), host)
        if not run:
            window.runs.start = lambda *_, **__: None
        qtbot.addWidget(window)
        QCursor.setPos(QGuiApplication.primaryScreen().geometry().bottomRight())  # out of the panes' way
        with qtbot.waitExposed(window):
            window.show()
        opened.append(window)
        return window

    yield make
    for window in opened:
        window.close()


@pytest.fixture
def settled(qtbot):
    """Waits until a window has drawn all there is."""

    def wait(window) -> None:
        qtbot.wait(20)
        qtbot.waitUntil(window.is_idle, timeout=60_000)

    return wait


@pytest.fixture
def cloud_window(make_window, settled):
    """A window with a room that a hand-made model has read."""
    from tests.viewer.cloud_windows import answered
    from tests.viewer.given_cloud import room, trace_of

    window = make_window(run=False)
    document = window.session.add(room(900), RunOptions())
    answered(window, document, trace_of(document.input))
    settled(window)
    return window


@pytest.fixture
def opened(make_window, settled):
    """A function: a window on a page of a kind of document, that a hand-made model has read."""
    from headlight.models.core.tokens.mixed import MixedTokens
    from headlight.viewer.inputs.inputs import ImageInput, PictureTextInput, StackInput, TextInput
    from headlight.viewer.inputs.recorded.inputs import RecordedCloud, RecordedImage, RecordedText
    from headlight.viewer.inputs.sounds.sound import Sound, of_sound
    from tests.viewer import given, given_cloud
    from tests.viewer.cloud_windows import answered

    inputs = {
        "text": lambda: TextInput("Text", "a great serve"),
        "image": lambda: ImageInput("Picture", np.zeros((20, 30, 3), np.uint8)),
        "picture-text": lambda: PictureTextInput("Both", inputs["image"](), "great serve"),
        "points": lambda: given_cloud.room(400),
        "stack": StackInput,
        "sound": lambda: of_sound("Sound", Sound(np.ones(320, np.float32)), "great serve"),
        "recorded-text": lambda: RecordedText("Text", "a great serve"),
        "recorded-image": lambda: RecordedImage("Picture", np.zeros((20, 30, 3), np.uint8)),
        "recorded-points": lambda: RecordedCloud(**vars(given_cloud.room(400))),
    }
    traced = given.text_tokens("patch", "great", "serve")
    traces = {
        "text": lambda _: given.trace_of(given.text_tokens("a", "great", "serve")),
        "image": lambda _: given.trace_of(given.patch_tokens()),
        "picture-text": lambda _: given.trace_of(MixedTokens.of(traced, np.array([[0.0, 0, 30, 20]]))),
        "points": given_cloud.trace_of,
    }
    traces["sound"] = traces["picture-text"]
    traces |= {f"recorded-{kind}": traces[kind] for kind in ("text", "image", "points")}

    def open_(kind, page, window=None):
        window = window or make_window(run=False)
        window.session.opening_page = page
        document = window.session.add(inputs[kind](), RunOptions())
        if kind in traces and page == "attention":
            answered(window, document, traces[kind](document.input))
        settled(window)
        return window

    return open_


@pytest.fixture(params=PAGES)
def every_page(request, opened, settled):
    """The pages of a kind of document one after the other in one window: (page, window). That of attention is
    of a document that a model has read, the others are of one that no model has.
    """

    def pages():
        window = None
        for page in PAGES[request.param]:
            if window is None or window.session.current.trace is not None:
                window = opened(request.param, page, window)
            if page not in window.session.current.pages:
                continue  # it is of another model
            window.session.set_page(page)
            settled(window)
            assert window.session.current.page == page
            yield page, window

    return pages()


@pytest.fixture
def text_window(make_window, settled):
    window = make_window()
    window.runs.open_text(SENTENCE)
    settled(window)
    look_at(window, 5, 0)
    settled(window)
    return window


@pytest.fixture
def image_window(make_window, settled):
    window = make_window(size=224)
    window.runs.open_path(str(ROOT / "assets" / "samples" / "coffee.jpg"))
    settled(window)
    look_at(window, 11, 0)
    settled(window)
    return window
