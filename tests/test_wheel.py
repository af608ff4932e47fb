"""An installed Headlight adds one name to an environment, and runs beside rooms of the same names."""

from __future__ import annotations

import ast
import os
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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    build = f"from hatchling.build import build_wheel; print(build_wheel({str(out)!r}))"
    name = subprocess.run([sys.executable, "-c", build], cwd=ROOT, capture_output=True, text=True, check=True)
    return out / name.stdout.split()[-1]


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The python of an environment that holds the wheel and, from this one, what it depends on."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    packages = Path(paths["purelib"])
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


def test_the_wheel_adds_one_name_and_holds_what_running_needs(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
        (entry,) = [n for n in names if n.endswith("entry_points.txt")]
        assert b"headlight = headlight.viewer.app.cli:main" in file.read(entry)
    assert {n.split("/")[0] for n in names if ".dist-info/" not in n} == {"headlight"}
    rooms = {n.split("/")[1] for n in names if n.startswith("headlight/")}
    assert rooms == {"__init__.py", "assets", *ROOMS}
    for folder in (*ROOMS, "assets/weights", "assets/fonts", "assets/icons", "assets/samples"):
        here = {str(f.relative_to(ROOT)) for f in (ROOT / folder).rglob("*") if f.is_file()}
        here = {f for f in here if "__pycache__" not in f}
        assert {f"headlight/{Path(f).as_posix()}" for f in here} <= set(names)


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


@pytest.mark.parametrize("room", [*ROOMS, "tests", "main", "script"])
def test_an_installed_headlight_brings_no_other_name(room, installed, tmp_path):
    done = run(installed, tmp_path, f"import {room}")
    assert "ModuleNotFoundError" in done.stderr


def test_nothing_is_imported_by_the_name_of_a_room():
    found = []
    for folder in ("headlight", "script", "tests", *ROOMS):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                found += [f"{file}: {name}" for name in names if name.split(".")[0] in ROOMS]
    assert found == []
