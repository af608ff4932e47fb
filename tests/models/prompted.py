"""A small random SAM and SAM 2, as folders that transformers saved."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import transformers as hf

SIDE = 64
"""Pixels of the square that it reads: 8 × 8 cells."""


def folder(root: Path) -> Path:
    """Of one layer in windows of 3 × 3 cells, which are padded, and one over all cells."""
    torch.manual_seed(0)
    sees = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "mlp_dim": 48}
    cuts = {"image_size": SIDE, "patch_size": 8, "window_size": 3, "global_attn_indexes": [1]}
    decodes = {"hidden_size": 32, "mlp_dim": 48, "num_attention_heads": 4, "iou_head_hidden_dim": 16}
    shown = {"hidden_size": 32, "image_size": SIDE, "patch_size": 8, "mask_input_channels": 8}
    config = hf.SamConfig(
        vision_config={**sees, **cuts, "output_channels": 32, "num_pos_feats": 16},
        mask_decoder_config=decodes,
        prompt_encoder_config=shown,
    )
    model = hf.SamModel(config)
    for name, weight in model.named_parameters():  # those of places are 0 at first
        if "rel_pos" in name or name.endswith("pos_embed"):
            torch.nn.init.normal_(weight, std=0.2)
    model.save_pretrained(root / "sam")
    square = {"height": SIDE, "width": SIDE}
    said = {"image_processor_type": "SamImageProcessor", "size": {"longest_edge": SIDE}, "pad_size": square}
    (root / "sam" / "preprocessor_config.json").write_text(json.dumps(said))
    return root / "sam"


def second(root: Path) -> Path:
    """A SAM 2 of 128 × 128 pixels, and a decoder over 8 × 8 cells."""
    torch.manual_seed(0)
    stages = {"blocks_per_stage": [1, 1, 2, 1], "embed_dim_per_stage": [8, 16, 32, 64]}
    heads = {"num_attention_heads": 1, "num_attention_heads_per_stage": [1, 1, 2, 2]}
    cuts = {"window_size_per_stage": [4, 4, 4, 4], "global_attention_blocks": [3], "image_size": [128, 128]}
    sees = {"model_type": "sam2_hiera_det_model", "hidden_size": 8, **stages, **heads, **cuts}
    maps = {"backbone_channel_list": [64, 32, 16, 8], "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]]}
    decodes = {"hidden_size": 32, "mlp_dim": 48, "num_attention_heads": 4, "iou_head_hidden_dim": 16}
    shown = {"hidden_size": 32, "image_size": 128, "patch_size": 16, "mask_input_channels": 8}
    config = hf.Sam2Config(
        vision_config={"backbone_config": sees, **maps, "fpn_hidden_size": 32},
        mask_decoder_config=decodes,
        prompt_encoder_config=shown,
    )
    hf.Sam2Model(config).save_pretrained(root / "sam2")
    said = {"image_processor_type": "Sam2ImageProcessor", "size": {"height": 128, "width": 128}}
    (root / "sam2" / "preprocessor_config.json").write_text(json.dumps(said))
    return root / "sam2"
