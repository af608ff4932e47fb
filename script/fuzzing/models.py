"""Small good models in folders and files, as people have them, to be damaged."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from script.fuzzing.sample import Sample
from script.fuzzing.samples import samples

MODELS = "models"
"""What stands in place of a reader where models are damaged."""
RECORDED = "recorded"
"""What a trace reads: itself."""
_FAMILIES = {
    "text": ("bert", "gpt2", "llama", "t5", "deberta-v2"),
    "image": ("vit", "swin", "segformer", "resnet"),
}


@cache
def models() -> dict[str, list[Sample]]:
    """All of them, by that word."""
    from headlight.viewer.app.cli import let_libraries_be_silent

    let_libraries_be_silent()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        return {MODELS: [*_families(root), *_odd(root / "odd"), *_layouts(root / "layouts"), *_traces()]}


def _families(root: Path) -> list[Sample]:
    from tests.models import family_folders, two_towers

    made = [
        Sample.within(family_folders.made(root, name), reads=kind)
        for kind, names in _FAMILIES.items()
        for name in names
    ]
    return [*made, Sample.within(two_towers.folder(root, "clip"), reads="image")]


def _odd(root: Path) -> list[Sample]:
    """With heads, of clouds, and as one file."""
    import transformers as hf

    from tests.models import gguf_files, headed, shape_folders, tiny_points

    root.mkdir()
    bert = hf.BertForMaskedLM(hf.BertConfig(**headed.TEXT, intermediate_size=64))
    vit = hf.ViTForImageClassification(hf.ViTConfig(**headed.VIT, image_size=32, patch_size=8))
    gguf_files.write(root / "small.gguf")
    made = [
        Sample.within(headed.saved(root / "masked", bert), reads="text"),
        Sample.within(headed.saved(root / "classes", vit), reads="image"),
        Sample.within(tiny_points.saved(root / "transformer", tiny_points.transformer()), reads="points"),
        Sample.within(tiny_points.saved(root / "pointnet", tiny_points.pointnet()), reads="points"),
        Sample({"small.gguf": (root / "small.gguf").read_bytes()}, "small.gguf", False, reads="text"),
    ]
    return [
        *made,
        Sample.within(shape_folders.shape_folder(root / "shape", "shape_pointnet"), reads="points"),
    ]


def _layouts(root: Path) -> list[Sample]:
    """In shards, as pickles, as an adapter beside its base, of sentence-transformers, in the hub's cache."""
    import torch
    from safetensors.torch import load_file, save_file

    from tests.models import family_folders, headed, tiny

    whole = family_folders.made(root, "bert")
    plain = Sample.within(whole, reads="text")
    weights = plain.files["model.safetensors"]
    rest = {name: data for name, data in plain.files.items() if name != "model.safetensors"}
    model = tiny.bert()[0]
    model.save_pretrained(root / "shards", max_shard_size="30KB")
    shards = Sample.within(headed.saved(root / "words", model))
    pieces = Sample.within(root / "shards").files
    words = {name: data for name, data in shards.files.items() if "tokenizer" in name}
    torch.save(load_file(whole / "model.safetensors"), root / "pytorch_model.bin")
    query = "base_model.model.encoder.layer.1.attention.self.query"
    halves = {f"{query}.lora_A.weight": torch.ones(2, 32), f"{query}.lora_B.weight": torch.ones(32, 2)}
    save_file(halves, root / "adapter_model.safetensors")
    said = {"peft_type": "LORA", "base_model_name_or_path": "someone/small", "lora_alpha": 6}
    adapter = {
        "tuned/adapter_config.json": json.dumps(said).encode(),
        "tuned/adapter_model.safetensors": (root / "adapter_model.safetensors").read_bytes(),
    }
    modules = [{"idx": 0, "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}]
    pickled = {"pytorch_model.bin": (root / "pytorch_model.bin").read_bytes()}
    inner = {"modules.json": json.dumps(modules).encode()} | _below("0_Transformer", plain)
    cached = {"models--a--b/refs/main": b"c1"} | _below("models--a--b/snapshots/c1", plain)
    return [
        Sample({**pieces, **words}, "", False, reads="text"),
        Sample(rest | pickled, "", False, reads="text"),
        Sample(_below("small", plain) | adapter, "tuned", False, reads="text"),
        Sample(inner, "", False, reads="text"),
        Sample(cached, "models--a--b", False, reads="text"),
        Sample(rest | {"model.fp16.safetensors": weights}, "", False, reads="text"),
    ]


def _traces() -> list[Sample]:
    """What was recorded, which has no model behind it."""
    return [replace(one, reads=RECORDED) for one in samples()["recorded"]]


def _below(folder: str, one: Sample) -> dict[str, bytes]:
    return {f"{folder}/{name}": data for name, data in one.files.items()}
