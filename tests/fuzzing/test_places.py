"""Places that are full, and screens that lack something: one sentence each."""

from __future__ import annotations

import errno
import gzip
import tempfile

import pytest

from headlight.models.core.errors import HeadlightError
from headlight.viewer.app.opening.drop import open_mime
from headlight.viewer.host.forward import forward_pass
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs import guard
from headlight.viewer.inputs.clouds.parts import Parts
from headlight.viewer.inputs.inputs import from_path
from headlight.viewer.inputs.source import Source
from script.fuzzing.samples import samples
from tests.viewer import cloud_samples as make

PLY = make.ply(**make.columns("x y z", make.XYZ))
WIDE = make.table(make.XYZ, separator=",", header="x,y,z").decode().encode("utf-16")


@pytest.fixture
def full(monkeypatch):
    """Where temporary files go there is no room."""

    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

        writelines = write

        def tell(self):
            return 0

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda *_, **__: Full())


@pytest.mark.parametrize(("name", "data"), [("a.ply.gz", gzip.compress(PLY)), ("a.csv", WIDE)])
def test_a_full_folder_of_temporary_files_is_not_the_files_damage(name, data, full, tmp_path):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(HeadlightError) as error:
        from_path(tmp_path / name)
    assert str(error.value) == (
        f"There is no room in {tempfile.gettempdir()} for what {name} unpacks to. "
        "Make room there, or set TMPDIR to another folder."
    )


def test_a_native_reader_without_room_says_so():
    with pytest.raises(HeadlightError, match=r"^There is no room in .* for what any.las unpacks to\."):
        guard.guarded(Source.of(b"any", "any.las"), "tests.viewer.odd_readers:fills", "LAS file", Parts)


def test_a_screen_without_a_clipboard():
    with pytest.raises(HeadlightError) as error:
        open_mime(None, None, None)
    assert str(error.value) == "This screen has no clipboard. Drop a file on the window, or open one."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda path: path.unlink(),
            "text.headlight.npz cannot be read any more: no such file or directory. Record it once more.",
        ),
        (
            lambda path: path.write_bytes(path.read_bytes()[:900]),
            "text.headlight.npz is damaged or cut off, or no trace of Headlight's. Save it again.",
        ),
    ],
    ids=["removed", "cut off"],
)
def test_a_recorded_file_that_is_gone_or_changed_since_it_was_opened(change, said, tmp_path):
    path = samples()["recorded"][0].laid(tmp_path)
    read = from_path(path)
    change(path)
    with pytest.raises(HeadlightError) as error:
        forward_pass(read, RunOptions())
    assert str(error.value) == said
