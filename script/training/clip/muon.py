"""Muon (Jordan et al. 2024, scaled as in Liu et al. 2025): momentum whose steps are orthogonal matrices."""

from __future__ import annotations

from collections.abc import Iterable

import torch

NEWTON = (3.4445, -4.7750, 2.0315)
"""Of the quintic iteration that takes all singular values near 1."""


def orthogonal(matrices: torch.Tensor, rounds: int = 5) -> torch.Tensor:
    """(..., m, n): the same singular vectors, singular values of about 1 (from 0.7 to 1.2)."""
    a, b, c = NEWTON
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(rounds):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """For matrices between layers. The root mean square of a step's entries is 0.2 times the rate, about as with
    Adam; matrices of one shape are made orthogonal together.
    """

    def __init__(
        self, params: Iterable[torch.nn.Parameter], lr: float, momentum: float = 0.95, decay: float = 0.05
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": decay})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            shapes: dict[torch.Size, list[torch.nn.Parameter]] = {}
            for one in group["params"]:
                if one.grad is not None:
                    shapes.setdefault(one.shape, []).append(one)
            for shape, some in shapes.items():
                ways = torch.stack([self._way(one, group["momentum"]) for one in some])
                size = group["lr"] * 0.2 * max(shape) ** 0.5
                for one, way in zip(some, orthogonal(ways), strict=True):
                    one.mul_(1 - group["lr"] * group["weight_decay"]).add_(way, alpha=-size)

    def _way(self, one: torch.nn.Parameter, momentum: float) -> torch.Tensor:
        """Nesterov's."""
        state = self.state[one]
        if not state:
            state["mean"] = torch.zeros_like(one)
        state["mean"].lerp_(one.grad, 1 - momentum)
        return one.grad.lerp(state["mean"], momentum)
