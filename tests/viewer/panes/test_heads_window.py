"""The page of heads in a window: every figure in it is what `measured` gives, and each head a click away."""

from __future__ import annotations

import numpy as np
from PIL import Image
from PySide6.QtCore import QPoint, Qt

from headlight.models.attention.measures import measured, pairs_of, rows_of
from headlight.models.attention.patterns import USUAL
from headlight.models.core.settings import PatternSettings
from headlight.models.corpus.texts import gathered
from headlight.viewer.host.engines import open_engine
from headlight.viewer.session.view import HeadSettings, Selection
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import traced
from tests.widgets.pointer import click, drag, move


def test_heads_are_ranked_compared_and_chosen(text_window, settled):
    window = text_window
    window.session.set_page("heads")
    settled(window)
    found = measured(traced(window).layers)
    ranking, scatter = pane(window, "ranking"), pane(window, "scatter")
    rows = ranking.rows
    order = np.argsort(-found["previous"], axis=None, kind="stable")
    assert rows._names == [f"{head // 12}.{head % 12}" for head in order]
    assert rows._names[0] == "0.2"
    assert rows._figures[0] == f"{found['previous'][0, 2]:.3f}"
    click(rows, rows.row_rect(0).center().toPoint())
    assert (window.session.view[Selection].layer, window.session.view[Selection].head) == (0, 2)
    assert rows._first == 0
    assert ranking.table().splitlines()[1].startswith("0.2\t")

    window.session.change(HeadSettings, measure="entropy", across="previous", up="peak", colour="layer")
    settled(window)
    assert rows._scores[0] == 1  # bars reach as far as the highest
    assert rows._figures[0] == f"{np.nanmax(found['entropy']):.2f}"
    at = scatter.plot._values[scatter.plot._keys.index((1, 8))]
    np.testing.assert_allclose(at, (found["previous"][1, 8], found["peak"][1, 8]))
    move(scatter.plot, scatter.plot.dot((0, 2)).toPoint())
    assert window.session.hover.layer == 0
    assert "Sharpness\t" in scatter._tip(0, 2)
    click(scatter.plot, scatter.plot.dot((0, 2)).toPoint())

    window.session.change(HeadSettings, measure="template")
    settled(window)
    assert ranking.note.text().startswith("Paint")
    grid = ranking.template
    drag(grid, grid.cell_rect((0, 0)).center().toPoint(), grid.cell_rect((0, 11)).center().toPoint())
    settled(window)
    painted = window.session.view[PatternSettings].template
    assert painted[0] == (0, 0)
    again = measured(traced(window).layers, PatternSettings(template=painted))["template"]
    assert rows._figures[0] == f"{np.nanmax(again):.3f}"
    window.session.undo()
    settled(window)
    assert window.session.view[PatternSettings].template == () == grid.value()
    assert rows.isHidden()
    assert grid._cell(QPoint(-5, 3)) is None


