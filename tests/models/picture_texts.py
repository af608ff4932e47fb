"""Small random models of pictures with texts, as folders that transformers saved."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import transformers as hf
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers import models as tokenizers

SPECIAL = (
    *("<s>", "<pad>", "</s>", "<unk>", "<image>", "<begin>", "<end>"),
    *("<fake_token_around_image>", "<global-img>"),
    *(f"<row_{row}_col_{column}>" for row in (1, 2, 3) for column in (1, 2, 3, 4)),
)
IMAGE, BEGIN, END = (SPECIAL.index(name) for name in ("<image>", "<begin>", "<end>"))
TEXT = {
    "vocab_size": 300,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "intermediate_size": 48,
    "max_position_embeddings": 512,
    "bos_token_id": 0,
    "pad_token_id": 1,
    "eos_token_id": 2,
}
VISION = {
    "image_size": 32,
    "patch_size": 8,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
ROPE = TEXT | {"rope_scaling": {"type": "mrope", "mrope_section": [1, 1, 2]}}
MARKED = {"image_token_id": IMAGE, "vision_start_token_id": BEGIN, "vision_end_token_id": END}


def _llava() -> hf.PreTrainedModel:
    vision = hf.CLIPVisionConfig(**VISION)
    return hf.LlavaForConditionalGeneration(
        hf.LlavaConfig(text_config=hf.LlamaConfig(**TEXT), vision_config=vision, image_token_index=IMAGE)
    )


def _llava_next() -> hf.PreTrainedModel:
    """The whole picture and tiles, new lines between their rows."""
    config = hf.LlavaNextConfig(
        text_config=hf.LlamaConfig(**TEXT),
        vision_config=hf.CLIPVisionConfig(**VISION),
        image_token_index=IMAGE,
        image_grid_pinpoints=[[32, 64], [64, 32], [64, 64]],
    )
    return hf.LlavaNextForConditionalGeneration(config)


def _gemma() -> hf.PreTrainedModel:
    """Pooled to 2 × 2 tokens, which see each other ahead."""
    config = hf.Gemma3Config(
        text_config=TEXT | {"query_pre_attn_scalar": 8},
        vision_config=VISION,
        mm_tokens_per_image=4,
        image_token_index=IMAGE,
        boi_token_index=BEGIN,
        eoi_token_index=END,
    )
    model = hf.Gemma3ForConditionalGeneration(config)
    with torch.no_grad():  # which begins as nothing
        model.model.multi_modal_projector.mm_input_projection_weight.normal_(std=0.2)
    return model


def _paligemma() -> hf.PreTrainedModel:
    """All that is read sees all that is read."""
    config = hf.PaliGemmaConfig(
        text_config=hf.GemmaConfig(**TEXT),
        vision_config=hf.SiglipVisionConfig(**VISION),
        image_token_index=IMAGE,
        projection_dim=32,
    )
    return hf.PaliGemmaForConditionalGeneration(config)


def _smolvlm() -> hf.PreTrainedModel:
    """Rows of tiles, each between marks, and the whole picture."""
    config = hf.SmolVLMConfig(
        text_config=hf.LlamaConfig(**TEXT), vision_config=VISION, scale_factor=2, image_token_id=IMAGE
    )
    return hf.SmolVLMForConditionalGeneration(config)


def _qwen2() -> hf.PreTrainedModel:
    """2 × 2 patches a token, which come block by block."""
    vision = {"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 4, "patch_size": 14}
    return hf.Qwen2VLForConditionalGeneration(
        hf.Qwen2VLConfig(text_config=ROPE, vision_config=vision, **MARKED)
    )


def _qwen25() -> hf.PreTrainedModel:
    """Windows in the first layer of the tower."""
    vision = {"depth": 2, "hidden_size": 32, "out_hidden_size": 32, "num_heads": 4, "intermediate_size": 48}
    vision |= {"patch_size": 14, "fullatt_block_indexes": [1], "window_size": 56}
    return hf.Qwen2_5_VLForConditionalGeneration(
        hf.Qwen2_5_VLConfig(text_config=ROPE, vision_config=vision, **MARKED)
    )


def _trocr(decoder: str) -> hf.PreTrainedModel:
    """What a ViT saw is written by one of BERT's kin, or by the decoder that TrOCR has."""
    if decoder == "bert":
        writes = hf.BertConfig(**_WRITES, is_decoder=True, add_cross_attention=True)
    else:
        writes = hf.TrOCRConfig(vocab_size=300, **_DECODES, cross_attention_hidden_size=32)
    return _both(hf.ViTConfig(**VISION), writes)


