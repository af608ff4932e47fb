"""`headlight.open` gives what the command line writes, and says what the command line says."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

import headlight
from headlight.api import opening
from headlight.viewer.app import cli

TEXT = "A great serve lights the lamp."


@pytest.fixture(scope="module")
def opened():
    return headlight.open(text=TEXT)


def test_the_public_function_does_what_its_example_shows():
    found = doctest.testmod(opening, extraglobs={"headlight": headlight})
    assert (found.failed, found.attempted) == (0, 3)


@pytest.mark.parametrize(
    ("what", "options"),
    [
        ("attention", {"layer": 3, "head": "mean", "query": (1, 2)}),
        ("rollout", {"fusion": "max", "discard": 0.5, "residual": "mix"}),
        ("tokens", {}),
        ("heads", {}),
    ],
)
def test_a_method_gives_the_arrays_of_the_command_line(opened, what, options, tmp_path):
    words = [f"--{name}={opening.written(value)}" for name, value in options.items()]
    assert cli.run(["export", "--text", TEXT, what, *words, "--out", str(tmp_path / "a.npz")]) == 0
    found = getattr(opened, what)(**options)
    with np.load(tmp_path / "a.npz") as arrays:
        assert arrays.keys() == found.keys()
        for name in arrays:
            np.testing.assert_array_equal(arrays[name], found[name])
    assert opened.export(what, tmp_path / "b.csv", **options) == found.notices
    assert (tmp_path / "b.csv").stat().st_size


def test_one_pass_serves_what_is_asked_alike(opened):
    opened.attention(layer=1)
    before = dict(opened._traces)
    opened.rollout()
    assert opened._traces == before
    assert np.asarray(opened.rollout()).shape == opened.rollout().rollout.shape
    assert opened.trace.tokens.labels[1] == "A"


@pytest.mark.parametrize(
    ("what", "options"),
    [
        ("attention", {"layer": 99}),
        ("attention", {"fusion": "max"}),
        ("rollout", {"query": (500,)}),
        ("saliency", {}),
        ("relevance", {"method": "frob"}),
    ],
)
def test_what_is_wrong_is_said_as_on_the_command_line(opened, what, options, capsys, tmp_path):
    words = [f"--{name}={opening.written(value)}" for name, value in options.items()]
    assert cli.run(["export", "--text", TEXT, what, *words, "--out", str(tmp_path / "a.npz")]) == 2
    said = capsys.readouterr().err.removeprefix("headlight: ").strip()
    with pytest.raises(headlight.HeadlightError) as caught:
        getattr(opened, what)(**options)
    assert caught.value.cause == said[: len(caught.value.cause)]


def test_methods_are_those_of_the_kind_and_pictures_may_be_arrays(opened):
    assert "rollout" in dir(opened)
    assert "saliency" not in dir(opened)
    picture = headlight.open(np.zeros((40, 60, 3), np.uint8), model="dinov2-small", size=224)
    assert "saliency" in dir(picture)
    with pytest.raises(AttributeError, match="There is no “frob”"):
        opened.frob()
    with pytest.raises(TypeError, match="There is no option “frob” of attention"):
        opened.attention(frob=1)
    with pytest.raises(TypeError, match="of reading"):
        headlight.open(text=TEXT, frob=1)
    with pytest.raises(headlight.HeadlightError, match="There is nothing to open"):
        headlight.open()
