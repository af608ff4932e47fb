"""What damaged files brought to light once, each by its exact message."""

from __future__ import annotations

import gzip
import io
import struct
import time
import warnings

import numpy as np
import pytest

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds import e57, las
from headlight.viewer.inputs.inputs import from_bytes, from_path
from headlight.viewer.registry import resolve
from script.fuzzing.samples import samples
from script.fuzzing.wrapped import inside

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
