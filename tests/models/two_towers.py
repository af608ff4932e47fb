"""Small random models of two towers, as folders that transformers saved."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import transformers as hf
from tokenizers import Tokenizer, decoders, pre_tokenizers, processors
from tokenizers import models as tokenizers

LONGEST = 24
TEXT = {
    "vocab_size": 300,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": LONGEST,
    "bos_token_id": 0,
    "pad_token_id": 1,
    "eos_token_id": 3,
}
VISION = {
    "image_size": 32,
    "patch_size": 8,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
SIZE = VISION["image_size"]


def _clip() -> hf.PreTrainedModel:
    return hf.CLIPModel(hf.CLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=16))


def _siglip() -> hf.PreTrainedModel:
    text = TEXT | {"projection_size": 32}
    return hf.SiglipModel(hf.SiglipConfig(text_config=text, vision_config=VISION))


def _siglip2() -> hf.PreTrainedModel:
    """Given patches, of whatever grid."""
    text, vision = TEXT | {"projection_size": 32}, VISION | {"num_patches": 16}
    return hf.Siglip2Model(hf.Siglip2Config(text_config=text, vision_config=vision))


def _chinese() -> hf.PreTrainedModel:
    """A BERT reads."""
    return hf.ChineseCLIPModel(
        hf.ChineseCLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=16)
    )


def _alt() -> hf.PreTrainedModel:
    """A RoBERTa reads."""
    text = TEXT | {"project_dim": 16, "type_vocab_size": 1, "max_position_embeddings": LONGEST + 2}
    return hf.AltCLIPModel(hf.AltCLIPConfig(text_config=text, vision_config=VISION, projection_dim=16))


MAKERS = {"clip": _clip, "siglip": _siglip, "siglip2": _siglip2, "chinese-clip": _chinese, "altclip": _alt}


def made(name: str) -> hf.PreTrainedModel:
    """In eval mode, its matrices enlarged so that attention and cosines are far from alike."""
    torch.manual_seed(0)
    model = MAKERS[name]().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(4)
        if hasattr(model, "logit_bias"):
            model.logit_bias.fill_(-1.5)
            model.logit_scale.fill_(1.2)
    return model


def folder(root: Path, name: str) -> Path:
    where = root / name
    made(name).save_pretrained(where)
    tokenizer(where)
    said = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (where / "preprocessor_config.json").write_text(json.dumps(said))
    return where


def tokenizer(where: Path) -> None:
    """Of bytes, between a beginning and an end."""
    special = ["<s>", "<pad>", "<unk>", "</s>"]
    vocabulary = {one: at for at, one in enumerate([*special, *sorted(pre_tokenizers.ByteLevel.alphabet())])}
    made = Tokenizer(tokenizers.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(special)
    made.post_processor = processors.TemplateProcessing(
        "<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 3)]
    )
    made.save(str(where / "tokenizer.json"))
    names = {"bos_token": "<s>", "pad_token": "<pad>", "unk_token": "<unk>", "eos_token": "</s>"}
    said = {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512, **names}
    (where / "tokenizer_config.json").write_text(json.dumps(said))
