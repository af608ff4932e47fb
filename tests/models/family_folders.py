"""Small random models of many families, one for each way in which weights are come by or are not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers as hf
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from transformers import AutoConfig, AutoModel

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
SIDES: dict[str, Any] = {"image_size": 64, "patch_size": 16}
WIDE: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
}
TEXT = WIDE | {"vocab_size": 300, "max_position_embeddings": 128}
TOKENS = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
DECODER = TEXT | TOKENS | {"num_key_value_heads": 2, "head_dim": 8}
SEES = WIDE | SIDES
T5 = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4, "vocab_size": 300}
SWIN = SIDES | {"patch_size": 4, "embed_dim": 16, "depths": [1, 1], "num_heads": [1, 2], "window_size": 4}
CHUNKS = {"axial_pos_embds": False, "num_buckets": 2, "attn_layers": ["local", "lsh"], "is_decoder": False}
HASHES = {"local_attn_chunk_length": 8, "lsh_attn_chunk_length": 8, "attention_head_size": 8}
LANDMARKS = {"num_landmarks": 4, "segment_means_seq_len": 16}

TEXTS: dict[str, dict[str, Any]] = {
    "bert": TEXT,
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 300, "n_positions": 128},
    "llama": DECODER,
    "gpt_oss": DECODER | {"num_local_experts": 2, "num_experts_per_tok": 1},
    "t5": T5 | {"num_decoder_layers": 2, "decoder_start_token_id": 0},
    "deberta-v2": TEXT | {"relative_attention": True, "pos_att_type": ["c2p", "p2c"]},
    "squeezebert": TEXT | {"embedding_size": 32},
    "longformer": TEXT | {"attention_window": 8},
    "big_bird": TEXT | {"block_size": 4},
    "nystromformer": TEXT | LANDMARKS,
    "yoso": TEXT,
    "reformer": TEXT | CHUNKS | HASHES | {"num_hashes": 1, "feed_forward_size": 48},
    "jamba": DECODER
    | {"attn_layer_period": 2, "attn_layer_offset": 1, "mamba_dt_rank": 4, "num_experts": 2}
    | {"use_mamba_kernels": False},
    "fnet": WIDE | {"vocab_size": 300},
    "mamba": {"hidden_size": 32, "num_hidden_layers": 2, "vocab_size": 300},
}
PICTURES: dict[str, dict[str, Any]] = {
    "vit": SEES,
    "swin": SWIN,
    "swinv2": SWIN,
    "segformer": {"hidden_sizes": [8, 8, 16, 16], "depths": [1] * 4, "num_attention_heads": [1, 1, 2, 2]},
    "dinov3_vit": SEES | {"num_register_tokens": 4},
    "vit_mae": SEES,
    "yolos": SEES | {"image_size": [64, 64], "num_detection_tokens": 3},
    "siglip2_vision_model": WIDE | {"patch_size": 16, "num_patches": 16},
    "vitdet": SEES | {"window_size": 2, "window_block_indices": [0], "pretrain_image_size": 64},
    "sam_vision_model": SEES
    | {
        "window_size": 2,
        "global_attn_indexes": [1],
        "output_channels": 8,
        "mlp_dim": 48,
        "initializer_range": 1.0,
    },
    "data2vec-vision": SEES,
    "maskformer-swin": SWIN,
    "hiera": {"embed_dim": 8, "depths": [1] * 4, "image_size": [64, 64], "num_heads": [1, 1, 2, 2]},
    "mobilevit": {"hidden_sizes": [8, 8, 8], "neck_hidden_sizes": [8] * 7, "num_attention_heads": 2},
    "resnet": {"embedding_size": 8, "hidden_sizes": [8, 8], "depths": [1, 1]},
    "poolformer": {"hidden_sizes": [8, 8, 8, 8], "depths": [1] * 4},
    "videomae": SEES | {"num_frames": 2},
}
BOTH = {"text_config": TEXT | TOKENS | {"max_position_embeddings": 128}, "vision_config": SEES}
PAIRS: dict[str, dict[str, Any]] = {
    "clip": BOTH | {"projection_dim": 16},
    "qwen2_vl": {
        "text_config": DECODER
        | {"rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [1, 1, 2]}},
        "vision_config": {"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 4, "patch_size": 14},
    },
}


def made(root: Path, model_type: str) -> Path:
    """The folder of a small model of this type, as a user's disk would hold it."""
    config = next(of[model_type] for of in (TEXTS, PICTURES, PAIRS) if model_type in of)
    torch.manual_seed(0)
    return filled(root / model_type, AutoModel.from_config(AutoConfig.for_model(model_type, **config)))


def odd(root: Path) -> dict[str, Path]:
    """Vision transformers of pictures of one size alone, of patches that are no squares, and of grey."""
    every = {
        "rectangular": {"image_size": [64, 96]},
        "tall_patches": {"patch_size": [16, 8]},
        "grey": {"num_channels": 1},
    }
    return {name: filled(root / name, hf.ViTModel(hf.ViTConfig(**SEES | own))) for name, own in every.items()}


def filled(folder: Path, model: hf.PreTrainedModel) -> Path:
    """Saved with its matrices enlarged, so that attention is far from uniform, and what readers need."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(3)
    model.save_pretrained(folder)
    letters = pre_tokenizers.ByteLevel.alphabet()
    tokenizer = Tokenizer(BPE({token: i for i, token in enumerate([*SPECIAL, *sorted(letters)])}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(list(SPECIAL))
    names = dict(zip(("bos_token", "pad_token", "eos_token", "unk_token"), SPECIAL, strict=True))
    hf.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": [0.5] * 3, "image_std": [0.5] * 3})
    )
    return folder
