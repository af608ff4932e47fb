"""Layers with grids of their own: maps as pure functions, and a real window over a small Swin."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers as hf
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from headlight.models.attention.calls import GivenCall
from headlight.models.attention.recorded import RecordedLayer
from headlight.models.attention.stages import Stages
from headlight.models.attention.windows.layer import WindowLayer
from headlight.models.core.tokens import Box, PatchPart
from headlight.models.explain.rollout import OWN, is_composed
from headlight.viewer.session.session import Hover
from headlight.viewer.session.view import MapSettings, RolloutQuery, Selection, View
from headlight.viewer.slices.explain.relevance import relevance_map
from headlight.viewer.slices.head_maps import head_maps
from headlight.viewer.slices.maps import attention_map, matrix_map, query_indices
from headlight.viewer.slices.window_maps import window_lines
from tests.viewer.given import method, trace_of
from tests.viewer.linked import traced
from tests.widgets.pointer import move

REGION = Box(10, 20, 90, 84)  # a grid of 4 × 5 patches of 16 pixels, or 8 × 10 of 8


def layer(name: str, count: int, window: int, shift: int, seed: int) -> WindowLayer:
    tokens = STAGES.tokens(count)
    rows, columns = (-(-side // window) for side in tokens.grid)
    random = torch.randn(
        rows * columns, 2, window**2, window**2, generator=torch.Generator().manual_seed(seed)
    )
    return WindowLayer(GivenCall(name, "window", random.softmax(-1)), tokens, window, shift)


STAGES = Stages((4, 5), REGION)


@pytest.fixture
def trace():
    """Two layers of 8 × 10 patches, one of 4 × 5, and one of 4 × 5 queries over them all."""
    last = STAGES.tokens(20)
    whole = RecordedLayer(GivenCall("d", "self", torch.full((1, 2, 20, 20), 1 / 20)), last, last)
    layers = (layer("a", 80, 4, 0, 1), layer("b", 80, 4, 2, 2), layer("c", 20, 4, 0, 3), whole)
    given = trace_of(STAGES.tokens(80), layers=0)
    return type(given)(**{**vars(given), "layers": layers, "readout": None})


def view(at: int, *places, **settings) -> View:
    return View(Selection(at, 1, places), MapSettings(**settings))


def test_a_place_of_one_stage_is_found_in_the_grids_of_the_others(trace):
    fine = trace.tokens.place(trace.tokens.index(3, 7))  # 8 × 8 pixels, in row 1 and column 3 of the coarse
    for at, tokens in ((0, [37]), (2, [8]), (3, [8])):
        shown = attention_map(trace, view(at, fine), at, 1)
        np.testing.assert_array_equal(shown.asked, tokens)
        keys, weights = trace.layers[at].row(1, tokens[0])
        dense = np.zeros(len(trace.layers[at].keys), np.float32)
        dense[keys] = weights
        np.testing.assert_array_equal(shown.values, dense)
        assert shown.levels.shape == trace.layers[at].keys.grid
    coarse = trace.layers[2].queries.place(8)
    np.testing.assert_array_equal(query_indices(trace, trace.tokens, (coarse,)), [26, 27, 36, 37])


def test_outside_of_the_window_no_weight_sets_the_scale_and_padding_is_said(trace):
    place = trace.tokens.place(9)  # the last column: its window reaches two columns over the border
    shown = attention_map(trace, view(0, place, percentile=50.0), 0, 1)
    inside = shown.values[trace.layers[0].row(1, 9)[0]]
    assert len(inside) == 8
    assert shown.scale.high == np.sort(inside)[3]  # half of what the window holds, not of the map
    assert shown.numbers.elsewhere["padding"] == pytest.approx(1 - shown.numbers.total, abs=1e-6)
    assert shown.numbers.elsewhere["padding"] > 0.2
    grid = head_maps(trace, view(0, place, percentile=50.0))
    np.testing.assert_array_equal(grid.layers[0][1], shown.levels)
    assert [maps.shape for maps in grid.layers] == [(2, 8, 10)] * 2 + [(2, 4, 5)] * 2


def test_the_matrix_of_a_layer_of_windows_is_that_of_the_query_s_window(trace):
    place = trace.tokens.place(9)
    shown = matrix_map(trace, view(1, place))
    members = trace.layers[1].members(trace.layers[1].group_of(9))
    assert isinstance(shown.queries, PatchPart)
    np.testing.assert_array_equal(shown.values, trace.layers[1].matrix(1)[np.ix_(members, members)])
    assert shown.queries.place(0) == trace.tokens.place(int(members[0]))
    assert shown.queries.find(place) == list(members).index(9)
    assert shown.elsewhere["padding"] == pytest.approx(1 - shown.values.sum() / len(members), abs=1e-6)
    assert matrix_map(trace, view(3)).values.shape == (20, 20)


def test_a_rollout_leads_from_the_last_stage_to_the_first(trace):
    place = trace.tokens.place(37)
    seen = View(Selection(queries=(place,)), RolloutQuery(True))
    shown = relevance_map(trace, seen, method("rollout"), (0, 0))
    np.testing.assert_array_equal(shown.asked, [8])
    assert shown.asked_of is trace.layers[3].queries
    assert shown.levels.shape == (8, 10)
    assert shown.values.sum() == pytest.approx(1, abs=1e-5)
    assert is_composed(trace.layers)
    assert not is_composed(trace.layers[3:])


def test_lines_of_windows_lie_on_the_picture(trace):
    edges, seams = window_lines(trace.layers[1])
    rows = {y for x0, y, x1, y1 in edges if y == y1}
    columns = {x for x, y0, x1, y1 in edges if x == x1}
    assert rows == {20 + 8 * 2, 20 + 8 * 6}  # shifted by 2, windows of 4, in patches of 8 pixels
    assert columns == {10 + 8 * 2, 10 + 8 * 6, 90}
    # Ten columns are padded to twelve: at the right the masked window holds padding, not the border.
    assert {tuple(line) for line in seams} == {(10, 20, 90, 20), (10, 84, 90, 84), (10, 20, 10, 84)}
    assert trace.layers[1].said() == "4 × 4 windows shifted by 2, padded to 8 × 12"
    assert window_lines(trace.layers[3]) is None


# -- in a real window ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def swin_folder(tmp_path_factory):
    torch.manual_seed(0)
    config = hf.SwinConfig(embed_dim=12, depths=[2, 2, 2], num_heads=[1, 2, 3], patch_size=8)
    folder = tmp_path_factory.mktemp("swin")
    hf.SwinModel(config).save_pretrained(folder)
    return folder


def click(view, x: float, y: float) -> None:
    at = view._camera.map(x, y)
    move(view, QPoint(round(at[0]), round(at[1])))
    QTest.mouseClick(
        view,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
        QPoint(round(at[0]), round(at[1])),
    )


def test_a_window_follows_the_stages_of_swin(make_window, qtbot, swin_folder, tmp_path):
    from PIL import Image

    Image.fromarray(np.random.default_rng(0).integers(0, 256, (224, 320, 3), np.uint8)).save(
        tmp_path / "a.png"
    )
    window = make_window(model=str(swin_folder), size=224)

    def settled() -> None:
        qtbot.wait(20)
        qtbot.waitUntil(window.is_idle, timeout=60_000)

    window.runs.open_path(str(tmp_path / "a.png"))
    settled()
    trace, panes = traced(window), window.deck.panes
    assert [layer.queries.grid for layer in trace.layers] == [(28, 40)] * 2 + [(14, 20)] * 2 + [(7, 10)] * 2
    picture, matrix, rollout, heads = (panes[name] for name in ("picture", "matrix", "relevance", "heads"))
    assert [len(maps) for maps in heads.grid._maps] == [1, 1, 2, 2, 3, 3]

    window.session.select(layer=3, head=1)
    click(picture.view, 100, 60)
    settled()
    chosen = trace.layers[3].queries
    token = int(chosen.find(Box(100, 60, 100, 60))[0])
    assert window.session.view[Selection].queries == (chosen.place(token),)
    assert picture.result.asked.tolist() == [token]
    assert picture.result.levels.shape == (14, 20)
    assert picture.view._marks._lines["dashed"].shape[1] == 4
    assert matrix._result.values.shape == (len(trace.layers[3].members(trace.layers[3].group_of(token))),) * 2

    window.session.select(layer=5, head=0)  # the same place, one stage on
    settled()
    coarse = int(trace.layers[5].queries.find(Box(100, 60, 100, 60))[0])
    assert picture.result.asked.tolist() == [coarse]
    cell = matrix.view.cell_rect(1, 2).center()
    move(matrix.view, cell)
    members = trace.layers[5].members(trace.layers[5].group_of(coarse))
    assert window.session.hover == Hover(
        query=trace.layers[5].queries.place(int(members[1])),
        key=trace.layers[5].queries.place(int(members[2])),
    )

    click(rollout.picture, 200, 100)
    settled()
    assert window.session.view[RolloutQuery].selected
    assert rollout.result.asked_of is window.session.current.trace.layers[5].queries
    assert rollout.result.levels.shape == (28, 40)
    assert rollout.note.isVisibleTo(rollout.widget)
    assert rollout.note.text() == OWN
    window.session.change(MapSettings, incoming=True)
    window.session.change(MapSettings, heads="mean")
    settled()
    assert picture.result.levels.shape == (7, 10)


def test_exports_hold_windows_padding_and_the_grids_of_both_ends(swin_folder, tmp_path):
    from PIL import Image

    from headlight.viewer.app.cli import run

    Image.fromarray(np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)).save(
        tmp_path / "a.png"
    )

    def export(*what: str) -> dict[str, np.ndarray]:
        out = tmp_path / "out.npz"
        files = [str(tmp_path / "a.png"), *what, "--out", str(out)]
        assert run(["export", *files, "--model", str(swin_folder), "--size", "256"]) == 0
        with np.load(out) as content:
            return dict(content)

    attention = export("attention", "--layer", "3")
    assert attention["attention"].shape == (2, 256, 256)
    np.testing.assert_array_equal(attention["window"], [7, 3])
    sums = attention["attention"].sum(-1) + attention["padding"]
    np.testing.assert_allclose(sums, 1, atol=1e-5)
    assert attention["padding"].max() > 0.1
    rollout = export("rollout")
    assert rollout["rollout"].shape == (64, 1024)
    assert rollout["map"].shape == (32, 32)
    assert (len(rollout["query_labels"]), len(rollout["key_labels"])) == (64, 1024)
    np.testing.assert_allclose(rollout["rollout"].sum(1), 1, atol=1e-5)
