"""The rooms and who may import whom, as pyproject.toml has it."""

from __future__ import annotations

from importlinter.cli import lint_imports

import headlight  # noqa: F401  (only then its path holds the rooms, in which import-linter looks)


def test_rooms_import_only_what_they_may(capsys):
    status = lint_imports(no_cache=True)
    assert status == 0, capsys.readouterr().out
