"""Every file of the tables opens as what was written, says what it says, or is refused with its reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.clouds import e57, las
from headlight.viewer.inputs.clouds.meshes import scenes
from headlight.viewer.inputs.inputs import ImageInput, from_path
from headlight.viewer.registry import resolve
from tests.viewer.inputs.variants import listed
from tests.viewer.inputs.variants.foreign import FOREIGN
from tests.viewer.inputs.variants.pictures import PICTURES

PARTS = ("points", "colours", "normals", "numbers", "intensity")


def opened(variant, folder: Path):
    """What it opens as; None where it is refused, as it should be."""
    path = folder / variant.file
    path.write_bytes(variant.data)
    if not variant.refused:
        return from_path(path)
    with pytest.raises(HeadlightError) as error:
        from_path(path)
    assert variant.refused in str(error.value)
    return None


def read(variant, folder: Path) -> CloudInput | None:
    """The same of a cloud, which says what it should."""
    cloud = opened(variant, folder)
    if cloud is None:
        return None
    assert isinstance(cloud, CloudInput)
    assert variant.says in " ".join(cloud.notices)
    return cloud


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """Native readers here and not in a process of their own, which takes a third of a second each."""
    for module in (las, e57, scenes):
        monkeypatch.setattr(module, "guarded", lambda source, native, kind, made: resolve(native)(source))


@pytest.mark.parametrize("variant", [*listed.CLOUDS, *FOREIGN], ids=lambda one: one.file)
def test_variants(variant, tmp_path):
    cloud = read(variant, tmp_path)
    if cloud is None:
        return
    expected = variant.expected()
    for part in PARTS:
        found = getattr(cloud, part)
        if part == "points":
            found = cloud.file_coordinates(found)
        assert (found is not None) == (part in expected), part
        if part in expected:
            assert found.shape == expected[part].shape, part
            assert np.abs(found.astype(float) - expected[part]).max() < variant.within.get(part, 2e-3), part


@pytest.mark.parametrize("variant", listed.SQUARES, ids=lambda one: one.file)
def test_surfaces(variant, tmp_path):
    cloud = read(variant, tmp_path)
    if cloud is None:
        return
    sides = np.sort(np.ptp(cloud.points, axis=0))
    assert np.abs(sides - [0, 2, 2]).max() < 0.1
    colour = variant.others.get("colour")
    assert (cloud.colours is None) == (colour is None)
    assert colour is None or np.abs(cloud.colours - colour).max() <= variant.within.get("colour", 1)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda one: one.file)
def test_pictures(picture, tmp_path):
    read = opened(picture, tmp_path)
    if read is None:
        return
    assert isinstance(read, ImageInput)
    assert " ".join(read.notices) == picture.says
    off = np.abs(read.pixels.astype(int) - picture.shows)
    assert (off[2:-2:27, 2:-2:43] if picture.within > 1 else off).max() <= picture.within


def test_the_list_of_variants_is_what_is_tried():
    assert listed.FILE.read_text(encoding="utf-8") == listed.table(), (
        "run python -m tests.viewer.inputs.variants.listed"
    )
