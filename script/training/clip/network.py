"""The small CLIP: transformers' CLIPModel, its tokenizer, and a forward pass of a part of the patches.

python -m script.training.clip.network --out FOLDER        an untrained one of the same layout
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

from script.training.clip.captions import corpus

SIDE = 96
"""Pixels of a picture's side,"""
PATCH = 8
"""of a patch's: letters are about that wide."""
WIDTH, LAYERS, HEADS, MLP = 384, 5, 6, 768
TEXT_WIDTH, TEXT_LAYERS, TEXT_HEADS = 128, 4, 4
PROJECTION = 128
CONTEXT = 24
KEPT = 44
"""Patches that are read of a picture's 144 in training."""
MERGES = 600
"""Merges of byte pairs: common words are one token, others are spelled in pieces."""
START, END = "<|startoftext|>", "<|endoftext|>"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def make(vocabulary: int) -> CLIPModel:
    """Untrained."""
    config = CLIPConfig(
        text_config={
            "vocab_size": vocabulary,
            "hidden_size": TEXT_WIDTH,
            "intermediate_size": 4 * TEXT_WIDTH,
            "num_hidden_layers": TEXT_LAYERS,
            "num_attention_heads": TEXT_HEADS,
            "max_position_embeddings": CONTEXT,
            "bos_token_id": vocabulary - 2,
            "eos_token_id": vocabulary - 1,
            "pad_token_id": vocabulary - 1,
            "projection_dim": PROJECTION,
        },
        vision_config={
            "hidden_size": WIDTH,
            "intermediate_size": MLP,
            "hidden_act": "gelu",
            "layer_norm_eps": 1e-6,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "image_size": SIDE,
            "patch_size": PATCH,
            "projection_dim": PROJECTION,
        },
        projection_dim=PROJECTION,
    )
    return CLIPModel(config)


def kept(weights: np.ndarray, count: int, seed: int) -> torch.Tensor:
    """int64 (batch, count): patches to read; writing first, then of things and surroundings by chance.

    weights: (batch, side, side), of Picture.
    """
    flat = weights.reshape(len(weights), -1)
    order = flat + np.random.default_rng(seed).random(flat.shape) * np.where(flat > 1, 0.1, 0.8)
    return torch.from_numpy(np.argpartition(-order, count, axis=1)[:, :count].copy())


def seen_in_part(net: CLIPModel, pixels: torch.Tensor, kept: torch.Tensor | None) -> torch.Tensor:
    """(batch, PROJECTION): the pictures' vectors, read from some of their patches.

    pixels: (batch, 3, SIDE, SIDE), normalised; kept: int64 (batch, k), indices of patches, all if None. The
    model sees less and costs less (as in FLIP, Li et al. 2023); its weights are those that see all.
    """
    return net.visual_projection(pooled(net, pixels, kept))


def pooled(net: CLIPModel, pixels: torch.Tensor, kept: torch.Tensor | None) -> torch.Tensor:
    """(batch, WIDTH): the same before the projection."""
    vision = net.vision_model
    states = vision.embeddings(pixels)
    if kept is not None:
        chosen = states[:, 1:].gather(1, kept[..., None].expand(-1, -1, states.shape[-1]))
        states = torch.cat([states[:, :1], chosen], 1)
    states = vision.encoder(inputs_embeds=vision.pre_layrnorm(states)).last_hidden_state
    return vision.post_layernorm(states[:, 0])


def tower(net: CLIPModel) -> dict[str, torch.Tensor]:
    """The weights of the picture tower, with its projection."""
    return {name: one for name, one in net.state_dict().items() if name.startswith("vis")}


def read(net: CLIPModel, ids: torch.Tensor) -> torch.Tensor:
    """(texts, PROJECTION): the texts' vectors. ids: int64 (texts, tokens)."""
    return net.text_projection(net.text_model(input_ids=ids).pooler_output)


def normalised(pictures: np.ndarray) -> torch.Tensor:
    """uint8 (batch, SIDE, SIDE, 3) as the model takes them, float32 (batch, 3, SIDE, SIDE)."""
    pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div_(255)
    return (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def tokenizer() -> CLIPTokenizer:
    """Byte pairs of the captions, lower case, in CLIP's own format; any text can be spelled."""
    learnt = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learnt.normalizer = normalizers.Lowercase()
    learnt.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    learnt.train_from_iterator(
        corpus(),
        trainers.BpeTrainer(
            vocab_size=256 + MERGES,
            initial_alphabet=letters,
            end_of_word_suffix="</w>",
            show_progress=False,
        ),
    )
    merges = [tuple(pair) for pair in json.loads(learnt.to_str())["model"]["merges"]]
    pieces = [*letters, *(letter + "</w>" for letter in letters), *(a + b for a, b in merges), START, END]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=CONTEXT)


def save_around(folder: Path) -> CLIPTokenizer:
    """Write what stands beside the weights: the tokenizer and how pictures are prepared."""
    folder.mkdir(parents=True, exist_ok=True)
    made = tokenizer()
    made.save_pretrained(folder)
    CLIPImageProcessorPil(
        size={"shortest_edge": SIDE},
        crop_size={"height": SIDE, "width": SIDE},
        image_mean=MEAN,
        image_std=STD,
    ).save_pretrained(folder)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    torch.manual_seed(0)
    made = save_around(given.out)
    make(len(made)).half().save_pretrained(given.out)


if __name__ == "__main__":
    main()
