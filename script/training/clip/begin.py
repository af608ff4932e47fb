"""The picture tower's first weights: the first layers of the bundled DINOv2-small, fitted into CLIP's layout.

    python -m script.training.clip.begin --run FOLDER      writes FOLDER/begun.pt; FOLDER holds the views

What DINOv2 does and CLIP does not is taken into other weights, exactly: patches of 14 px of a picture that is
14/8 times as large, the bias of patches, the scales of layers. CLIP's norm before the first layer keeps the
sizes of tokens as they are on the average. Of each MLP half the neurons are kept, those that give most, and
its second matrix is fitted again by least squares, over training pictures; the projection begins as the
principal parts of these.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional
from transformers import CLIPModel, Dinov2Model

from headlight.models.catalogue.bundled import ASSETS
from script.training.clip.compose import picture, read
from script.training.clip.network import (
    KEPT,
    LAYERS,
    MLP,
    PATCH,
    SIDE,
    WIDTH,
    kept,
    make,
    normalised,
    pooled,
    tokenizer,
    tower,
)

PICTURES = 96
PROJECTED = 960
"""Pictures over which the principal parts are found."""
RIDGE = 1e-3
"""Of the mean square of a neuron."""


def enlarging(small: int, large: int) -> torch.Tensor:
    """(large, small): rows of pixels stretched by bilinear interpolation."""
    eye = torch.eye(small)[None]
    return functional.interpolate(eye, size=large, mode="linear", align_corners=False)[0].T


def patches(kernel: torch.Tensor, side: int) -> torch.Tensor:
    """(out, 3, side, side): what gives on small patches what `kernel` gives on the same ones enlarged."""
    stretch = enlarging(side, kernel.shape[-1])
    return torch.einsum("ocyx,yv,xu->ocvu", kernel, stretch, stretch)


def placed(places: torch.Tensor, side: int) -> torch.Tensor:
    """(side², width) of (n², width)."""
    old = round(len(places) ** 0.5)
    grid = places.T.reshape(1, -1, old, old)
    return functional.interpolate(grid, size=side, mode="bicubic", align_corners=False)[0].flatten(1).T


@torch.no_grad()
def begun(net: CLIPModel, dino: Dinov2Model, pixels: torch.Tensor) -> None:
    """Set the picture tower of `net`, in place. pixels: (n, 3, SIDE, SIDE), normalised; for the MLPs."""
    vision, source = net.vision_model, dino.embeddings
    projection = source.patch_embeddings.projection
    vision.embeddings.patch_embedding.weight.copy_(patches(projection.weight, PATCH))
    spots = source.position_embeddings[0]
    vision.embeddings.class_embedding.copy_(source.cls_token[0, 0])
    grid = placed(spots[1:], SIDE // PATCH) + projection.bias
    vision.embeddings.position_embedding.weight.copy_(torch.cat([spots[:1], grid]))
    states = vision.embeddings(pixels)
    vision.pre_layrnorm.weight.fill_(float(states[:, 1:].std(-1).mean()))
    vision.pre_layrnorm.bias.zero_()
    states = vision.pre_layrnorm(states)
    for layer, old in zip(vision.encoder.layers, dino.encoder.layer, strict=False):
        scale, dense = old.layer_scale1.lambda1, old.attention.o_proj
        for part in ("q_proj", "k_proj", "v_proj"):
            getattr(layer.self_attn, part).load_state_dict(getattr(old.attention, part).state_dict())
        layer.self_attn.out_proj.weight.copy_(scale[:, None] * dense.weight)
        layer.self_attn.out_proj.bias.copy_(scale * dense.bias)
        layer.layer_norm1.load_state_dict(old.norm1.state_dict())
        layer.layer_norm2.load_state_dict(old.norm2.state_dict())
        states = states + layer.self_attn(layer.layer_norm1(states))[0]
        into = layer.layer_norm2(states)
        halve(layer.mlp, old.mlp, old.layer_scale2.lambda1, into.flatten(0, 1))
        states = states + layer.mlp(into)


def halve(mine, other, scale: torch.Tensor, into: torch.Tensor) -> None:
    """Neurons that give most, and the matrix after them fitted so that the output stays what it was.

    into: (tokens, WIDTH), what the MLP is given.
    """
    neurons = functional.gelu(other.fc1(into))
    wanted = scale * other.fc2(neurons)
    gives = neurons.std(0) * (scale[:, None] * other.fc2.weight).norm(dim=0)
    kept = gives.topk(mine.fc1.out_features).indices.sort().values
    mine.fc1.weight.copy_(other.fc1.weight[kept])
    mine.fc1.bias.copy_(other.fc1.bias[kept])
    some, mean = neurons[:, kept], wanted.mean(0)
    middle = some.mean(0)
    centred = (some - middle).double()
    gram = centred.T @ centred
    gram += RIDGE * gram.diagonal().mean() * torch.eye(len(gram), dtype=gram.dtype)
    fitted = torch.linalg.solve(gram, centred.T @ (wanted - mean).double()).float()
    mine.fc2.weight.copy_(fitted.T)
    mine.fc2.bias.copy_(mean - middle @ fitted)


@torch.no_grad()
def project(net: CLIPModel, vectors: torch.Tensor) -> None:
    """Of what the tower has read in pictures, (n, WIDTH), the last norm takes what is common to all and gives
    each part the same size; the projection takes the principal parts of that, at a mean square of 1.
    """
    mean, spread = vectors.mean(0), vectors.std(0)
    norm = net.vision_model.post_layernorm
    norm.weight.div_(spread)
    norm.bias.sub_(mean).div_(spread)
    _, sizes, ways = torch.linalg.svd((vectors - mean) / spread, full_matrices=False)
    count = net.visual_projection.out_features
    root = (sizes[:count].square().mean() / len(vectors)).sqrt()
    net.visual_projection.weight.copy_(ways[:count] / root)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    pool, chance = read(given.run, "train"), random.Random(0)
    pixels = normalised(np.stack([picture(pool, chance).pixels for _ in range(PICTURES)]))
    dino = Dinov2Model.from_pretrained(ASSETS / "weights" / "dinov2-small", dtype=torch.float32).eval()
    assert dino.config.hidden_size == WIDTH
    net = make(len(tokenizer())).eval()
    begun(net, dino, pixels)
    vectors = []
    for _ in range(PROJECTED // PICTURES):
        some = [picture(pool, chance) for _ in range(PICTURES)]
        patches_ = kept(np.stack([one.weight for one in some]), KEPT, 0)
        with torch.no_grad():
            vectors.append(pooled(net, normalised(np.stack([one.pixels for one in some])), patches_))
    project(net, torch.cat(vectors))
    torch.save(tower(net), given.run / "begun.pt")
    with torch.no_grad():
        large = functional.interpolate(
            pixels[:8], scale_factor=14 / PATCH, mode="bilinear", align_corners=False
        )
        whole = dino(large, output_hidden_states=True).hidden_states[LAYERS]
        mine = net.vision_model(pixels[:8]).last_hidden_state
    near = functional.cosine_similarity(
        mine - mine.mean(-1, keepdim=True), whole - whole.mean(-1, keepdim=True), -1
    )
    print(f"cosine to DINOv2's tokens after {LAYERS} layers: {near.mean():.3f}, of its MLPs {MLP} neurons")


if __name__ == "__main__":
    main()
