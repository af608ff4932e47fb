"""Two pictures whose points are matched, in a real window: how the second comes, and points under a hand."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from headlight.models.core.answers import Matches
from headlight.models.core.tokens import Box
from headlight.viewer.session.session import Hover
from headlight.viewer.session.view import Selection
from tests.models import matchers
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import click, traced
from tests.widgets.pointer import move


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """(two pictures' files, the folder of a model of pairs)."""
    root = tmp_path_factory.mktemp("disk")
    files = [root / "a.png", root / "b.png"]
    for seed, file in enumerate(files):
        pixels = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), np.uint8).repeat(10, 0).repeat(10, 1)
        Image.fromarray(pixels).save(file)
    return files, str(matchers.folder(root, "lightglue"))


@pytest.fixture
def alone(make_window, settled, disk):
    """(a window in which the model was given one picture, another one's file)."""
    files, model = disk
    window = make_window(model=model)
    window.runs.open_path(str(files[0]))
    settled(window)
    return window, str(files[1])


def test_a_second_picture_is_asked_for_and_a_drop_gives_it(alone, settled):
    window, second = alone
    document = window.session.current
    assert document.state == "failed"
    waiting = window.waits.awaited(document)
    assert [name for name, _ in waiting.buttons] == ["Choose the second picture…", "Choose another model…"]
    window.dialogs.file = lambda *_: second
    waiting.buttons[0][1]()
    settled(window)
    assert window.session.documents == [document]
    assert document.title == "a.png and b.png"
    assert document.trace.answer(Matches) is not None
    assert not {"fields", "artifacts", "prototypes", "context"} & set(document.pages), "there are no patches"
    assert not window.session.can_undo(), "the picture alone gave nothing to go back to"

    window.runs.open_path(second)
    settled(window)
    window.open_paths([second])
    settled(window)
    assert [one.title for one in window.session.documents] == ["a.png and b.png", "b.png and b.png"]


def test_a_picture_that_another_model_has_read_waits_for_a_second_too(make_window, settled, disk):
    files, model = disk
    window = make_window(size=224)
    window.runs.open_path(str(files[0]))
    settled(window)
    document = window.session.current
    window.runs.change(document, model=model)
    settled(window)
    assert (document.state, document.alone, document.options.model) == ("ready", model, None)
    window.open_paths([str(files[1])])
    settled(window)
    assert window.session.documents == [document]
    assert document.trace.answer(Matches) is not None
    assert document.alone == ""
    window.session.undo()
    settled(window)
    assert document.title == "a.png"
    assert document.trace.answer(Matches) is None


def test_the_nearest_point_answers(alone, settled, monkeypatch):
    window, second = alone
    window.runs.change(window.session.current, second=second)
    settled(window)
    picture, tokens = pane(window, "picture"), traced(window).tokens
    middles = (tokens.boxes[:, :2] + tokens.boxes[:, 2:]) / 2
    away = np.hypot(*(middles[:, None] - middles).transpose(2, 0, 1)) + 1e9 * np.eye(len(middles))
    lonely = int(away.min(1).argmax())
    x, y = middles[lonely] + (0.4 * min(tokens.reach, away[lonely].min()), 0)
    assert not (tokens.boxes[lonely, 0] <= x < tokens.boxes[lonely, 2])
    where = picture.view.to_widget(x, y)
    move(picture.view, where.toPoint())
    assert window.session.hover.query == tokens.place(lonely)
    click(picture.view, where)
    settled(window)
    assert window.session.view[Selection].queries == (tokens.place(lonely),)
    assert [chip.label for chip in picture.chips.chips()] == [tokens.labels[lonely]]
    assert not len(tokens.find(Box(-500.0, 0.0, -500.0, 0.0)))

    # A new picture under a still hand moves what is pointed at before all panes have heard of it.
    window.session.select(queries=(), layer=3)
    settled(window)
    told, document, prepare = [], window.session.current, picture.prepare
    trace, first = document.trace, Hover(query=tokens.place(0))

    def pointing(*args):
        prepare(*args)
        window.session.set_hover(first if document.trace is not None else Hover())

    monkeypatch.setattr(picture, "prepare", pointing)
    window.told.connect(lambda kind, text: told.append((kind, text)))
    window.session.update(document, trace=None)
    window.session.update(document, trace=trace)
    settled(window)
    assert told == []
