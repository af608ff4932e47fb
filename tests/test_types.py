"""The types of the rooms in which figures are made hold, as pyright (standard mode) reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKED = ("models/core", "viewer/session", "viewer/slices", "viewer/export")
UNREAD = ("torch", "transformers", "scipy", "scipy/spatial")
"""Libraries that are not read: the first two are large, the last has no types."""


def test_types_hold(tmp_path):
    home = tmp_path / "headlight"  # as it is imported: the rooms below the name
    home.mkdir()
    (home / "__init__.py").touch()
    for room in ("models", "viewer", "widgets"):
        (home / room).symlink_to(ROOT / room, target_is_directory=True)
    for library in UNREAD:
        stub = tmp_path / "typings" / library / "__init__.pyi"
        stub.parent.mkdir(parents=True)
        stub.write_text("from typing import Any\ndef __getattr__(name: str) -> Any: ...\n")
    settings = {
        "include": [f"headlight/{room}" for room in CHECKED],
        "typeCheckingMode": "standard",
        "stubPath": "typings",
        "pythonVersion": "3.11",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
