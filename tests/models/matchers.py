"""Small random models that match points of two pictures, as folders that transformers saved."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import transformers as hf

KINDS = ("lightglue", "superglue")


def folder(root: Path, kind: str) -> Path:
    """Over a SuperPoint that finds 40 points at most; of two blocks, every match told."""
    torch.manual_seed(0)
    finds = hf.SuperPointConfig(
        encoder_hidden_sizes=[8, 8, 8, 8],
        decoder_hidden_size=16,
        descriptor_decoder_dim=32,
        keypoint_threshold=0.0001,
        max_keypoints=40,
    )
    if kind == "lightglue":
        sizes = {"descriptor_dim": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
        config = hf.LightGlueConfig(keypoint_detector_config=finds, filter_threshold=0.0, **sizes)
        model: hf.PreTrainedModel = hf.LightGlueForKeypointMatching(config)
    else:
        sizes = {"hidden_size": 32, "keypoint_encoder_sizes": [16, 32], "num_attention_heads": 4}
        layers = {"gnn_layers_types": ["self", "cross"] * 2, "matching_threshold": 0.0}
        model = hf.SuperGlueForKeypointMatching(
            hf.SuperGlueConfig(keypoint_detector_config=finds, **sizes, **layers)
        )
    for weight in model.parameters():  # else all points are alike
        if weight.ndim > 1:
            torch.nn.init.normal_(weight, std=weight[0].numel() ** -0.5)
    model.save_pretrained(root / kind)
    named = "LightGlueImageProcessor" if kind == "lightglue" else "SuperGlueImageProcessor"
    said = {"image_processor_type": named, "size": {"height": 64, "width": 96}}
    (root / kind / "preprocessor_config.json").write_text(json.dumps(said))
    return root / kind
