"""The page of classes by example in a window: classes made of files and folders, their vote and their map."""

from __future__ import annotations

import numpy as np

from headlight.models.corpus.prototypes import likeness, patches_of, unit, vector_of
from headlight.viewer.inputs.inputs import from_path
from headlight.viewer.session.inspecting import PrototypeSettings
from tests.viewer.app.test_explanations import unexplained
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import ROOT, traced
from tests.widgets.pointer import click


def test_a_picture_votes_among_classes_that_are_made_of_a_few(image_window, settled, tmp_path):
    window, samples = image_window, ROOT / "assets" / "samples"
    window.session.set_page("prototypes")
    settled(window)
    classes = pane(window, "classes-by-example")
    classes.buttons["Add this picture"].click()
    assert classes.note.text().startswith("Write the name")
    classes.field.setText("cup")
    classes.buttons["Add this picture"].click()
    settled(window)
    vote = pane(window, "vote")
    assert vote.note.text().startswith("No picture is left of “cup”")
    classes.add((str(samples / "chelsea.jpg"),))
    classes.field.setText("sky")
    classes.add((str(samples / "rocket.jpg"),))
    settled(window)
    assert unexplained(window) == set()
    trace = traced(window)
    engine = trace.run.engine()
    cat, rocket = (
        vector_of(engine.run(from_path(samples / f"{name}.jpg").pixels, 224))
        for name in ("chelsea", "rocket")
    )
    own = vector_of(trace)
    np.testing.assert_allclose(vote.found.vote.cosine, [own @ cat, own @ rocket], atol=1e-5)
    shown = pane(window, "likeness")
    assert shown.found.shown == vote.found.vote.winner

    click(vote.rows, vote.rows.row_rect(1).center().toPoint())
    settled(window)
    loser = int(vote._order[1])
    assert window.session.view[PrototypeSettings].shown == vote.found.classes[loser]
    wanted = likeness(patches_of(trace), unit((cat, rocket)[loser]))
    np.testing.assert_allclose(shown.found.map, wanted, atol=1e-5)

    classes.list.itemClicked.emit(classes.list.item(0))
    classes.buttons["Remove the class"].click()
    settled(window)
    assert vote.rows._names == ["sky"]
    window.session.undo()
    settled(window)
    assert len(window.session.view[PrototypeSettings].classes) == 2

    window.session.opening_page = "prototypes"  # the next picture has the same classes
    window.runs.open_path(str(samples / "chelsea.jpg"))
    settled(window)
    assert vote.found.counts.tolist() == [1, 1]
    assert classes.list.count() == 2
