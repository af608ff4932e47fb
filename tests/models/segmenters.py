"""Small random models whose queries cut things out of pictures, as folders that transformers saved."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import transformers as hf

KINDS = ("mask2former", "maskformer")


def folder(root: Path, kind: str) -> Path:
    """Over a network of four stages; 6 queries, 3 classes, 3 layers of the decoder (2 of MaskFormer)."""
    torch.manual_seed(0)
    stages = {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1], "out_features": _STAGES}
    sees = hf.ResNetConfig(**stages, embedding_size=8, layer_type="basic")
    if kind == "mask2former":
        sizes = {"feature_size": 32, "mask_feature_size": 32, "hidden_dim": 32, "num_attention_heads": 4}
        wide = {"encoder_feedforward_dim": 48, "dim_feedforward": 48, "encoder_layers": 1}
        few = {"decoder_layers": 4, "num_queries": 6, "num_labels": 3}
        model = hf.Mask2FormerForUniversalSegmentation(
            hf.Mask2FormerConfig(backbone_config=sees, **sizes, **wide, **few)
        )
    else:
        timm = {"use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None}
        sizes = {"d_model": 32, "encoder_layers": 1, "decoder_layers": 2, "num_queries": 6}
        heads = {"encoder_attention_heads": 4, "decoder_attention_heads": 4}
        wide = {"encoder_ffn_dim": 48, "decoder_ffn_dim": 48}
        asks = hf.DetrConfig(**timm, **sizes, **heads, **wide)
        maps = {"fpn_feature_size": 32, "mask_feature_size": 32, "num_labels": 3}
        model = hf.MaskFormerForInstanceSegmentation(
            hf.MaskFormerConfig(backbone_config=sees, decoder_config=asks, **maps)
        )
    for name, weight in model.named_parameters():  # queries that differ
        if "quer" in name and weight.ndim == 2:
            torch.nn.init.normal_(weight, std=3)
    model.save_pretrained(root / kind)
    size = {"shortest_edge": 64, "longest_edge": 200}
    named = "Mask2FormerImageProcessor" if kind == "mask2former" else "MaskFormerImageProcessor"
    said = {"image_processor_type": named, "size": size, "size_divisor": 32}
    (root / kind / "preprocessor_config.json").write_text(json.dumps(said))
    return root / kind


_STAGES = ["stage1", "stage2", "stage3", "stage4"]
