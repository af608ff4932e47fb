"""Methods on one scale, and one that fails beside those that do not."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.core.errors import HeadlightError
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import Task
from headlight.models.explain.agreement import rank_correlations
from headlight.models.explain.rollout import rollout_row
from headlight.viewer.host.engines import open_engine
from headlight.viewer.registry import REGISTRY, Kind
from headlight.viewer.session.view import MethodsSettings, RolloutQuery, Selection, TargetSettings, View
from headlight.viewer.slices.explain.beside import beside, chosen, ordered, shown_by
from tests.viewer.linked import SENTENCE

NAMES = ("attention", "rollout", "chefer", "gradient-input")


class Collected(Task):
    def __init__(self) -> None:
        self.parts = []

    def partial(self, value) -> None:
        self.parts.append(value)


@pytest.fixture(scope="module")
def trace():
    return open_engine(None, "text", "cpu").run(SENTENCE)


def failing(trace, target, task):
    raise HeadlightError("There is no way.", "Take another.")


def asking(by: str = "rank") -> View:
    return View(MethodsSettings(by=by), Selection(queries=()), RolloutQuery(), TargetSettings())


def test_methods_come_one_by_one_and_one_that_fails_says_so(trace, monkeypatch):
    task = Collected()
    with monkeypatch.context() as patched:
        patched.setattr("headlight.models.explain.of_target.cam.cam", failing)
        found = beside(trace, asking(), ("grad-cam", *NAMES), task)
    assert [len(part.sides) for part in task.parts] == [1, 2, 3, 4, 5]
    assert found.sides[0].failed.startswith("There is no way.")
    assert tuple(side.method for side in found.whole) == NAMES
    placed = ~trace.tokens.special
    values = np.stack([side.values for side in found.whole])
    np.testing.assert_allclose(found.correlations, rank_correlations(values[:, placed]))
    for side in found.whole:
        order = np.argsort(side.values[placed])
        assert (np.diff(side.shown[placed][order]) >= 0).all()
        assert (side.shown[placed].min(), side.shown[placed].max()) == (0, 1)
        assert (side.shown[~placed] == 0).all()
    sizes = np.abs(values)
    np.testing.assert_allclose(
        [side.special for side in found.whole], sizes[:, ~placed].sum(1) / sizes.sum(1), rtol=1e-4
    )


def test_shares_are_signed_parts_of_a_method(trace):
    found = beside(trace, asking("share"), NAMES)
    placed = ~trace.tokens.special
    for side in found.sides:
        assert np.abs(side.shown).sum() == pytest.approx(1, rel=1e-5)
        np.testing.assert_array_equal(np.sign(side.shown[placed]), np.sign(side.values[placed]))
    assert found.signed
    assert found.scale.low == -found.scale.high
    only = beside(trace, asking("share"), NAMES[:2])
    assert (only.signed, only.scale.low) == (False, 0)


def test_what_leads_through_layers_begins_where_the_target_is_read(trace):
    place = (trace.tokens.place(2), trace.tokens.place(5))
    view = asking().having(Selection(queries=place), RolloutQuery(True))
    rolled = beside(trace, view, ("rollout",)).sides[0]
    both = (rollout_row(trace.layers, 2) + rollout_row(trace.layers, 5)) / 2
    np.testing.assert_allclose(rolled.values, both, rtol=1e-5)


def test_steps_count_backwards_and_a_mean_rank_hides_no_special_token():
    counted = Relevance(values=np.array([2, -1, 0, 1]), tokens=range(4), shares=False)
    np.testing.assert_array_equal(ordered(counted), [1, 0, 3, 2])
    special = np.array([True, False, False])
    np.testing.assert_allclose(shown_by("rank", np.array([[9.0, 1, 2]]), special), [[0, 0, 1]])


def test_those_from_the_start_are_there_for_the_model(trace):
    kind = REGISTRY.all(Kind)["text"]
    from_start = chosen(kind, trace, MethodsSettings())
    assert from_start == ("attention", "rollout", "gradient-rollout", "chefer", "gradient-input", "grad-cam")
    assert chosen(kind, trace, MethodsSettings(("occlusion", "hops", "rollout"))) == ("rollout", "occlusion")
