"""Votes by cosine beside closed forms, and over folders of pictures."""

from __future__ import annotations

import numpy as np
import pytest
import transformers as hf
from PIL import Image

from headlight.models.core.errors import HeadlightError
from headlight.models.corpus.prototypes import Examples, likeness, unit, vector_of, vote
from headlight.viewer.app.cli import run
from headlight.viewer.host.engines import open_engine
from headlight.viewer.session.inspecting import Example, PrototypeSettings
from headlight.viewer.slices.explain.prototypes import classes_in, voted
from tests.models.headed import VIT, saved


def test_a_vote_is_the_softmax_of_cosines_with_the_means():
    vectors = unit(np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 2]]))
    examples = Examples(("a", "b"), vectors, np.array([0, 0, 1]))
    found = vote(unit(np.array([1.0, 0, 1])), examples, 0.5, nearest=2)
    np.testing.assert_allclose(found.cosine, [0.5, np.sqrt(0.5)], rtol=1e-6)
    raised = np.exp(np.array([0.5, np.sqrt(0.5)]) / 0.5)
    np.testing.assert_allclose(found.probabilities, raised / raised.sum(), rtol=1e-6)
    assert (found.winner, found.nearest.tolist()) == (1, [0, 2])
    np.testing.assert_allclose(found.likeness, np.sqrt(0.5), rtol=1e-6)
    patches = np.array([[[3.0, 0, 0], [0, 0, 0], [-1, -1, 0]]])
    np.testing.assert_allclose(likeness(patches, examples.prototypes[0]), [[np.sqrt(0.5), 0, -1]], atol=1e-6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Bright and dark pictures in folders of their own, one file that is none, a model that reads them."""
    where, random = tmp_path_factory.mktemp("examples"), np.random.default_rng(0)
    for name, low in (("bright", 200), ("dark", 0)):
        (where / "classes" / name).mkdir(parents=True)
        for number in range(3):
            noise = random.integers(low, low + 50, (64, 72, 3)).astype(np.uint8)
            Image.fromarray(noise).save(where / "classes" / name / f"{number}.png")
    (where / "classes" / "bright" / "broken.png").write_bytes(b"no picture")
    (where / "classes" / "empty").mkdir()
    saved(where / "vit", hf.ViTModel(hf.ViTConfig(**VIT, image_size=224, patch_size=16)).eval())
    return where


def test_a_folder_of_folders_votes(folder, tmp_path):
    path = folder / "classes" / "dark" / "1.png"
    words = ["--model", str(folder / "vit"), "--size", "224", "--examples", str(folder / "classes")]
    assert run(["export", str(path), "prototypes", *words, "--out", str(tmp_path / "a.npz")]) == 0
    with np.load(tmp_path / "a.npz") as found:
        assert found["classes"].tolist() == ["bright", "dark"]
        assert str(found["winner"]) == "dark"
        assert found["counts"].tolist() == [3, 2]  # without itself
        assert "1.png" not in found["nearest"][:2].tolist()
        assert found["nearest_class"][:2].tolist() == ["dark", "dark"]
        assert found["map"].shape == (14, 15)
        assert found["probabilities"].sum() == pytest.approx(1)
        engine = open_engine(str(folder / "vit"), "image", "cpu")
        paths = [folder / "classes" / "dark" / f"{number}.png" for number in (0, 1, 2)]
        first, own, last = (vector_of(engine.run(np.asarray(Image.open(one)), 224)) for one in paths)
        assert found["cosine"][1] == pytest.approx(own @ unit(first + last), abs=1e-5)
    assert run(["export", str(path), "prototypes", *words, "--out", str(tmp_path / "a.csv")]) == 0
    assert (tmp_path / "a.csv").read_text().splitlines()[1].startswith("dark,2,")


def test_what_is_no_folder_of_classes_is_said(folder, tmp_path, capfd):
    with pytest.raises(HeadlightError, match="no sub-folder with pictures"):
        classes_in(str(folder / "classes" / "dark"), 224)
    path = str(folder / "classes" / "dark" / "1.png")
    words = ["prototypes", "--model", str(folder / "vit"), "--size", "224"]
    assert run(["export", path, *words, "--out", str(tmp_path / "a.npz")]) == 2
    assert "with --examples" in capfd.readouterr().err
    trace = open_engine(str(folder / "vit"), "image", "cpu").run(np.zeros((64, 64, 3), np.uint8), 224)
    alone = PrototypeSettings((Example("one", (path,)),))
    with pytest.raises(HeadlightError, match="No picture is left of “one”"):
        voted(trace, alone, 224, path)
    assert voted(trace, alone, 224, "").vote.probabilities.tolist() == [1.0]
