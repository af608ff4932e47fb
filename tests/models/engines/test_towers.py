"""Models of two towers: their answer is transformers' own, and so is what it rests on."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers.models.siglip2.image_processing_pil_siglip2 import convert_image_to_patches

from headlight.models.core.answers import Target, TextClasses
from headlight.models.core.errors import HeadlightError
from headlight.models.engines.door import check
from headlight.models.engines.pictures.class_texts import averaged
from headlight.models.engines.pictures.towers import TowersEngine, probabilities
from headlight.models.explain.of_target.carried import generic
from headlight.models.explain.of_target.occlusion import occlusion
from headlight.models.explain.targets import targets_at
from headlight.viewer.host.engines import open_engine
from tests.models import two_towers

TEXTS = ("a chair", "a lamp", "it")
PIXELS = np.random.default_rng(0).integers(0, 256, (two_towers.SIZE, two_towers.SIZE, 3), np.uint8)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """An engine of each kind, as from a user's disk, opened once."""
    root, engines = tmp_path_factory.mktemp("towers"), {}

    def engine(name: str) -> TowersEngine:
        if name not in engines:
            engines[name] = open_engine(str(two_towers.folder(root, name)), "image", "cpu")
        return engines[name]

    return engine


def ids(engine: TowersEngine, text: str) -> dict[str, torch.Tensor]:
    """As transformers' processors make them."""
    more = {"padding": "max_length", "max_length": two_towers.LONGEST} if engine.bias else {}
    found = engine.tower.tokenizer(text, return_tensors="pt", **more)
    return {"input_ids": found["input_ids"]} if engine.bias else dict(found)


