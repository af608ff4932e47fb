"""What is asked of a document and what it was made with: changes during runs, cancel, failure, history."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlight.models.core.answers import PointLabels
from headlight.models.core.cache import held
from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import CharSpan, PointTokens, Position, Region
from headlight.viewer.app.bridge import Bridge
from headlight.viewer.host.forward import Pass
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import ImageInput, TextInput
from headlight.viewer.inputs.told.columns import AS_TEXT
from headlight.viewer.inputs.told.frame import Frame
from headlight.viewer.session import history
from headlight.viewer.session.jobs import Jobs
from headlight.viewer.session.runs import Runs
from headlight.viewer.session.session import Session
from headlight.viewer.session.view import CloudSettings, MapSettings, Selection
from tests.viewer import given_cloud
from tests.viewer.given import patch_tokens, text_tokens, trace_of

WAIT = 10_000


class Passes:
    """Stands in for the forward pass: counts, waits where it is told to, fails for the model “broken”."""

    def __init__(self) -> None:
        self.seen: list[tuple[object, RunOptions]] = []
        self.go = threading.Event()
        self.go.set()

    def __call__(self, what, options, task, path) -> Pass:
        self.seen.append((what, options))
        while not self.go.wait(0.005):
            task.check()
        task.check()
        if options.model == "broken":
            raise HeadlightError("It is broken.", "Choose another model.")
        if isinstance(what, CloudInput):
            trace = given_cloud.trace_of(what)
        elif isinstance(what, TextInput):
            trace = trace_of(text_tokens(*what.text.split()))
        else:
            trace = trace_of(patch_tokens())
        return Pass(trace, (0.0,) * len(trace.layers), "CPU", None, held(trace))


class Desk:
    """A session with its runs, without a window."""

    def __init__(self, qtbot, monkeypatch) -> None:
        self.session, self.jobs, self.passes, self.told = Session(), Jobs(Bridge().post), Passes(), []
        self.runs = Runs(self.session, self.jobs, lambda *said: self.told.append(said), RunOptions())
        monkeypatch.setattr("headlight.viewer.host.forward.forward_pass", self.passes)
        self._qtbot = qtbot

    def open(self, what, path=""):
        document = self.session.add(what, self.runs.options, path)
        self.runs.start(document)
        self.settle()
        return document

    def settle(self) -> None:
        self._qtbot.waitUntil(lambda: not self.jobs.running(), timeout=WAIT)


@pytest.fixture
def desk(qtbot, monkeypatch):
    made = Desk(qtbot, monkeypatch)
    yield made
    made.passes.go.set()
    made.jobs.close()


def picture() -> ImageInput:
    return ImageInput("picture", np.zeros((20, 30, 3), np.uint8))


def test_a_second_change_during_a_run_keeps_the_first(desk):
    document = desk.open(picture())
    desk.passes.go.clear()
    desk.runs.change(document, size=1022)
    assert (document.wanted.options.size, document.options.size) == (1022, None)
    desk.runs.change(document, model="vit-base")
    desk.passes.go.set()
    desk.settle()
    assert (document.options.size, document.options.model) == (1022, "vit-base")
    assert document.asked is None


def test_a_model_chosen_before_a_cloud_is_turned_reads_the_turned_cloud(desk):
    document = desk.open(given_cloud.room(90))
    desk.passes.go.clear()
    desk.runs.change(document, model="pointnet")
    desk.runs.reframe(document, Frame(1.0, "y"))
    desk.runs.reframe(document, Frame(0.01, "y"))
    desk.passes.go.set()
    desk.settle()
    what, options = desk.passes.seen[-1]
    assert (what.frame, options.model) == (Frame(0.01, "y"), "pointnet")
    assert (document.input.frame, document.options.model) == (Frame(0.01, "y"), "pointnet")


def test_cancel_returns_to_what_is_shown_and_leaves_no_step(desk):
    document = desk.open(picture())
    trace, number = document.trace, document.number
    desk.passes.go.clear()
    desk.runs.change(document, size=224)
    assert [job.document for job in desk.jobs.of(number)] == [number]
    desk.runs.cancel()
    assert not desk.jobs.of(number)
    assert (document.state, document.wanted, document.trace) == ("ready", document.made, trace)
    assert not desk.session.can_undo()


def test_cancel_is_of_the_current_document_and_of_no_other(desk):
    desk.passes.go.clear()
    first, second = (desk.session.add(replace(picture(), title=title), RunOptions()) for title in "AB")
    for document in (first, second):
        desk.runs.start(document)
    assert desk.session.current is second
    desk.runs.cancel()
    assert (first.state, second.state) == ("running", "cancelled")
    assert desk.jobs.of(first.number)
    assert not desk.told
    desk.runs.cancel()  # nothing of the second runs any more
    assert first.state == "running"
    assert "“A”" in desk.told[-1][2]
    desk.session.show(first)
    desk.runs.cancel()
    assert first.state == "cancelled"
    assert not desk.jobs.running()


def test_what_is_typed_or_built_is_shown_while_another_document_runs(desk, qtbot):
    desk.passes.go.clear()
    desk.runs.start(desk.session.add(picture(), RunOptions()))
    desk.runs.open_stack()
    desk.runs.open_text("a b")
    qtbot.waitUntil(lambda: len(desk.session.documents) == 3, timeout=WAIT)
    assert desk.session.documents[0].state == "running"


def test_a_cancelled_first_pass_says_so_and_can_be_run_again(desk):
    desk.passes.go.clear()
    document = desk.session.add(picture(), RunOptions())
    desk.runs.start(document)
    desk.runs.cancel()
    assert (document.state, document.trace) == ("cancelled", None)
    desk.passes.go.set()
    desk.runs.start(document)
    desk.settle()
    assert document.state == "ready"


def test_a_failed_run_returns_to_what_is_shown_and_says_why_until_the_next(desk):
    document = desk.open(picture())
    desk.session.select(layer=0)
    desk.runs.change(document, model="broken")
    desk.settle()
    assert (document.state, document.wanted) == ("ready", document.made)
    assert document.failure == "It is broken. Choose another model."
    assert desk.told == [("error", "It is broken.", "Choose another model.", None, document)]
    desk.session.undo()
    assert (document.view[Selection].layer, document.options.model) == (1, None)
    desk.runs.change(document, size=224)
    assert document.failure == ""


def test_undo_brings_the_text_before_at_once_and_the_one_before_that_by_a_new_run(desk):
    document = desk.open(TextInput("a", "a b"))
    desk.session.select(queries=[CharSpan(2, 3)])
    for text in ("a c", "a d e"):
        desk.session.change(
            MapSettings, log=not desk.session.view[MapSettings].log
        )  # ends the gesture of typing
        desk.runs.edit(document, text, None)
        desk.settle()
    newest, runs = document.trace, len(desk.passes.seen)
    desk.session.undo()
    assert (document.input.text, document.state, len(desk.passes.seen)) == ("a c", "ready", runs)
    desk.session.redo()
    assert document.trace is newest
    for _ in range(4):
        desk.session.undo()
        desk.settle()
    assert (document.input.text, document.input.title) == ("a b", "a")
    assert document.view[Selection].queries == (CharSpan(2, 3),)
    assert len(desk.passes.seen) == runs + 1


def test_a_large_trace_is_not_kept_beside_the_next(desk, monkeypatch):
    monkeypatch.setattr(history, "FORMER_BYTES", 1000)
    document = desk.open(picture())
    desk.runs.change(document, size=224)
    desk.settle()
    assert document.former is None
    desk.session.undo()
    assert document.state == "running"
    desk.settle()
    assert document.options.size is None


def test_a_trace_counts_each_array_once():
    array = np.zeros(1000)
    once, twice = ({"a": array, "b": more} for more in (None, [array, {"c": (array,)}]))
    tokens = PointTokens.of(np.zeros((10, 3), np.float32))  # what a dataclass of ours holds counts too
    bare = trace_of(patch_tokens(), layers=0)
    assert held(replace(bare, outputs=once)) == held(replace(bare, outputs=twice)) == held(bare) + 8000
    assert held(replace(bare, outputs={"tokens": tokens})) >= held(bare) + 120


def test_a_cloud_turned_keeps_its_history_and_its_points(desk):
    cloud = given_cloud.room(90)
    document = desk.open(cloud)
    where = Position(*map(float, cloud.points[document.trace.answer(PointLabels).sample[0]]))
    desk.session.select(queries=[where])
    desk.session.change(CloudSettings, point_size=7.0)
    desk.runs.reframe(document, Frame(1.0, "y"))
    desk.settle()
    (moved,) = document.view[Selection].queries
    np.testing.assert_allclose((moved.x, moved.y, moved.z), document.input.points[0], atol=1e-6)
    many = Region(document.input.points[:30])
    desk.session.select(queries=[many])
    desk.runs.reframe(document, Frame(0.01, "y"))
    desk.settle()
    (smaller,) = document.view[Selection].queries
    np.testing.assert_allclose(smaller.positions, document.input.points[:30], atol=1e-6)
    for _ in range(3):
        desk.session.undo()
        desk.settle()
    assert (document.input.frame, document.view[Selection].queries) == (Frame(), (where,))
    np.testing.assert_array_equal(document.input.points, cloud.points)
    desk.session.undo()
    assert document.view[CloudSettings].point_size == 4.0


@pytest.mark.parametrize("where", ["", "ssh elsewhere"])
def test_a_table_is_read_anew_when_its_columns_are_told_and_again_by_undo(desk, tmp_path, where):
    desk.jobs.host.where = where  # the file is on this machine's disk in any case
    xyz = np.random.default_rng(0).uniform(1, 5, (60, 3)).round(3)
    path = tmp_path / "scan.txt"
    np.savetxt(path, np.column_stack([xyz, xyz[:, :1] * 100]), fmt="%.3f")
    doubts = []
    desk.runs.doubted.connect(lambda document, doubt: doubts.append(doubt))
    desk.runs.open_path(str(path))
    desk.settle()
    document = desk.session.current
    assert doubts == ["Nothing says what the 4 columns of scan.txt are: they are read as x y z _."]
    desk.runs.reframe(document, Frame(0.01, "y"))
    desk.settle()
    desk.session.select(queries=[Position(*document.input.points[3].tolist())])
    desk.runs.recolumn(document, ("z", "y", "x", "intensity"))
    desk.settle()
    cloud, made = document.input, document.made
    np.testing.assert_allclose(cloud.file_coordinates(cloud.points), xyz[:, ::-1], atol=1e-5)
    assert (cloud.frame, document.state, document.asked) == (cloud.guessed, "ready", None)
    assert document.view[Selection].queries == ()
    document.former = None  # so that it has to be read
    desk.session.undo()
    desk.settle()
    cloud = document.input
    np.testing.assert_allclose(cloud.file_coordinates(cloud.points), xyz, atol=1e-5)
    assert (cloud.frame, document.made.columns) == (Frame(0.01, "y"), ("x", "y", "z", "_"))
    desk.session.redo()
    desk.settle()
    assert document.made == made
    desk.runs.close(document)
    desk.runs.reopen()
    desk.settle()
    assert desk.session.current.made == made
    desk.runs.recolumn(desk.session.current, ("x", "y", "z"))
    desk.settle()
    assert desk.session.current.made == made
    assert desk.told[-1][1] == "scan.txt has 4 columns, and 3 are named."


def test_who_is_asked_what_columns_are_says_it_and_need_not_say_it_again(desk, tmp_path):
    path = tmp_path / "survey.csv"
    np.savetxt(path, np.random.default_rng(0).random((30, 3)), delimiter=",", header="p,q,r", comments="")
    asked = []
    desk.runs.asks = lambda *what: asked.append(what)
    desk.runs.open_path(str(path))
    desk.settle()
    ((where, table),) = asked
    assert (where, table.names, desk.session.documents) == (str(path), ("p", "q", "r"), [])
    desk.runs.open_path(where, columns=AS_TEXT)
    desk.settle()
    assert isinstance(desk.session.current.input, TextInput)
    desk.runs.known = lambda: {table.shape: ("z", "y", "x")}
    desk.runs.open_path(where, unit="cm")
    desk.settle()
    document = desk.session.current
    assert (document.made.columns, document.input.frame.unit) == (("z", "y", "x"), "centimetres")
    assert len(asked) == 1


def test_going_back_by_hand_during_a_run_needs_no_run(desk):
    document = desk.open(picture())
    runs = len(desk.passes.seen)
    desk.passes.go.clear()
    desk.runs.change(document, size=224)
    desk.runs.change(document, size=None)
    assert (document.state, document.asked) == ("ready", None)
    desk.passes.go.set()
    desk.settle()
    assert len(desk.passes.seen) <= runs + 1
    assert document.options.size is None


def test_closed_documents_are_few_and_come_back_with_their_view(desk, tmp_path):
    file = tmp_path / "notes.txt"
    for number in range(12):
        file = tmp_path / f"{number}.txt"
        file.write_text(f"text {number}")
        desk.runs.open_path(str(file))
        desk.settle()
        desk.session.select(layer=1)
        desk.runs.close(desk.session.current)
    for number in range(11, 1, -1):
        desk.runs.reopen()
        desk.settle()
        document = desk.session.current
        assert document.input.text == f"text {number}"
        assert (document.view[Selection].layer, document.state) == (1, "ready")
    assert not desk.session.can_reopen()


def test_a_picture_is_read_again_from_its_file_when_it_is_reopened(desk, tmp_path):
    from PIL import Image

    file = tmp_path / "picture.png"
    Image.new("RGB", (30, 20), "red").save(file)
    desk.runs.open_path(str(file))
    desk.settle()
    document = desk.session.current
    desk.runs.change(document, size=224)
    desk.settle()
    desk.runs.close(document)
    file.unlink()
    desk.runs.reopen()
    desk.settle()
    assert desk.session.current is None
    assert desk.told[-1][1] == "picture.png does not exist."


moves = st.sampled_from(["model a", "model b", "layer", "log", "done", "given up", "undo", "redo"])


@given(st.lists(moves, max_size=25))
def test_one_history_of_views_and_models_goes_back_and_forth_alike(made):
    session = Session()
    document = session.add(ImageInput("a", np.zeros((2, 2, 3), np.uint8)), RunOptions())
    layer = 0

    def done() -> None:
        coming = document.present
        document.view = coming.view
        session.update(document, options=coming.recipe.options, asked=None)

    for move in made:
        before = document.made, document.view, document.asked
        if move.startswith("model"):
            session.ask(document, document.wanted.amended(model=move[-1]))
        elif move == "layer":
            layer += 1
            session.select(layer=layer)
        elif move == "log":
            session.change(MapSettings, log=not session.view[MapSettings].log)
        elif move == "done":
            done()
        elif move == "given up":
            session.withdraw(document)
            assert (document.made, document.view, document.asked) == (*before[:2], None)
        else:
            getattr(session, move)()
    done()
    last = document.present
    steps = []
    while session.can_undo():
        steps.append(document.present)
        session.undo()
        done()
        assert document.present != steps[-1]
    for step in reversed(steps):
        session.redo()
        done()
        assert document.present == step
    while session.can_redo():
        session.redo()
        done()
    while document.present != last:
        assert session.can_undo()
        session.undo()
        done()
