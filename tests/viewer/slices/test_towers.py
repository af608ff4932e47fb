"""What the page of class texts shows: with a label and without on one scale, and word by word."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.core.answers import TextClasses
from headlight.models.core.interventions import Surroundings
from headlight.models.engines.pictures.labels import Label
from headlight.models.explain.of_target.carried import generic
from headlight.viewer.host.engines import open_engine
from headlight.viewer.inputs.inputs import ImageInput
from headlight.viewer.registry import REGISTRY, Method
from headlight.viewer.session.view import TargetSettings, View
from headlight.viewer.slices.explain.context import in_context
from headlight.viewer.slices.explain.towers import before, beside, words
from tests.models import two_towers

TEXTS, PROMPTS = ("a chair", "a lamp"), ("one {}", "{} too")
PICTURE = ImageInput("a", np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
LABELLED = PICTURE.edited((Label("lamp", 32, 40, 14),))


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return open_engine(str(two_towers.folder(tmp_path_factory.mktemp("towers"), "clip")), "image", "cpu")


def test_before_and_after_lie_on_one_scale(engine):
    trace = engine.run(LABELLED.pixels, texts=TEXTS, prompts=PROMPTS)
    plain = engine.run(PICTURE.pixels, texts=TEXTS, prompts=PROMPTS)
    np.testing.assert_allclose(before(trace, LABELLED), plain.answer(TextClasses).probabilities, rtol=1e-5)
    assert before(plain, PICTURE) is None
    view, method = View(TargetSettings(1)), REGISTRY.all(Method)["chefer"]
    found = beside(trace, LABELLED, view, method)
    for one, read in ((found.now, trace), (found.before, plain)):
        (target,) = (one for one in read.answer(TextClasses).targets() if one.index == 1)
        np.testing.assert_allclose(one.values, generic(read, target).values, rtol=1e-4)
        assert one.scale == found.scale
    assert beside(plain, PICTURE, view, method).before is None


def test_each_word_has_the_sum_of_its_tokens(engine):
    trace = engine.run(PICTURE.pixels, texts=TEXTS, prompts=PROMPTS)
    method, (target,) = (
        REGISTRY.all(Method)["chefer"],
        [one for one in trace.answer(TextClasses).targets() if one.index == 1],
    )
    found = words(trace, View(TargetSettings(1)), method, 1)
    assert (found.text, [label.strip() for label in found.tokens.labels]) == (
        "a lamp too",
        ["a", "lamp", "too"],
    )
    read = trace.run.words(target, 1)
    values = generic(read, target).values
    assert found.values.sum() == pytest.approx(values[~read.tokens.special].sum(), rel=1e-4)
    assert found.special == pytest.approx(values[read.tokens.special].sum() / values.sum(), rel=1e-4)


def test_other_surroundings_are_compared_with_the_same_texts(engine):
    trace = engine.run(PICTURE.pixels, texts=TEXTS, prompts=PROMPTS)
    edit = Surroundings(((8.0, 8.0), (56.0, 8.0), (56.0, 40.0), (8.0, 40.0)), "cut")
    size = engine.usual_size
    found = {row.name: row for row in in_context(trace, PICTURE.pixels, edit, size).rows}
    after = engine.run(edit.applied(PICTURE.pixels), size, texts=TEXTS, prompts=PROMPTS).answer(TextClasses)
    for name, probability in zip(after.names, after.probabilities, strict=True):
        assert found[name].after == pytest.approx(probability, abs=1e-6)
