"""A GPT in forty lines, its attention written by hand: trained on a line of text, then shown.

python -m script.examples.tiny_gpt
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import headlight

TEXT = "the lamp lights the room and the room lights the lamp "


class Layer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.norm1, self.norm2 = heads, nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def attention(self, x: Tensor) -> Tensor:
        b, n, width = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) / (width // self.heads) ** 0.5
        scores = scores.masked_fill(torch.ones(n, n, device=x.device).triu(1).bool(), float("-inf"))
        return self.out((F.softmax(scores, dim=-1) @ v).transpose(1, 2).reshape(b, n, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class TinyGPT(nn.Module):
    def __init__(self, letters: int, length: int = 64, width: int = 48) -> None:
        super().__init__()
        self.letters, self.places = nn.Embedding(letters, width), nn.Embedding(length, width)
        self.layers = nn.ModuleList(Layer(width, 4) for _ in range(2))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, letters)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.letters(ids) + self.places(torch.arange(ids.shape[1], device=ids.device))
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x))


def numbers(text: str = TEXT) -> Tensor:
    """int64 [1, n]: letters by their place in the alphabet of TEXT."""
    alphabet = sorted(set(TEXT))
    return torch.tensor([[alphabet.index(letter) for letter in text]])


def loss_of(model: nn.Module, ids: Tensor) -> Tensor:
    """How badly each letter is foretold by those before it."""
    return F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())


def recorded(steps: int = 200) -> "headlight.api.recording.Recording":
    """The pass of one that was trained so many steps."""
    torch.manual_seed(0)
    ids, model = numbers(), TinyGPT(len(set(TEXT)))
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        loss_of(model, ids).backward()
        optimiser.step()
    with torch.no_grad(), headlight.record(model) as trace:
        model(ids)
    return trace.described(tokens=list(TEXT.replace(" ", "·")))


if __name__ == "__main__":
    headlight.show(recorded())