def _donut() -> hf.PreTrainedModel:
    """A tower in stages and windows."""
    sees = hf.DonutSwinConfig(
        image_size=[64, 32], patch_size=4, embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4
    )
    return _both(sees, hf.MBartConfig(vocab_size=300, **_DECODES, is_decoder=True, add_cross_attention=True))


def _both(sees: hf.PreTrainedConfig, writes: hf.PreTrainedConfig) -> hf.PreTrainedModel:
    made = hf.VisionEncoderDecoderConfig.from_encoder_decoder_configs(sees, writes)
    made.decoder_start_token_id, made.pad_token_id, made.eos_token_id = 0, 1, 2
    return hf.VisionEncoderDecoderModel(made)


def _blip() -> hf.PreTrainedModel:
    text = _WRITES | {"encoder_hidden_size": 32, "sep_token_id": 2, "bos_token_id": 0}
    return hf.BlipForConditionalGeneration(hf.BlipConfig(text_config=text, vision_config=VISION))


_WRITES = {
    "vocab_size": 300,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 64,
}
_DECODES = {
    "d_model": 32,
    "decoder_layers": 2,
    "decoder_attention_heads": 4,
    "decoder_ffn_dim": 48,
    "max_position_embeddings": 64,
}


def _vilt() -> hf.PreTrainedModel:
    """Takes its patches in an order that is drawn."""
    sizes = {name: size for name, size in _WRITES.items() if name != "max_position_embeddings"}
    config = hf.ViltConfig(**sizes, image_size=32, patch_size=8, max_position_embeddings=64, num_labels=5)
    return hf.ViltForQuestionAnswering(config)


def _layout() -> hf.PreTrainedModel:
    more = {"coordinate_size": 6, "shape_size": 4, "input_size": 32, "patch_size": 8, "pad_token_id": 1}
    return hf.LayoutLMv3Model(hf.LayoutLMv3Config(**_WRITES | more, type_vocab_size=1))


TOGETHER = {"vilt": _vilt, "layoutlmv3": _layout}
"""Encoders of both."""
WRITTEN = {
    "vit-bert": lambda: _trocr("bert"),
    "trocr": lambda: _trocr("trocr"),
    "donut": _donut,
    "blip": _blip,
}
"""Models that write of a picture what they saw."""
MADE = {
    "llava": _llava,
    "llava-next": _llava_next,
    "gemma": _gemma,
    "paligemma": _paligemma,
    "smolvlm": _smolvlm,
    "qwen2": _qwen2,
    "qwen25": _qwen25,
}


def detector(root: Path) -> Path:
    """The folder of a DETR over a ResNet of two stages, whose cells are of 8 pixels."""
    torch.manual_seed(0)
    sees = hf.ResNetConfig(
        hidden_sizes=[16, 32], depths=[1, 1], embedding_size=16, layer_type="basic", out_features=["stage2"]
    )
    sizes = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "num_queries": 6, "num_labels": 3}
    heads = {"encoder_attention_heads": 4, "decoder_attention_heads": 4}
    wide = {"encoder_ffn_dim": 48, "decoder_ffn_dim": 48}
    timm = {"use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None}
    config = hf.DetrConfig(backbone_config=sees, **timm, **sizes, **heads, **wide)
    hf.DetrForObjectDetection(config).save_pretrained(root / "detr")
    said = {"image_processor_type": "DetrImageProcessor", "size": {"shortest_edge": 60, "longest_edge": 400}}
    (root / "detr" / "preprocessor_config.json").write_text(json.dumps(said))
    return root / "detr"


def one_sequence_detector(root: Path) -> Path:
    """The folder of a YOLOS of 6 detection tokens and patches of 8 pixels."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    sees = {"image_size": [32, 48], "patch_size": 8, "num_detection_tokens": 6, "num_labels": 3}
    model = hf.YolosForObjectDetection(hf.YolosConfig(**sizes, **sees))
    for name, weight in model.named_parameters():  # those of places are 0 at first
        if "position" in name or "tokens" in name:
            torch.nn.init.normal_(weight)
    model.save_pretrained(root / "yolos")
    return root / "yolos"


def tokenizer() -> Tokenizer:
    """A token a byte."""
    vocabulary = {
        token: at for at, token in enumerate([*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet())])
    }
    made = Tokenizer(tokenizers.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([*SPECIAL])
    return made


def folder(root: Path, name: str) -> Path:
    """The folder of a model, as a user's disk would hold it."""
    torch.manual_seed(0)
    path = root / name
    (MADE | WRITTEN | TOGETHER)[name]().save_pretrained(path)
    names = {"unk_token": "<unk>", "pad_token": "<pad>", "eos_token": "</s>"}
    hf.PreTrainedTokenizerFast(tokenizer_object=tokenizer(), model_max_length=512, **names).save_pretrained(
        path
    )
    return path
