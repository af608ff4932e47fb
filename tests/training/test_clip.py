"""The small CLIP's training: what is true of which picture, who is held out, the loss, and going on."""

import csv
import itertools
import random
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import CLIPConfig, CLIPModel, Dinov2Config, Dinov2Model

from headlight.models.catalogue.bundled import ASSETS
from script.training.clip import begin, captions, compose, fit, losses, network, words
from script.training.clip.captions import NOT, Caption, Scene, caption, truth
from script.training.clip.objects import CLASSES, Object, names_of
from script.training.shapes.objects import LIST


def test_a_caption_is_true_of_its_picture_and_not_of_what_lacks_a_part_of_it():
    chance = random.Random(0)
    scenes = [
        Scene(("chair", "stool"), "red", "lamp"),
        Scene(("lamp",), "red", ""),
        Scene(("chair",), "blue", NOT.format(w="lamp")),
        Scene(word="lamp"),
    ]
    for _ in range(40):
        assert truth(scenes, [caption(scene, chance) for scene in scenes]).diagonal().all()
    said = [
        Caption("a chair with a note that says lamp", frozenset({("thing", "chair"), ("word", "lamp")})),
        Caption("a photo of a lamp", frozenset({("thing", "lamp")})),
        Caption("lamp", frozenset({("any", "lamp")})),
        Caption("a note that says not a lamp", frozenset({("word", "not a lamp")})),
    ]
    assert truth(scenes, said).T.tolist() == [
        [True, False, False, False],
        [False, True, False, False],
        [True, True, False, True],
        [False, False, True, False],
    ]


def test_articles_and_names():
    assert (
        captions.articled("a photo of a orange armchair by a wall")
        == "a photo of an orange armchair by a wall"
    )
    assert names_of("Bedside table", "cabinet") == ()  # names another class
    assert names_of("Peugeot 308 CC", "vehicle") == ("car",)
    assert names_of("Sitting female", "person") == ("woman",)


def test_the_loss_with_one_truth_each_is_clips_and_of_many_its_mean():
    torch.manual_seed(0)
    a, b = torch.randn(2, 5, 7, dtype=torch.float64)
    scale = torch.tensor(3.0, dtype=torch.float64)
    unit = [x / x.norm(dim=-1, keepdim=True) for x in (a, b)]
    logits = 3 * unit[0] @ unit[1].T
    one = -(logits.log_softmax(1).diagonal().mean() + logits.log_softmax(0).diagonal().mean()) / 2
    assert losses.contrastive(a, b, scale, torch.eye(5, dtype=torch.bool)) == pytest.approx(float(one))
    every = -(logits.log_softmax(1).mean() + logits.log_softmax(0).mean()) / 2
    assert losses.contrastive(a, b, scale, torch.ones(5, 5, dtype=torch.bool)) == pytest.approx(float(every))


def test_written_patches_are_read_first():
    weights = np.zeros((2, 12, 12), np.float32)
    weights[0, 3, 2:9], weights[1, :6] = 2, 1
    read = network.kept(weights, 40, seed=0)
    assert set(range(38, 45)) <= set(read[0].tolist())
    assert all(len(set(row)) == 40 for row in read.tolist())
    assert (read[1] < 72).sum() > 30  # of the thing mostly


