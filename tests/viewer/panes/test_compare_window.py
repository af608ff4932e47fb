"""The page of comparison in a window: the three texts of a sample, and one text in two models."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headlight.models.core.colours import DIVERGING, lut
from headlight.models.core.tokens import CharSpan
from headlight.models.explain.company import aligned, cosines, over_units
from headlight.models.explain.words import found_word
from headlight.viewer.export.choices import Subject, offered
from headlight.viewer.session.view import CompareSettings, Selection
from headlight.widgets.shell.samples import Together, bundled_samples
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import WAIT
from tests.widgets.pointer import SHIFT, click


def _there(window, subjects):
    return tuple(replace(one, trace=window.jobs.host.there(one.trace)) for one in subjects)


def _chip(strip, label):
    return strip.chip_rect(strip._labels.index(label)).center().toPoint()


def test_a_word_in_three_texts_and_the_same_text_in_two_models(make_window, settled, qtbot):
    window = make_window()
    (sample,) = [one.value for one in bundled_samples() if isinstance(one.value, Together)]
    window._open_sample(sample, "")
    qtbot.waitUntil(lambda: len(window.session.documents) == 3, timeout=WAIT)
    settled(window)
    first, tennis, salad = window.session.documents
    assert window.session.current is first
    assert first.page == sample.page
    texts, curves, difference = (pane(window, name) for name in ("texts", "curves", "difference"))

    traces = [window.jobs.host.there(one.trace) for one in (first, tennis, salad)]
    at = [trace.tokens.find(found_word(trace.tokens, "serve")) for trace in traces]
    states = [trace.run.states() for trace in traces]
    expected = [cosines(states[0], at[0], states[n], at[n]) for n in (1, 2)]
    np.testing.assert_allclose([one.sizes for one in curves.plot._series], expected, atol=1e-5)
    assert curves.table().splitlines()[-1].split("\t")[0] == str(len(traces[0].layers))
    assert texts._rows[salad.number].strip._selected == set(at[2].tolist())
    assert texts.note.text().startswith("Click")
    subject = Subject.of(first, window.session.documents)
    there = replace(subject, trace=traces[0], others=_there(window, subject.others))
    assert offered(there).filled["compare"].values == {
        "word": "serve",
        "pair": tennis.input.text,
        "layer": str(window.session.view[Selection].layer),
        "head": window.session.view[Selection].head,
    }

    layer, head = window.session.view[Selection].layer, window.session.view[Selection].head
    maps = aligned(traces[0].tokens, traces[1].tokens)
    both = zip(traces, maps, strict=False)
    here, there = (over_units(one.layers[layer], units, units, head) for one, units in both)
    shown = difference._result
    np.testing.assert_allclose(shown.values, here - there, atol=1e-6)
    assert (shown.scale.low, difference.bar._scale) == (-shown.scale.high, shown.scale)
    assert np.array_equal(difference.bar._lut, lut(DIVERGING))
    difference._tip(1, 1)
    assert window.deck.panes["numbers"].widget.figures("pointed")["Here"] == f"{here[1, 1]:.3g}"

    curves.plot.clicked.emit(1, 3)  # salad, after layer 2
    settled(window)
    assert window.session.view[CompareSettings].beside == salad.number
    assert window.session.view[Selection].layer == 2
    assert window.deck.panes["numbers"].widget.figures("word")["Cosine"] == f"{expected[1][3]:.3f}"

    strip = texts._rows[salad.number].strip
    click(strip, _chip(strip, "the"))
    assert window.session.view[Selection].queries == (found_word(traces[0].tokens, "the"),)
    click(strip, _chip(strip, "salad"), keys=SHIFT)
    settled(window)
    assert window.session.view[CompareSettings].word_in(salad.number) == CharSpan(15, 20)
    the, instead = (
        trace.tokens.find(found_word(trace.tokens, word))
        for trace, word in ((traces[0], "the"), (traces[2], "salad"))
    )
    (curve,) = curves.plot._series  # the other text has no “the”
    np.testing.assert_allclose(curve.sizes, cosines(states[0], the, states[2], instead), atol=1e-5)
    assert curves.note.text().endswith("has no such word")
    assert window.deck.panes["numbers"].widget.figures("word")["Word"] == "“the”, “salad”"

    texts.models.changed.emit("Induction heads")
    qtbot.waitUntil(lambda: len(window.session.documents) == 4, timeout=WAIT)
    settled(window)
    induction = window.session.documents[3]
    window.session.change(CompareSettings, beside=induction.number)
    settled(window)
    assert not difference.there.isHidden()
    assert "different models" in curves.note.text()
    assert "".join(difference._result.keys.labels) == "Herservewonthetennismatch."

    for document in (induction, salad, tennis):
        window.runs.close(document)
    settled(window)
    assert difference._result is None is difference.bar._scale
    assert "second text" in difference.view._message
    assert curves.plot._series == []
    assert list(texts._rows) == [first.number]
    assert texts.note.text().startswith("Only this text")
