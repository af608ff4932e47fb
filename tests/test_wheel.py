"""An installed Headlight adds one name to an environment, and runs beside rooms of the same names."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("models", "viewer", "widgets")
LARGEST = 100_000_000
"""Bytes of a file that the public index takes."""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> tuple[Path, Path, Path]:
    """Headlight, the weights that it depends on, and the example of a plugin."""
    out = tmp_path_factory.mktemp("wheels")
    build = f"from hatchling.build import build_wheel; print(build_wheel({str(out)!r}))"

    def built(folder: Path) -> Path:
        command = [sys.executable, "-c", build]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        return out / done.stdout.split()[-1]

    return built(ROOT), built(ROOT / "assets" / "weights"), built(ROOT / "tests" / "plugin")


@pytest.fixture(scope="module")
def installed(wheels, tmp_path_factory) -> Path:
    """The python of an environment that holds the wheels and, from this one, what they depend on."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    packages = Path(paths["purelib"])
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as file:
            file.extractall(packages)
    # Lines of a .pth in another environment, such as a checkout's, are not read from here.
    (packages / "dependencies.pth").write_text(str(distribution("numpy").locate_file("")), encoding="utf-8")
    return Path(paths["scripts"]) / Path(sys.executable).name


def run(python: Path, folder: Path, code: str) -> subprocess.CompletedProcess:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run(
        [str(python), "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_wheels_add_one_name_and_hold_what_running_needs(wheels):
    names: list[str] = []
    for wheel in wheels[:2]:
        assert wheel.stat().st_size < LARGEST
        with zipfile.ZipFile(wheel) as file:
            names += [name for name in file.namelist() if ".dist-info/" not in name]
    with zipfile.ZipFile(wheels[0]) as file:
        (entry,) = [name for name in file.namelist() if name.endswith("entry_points.txt")]
        assert b"headlight = headlight.viewer.app.cli:main" in file.read(entry)
    assert len(names) == len(set(names))
    assert {name.split("/")[0] for name in names} == {"headlight"}
    assert {name.split("/")[1] for name in names} == {"__init__.py", "__main__.py", "api", "assets", *ROOMS}
    for folder in (*ROOMS, "assets/weights", "assets/fonts", "assets/icons", "assets/samples"):
        here = {file.relative_to(ROOT).as_posix() for file in (ROOT / folder).rglob("*") if file.is_file()}
        here = {name for name in here if "__pycache__" not in name and not name.endswith("pyproject.toml")}
        assert {f"headlight/{name}" for name in here} <= set(names)


def test_an_installed_headlight_runs_beside_rooms_of_the_same_names(installed, tmp_path):
    for room in ROOMS:
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("raise SystemExit('a stranger was imported')")
    out = tmp_path / "out.npz"
    code = f"""
import sys
from headlight.viewer.app.cli import run
assert run(["models"]) == 0
assert run(["export", "--text", "A lamp.", "attention", "--out", {str(out)!r}]) == 0
assert not {set(ROOMS)} & sys.modules.keys()
"""
    done = run(installed, tmp_path, code)
    assert (done.returncode, done.stderr) == (0, "")
    assert "minilm-l6" in done.stdout
    assert out.exists()


def test_a_plugin_that_is_installed_reads_its_files_runs_its_engine_and_has_its_method(installed, tmp_path):
    (tmp_path / "a.tune").write_text("TUNE\nC D E C G\n")
    (tmp_path / "bad.tune").write_text("TUNE\nC H\n")
    code = """
import sys
import numpy as np
import headlight
tune = headlight.open("a.tune", model="echo")
heard = tune.attention(head=0)
assert heard.query_labels.tolist() == ["C", "D", "E", "C", "G"]
np.testing.assert_allclose(heard.attention[0, 1, :2], 1 / (1 + np.exp([1, -1])), atol=1e-6)
leaps = tune.relevance(method="leaps")
assert np.asarray(leaps).tolist() == [7, 5, 3, 7, 0], leaps
from headlight.viewer.app.cli import run
assert run(["export", "a.tune", "relevance", "--method", "leaps", "--model", "echo", "--out", "a.csv"]) == 0
assert run(["export", "bad.tune", "attention", "--out", "b.npz"]) == 2
"""
    done = run(installed, tmp_path, code)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr.splitlines()[-1].startswith("headlight: bad.tune holds H, which is no note. Write C, ")
    assert (tmp_path / "a.csv").exists()


@pytest.mark.parametrize("room", [*ROOMS, "tests", "main", "script"])
def test_an_installed_headlight_brings_no_other_name(room, installed, tmp_path):
    done = run(installed, tmp_path, f"import {room}")
    assert "ModuleNotFoundError" in done.stderr


def test_nothing_is_imported_by_the_name_of_a_room():
    folders = ("headlight", "script", "tests", *ROOMS)
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    assert len(files) > 600
    statement = re.compile(rf"^\s*(?:from|import)\s+(?:{'|'.join(ROOMS)})\b.*", re.M)
    assert [(file, found) for file in files for found in statement.findall(file.read_text("utf-8"))] == []
