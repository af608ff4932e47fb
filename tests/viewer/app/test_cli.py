import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from headlight.models.core.errors import HeadlightError
from headlight.viewer.app.cli import run
from headlight.viewer.app.options import WindowOptions
from headlight.viewer.export import door
from headlight.viewer.host import asked
from tests.bad_files import BAD, DATA, MESSAGES, bad_file

ROOT = Path(__file__).parents[3]
HELP = "See “headlight export --help” for the options."
SIZES = "is not a whole number from 224 to 1,022."
EXPORTS = [
    "tokens",
    "attention",
    "rollout",
    "saliency",
    "relevance",
    "faithfulness",
    "methods",
    "ablation",
    "patching",
    "norms",
    "report",
    "arcs",
    "compare",
    "answer",
    "zero-shot",
    "masks",
    "generate",
    "segmentation",
    "detect",
    "classify",
    "represent",
    "cloud",
    "prototypes",
    "receptive-field",
    "attention-distance",
    "heads",
    "lens",
    "attribution",
    "product",
]
WHATS = f"Choose {', '.join(EXPORTS[:-1])} or {EXPORTS[-1]}."


def said(capfd) -> str:
    """The one line on stderr, after its "headlight: "; nothing may stand on stdout."""
    out, err = capfd.readouterr()
    assert out == ""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert err.startswith("headlight: ")
    return err.removeprefix("headlight: ").rstrip("\n")


@pytest.fixture
def window(monkeypatch):
    """What the window was asked to open, in place of a window."""
    calls = []
    app = types.ModuleType("headlight.viewer.app.start")
    app.run = lambda *arguments: calls.append(arguments) or 0
    monkeypatch.setitem(sys.modules, "headlight.viewer.app.start", app)
    monkeypatch.setattr("headlight.viewer.app.start", app, raising=False)
    return calls


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_one_line_and_leave_no_file(name, tmp_path, monkeypatch, capfd):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    path, message = bad_file(name, tmp_path / "in", monkeypatch)
    assert run(["export", str(path), "attention", "--out", str(tmp_path / "out" / "a.npz")]) == 2
    assert said(capfd) == message
    assert os.listdir(tmp_path / "out") == []


def test_a_model_folder_without_weights_is_named(tmp_path, capfd):
    folder = DATA / "model_folder"
    arguments = ["export", "tokens", "--text", "a", "--model", str(folder), "--out", str(tmp_path / "a.npz")]
    assert run(arguments) == 2
    assert said(capfd) == (
        f"The folder {folder} has config.json but no weights (model.safetensors). "
        "Put the weights beside it, or choose another folder."
    )
    assert os.listdir(tmp_path) == []


