"""Pictures that are decoded in a process of their own: which those are, and what comes of damage."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Cancelled, Task
from headlight.viewer.inputs.inputs import from_bytes, from_path
from headlight.viewer.inputs.pictures import apart
from headlight.viewer.inputs.readers import reader_of
from headlight.viewer.inputs.source import Reading, Source

RGB = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)


def encoded(kind: str, **options) -> bytes:
    out = io.BytesIO()
    Image.fromarray(RGB).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "alone"), [("PNG", False), ("JPEG", False), ("AVIF", True), ("TIFF", True)])
def test_rare_decoders_have_a_process_of_their_own(kind, alone, monkeypatch):
    asked = []
    guarded = apart.guarded
    monkeypatch.setattr(apart, "guarded", lambda *all, **more: asked.append(all) or guarded(*all, **more))
    read = from_bytes(encoded(kind, quality=100), "x")
    assert (bool(asked), read.pixels.shape) == (alone, RGB.shape)


def test_a_large_picture_has_one_too_and_is_the_same(monkeypatch):
    data = encoded("GIF", save_all=True, append_images=[Image.fromarray(RGB[::-1])])
    one = from_bytes(data, "x.gif", Reading(frame=2))
    monkeypatch.setattr(apart, "FEW", 24 * 32 - 1)
    other = from_bytes(data, "x.gif", Reading(frame=2))
    assert np.array_equal(one.pixels, other.pixels)
    assert (one.film, one.notices, one.measured) == (other.film, other.notices, other.measured)
    assert (other.film.count, other.film.at, other.film.is_all) == (2, 2, True)


def test_what_was_measured_comes_along(tmp_path):
    deep = Image.fromarray(RGB[..., 0].astype(np.uint16) * 200)
    deep.save(tmp_path / "deep.tif")
    assert np.array_equal(from_path(tmp_path / "deep.tif").measured, RGB[..., 0].astype(np.uint16) * 200)


@pytest.mark.parametrize(
    ("does", "message"),
    [
        ("dies", "is a damaged or cut-off AVIF image. Get a whole copy of it and try again."),
        ("hangs", "keeps its reader busy without end. Get a whole copy of it and try again."),
        ("takes_all_memory", "does not fit into the free memory. Close other programs or scale it down."),
    ],
)
def test_what_a_decoder_does_to_its_process_is_one_message(does, message, monkeypatch):
    monkeypatch.setattr(apart, "PATIENCE", 0.5 if does == "hangs" else 60.0)
    source = Source.of(data := encoded("AVIF"), "x.avif")
    reader = reader_of(source)._replace(read=f"tests.viewer.odd_readers:{does}")
    with pytest.raises(HeadlightError) as error:
        apart.decoded(data, source, reader)
    assert str(error.value) == f"x.avif {message}"
    monkeypatch.undo()
    assert from_bytes(data, "x.avif").pixels.shape == RGB.shape  # and the next is read


def test_a_decoder_that_hangs_is_cancelled():
    class Impatient(Task):
        def progress(self, share: float, sentence: str) -> None:
            raise Cancelled

    source = Source.of(data := encoded("AVIF"), "x.avif")
    source.task = Impatient()
    with pytest.raises(Cancelled):
        apart.decoded(data, source, reader_of(source)._replace(read="tests.viewer.odd_readers:hangs"))