def whole(engine: TowersEngine, values: np.ndarray, text: str) -> float:
    """The logit of the whole model for normalised pixels [3, H, W]."""
    pixels = torch.from_numpy(values)[None]
    if engine.model.config.model_type == "siglip2_vision_model":
        patches = convert_image_to_patches(values, 8)
        pixels = {
            "pixel_values": torch.from_numpy(patches)[None],
            "pixel_attention_mask": torch.ones(1, len(patches), dtype=torch.int32),
            "spatial_shapes": torch.tensor([[values.shape[1] // 8, values.shape[2] // 8]]),
        }
    else:
        pixels = {"pixel_values": pixels, "interpolate_pos_encoding": True}
    with torch.no_grad():
        return float(engine.whole(**pixels, **ids(engine, text)).logits_per_image[0, 0])


@pytest.mark.parametrize("name", two_towers.MAKERS)
def test_probabilities_are_those_of_the_whole_model(opened, name):
    engine = opened(name)
    pixels = np.concatenate([PIXELS, PIXELS[:, :16]], 1)  # not square
    trace = engine.run(pixels, texts=TEXTS)
    assert (trace.tokens.grid, trace.notices) == ((4, 6), ())
    assert max(check(trace)) < 1e-5
    logits = torch.tensor([whole(engine, trace.inputs["pixel_values"], text) for text in TEXTS])
    answer = trace.answer(TextClasses)
    assert answer.exclusive == (not name.startswith("siglip"))
    wanted = logits.softmax(0) if answer.exclusive else logits.sigmoid()
    np.testing.assert_allclose(answer.probabilities, wanted, atol=1e-5)
    np.testing.assert_allclose(answer.scale * answer.cosines + answer.bias, logits, atol=1e-4)
    assert np.ptp(answer.probabilities) > 1e-3
    assert answer.names == TEXTS
    best = answer.targets()[0]
    assert trace.run.gradients(best).logit == pytest.approx(float(logits[best.index]), abs=1e-4)
    nothing = np.zeros((1, len(trace.tokens)), bool)
    assert trace.run.scores(nothing, best)[0] == pytest.approx(best.score, abs=1e-5)


def test_several_prompts_are_one_vector_of_length_one(opened):
    engine, prompts = opened("clip"), ("a {}", "no {}!")
    vectors = []
    for prompt in prompts:
        with torch.no_grad():
            found = engine.whole.get_text_features(**ids(engine, prompt.replace("{}", "cat"))).pooler_output
        vectors.append(found[0] / found[0].norm())
    mean = torch.stack(vectors).mean(0)
    read = engine.tower.read(("cat", "a longer one"), prompts)
    torch.testing.assert_close(read.means[0], mean / mean.norm(), atol=1e-6, rtol=1e-5)
    halves = averaged(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    torch.testing.assert_close(halves, torch.tensor([0.5, 0.5]).sqrt())
    assert probabilities(torch.zeros(4), True).tolist() == [0.25] * 4
    assert probabilities(torch.zeros(4), False).tolist() == [0.5] * 4


def test_chefer_of_a_class_text_is_the_product_over_the_tower_that_sees(opened):
    engine = opened("clip")
    trace = engine.run(PIXELS, texts=TEXTS)
    target = next(one for one in targets_at(trace) if one.name == "a lamp")
    model, values = engine.whole, torch.from_numpy(trace.inputs["pixel_values"])[None]
    model.set_attn_implementation("eager")
    try:
        with torch.enable_grad():
            found = model.vision_model(pixel_values=values.requires_grad_(), output_attentions=True)
            seen = torch.nn.functional.normalize(model.visual_projection(found.pooler_output), dim=-1)
            text = model.get_text_features(**ids(engine, "a lamp")).pooler_output
            logit = model.logit_scale.exp() * seen @ torch.nn.functional.normalize(text, dim=-1).T
            slopes = torch.autograd.grad(logit[0, 0], found.attentions)
    finally:
        model.set_attn_implementation("sdpa")
    relevance = torch.eye(len(trace.tokens))
    for weights, slope in zip(found.attentions, slopes, strict=True):
        relevance = relevance + (weights * slope).clamp_min(0).mean(1)[0] @ relevance
    np.testing.assert_allclose(generic(trace, target).values, relevance[0].detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["clip", "siglip", "chinese-clip"])
def test_chefer_of_the_words_is_the_product_over_the_tower_that_reads(opened, name):
    engine, prompts = opened(name), ("a {}", "no {}!")
    trace = engine.run(PIXELS, texts=TEXTS, prompts=prompts)
    target = next(one for one in targets_at(trace) if one.name == "it")
    words = trace.run.words(target, 1)
    model, inputs = engine.whole, ids(engine, "no it!")
    other = torch.nn.functional.normalize(
        model.get_text_features(**ids(engine, "a it")).pooler_output, dim=-1
    )
    seen = model.get_image_features(torch.from_numpy(trace.inputs["pixel_values"])[None]).pooler_output
    model.set_attn_implementation("eager")
    leaf = model.text_model.get_input_embeddings()(inputs["input_ids"]).clone().requires_grad_()
    hook = model.text_model.get_input_embeddings().register_forward_hook(lambda *_: leaf)
    try:
        with torch.enable_grad():
            found = model.get_text_features(**inputs, output_attentions=True)
            own = torch.nn.functional.normalize(found.pooler_output, dim=-1)
            mean = torch.nn.functional.normalize((own + other) / 2, dim=-1)
            cosine = (mean @ torch.nn.functional.normalize(seen, dim=-1).T)[0, 0]
            slopes = torch.autograd.grad(cosine, found.attentions)
    finally:
        hook.remove()
        model.set_attn_implementation("sdpa")
    assert float(cosine.detach()) == pytest.approx(trace.answer(TextClasses).cosines[target.index], abs=1e-5)
    relevance = torch.eye(len(words.tokens))
    for weights, slope in zip(found.attentions, slopes, strict=True):
        relevance = relevance + (weights * slope).clamp_min(0).mean(1)[0] @ relevance
    readout = {"clip": 7, "siglip": two_towers.LONGEST - 1, "chinese-clip": 0}[name]
    assert words.readout == readout  # where the text ends, the last of a filled text, the first
    wanted = relevance[readout].detach()
    np.testing.assert_allclose(generic(words, target).values, wanted, rtol=1e-4, atol=1e-6)
    assert words.tokens.sources == ("no it!",)
    assert max(check(words)) < 1e-5


def test_other_methods_of_targets_and_heads_serve_class_texts(opened):
    trace = opened("clip").run(PIXELS, texts=TEXTS)
    target = trace.answer(TextClasses).targets()[0]
    lost = occlusion(trace, target).values
    hidden = np.arange(len(trace.tokens)) == 3
    assert lost[3] == pytest.approx(target.score - trace.run.scores(hidden[None], target)[0], abs=1e-6)
    assert trace.run.effects(target).shape == (2, 4)
    with pytest.raises(HeadlightError, match="does not say"):
        trace.run.gradients(Target("a boat", 0.0, 3))


WRONG = {
    (): "There are no class texts",
    ("a", " "): "Class text 2 is empty",
    ("a", "a"): "“a” is there twice",
    ("a" * 40,): "has 42 tokens, and clip reads 24",
}


@pytest.mark.parametrize("texts", WRONG)
def test_texts_that_cannot_stand_for_classes(opened, texts):
    with pytest.raises(HeadlightError, match=WRONG[texts]):
        opened("clip").tower.read(texts, ("{}",))


@pytest.mark.parametrize("prompt", ["a photo", "{} and {}"])
def test_a_prompt_has_one_place(opened, prompt):
    with pytest.raises(HeadlightError, match=r"does not hold .. once"):
        opened("clip").run(PIXELS, texts=("a",), prompts=(prompt,))


def test_without_a_tokenizer_the_picture_alone_is_seen(tmp_path):
    where = two_towers.folder(tmp_path, "clip")
    (where / "tokenizer.json").unlink()
    (where / "tokenizer_config.json").unlink()
    engine = open_engine(str(where), "image", "cpu")
    trace = engine.run(PIXELS)
    assert len(trace.layers) == 2
    assert "texts" not in trace.run.offers
    assert "compares no texts with pictures: the folder" in trace.notices[0]
    with pytest.raises(HeadlightError, match="reads no class texts"):
        engine.run(PIXELS, texts=TEXTS)