WRONG = {
    "a.txt attention": "--out is missing. Name a file that ends in npz, csv, png or svg.",
    "a.txt meaning --out x.npz": f"“meaning” cannot be exported. {WHATS}",
    "attention --out x.npz": "There is no input. Write FILE before attention, or give --text.",
    "a.txt --out x.npz": f"There is no word for what to export. {WHATS}",
    "a.txt tokens b --out x.npz": "“b” is one word too many. Put names with spaces into quotes.",
    "a.txt tokens --text b --out x.npz": "There are both a file and a text, and a.txt is no "
    "picture for a text to stand beside. Give one of them.",
    "a.txt tokens --out x": "x has no ending, and tokens can be npz or csv. Change its ending.",
    "a.txt tokens --out x.png": "x.png ends in “.png”, and tokens can be npz or csv. Change its ending.",
    "a.txt attention --out x.ply": "x.ply ends in “.ply”, and attention can be npz, csv, png or svg. "
    "Change its ending.",
    "a.txt attention --out no/x.npz": "The folder no does not exist. Create it or change the file's name.",
    "a.txt attention --out taken.npz": "taken.npz is a folder. Name a file in it.",
    "a.txt attention --out link.npz": "link.npz is the input itself. Name another file.",
    "a.txt attention --size -5 --out x.npz": f"Argument --size: “-5” {SIZES} {HELP}",
    "a.txt attention --size big --out x.npz": f"Argument --size: “big” {SIZES} {HELP}",
    "a.txt attention --head most --out x.npz": "Argument --head: “most” is neither a number nor mean, max or "
    f"min. {HELP}",
    "a.txt rollout --query -1 --out x.npz": "Argument --query: “-1” is not a whole number from 0 on. " + HELP,
    "a.txt tokens --layer 1 --out x.npz": (
        "--layer belongs to attention, report, arcs, compare, receptive-field or product, not to tokens. "
        "Leave it out."
    ),
    "a.txt attention --discard .5 --out x.npz": "--discard belongs to rollout, not to attention. "
    "Leave it out.",
    "a.txt tokens --modle x --out x.npz": "Unrecognized arguments: --modle x. " + HELP,
    "a.txt saliency --out x.npz": "Saliency is of images, and this is a text. Choose an image.",
    "a.txt tokens --size 300 --out x.npz": "--size is of images. Leave it out for a text.",
    "b.gif tokens --pair x --out x.npz": "--pair is of texts. Leave it out for an image.",
    "b.gif tokens --start 3 --out x.npz": "--start is of texts. Leave it out for an image.",
    "a.txt tokens --point 3 --out x.npz": "--point belongs to attention or rollout, not to tokens. "
    "Leave it out.",
    "b.gif attention --point 3 --out x.npz": "--point is of point clouds. Leave it out for an image.",
    "a.txt tokens --unit mm --out x.npz": "--unit is of point clouds. Leave it out for a text.",
    "a.txt segmentation --out x.npz": "Segmentation is of point clouds, and this is a text. "
    "Choose a point cloud.",
    "c.npy saliency --out x.npz": "Saliency is of images, and this is a point cloud. Choose an image.",
    "c.npy tokens --size 300 --out x.npz": "--size is of images. Leave it out for a point cloud.",
    "c.npy segmentation --out x.png": "x.png ends in “.png”, and segmentation can be npz, csv or ply. "
    "Change its ending.",
    "c.npy attention --point 40 --out x.npz": "Point 40 does not exist: there are 40, 0 to 39. "
    "Choose one of these with --point.",
    "c.npy attention --point 3 --out x.npz": "Point 3 was left out when the file was read. "
    "Choose another one with --point.",
    "c.npy attention --out x.csv": "A csv file holds the neighbourhood of one point. "
    "Choose it with --point, or write npz.",
    "c.npy rollout --out x.npz": "The rollout of all points of a cloud would be a matrix of points × points. "
    "Choose one with --point; its neighbourhoods are “attention”.",
    "c.npy rollout --point 1 --discard .5 --out x.npz": "--discard is of texts, images, pictures with "
    "texts and sounds. Leave it out for a point cloud.",
    "c.npy rollout --point 1 --out x.png": "The rollout of a point cloud can be npz or csv. "
    "Change its ending.",
    "c.npy tokens --up w --out x.npz": "Argument --up: invalid choice: 'w' (choose from 'z', 'y', 'x', "
    "'z-down', 'y-down', 'x-down'). "
    f"{HELP}",
}


@pytest.mark.parametrize("line", WRONG)
def test_wrong_arguments_are_one_line_and_leave_no_file(line, tmp_path, monkeypatch, capfd):
    (tmp_path / "a.txt").write_text("A text.")
    (tmp_path / "taken.npz").mkdir()
    (tmp_path / "link.npz").symlink_to("a.txt")
    (tmp_path / "b.gif").write_bytes((DATA / "animated.gif").read_bytes())
    points = np.arange(120, dtype=np.float32).reshape(40, 3)
    points[3] = np.nan
    np.save(tmp_path / "c.npy", points)
    monkeypatch.chdir(tmp_path)
    before = sorted(os.listdir())
    assert run(["export", *line.split()]) == 2
    assert said(capfd) == WRONG[line]
    assert sorted(os.listdir()) == before


