"""The rooms: how large they are, and who may import whom, as pyproject.toml has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import headlight  # noqa: F401  (only then its path holds the rooms, in which import-linter looks)

ROOT = Path(__file__).parents[1]
MOST = 16
"""Modules and folders of one room: what a glance takes in."""


@pytest.mark.parametrize("top", ["viewer", "widgets", "models"])
def test_no_room_holds_more_than_a_glance_takes_in(top):
    rooms = [ROOT / top, *(path.parent for path in (ROOT / top).rglob("__init__.py"))]
    held = {room: [path for path in room.iterdir() if not path.name.startswith("__")] for room in rooms}
    assert {str(room): len(found) for room, found in held.items() if len(found) > MOST} == {}


def test_rooms_import_only_what_they_may(capsys):
    status = lint_imports(no_cache=True)
    assert status == 0, capsys.readouterr().out
