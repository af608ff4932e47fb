"""A small random SAM, as a folder that transformers saved."""

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
