"""A training loop that shows its attention every few steps: one document, a slider over its steps.

python -m script.examples.live_training
"""

from collections.abc import Callable
from typing import Any

import torch

import headlight
from script.examples.tiny_gpt import TEXT, TinyGPT, loss_of, numbers


def train(steps: int = 300, every: int = 20, show: Callable[..., Any] = headlight.show) -> float:
    """Train, and show every so many steps what was attended to in that very step; the last loss."""
    torch.manual_seed(0)
    ids, model = numbers(), TinyGPT(len(set(TEXT)))
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    names, loss = list(TEXT[:-1].replace(" ", "·")), torch.tensor(0.0)
    for step in range(steps + 1):
        optimiser.zero_grad()
        if step % every == 0:
            with headlight.record(model) as trace:
                loss = loss_of(model, ids)
            show(trace, tokens=names, name="TinyGPT learns", step=step)
        else:
            loss = loss_of(model, ids)
        loss.backward()
        optimiser.step()
    return loss.item()


if __name__ == "__main__":
    print(f"loss {train():.3f}")
