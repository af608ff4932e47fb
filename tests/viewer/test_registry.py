"""What is declared once: it is light, whole, and free of what would contradict it."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import metadata

import numpy as np
import pytest

from headlight.viewer import plugins
from headlight.viewer.app.commands.bound import found
from headlight.viewer.app.commands.every import listed
from headlight.viewer.inputs.inputs import ImageInput, PictureTextInput, StackInput, TextInput
from headlight.viewer.inputs.recorded.inputs import RecordedCloud, RecordedImage, RecordedText
from headlight.viewer.inputs.sounds.sound import SoundInput
from headlight.viewer.inputs.told.frame import Frame
from headlight.viewer.registry import (
    REGISTRY,
    Change,
    Export,
    Kind,
    Page,
    Registry,
    leaves,
    resolve,
)
from tests.viewer import readme_tables
from tests.viewer.conftest import PAGES
from tests.viewer.given_cloud import room
from tests.viewer.linked import ROOT


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

    monkeypatch.setattr(metadata, "entry_points", lambda group: [Point()] if group == plugins.GROUP else [])
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


@pytest.mark.parametrize("kind", REGISTRY.all(Kind).values(), ids=lambda kind: kind.id)
def test_every_kind_has_a_table_to_copy_and_an_export(kind):
    assert any(layout.table for layout in kind.layouts)
    assert any(export.needs.suits(kind) for export in REGISTRY.all(Export).values())


def test_what_was_read_is_of_a_kind():
    plain, image, cloud = Frame(), ImageInput("a", np.zeros((2, 2, 3), np.uint8)), room(3)
    what = (TextInput("a", "a"), image, PictureTextInput("a", image, "a"), cloud, StackInput())
    what += (SoundInput("a", image, ""),)
    what += (
        RecordedText("a", "a"),
        RecordedImage("a", image.pixels),
        RecordedCloud("a", cloud.points, cloud.origin, plain, plain),
    )
    assert [REGISTRY.kind_of(one).id for one in what] == list(REGISTRY.all(Kind))
    with pytest.raises(KeyError):
        REGISTRY.kind_of("a")


@pytest.mark.parametrize(("kind", "page"), [(kind, page) for kind in PAGES for page in PAGES[kind]])
def test_no_two_commands_of_a_page_share_a_key(kind, page):
    kind, taken = REGISTRY.all(Kind)[kind], {}
    for command in listed():
        if command.needs is None or command.needs.fits(kind, page):
            for key in command.keys:
                assert key not in taken, f"{key}: {command.id} and {taken[key]}"
                taken[key] = command.id


@pytest.mark.parametrize("kind", REGISTRY.all(Kind).values(), ids=lambda kind: kind.id)
def test_views_hold_what_commands_change(kind):
    changes = [one for one in listed() if isinstance(one.run, Change)]
    assert len(changes) > 40
    for command in changes:
        if command.needs.suits(kind):
            assert kind.holds(resolve(command.run.settings)), command.id


def test_commands_reach_what_the_window_has(make_window):
    window = make_window(run=False)
    for command in listed():
        for name in (command.run, command.enabled, command.checked):
            if name and not isinstance(name, Change):
                assert callable(found(name, window)), name
            elif isinstance(name, Change):
                assert getattr(window.session.view[resolve(name.settings)], name.name) is not None


@pytest.mark.parametrize("table", [readme_tables.keys, readme_tables.pages, readme_tables.methods])
def test_the_tables_of_the_readme_are_those_of_the_registry(table):
    assert table() in (ROOT / "README.md").read_text()


OWN = {
    "app/window.py": {"messages", "palette"},
    "export/attention/artifacts.py": {"artifacts"},
    "export/attention/filled.py": {"attention"},
    "export/fields/receptive.py": {"fields"},
    "export/language/arcs.py": {"arcs"},
    "export/language/compare.py": {"compare"},
    "export/language/lens.py": {"predicted"},
    "export/language/product.py": {"weight"},
    "export/measures.py": {"heads"},
    "inputs/clouds/gz.py": {"points"},
}
"""The modules that are what they name: what the window itself shows, exports of a page, files of clouds."""


def named(path):
    """What a module compares a page, a kind or an id with, and what it picks panes and commands by."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Compare):
            sides = (node.left, *node.comparators)
            asked = {side.attr for side in sides if isinstance(side, ast.Attribute)}
            asked |= {side.id for side in sides if isinstance(side, ast.Name)}
            if asked & {"page", "kind", "id", "id_", "modality"}:
                yield from (part.value for side in sides for part in ast.walk(side) if _is_text(part))
        elif isinstance(node, ast.Subscript) and _is_text(node.slice):
            of = getattr(node.value, "func", node.value)
            if getattr(of, "attr", "") in ("panes", "docks", "actions", "commands", "all"):
                yield node.slice.value


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_nobody_asks_for_what_is_registered_by_its_name():
    ids = {entry.id for entry in REGISTRY}
    rooms = [path for path in (ROOT / "viewer").rglob("*.py") if "builtin" not in path.parts]
    assert len(rooms) > 100
    found = {str(path.relative_to(ROOT / "viewer")): set(named(path)) & ids for path in rooms}
    assert {path: there for path, there in found.items() if there} == OWN