def test_heads_over_many_texts_open_where_they_do_most(text_window, settled, qtbot, tmp_path):
    window = text_window
    window.session.set_page("heads")
    texts = [f"The {animal} sat down, and the {animal} slept." for animal in ["cat", "dog", "horse"]]
    (tmp_path / "many.txt").write_text("\n".join(texts))
    pane(window, "corpus").open(str(tmp_path / "many.txt"))
    qtbot.waitUntil(lambda: window.session.view[HeadSettings].corpus is not None)
    window.session.change(HeadSettings, texts_by="duplicate")
    settled(window)
    found = gathered(open_engine(None, "text"), texts, vectors=True)
    means = found.means()
    assert pane(window, "ranking").rows._figures[0] == f"{np.nanmax(means['previous']):.3f}"
    assert pane(window, "scatter").widget.window() is window
    layer, head = window.session.view[Selection].layer, window.session.view[Selection].head
    best = found.highest(layer, head, "duplicate")[0]
    shown = pane(window, "corpus").list
    assert shown.item(0).text() == "Highest of all"
    assert shown.item(1).text().startswith(f"{best.value:.3f}")
    shown.itemActivated.emit(shown.item(1))
    qtbot.waitUntil(lambda: len(window.session.documents) == 2)
    settled(window)
    assert window.session.current.input.text == texts[best.text]
    (place,) = window.session.view[Selection].queries
    assert window.session.current.trace.tokens.find(place).tolist() == [best.token]
    assert (window.session.view[Selection].layer, window.session.view[Selection].head) == (layer, head)

    session, projection = window.session, pane(window, "projection")
    window.session.show(window.session.documents[0])
    window.session.change(HeadSettings, vectors="written")
    settled(window)
    places, vectors = found.vectors.sample(layer, head, "written")
    plane = found.vectors.plane(layer, head, "written")
    np.testing.assert_allclose(projection.plot._values[: len(places)], plane.of(vectors), atol=1e-5)
    own = plane.of(traced(window).layers[layer].vectors("written")[head])
    at = projection.plot._keys.index((1, 3))
    np.testing.assert_allclose(projection.plot._values[at], own[3], atol=1e-5)
    click(projection.plot, projection.plot.dot((1, 3)).toPoint())
    assert session.view[Selection].queries == (traced(window).tokens.place(3),)
    assert projection.plot._selected == (1, 3)
    number = next(row for row, place in enumerate(places) if place.text == 2 and place.token == 4)
    assert f"«{texts[2][places[number].start : places[number].stop]}»" in projection._tip(0, number)
    projection.plot.clicked.emit(0, number)
    qtbot.waitUntil(lambda: len(session.documents) == 3)
    settled(window)
    assert session.current.input.text == texts[2]
    assert session.current.trace.tokens.find(session.view[Selection].queries[0]).tolist() == [4]
    session.show(session.documents[0])
    session.change(HeadSettings, corpus=None)
    settled(window)
    assert {which for which, _ in projection.plot._keys} == {1}


def test_heads_over_many_pictures_open_where_they_do_most(image_window, settled, qtbot, tmp_path):
    window, session = image_window, image_window.session
    for number, shape in enumerate([(60, 80), (90, 60), (70, 70)]):
        pixels = np.random.default_rng(number).integers(0, 256, (*shape, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    session.set_page("heads")
    many = pane(window, "pictures")
    many.open(str(tmp_path))
    qtbot.waitUntil(lambda: session.view[HeadSettings].corpus is not None)
    session.change(HeadSettings, texts_by="above", measure="left")
    settled(window)
    engine = open_engine(None, "image")
    traces = [engine.run(np.asarray(Image.open(tmp_path / f"{n}.png")), 224) for n in range(3)]
    found = [rows_of(one.layers[11], pairs_of(one.layers, USUAL)[11]) for one in traces]
    left = np.concatenate([rows.values[rows.names.index("left"), 0] for rows in found], -1)
    table = pane(window, "ranking").found
    assert table.count == 3
    np.testing.assert_allclose(table.values["left"][11, 0], np.nanmean(left), rtol=1e-5)
    above = [np.nanmax(rows.values[rows.names.index("above"), 0]) for rows in found]
    best = int(np.argmax(above))
    item = many.list.item(1)
    assert item.text() == f"{max(above):.3f}   {best}.png"
    patch = item.data(Qt.ItemDataRole.UserRole)
    token = int(np.nanargmax(found[best].values[found[best].names.index("above"), 0]))
    assert traces[best].tokens.find(patch.box).tolist() == [token]
    assert not item.icon().isNull()
    projection = pane(window, "projection")
    vectors = np.concatenate([one.layers[11].vectors("query")[0][1:] for one in traces]).astype(float)
    assert projection.found.count == len(vectors)
    sizes = np.linalg.svd(vectors - vectors.mean(0), compute_uv=False)
    np.testing.assert_allclose(projection.found.shares, sizes[:2] ** 2 / (sizes**2).sum(), rtol=1e-5)
    assert projection._tip(0, 0).startswith("0.png\npatch at")
    many.list.itemActivated.emit(item)
    qtbot.waitUntil(lambda: len(session.documents) == 2)
    settled(window)
    assert session.current.input.title == f"{best}.png"
    assert session.current.trace.tokens.find(session.view[Selection].queries[0]).tolist() == [token]
