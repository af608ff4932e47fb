"""What damaged files brought to light once, each by its exact message."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import struct
import time
import warnings

import numpy as np
import pytest

from headlight.models.core.errors import HeadlightError
from headlight.viewer.host.forward import forward_pass
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.clouds import e57, las
from headlight.viewer.inputs.inputs import from_bytes, from_path, from_text
from headlight.viewer.inputs.pictures.depth import Scale
from headlight.viewer.inputs.recorded.format import loaded, write
from headlight.viewer.registry import resolve
from script.fuzzing.samples import samples
from script.fuzzing.wrapped import inside
from tests.models import family_folders

WHOLE = "Get a whole copy of it and try again."


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Native readers here and not in a process of their own."""
    for module in (las, e57):
        monkeypatch.setattr(module, "guarded", lambda source, native, kind: resolve(native)(source))


def sample(reader: str, at: int = 0) -> bytes:
    found = samples()[reader][at]
    return found.files[found.opens]


def message_of(data: bytes, name: str, folder) -> str:
    (folder / name).write_bytes(data)
    with pytest.raises(HeadlightError) as error:
        from_path(folder / name)
    return str(error.value)


def test_points_of_las_that_begin_behind_its_end_are_not_looked_for(tmp_path):
    data = bytearray(sample("las"))
    struct.pack_into("<I", data, 96, 0x7FFF0000)
    assert message_of(bytes(data), "a.las", tmp_path) == f"a.las is a damaged or cut-off LAS file. {WHOLE}"


def test_a_plane_of_numbers_is_refused_by_its_header(tmp_path):
    header = io.BytesIO()
    vast = {"descr": "<f4", "fortran_order": False, "shape": (1 << 20, 1 << 20)}
    np.lib.format.write_array_header_1_0(header, vast)
    assert message_of(header.getvalue() + bytes(400), "a.npy", tmp_path) == (
        "a.npy has 1,048,576 × 1,048,576 pixels, and the most is 100,000,000 in all. "
        "Scale it down and try again."
    )


def test_a_header_that_python_cannot_read_is_damage_of_a_trace(tmp_path):
    parts, packed = inside(sample("recorded", 1))
    parts[-1] = parts[-1].replace(b"'descr'", b"'''descr", 1)
    assert message_of(packed(parts), "a.headlight.npz", tmp_path) == (
        "a.headlight.npz is damaged or cut off, or no trace of Headlight's. Save it again."
    )


def test_millions_of_blank_lines_cost_nothing(tmp_path):
    data = gzip.compress(b"1 2 3\n4 5 6\n7 8 10\n" + b"\n" * 20_000_000, 1, mtime=0)
    (tmp_path / "a.xyz.gz").write_bytes(data)
    start = time.process_time()
    assert len(from_path(tmp_path / "a.xyz.gz").points) == 3
    assert time.process_time() - start < 2


def test_arrays_of_python_2_open_without_a_word_of_numpys():
    data = sample("npy").replace(b"(60, 7), }  ", b"(60L, 7L), }", 1)
    assert b"60L" in data
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(from_bytes(data, "a.npy").points) == 60


def test_notices_with_endless_names_are_cut(tmp_path):
    (tmp_path / "a.obj").write_bytes(sample("obj", 2).replace(b"box.mtl", b"<a>" * 5000))
    notices = from_path(tmp_path / "a.obj").notices
    assert any("<a><a>" in one and "…" in one for one in notices)
    assert max(map(len, notices)) <= 800


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    return family_folders.made(tmp_path_factory.mktemp("models"), "bert")


CONFIGS = {
    "a word for a number": (
        {"hidden_size": "wide"},
        "{}/config.json makes no sense: hidden_size is “wide”, and should be a whole number. "
        "Correct it, or fetch the model again.",
    ),
    "a list for a number or none": (
        {"bos_token_id": [[None]]},
        "{}/config.json makes no sense: bos_token_id is [[null]], and should be a whole number or null. "
        "Correct it, or fetch the model again.",
    ),
}


def refused(folder, text: str = "a great serve") -> str:
    with pytest.raises(HeadlightError) as error:
        forward_pass(from_text(text), RunOptions(model=str(folder), device="cpu"))
    return str(error.value)


@pytest.mark.parametrize("name", CONFIGS)
def test_configurations_that_make_no_sense_say_which_entry_does_not(bert, name, tmp_path):
    changes, message = CONFIGS[name]
    folder = shutil.copytree(bert, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))
    assert refused(folder) == message.format(folder)


def test_whatever_else_stands_in_a_folder_is_one_sentence(bert, tmp_path):
    folder = shutil.copytree(bert, tmp_path / "model")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"model_max_length": [1, [2]]}))
    assert refused(folder) == (
        "model cannot be opened: what stands in its config.json, or in a file beside it, makes no sense. "
        "Fetch it again, or choose another model."
    )
    (folder / "config.json").write_bytes(b"{\xff}")
    assert refused(folder) == (
        f"{folder / 'config.json'} cannot be read: byte 2 (0xFF) is not UTF-8. Fetch the model again."
    )


@pytest.mark.parametrize("wrong", ["0.k", "0.outputs", "0.rows"])
def test_arrays_of_a_trace_that_do_not_fit_each_other_are_told_when_it_is_read(wrong, tmp_path):
    made = samples()["recorded"][0]
    path = made.laid(tmp_path)
    header, arrays = loaded(str(path))
    arrays[wrong] = arrays[wrong][..., :3] if arrays[wrong].ndim > 1 else arrays[wrong] + 100
    write(path, header, arrays.items())
    with pytest.raises(HeadlightError) as error:
        forward_pass(from_path(path), RunOptions())
    assert str(error.value) == (
        "The arrays of this trace do not go together. It is damaged: record and save it again."
    )


def test_numbers_whose_difference_is_none_are_shown_in_their_order():
    assert Scale(-1.7e308, 1.7e308).bytes8(np.array([-1.7e308, 0, 1.7e308])).tolist() == [0, 128, 255]


def test_damage_that_a_decoder_of_sounds_writes_to_stderr_is_a_notice(capfd):
    data = sample("mp3")
    frame = data.index(b"\xff\xe3", 1000)
    read = from_bytes(data[:frame] + b"1" * 40 + data[frame:], "a.mp3")
    assert read.notices[0] == "a.mp3 is damaged in places, which may sound wrong or be gone."
    assert capfd.readouterr().err == ""


def test_a_sound_that_promises_numbers_and_gives_none(tmp_path):
    data = sample("flac")
    assert message_of(data[:74] + data[78:], "a.flac", tmp_path) == (
        "a.flac holds no sound: it has 0 numbers. Choose another file."
    )


def test_a_drawing_at_which_its_library_panics_is_damaged_and_nothing_is_said_beside(tmp_path, capfd):
    vast = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><circle r="4294967295"/></svg>'
    assert message_of(vast, "a.svg", tmp_path) == f"a.svg is a damaged or cut-off SVG drawing. {WHOLE}"
    assert capfd.readouterr().err == ""
