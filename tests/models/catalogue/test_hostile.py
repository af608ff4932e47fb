"""Folders that no honest program wrote: each opens, or is refused in one sentence, before it costs."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers as hf
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, pre_tokenizers, processors
from tokenizers.models import WordPiece

from headlight.models.catalogue.formats import claims
from headlight.models.core.errors import HeadlightError
from headlight.models.engines import door
from headlight.models.engines.language import LanguageEngine
from headlight.models.engines.pictures.vision import VisionEngine
from headlight.models.engines.points import PointsEngine
from headlight.models.points.checkpoints import save_network
from headlight.models.points.config import PointConfig

Mutation = Callable[[Path], object]

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat")
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24}
ENGINES = door.Engines(
    lambda entry: {"text": LanguageEngine, "image": VisionEngine, "points": PointsEngine}[entry.modality]
)
GIVEN: dict[str, tuple[Any, ...]] = {
    "text": ("the cat sat",),
    "image": (np.random.default_rng(0).integers(0, 255, (32, 40, 3), np.uint8),),
    "points": (np.random.default_rng(0).random((300, 3), np.float32) * 3,),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A text model, one of pictures and one of points, as they should be."""
    root = tmp_path_factory.mktemp("whole")
    found = {kind: root / kind for kind in GIVEN}
    hf.BertModel(hf.BertConfig(vocab_size=len(WORDS), **SMALL)).save_pretrained(found["text"])
    tokenizer = Tokenizer(WordPiece({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    hf.PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]").save_pretrained(found["text"])
    hf.ViTModel(hf.ViTConfig(image_size=24, patch_size=8, **SMALL)).save_pretrained(found["image"])
    (found["image"] / "preprocessor_config.json").write_text("{}")
    config = PointConfig("point_transformer", ("a", "b"), tuple("xyz"), (16,) * 5, (2,) * 5)
    save_network(found["points"], config.network(), config)
    return found


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """No engine stays for a test that opens the same folder."""
    yield
    door._engines.clear()


def edited(file: str, change: Callable[[Any], object]) -> Mutation:
    """`change` what a JSON file holds, in place."""

    def mutate(folder: Path) -> None:
        content = json.loads((folder / file).read_text())
        change(content)
        (folder / file).write_text(json.dumps(content))

    return mutate


def says(**more: Any) -> Mutation:
    return edited("config.json", lambda content: content.update(more))


def prepares(**more: Any) -> Mutation:
    return edited("preprocessor_config.json", lambda content: content.update(more))


def cuts(*path: Any, to: Any) -> Mutation:
    """Set a value in tokenizer.json."""

    def change(content: Any) -> None:
        for name in path[:-1]:
            content = content[name]
        content[path[-1]] = to

    return edited("tokenizer.json", change)


def weighs(change: Callable[[dict[str, torch.Tensor]], object]) -> Mutation:
    def mutate(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        changed = change(tensors)
        save_file(
            changed if isinstance(changed, dict) else tensors, folder / "model.safetensors", {"format": "pt"}
        )

    return mutate


def every(convert: Callable[[torch.Tensor], torch.Tensor]) -> Mutation:
    return weighs(
        lambda t: {name: convert(one) if one.is_floating_point() else one for name, one in t.items()}
    )


def header(change: Callable[[dict[str, Any]], object]) -> Mutation:
    """`change` what the head of the safetensors file says, whatever its bytes are."""

    def mutate(folder: Path) -> None:
        data = (folder / "model.safetensors").read_bytes()
        size = struct.unpack("<Q", data[:8])[0]
        content = json.loads(data[8 : 8 + size])
        change(content)
        said = json.dumps(content).encode()
        (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(said)) + said + data[8 + size :])

    return mutate


def first(content: dict[str, Any]) -> dict[str, Any]:
    return next(one for name, one in content.items() if name != "__metadata__")


def indexed(name: str) -> Mutation:
    def mutate(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / "model-00001-of-00001.safetensors")
        index = {"weight_map": {"a": name}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))

    return mutate


def replaced(name: str, make: Callable[[Path], object]) -> Mutation:
    def mutate(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return mutate


def doubling(times: int) -> dict[str, Any]:
    step = {"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}
    return {"type": "Sequence", "normalizers": [step] * times}


NAN = weighs(lambda t: t["encoder.layer.1.attention.self.query.weight"].fill_(torch.nan))
NO_NUMBERS = "A layer computes no numbers (NaN or infinite), from encoder.layer.1"

REFUSED: dict[str, tuple[str, Mutation, str]] = {
    "a million layers": ("text", says(num_hidden_layers=10**6), "“num_hidden_layers”: 1,000,000"),
    "a billion layers": ("image", says(num_hidden_layers=10**9), "“num_hidden_layers”: 1,000,000,000"),
    "stages of a million": ("image", says(model_type="swin", depths=[10**6, 2]), "“depths”: 1,000,002"),
    "a billion labels": ("text", says(num_labels=10**9), "“num_labels”: 1,000,000,000"),
    "a billion words": ("text", says(vocab_size=10**9), "“vocab_size”: 1,000,000,000"),
    "no end of positions": ("text", says(max_position_embeddings=2**40), "“max_position_embeddings”"),
    "a million positions of weights": ("text", says(max_position_embeddings=10**6), "describes a network of"),
    "a width of 65,536": ("text", says(hidden_size=65536), "describes a network of"),
    "a width of 3.5": ("text", says(hidden_size=3.5), "hidden_size"),
    "a width of 0": ("text", says(hidden_size=0), "."),
    "a negative width": ("text", says(hidden_size=-16), "."),
    "a width in words": ("text", says(hidden_size="16"), "hidden_size"),
    "no width": ("text", says(hidden_size=None), "."),
    "several widths": ("text", says(hidden_size=[16]), "hidden_size"),
    "heads that do not divide": ("text", says(num_attention_heads=3), "."),
    "no heads": ("text", says(num_attention_heads=0), "."),
    "an unknown function": ("text", says(hidden_act="x"), "."),
    "another type": ("text", says(model_type="vit"), "."),
    "a type that is none": ("text", says(model_type="../x"), "model type"),
    "a list for a type": ("text", says(model_type=["bert"]), "model_type"),
    "a number for a tower": ("image", says(vision_config=5), "."),
    "patches of 0": ("image", says(patch_size=0), "."),
    "patches of null": ("image", says(patch_size=None), "."),
    "patches of text": ("image", says(patch_size="8"), "."),
    "a mean of words": ("image", prepares(image_mean="x"), "no usable “image_mean”: x"),
    "two means": ("image", prepares(image_mean=[0.5, 0.5]), "no usable “image_mean”"),
    "a deviation of 0": ("image", prepares(image_std=[0.5, 0, 0.5]), "no usable “image_std”"),
    "a deviation of NaN": ("image", prepares(image_std=float("nan")), "no usable “image_std”"),
    "a factor in words": ("image", prepares(rescale_factor="1/255"), "no usable “rescale_factor”"),
    "blocks of words": ("points", says(blocks=["2"] * 5), "“blocks”"),
    "a grid of NaN": ("points", says(grid=float("nan")), "“grid”"),
    "whole numbers for weights": (
        "points",
        every(lambda one: one.to(torch.int8)),
        "whole numbers instead of real ones",
    ),
    "no unknown token": ("text", cuts("model", "vocab", to={"the": 5}), "Missing \\[UNK\\]"),
    "words past the table": ("text", cuts("model", "vocab", "cat", to=10**6), "."),
    "a tokenizer of an unknown kind": ("text", cuts("model", "type", to="X"), "tokenizer"),
    "a list for a tokenizer": ("text", replaced("tokenizer.json", lambda f: f.write_text("[]")), "holds no"),
    "an open regex": (
        "text",
        cuts("pre_tokenizer", to={"type": "Split", "pattern": {"Regex": "("}, "behavior": "Isolated"}),
        "tokenizer",
    ),
    "a text that doubles": ("text", cuts("normalizer", to=doubling(24)), "64 times as long"),
    "a template of no word": ("text", cuts("post_processor", "special_tokens", to={}), "tokenizer"),
    "a name of 400 characters": ("text", indexed("a" * 400 + ".safetensors"), "lacks the weights aaa"),
    "a NUL in a name": ("text", indexed("a\0b.safetensors"), "lacks the weights"),
    "a name that leads out": ("text", indexed("../../x.safetensors"), "no safetensors file beside it"),
    "a pickle by another name": (
        "text",
        replaced("model.safetensors", lambda file: torch.save({"a": torch.ones(1)}, file)),
        "is damaged",
    ),
    "tensors over each other": ("text", header(lambda c: first(c).update(data_offsets=[0, 4])), "is damaged"),
    "tensors past the end": (
        "text",
        header(lambda c: first(c).update(data_offsets=[0, 2**40])),
        "is damaged",
    ),
    "a shape past its bytes": ("text", header(lambda c: first(c).update(shape=[2**40])), "is damaged"),
    "a shape that wraps": ("text", header(lambda c: first(c).update(shape=[2**33, 2**33])), "is damaged"),
    "a pipe": ("text", replaced("tokenizer.json", os.mkfifo), "neither a file nor a folder"),
    "a configuration from elsewhere": (
        "text",
        lambda folder: (
            shutil.move(folder / "config.json", folder.parent / "config.json"),
            (folder / "config.json").symlink_to("../config.json"),
        ),
        "config.json is a link to elsewhere. Copy what is there into it, or give --trust-pickle",
    ),
    "a device": ("text", replaced("tokenizer.json", lambda f: f.symlink_to("/dev/zero")), "neither a file"),
    "a folder for weights": ("text", replaced("model.safetensors", Path.mkdir), "no weights"),
}
OPENED: dict[str, tuple[str, Mutation, str]] = {
    "as it should be": ("text", lambda folder: None, ""),
    "pictures as they should be": ("image", lambda folder: None, ""),
    "points as they should be": ("points", lambda folder: None, ""),
    "a longest text of -5": (
        "text",
        edited("tokenizer_config.json", lambda c: c.update(model_max_length=-5)),
        "",
    ),
    "a picture of -24, which nothing asks for": ("image", says(image_size=-24), ""),
    "a factor of null, as is usual": ("image", prepares(rescale_factor=None), ""),
    "NaN for weights": ("text", NAN, NO_NUMBERS),
    "8-bit floats": ("points", every(lambda one: one.to(torch.float8_e4m3fn)), ""),
    "no tensor that fits": ("text", weighs(lambda t: {f"x.{n}": v for n, v in t.items()}), ""),
    "nothing of it": (
        "text",
        weighs(lambda t: {"other": torch.ones(4)}),
        "is untrained: it lacks 37 of its 37 weights",
    ),
    "a link out of the folder": (
        "text",
        lambda folder: (
            shutil.move(folder / "model.safetensors", folder.parent / "far.safetensors"),
            (folder / "model.safetensors").symlink_to(folder.parent / "far.safetensors"),
        ),
        "model.safetensors lies elsewhere",
    ),
}


def used(kind: str, mutation: Mutation, whole: Path, tmp_path: Path, trusted: bool = False) -> Any:
    """(trace, notices) of a model that was changed so."""
    folder = tmp_path / "model"
    shutil.copytree(whole, folder)
    mutation(folder)
    engine = door.open_engine(str(folder), kind, ENGINES, "cpu", trust_pickle=trusted)
    trace = engine.run(*GIVEN[kind])
    return trace, (*trace.notices, *door.found_odd(trace, door.check(trace)))


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_told_in_a_sentence(name, whole, tmp_path):
    kind, mutation, said = REFUSED[name]
    with pytest.raises(HeadlightError, match=said) as caught:
        used(kind, mutation, whole[kind], tmp_path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("name", OPENED)
def test_what_can_be_read_is_read_and_its_faults_are_told(name, whole, tmp_path):
    kind, mutation, said = OPENED[name]
    trace, notices = used(kind, mutation, whole[kind], tmp_path, trusted="link" in name)
    assert trace.layers
    assert said in " ".join(notices)


def test_a_link_within_the_hubs_cache_is_no_link_out_of_it(tmp_path):
    blob, version = tmp_path / "models--a--b" / "blobs" / "x", tmp_path / "models--a--b" / "snapshots" / "1"
    for folder in (blob.parent, version):
        folder.mkdir(parents=True)
    blob.write_text("{}")
    (version / "config.json").symlink_to(blob)
    (version / "1_Pooling").mkdir()
    (version / "1_Pooling" / "config.json").symlink_to(blob)
    assert claims.check_files(version) == claims.check_files(version / "1_Pooling") == ()
    (version / "vocab.txt").symlink_to(tmp_path / "models--a--c")
    (tmp_path / "models--a--c").mkdir()
    assert claims.check_files(version) == ("vocab.txt",)