def test_reading_a_part_of_the_patches_that_is_all_of_them_changes_nothing(few):
    torch.manual_seed(0)
    net = network.make(600).eval()
    pixels = torch.randn(2, 3, network.SIDE, network.SIDE)
    whole = net.get_image_features(pixel_values=pixels).pooler_output
    every = torch.arange((network.SIDE // network.PATCH) ** 2).flip(0).expand(2, -1)
    for patches in (None, every):
        assert torch.allclose(network.seen_in_part(net, pixels, patches), whole, atol=1e-5)


def test_the_tower_begins_as_the_first_layers_of_dinov2():
    """With all neurons kept, tokens are DINOv2's of the enlarged picture, but for the norm before them."""
    torch.manual_seed(0)
    side = network.SIDE // network.PATCH
    dino = Dinov2Model(
        Dinov2Config(
            hidden_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=14 * side, patch_size=14
        )
    ).eval()
    shape = {
        "hidden_size": 24,
        "intermediate_size": 96,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": network.SIDE,
        "patch_size": network.PATCH,
        "hidden_act": "gelu",
        "layer_norm_eps": 1e-6,
    }
    small = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    net = CLIPModel(CLIPConfig(vision_config=shape, text_config=small)).eval()
    kernel = torch.randn(24, 3, 14, 14)
    stretch = begin.enlarging(network.PATCH, 14)
    tile = torch.randn(3, network.PATCH, network.PATCH)
    large = torch.einsum("cvu,yv,xu->cyx", tile, stretch, stretch)
    assert torch.allclose(
        torch.einsum("ocvu,cvu->o", begin.patches(kernel, network.PATCH), tile),
        torch.einsum("ocyx,cyx->o", kernel, large),
        atol=1e-4,
    )
    for one in dino.parameters():
        torch.nn.init.normal_(one, std=0.2)
    pixels = torch.randn(6, 3, network.SIDE, network.SIDE)
    begin.begun(net, dino, pixels)
    states = net.vision_model.pre_layrnorm(net.vision_model.embeddings(pixels))
    with torch.no_grad():
        wanted = states
        for layer in dino.encoder.layer:
            wanted = layer(wanted)
        found = net.vision_model(pixels).last_hidden_state
    assert torch.allclose(found, wanted, atol=0.02 * float(wanted.std()))


def test_no_font_and_no_design_is_in_two_splits(monkeypatch):
    listed = "\n".join(
        f"/fonts/{family}.otf: {family},{family} Light"
        for family in itertools.chain(*words.FAMILIES.values())
    )
    monkeypatch.setattr(words.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=listed))
    words.files.cache_clear()
    found = {split: set(words.files(split)) for split in words.FAMILIES}
    words.files.cache_clear()
    assert all(found.values())
    assert not any(a & b for a, b in itertools.combinations(found.values(), 2))
    with LIST.open(newline="") as file:
        shapes = {row["object"]: row["split"] for row in csv.DictReader(file)}
    with (ASSETS / "weights" / "small-clip" / "objects.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert max(Counter(row["object"] for row in rows).values()) == 1
    assert all(row["split"] == shapes.get(row["object"], "train") for row in rows)
    assert {(row["class"], "test") for row in rows if row["class"]} == {(klass, "test") for klass in CLASSES}


@pytest.fixture
def few(monkeypatch):
    """Two objects, two words, one font; small networks."""
    two = tuple(Object(f"{klass} 0", klass, (), "train", "") for klass in ("bed", "lamp"))
    for module in (captions, compose, fit, words):
        monkeypatch.setattr(module, "objects", lambda: two)
    for module in (captions, compose, fit, words):
        monkeypatch.setattr(module, "words", lambda: ("bed", "lamp", "key"))
    monkeypatch.setattr(compose, "files", lambda _: (words.PILLOW,))
    monkeypatch.setattr(compose, "CLASSES", ("bed", "lamp"))
    monkeypatch.setattr(network, "WIDTH", 48)
    monkeypatch.setattr(network, "LAYERS", 1)
    monkeypatch.setattr(fit, "FROZEN", 0)
    monkeypatch.setattr(fit, "SPELLED", 0)  # its chance is not ours
    monkeypatch.setattr(network, "TEXT_LAYERS", 1)
    monkeypatch.setattr(fit, "BATCH", 8)
    views = np.zeros((4, 80, 80, 4), np.uint8)
    views[:2, 20:60, :, :] = 255
    views[2:, :, 30:50, 3] = 255
    return compose.Pool(two, (np.arange(2), np.arange(2, 4)), views)


def test_words_change_pixels_within_their_box_alone(few):
    pixels = np.full((96, 96, 3), 200.0, np.float32)
    cover = compose.put_word(pixels, NOT.format(w="lamp"), "train", random.Random(1), rows=(48, 96))
    changed = (pixels != 200).any(-1)
    assert changed.any()
    assert not changed[:48].any()
    assert not (changed & (cover == 0)).any()


def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(few, tmp_path):
    whole = fit.Training(tmp_path / "none")
    said = [whole.learn(whole.batch(few), 48) for _ in range(3)]
    (tmp_path / "run").mkdir()
    first = fit.Training(tmp_path / "run")
    first.learn(first.batch(few), 48)
    first.save()
    then = fit.Training(tmp_path / "run")
    assert then.step == 1
    assert [then.learn(then.batch(few), 48) for _ in range(2)] == said[1:]
