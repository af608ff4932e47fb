"""Which method is faithful: of one text, over many of which some cannot be read, and in a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Hide, Scale
from headlight.models.core.tokens import CharSpan
from headlight.models.explain.faithfulness import FRACTIONS, Curves, at_random, faithfulness
from headlight.models.explain.targets import targets_at
from headlight.viewer.host.corpus import Corpus
from headlight.viewer.host.engines import open_engine
from headlight.viewer.session.view import TargetSettings, View
from headlight.viewer.slices.explain.beside import said
from headlight.viewer.slices.explain.faithful import best, faithful, faithful_over, over
from headlight.viewer.slices.explain.targets import named, target_of
from headlight.viewer.slices.many.pictures import read_pictures
from tests.viewer.given import method

METHODS = ("rollout", "gradient-input")
TEXTS = ("the cat sat on the mat and the cat sat on", " ", "a b c a b")


@pytest.fixture(scope="module")
def engine():
    return open_engine("induction", "text", "cpu")


def failing(trace, target, task):
    raise HeadlightError("There is no way.", "Take another.")


def test_curves_are_of_each_method_and_one_that_fails_says_so(engine, monkeypatch):
    trace = engine.run(TEXTS[0])
    monkeypatch.setattr("headlight.models.explain.of_target.cam.cam", failing)
    found = faithful(trace, View(), (*METHODS, "grad-cam"), 3)
    target = target_of(trace, View())
    for name in METHODS:
        alone = faithfulness(trace, target, said(trace, View(), method(name), target))
        np.testing.assert_array_equal(found.curves[name].deletion, alone.deletion)
        np.testing.assert_array_equal(found.curves[name].insertion, alone.insertion)
    np.testing.assert_array_equal(found.random.deletion, at_random(trace, target, 3).deletion)
    assert "left out by the mask" in found.convention
    assert list(found.failed) == ["grad-cam"]


def test_many_are_measured_one_by_one_and_what_cannot_be_read_is_told(engine):
    found = over(engine, Corpus("many", TEXTS), View(), METHODS, 2)
    assert found.names == ("text 1", "text 3")
    assert [name for name, _ in found.skipped] == ["text 2"]
    assert (found.seen, found.count) == (3, 3)
    for row, text in enumerate((TEXTS[0], TEXTS[2])):
        one = faithful(engine.run(text), View(), METHODS, 2)
        areas = np.array([one.curves[name].areas for name in METHODS]).T
        np.testing.assert_allclose([found.tally.deletion[row], found.tally.insertion[row]], areas, rtol=1e-6)
        np.testing.assert_allclose(found.tally.random_deletion[row], one.random.areas[0], rtol=1e-6)


def test_many_are_asked_about_the_chosen_target_also_where_it_is_not_among_the_likeliest(engine):
    number = engine.numbered("mat")
    found = over(engine, Corpus("many", TEXTS), View(TargetSettings(number)), METHODS, 2)
    assert found.targets == ("mat", "mat")
    trace = engine.run(TEXTS[2])
    assert number not in [one.index for one in targets_at(trace)]
    asked = named(trace, "mat")
    areas = [faithfulness(trace, asked, said(trace, View(), method(name), asked)).areas for name in METHODS]
    np.testing.assert_allclose(found.tally.deletion[1], [one[0] for one in areas], rtol=1e-6)


def test_heads_that_are_changed_are_changed_of_all(engine):
    last = engine.run(TEXTS[0]).layers[-1].name
    trace = engine.run(TEXTS[0]).run.again((Scale(last, (0,), 0.0), Hide((CharSpan(0, 3),))))
    many = Corpus("many", TEXTS[:1])
    found = faithful_over(trace, many, View(), METHODS[1:], 2)
    assert found.notices[0] == ("many", "What is changed of the open input alone is not changed of these.")
    alone = engine.run(TEXTS[0]).run.again((Scale(last, (0,), 0.0),))
    asked = target_of(alone, View())
    curves = faithfulness(alone, asked, said(alone, View(), method(METHODS[1]), asked))
    np.testing.assert_allclose(found.tally.deletion[0], [curves.areas[0]], rtol=1e-6)
    plain = over(engine, many, View(), METHODS[1:], 2)
    assert plain.tally.deletion[0] != pytest.approx(found.tally.deletion[0])


def test_of_a_text_that_is_cut_it_is_told(engine):
    found = over(engine, Corpus("many", ("a b", "a b " * 600)), View(), METHODS[:1], 1)
    ((name, notice),) = found.notices
    assert name == "text 2"
    assert "the model reads" in notice


def test_pictures_of_a_folder_are_read_beside_the_same_class_texts(tmp_path):
    engine = open_engine("small-clip", "image", "cpu")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 40, 40, 3), np.uint8)
    for name, one in zip("ab", pixels, strict=True):
        Image.fromarray(one).save(tmp_path / f"{name}.png")
    trace = engine.run(pixels[0], 96, texts=("a chair", "a lamp"), prompts=("a photo of {}",))
    pictures, view = read_pictures(str(tmp_path), 96), View(TargetSettings(1))
    found = faithful_over(trace, pictures, view, ("gradient-input",), 1)
    assert found.targets == ("a lamp", "a lamp")
    one = faithful(trace, view, ("gradient-input",), 1)
    np.testing.assert_allclose(found.tally.deletion[0, 0], one.curves["gradient-input"].areas[0], rtol=1e-5)


def test_the_best_is_said_with_by_how_much_and_what_it_beats():
    def flat(*heights: float) -> Curves:
        rows = np.repeat(np.array(heights, np.float32)[:, None], len(FRACTIONS), 1)
        return Curves(FRACTIONS, *(rows if len(rows) > 1 else (rows[0], rows[0]))[:2])

    random = Curves(FRACTIONS, np.full((2, 10), 0.5, np.float32), np.full((2, 10), 0.5, np.float32))
    deletion, insertion = best({"rollout": flat(0.3, 0.7), "chefer": flat(0.4, 0.2)}, random)
    assert deletion == "Rollout, 0.300, 0.100 before Chefer; all of them beat all 2 random orders"
    assert insertion == "Rollout, 0.700, 0.500 before Chefer; Rollout beats all 2 random orders"
    tied = best({"rollout": flat(0.6), "chefer": flat(0.6)}, random)
    assert tied[0] == "Rollout and Chefer, 0.600; no method beats all 2 random orders"
    assert best({}, random) == ("", "")
