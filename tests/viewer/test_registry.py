"""What is declared once: it is light, whole, and free of what would contradict it."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from headlight.viewer import plugins
from headlight.viewer.inputs.inputs import ImageInput, StackInput, TextInput
from headlight.viewer.registry import (
    REGISTRY,
    Kind,
    Page,
    Registry,
    leaves,
    resolve,
)
from tests.viewer.given_cloud import room


def test_what_is_declared_is_known_without_qt_torch_and_numpy():
    heavy = "{'PySide6', 'torch', 'numpy', 'vispy'} & {name.split('.')[0] for name in sys.modules}"
    code = f"import sys, headlight.viewer.builtin, headlight.viewer.plugins; print({heavy})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_an_id_is_taken_once():
    registry = Registry()
    registry.add(Page("one", "One"))
    with pytest.raises(ValueError, match="There is a page “one” already"):
        registry.add(Page("one", "Another"))


def test_a_plugin_that_fails_leaves_nothing_and_says_why(monkeypatch):
    class Point:
        name = "bad"

        def load(self):
            return self.declare

        def declare(self, registry):
            registry.add(Page("half", "Half"))
            raise RuntimeError("no such thing")

    monkeypatch.setattr(plugins, "entry_points", lambda group: [Point()])
    registry = Registry()
    (failure,) = plugins.read(registry)
    assert "half" not in registry.all(Page)
    assert failure.cause == "The plugin “bad” failed: RuntimeError: no such thing."


def test_dotted_names_reach_into_classes():
    assert resolve("headlight.viewer.registry:Registry.add") is Registry.add
    assert REGISTRY is resolve("headlight.viewer.registry:REGISTRY")


def dotted_names(value):
    """Every dotted string within an entry."""
    if isinstance(value, str):
        if ":" in value and " " not in value:
            yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from dotted_names(one)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from dotted_names(getattr(value, field.name))


@pytest.mark.parametrize("entry", list(REGISTRY), ids=lambda entry: f"{type(entry).__name__} {entry.id}")
def test_what_is_named_is_there(entry):
    for dotted in dotted_names(entry):
        assert resolve(dotted) is not None


@pytest.mark.parametrize("kind", REGISTRY.all(Kind).values(), ids=lambda kind: kind.id)
def test_every_kind_has_its_pages_laid_out(kind):
    for layout in kind.layouts:
        assert layout.page in REGISTRY.all(Page)
        named = [leaf.name for leaf in leaves(layout.panes)]
        assert sorted(named) == sorted(pane.id for pane in REGISTRY.panes_of(kind, layout.page))
        assert "log" in named
        assert not layout.table or layout.table in named


def test_what_was_read_is_of_a_kind():
    what = (TextInput("a", "a"), ImageInput("a", np.zeros((2, 2, 3), np.uint8)), room(3), StackInput())
    assert [REGISTRY.kind_of(one).id for one in what] == list(REGISTRY.all(Kind))
    with pytest.raises(KeyError):
        REGISTRY.kind_of("a")
