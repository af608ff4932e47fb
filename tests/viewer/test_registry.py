"""What is declared once: it is light, whole, and free of what would contradict it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from headlight.viewer import plugins
from headlight.viewer.registry import REGISTRY, Page, Registry, resolve


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