def test_a_folder_that_cannot_be_written_is_found_before_the_model_is_loaded(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(
        "headlight.viewer.host.engines.open_engine", lambda *_: pytest.fail("loaded all the same")
    )
    monkeypatch.setattr(door, "open", _no_space, raising=False)
    assert run(["export", "tokens", "--text", "a", "--out", str(tmp_path / "a.npz")]) == 2
    assert said(capfd) == f"{tmp_path}/a.npz cannot be written: read-only file system. Choose another place."


def _no_space(path, mode):
    raise OSError(30, "Read-only file system", str(path))


@pytest.mark.parametrize(
    ("failure", "status", "line"),
    [
        (KeyboardInterrupt, 130, "Interrupted."),
        (
            ValueError("two\nlines"),
            1,
            "Something failed that should not: ValueError: two lines. "
            "Run it again with --verbose to see where.",
        ),
        (HeadlightError("It is wrong.", "Do it right."), 2, "It is wrong. Do it right."),
    ],
)
def test_failures_leave_an_older_file_as_it_was(failure, status, line, tmp_path, monkeypatch, capfd):
    def fail(*_):
        raise failure

    out = tmp_path / "a.npz"
    out.write_bytes(b"older")
    monkeypatch.setattr("headlight.viewer.host.engines.open_engine", fail)
    assert run(["export", "tokens", "--text", "a", "--out", str(out)]) == status
    assert said(capfd) == line
    assert os.listdir(tmp_path) == ["a.npz"]
    assert out.read_bytes() == b"older"


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    full = open("/dev/full", "wb")  # noqa: SIM115
    monkeypatch.setattr(door, "open", lambda path, mode: path.touch() or full, raising=False)
    with (
        door.writing(tmp_path / "a.npz") as write,
        pytest.raises(HeadlightError, match="cannot be written: no space left on device"),
    ):
        write(b"x" * 100_000)
    assert full.closed
    assert os.listdir(tmp_path) == []


def test_verbose_shows_the_traceback(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("headlight.viewer.host.engines.open_engine", lambda *_: 1 / 0)
    assert run(["export", "tokens", "--text", "a", "--verbose", "--out", str(tmp_path / "a.npz")]) == 1
    err = capfd.readouterr().err
    assert "Traceback" in err
    assert "ZeroDivisionError" in err.splitlines()[-1]


def test_the_window_gets_files_and_options(window, tmp_path):
    picture = tmp_path / "shot.png"
    line = "a.txt --theme light b.png --size 448 --model m --device cpu --text T --pair P --trust-pickle"
    assert run([*line.split(), "--screenshot", str(picture)]) == 0
    assert run([]) == 0
    assert run(["./export"]) == 0
    given = {"text": "T", "pair": "P", "model": "m", "device": "cpu", "size": 448, "trust_pickle": True}
    assert window == [
        (["a.txt", "b.png"], WindowOptions("light", picture, given=given)),
        ([], WindowOptions()),
        (["./export"], WindowOptions()),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--screenshot a.jpg", "a.jpg ends in “.jpg”, and a screenshot can be png. Change its ending."),
        ("--size 2000", f"Argument --size: “2000” {SIZES} "),
        (
            "--theme blue",
            "Argument --theme: invalid choice: 'blue' (choose from 'dark', 'light', 'system'). ",
        ),
        ("--pair b", "--pair is the second text of a pair. Give the first one with --text."),
    ],
)
def test_wrong_arguments_open_no_window(line, message, window, capfd):
    assert run(line.split()) == 2
    assert said(capfd).startswith(message)
    assert window == []


def test_a_window_that_lacks_a_library_says_which(monkeypatch, capfd):
    monkeypatch.delattr("headlight.viewer.app.start", raising=False)
    monkeypatch.setitem(sys.modules, "headlight.viewer.app.start", None)
    assert run([]) == 2
    assert said(capfd).startswith("The window cannot start: ")


def test_sizes_are_those_of_the_engine():
    from headlight.models.engines.pictures import pixels

    assert asked.SIZES == (pixels.SMALLEST, pixels.LARGEST)


def test_nothing_heavy_is_imported_for_help_the_catalogue_and_bad_files(tmp_path):
    files = [str(DATA / name) for name in MESSAGES["errors"]]
    program = f"""
import sys
from headlight.viewer.app.cli import run
assert run(["--help"]) == run(["export", "--help"]) == run(["models"]) == 0
assert "numpy" not in sys.modules or "headlight.models.catalogue.entries" in sys.modules
for file in {files!r}:
    assert run(["export", file, "attention", "--out", {str(tmp_path / "a.npz")!r}]) == 2, file
assert not {{"torch", "transformers", "PySide6"}} & sys.modules.keys()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [f"headlight: {message}" for message in MESSAGES["errors"].values()]
    assert "minilm-l6" in done.stdout


def test_main_hands_the_status_on():
    command = [sys.executable, "main.py", "export", str(DATA / "empty.txt"), "tokens", "--out", "a.npz"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"headlight: {MESSAGES['errors']['empty.txt']}\n"


def test_who_reads_no_further_is_no_defect():
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "main.py", "models"]
    done = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")
