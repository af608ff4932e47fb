"""A vision transformer of one's own, of nn.MultiheadAttention: its attention on a picture.

python -m script.examples.own_vit PICTURE
"""

import sys

import torch
from torch import Tensor, nn

import headlight
from headlight.api.described import picture_of


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))


class OwnViT(nn.Module):
    def __init__(self, grid: int = 14, patch: int = 16, width: int = 96) -> None:
        super().__init__()
        self.grid, self.patch = grid, patch
        self.embed = nn.Conv2d(3, width, patch, patch)
        self.cls = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.places = nn.Parameter(torch.randn(1, 1 + grid * grid, width) * 0.02)
        self.blocks = nn.ModuleList(Block(width, 4) for _ in range(6))

    def forward(self, pixels: Tensor) -> Tensor:  # [B, 3, H, W]
        patches = self.embed(pixels).flatten(2).transpose(1, 2)  # [B, n, width]
        x = torch.cat([self.cls.expand(len(patches), -1, -1), patches], 1) + self.places
        for block in self.blocks:
            x = block(x)
        return x[:, 0]


def recorded(picture: str) -> "headlight.api.recording.Recording":
    """The pass of an untrained one over a picture."""
    torch.manual_seed(0)
    model, pixels = OwnViT().eval(), picture_of(picture)
    side = model.grid * model.patch
    given = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    given = nn.functional.interpolate(given, (side, side), mode="bilinear")
    with torch.no_grad(), headlight.record(model) as trace:
        model(given)
    return trace.described(grid=(model.grid, model.grid), prefix=1, image=pixels)


if __name__ == "__main__":
    headlight.show(recorded(sys.argv[1]))
