"""Attention rollout (Abnar & Zuidema 2020, section 3): every input token's share in a token at the end.

Each layer becomes one row-stochastic matrix Â; the rollout is Â_last … Â_first. One row of that product needs
no n × n matrix at all: it starts at the last layer and is multiplied down, a few rows of Â at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch

from models.attention import Fusion, Head
from models.errors import HeadlightError, TooLarge
from models.task import SILENT, Task
from models.tokens import Tokens

MATRIX_LIMIT = 4096
"""Most tokens of which the whole rollout matrix is computed (64 MB, and n³ multiplications a layer)."""
CHUNK = 1 << 20
"""Weights of one head that are held at once: 4 MB, so that heads are fused in the cache."""

Residual = Literal["add", "mix", "none"]


class BlockLayer(Protocol):
    """A layer whose weights can be had a few rows at a time."""

    name: str
    kind: str
    heads: int
    queries: Tokens
    keys: Tokens

    def block(self, head: Head, start: int, stop: int) -> torch.Tensor:
        """float32 [stop − start, keys] on the layer's device: these queries' weights in one head or fused."""
        ...


@dataclass(frozen=True)
class RolloutSettings:
    """How layers are turned into one matrix each.

    fusion: over heads, element by element. discard: this share of the lowest weights of every row is set to 0
    (weights equal to the lowest one kept stay), never the residual. residual: "add" is the paper's
    row-normalise(A + I); "mix" normalises A first, then ½A + ½I, so that the skip connection counts one half
    for every fusion; "none" leaves it out. Rows sum to 1 in all three. first, last: layers, both included;
    a `last` of None is the final layer.
    """

    fusion: Fusion = "mean"
    discard: float = 0.0
    residual: Residual = "add"
    first: int = 0
    last: int | None = None

    def __post_init__(self) -> None:
        if self.fusion not in ("mean", "max", "min"):
            raise HeadlightError(f"Heads cannot be fused by “{self.fusion}”.", "Choose mean, max or min.")
        if self.residual not in ("add", "mix", "none"):
            raise HeadlightError(f"There is no residual “{self.residual}”.", "Choose add, mix or none.")
        if not 0 <= self.discard < 1:
            raise HeadlightError(
                f"The discard share {self.discard:g} is outside 0 to 1.", "Choose at least 0 and less than 1."
            )


def rollout_row(
    layers: Sequence[BlockLayer],
    queries: np.ndarray | int,
    settings: RolloutSettings = RolloutSettings(),
    task: Task = SILENT,
) -> np.ndarray:
    """float32 (keys,): the rollout of one query, or the mean of several (int (m,)), for the price of one.

    After each layer `task.partial` gets the product so far, float32 (keys,): what the rollout would be if the
    layers still to come passed everything on unchanged. Raises HeadlightError for layers that do not compose.
    """
    chosen, size = _chosen(layers, settings)
    queries = _within(np.atleast_1d(queries), size)
    start = torch.zeros(1, size)
    start[0].index_add_(0, torch.from_numpy(queries), torch.full((len(queries),), 1 / len(queries)))
    return _composed(chosen, start, settings, task, lambda product: product[0])


def rollout_rows(
    layers: Sequence[BlockLayer],
    queries: np.ndarray,
    settings: RolloutSettings = RolloutSettings(),
    task: Task = SILENT,
) -> np.ndarray:
    """float32 (len(queries), keys): the rollout of each query; partial results likewise."""
    chosen, size = _chosen(layers, settings)
    queries = _within(np.atleast_1d(queries), size)
    start = torch.zeros(len(queries), size)
    start[torch.arange(len(queries)), torch.from_numpy(queries)] = 1
    return _composed(chosen, start, settings, task, lambda product: product)


def rollout_matrix(
    layers: Sequence[BlockLayer], settings: RolloutSettings = RolloutSettings(), task: Task = SILENT
) -> np.ndarray:
    """float32 (queries, keys): the rollout of every token. Raises TooLarge above MATRIX_LIMIT tokens."""
    _, size = _chosen(layers, settings)
    if size > MATRIX_LIMIT:
        raise TooLarge(
            f"The rollout of all {size:,} tokens is above the limit of {MATRIX_LIMIT:,}.",
            "Choose one query, a smaller image or a shorter text.",
        )
    return rollout_rows(layers, np.arange(size), settings, task)


def _composed(
    layers: Sequence[BlockLayer],
    product: torch.Tensor,
    settings: RolloutSettings,
    task: Task,
    shown: Callable[[torch.Tensor], torch.Tensor],
) -> np.ndarray:
    """`shown` of [m, n] · Â_last … Â_first, and of every product on the way as a partial result."""
    for done, layer in enumerate(reversed(layers)):
        task.progress(done / len(layers), f"Rollout through {layer.name}")
        product = _through(layer, product, settings, task)
        task.partial(shown(product).cpu().numpy())
    task.progress(1.0, "Rollout done")
    return shown(product).cpu().numpy()


def _through(layer: BlockLayer, product: torch.Tensor, settings: RolloutSettings, task: Task) -> torch.Tensor:
    """product · Â for one layer: [m, n] · [n, n], only over rows of Â that meet a weight other than 0."""
    size = product.shape[1]
    rows = max(1, CHUNK // size)
    carried = torch.nonzero(product.abs().amax(dim=0)).flatten().tolist()
    total = torch.zeros_like(product)
    position = 0
    while position < len(carried):
        task.check()
        start = carried[position]
        end = position
        while end < len(carried) and carried[end] < start + rows:
            end += 1
        stop = carried[end - 1] + 1
        step = _step(layer, start, stop, settings)  # [rows, n]
        if total.device != step.device:
            product, total = product.to(step.device), total.to(step.device)
        total.addmm_(product[:, start:stop], step)
        position = end
    return total


def _step(layer: BlockLayer, start: int, stop: int, settings: RolloutSettings) -> torch.Tensor:
    """Rows [start, stop) of Â: [rows, n], each of sum 1."""
    # A copy: the layer may keep the weights it hands out, and the rest here works in place.
    weights = layer.block(settings.fusion, start, stop).clone()
    if settings.discard:
        weights = _keep_highest(weights, settings.discard)
    own = torch.arange(stop - start, device=weights.device)
    if settings.residual != "add":
        weights /= weights.sum(dim=-1, keepdim=True).clamp_min(torch.finfo(weights.dtype).tiny)
    if settings.residual != "none":
        weights[own, own + start] += 1
        weights /= weights.sum(dim=-1, keepdim=True)
    return weights


def _keep_highest(weights: torch.Tensor, discard: float) -> torch.Tensor:
    """[rows, n] with the ⌊discard · n⌋ lowest weights of each row at 0."""
    lowest = int(discard * weights.shape[1])
    threshold = weights.kthvalue(lowest + 1, dim=-1, keepdim=True).values
    return weights.masked_fill_(weights < threshold, 0)


def _chosen(layers: Sequence[BlockLayer], settings: RolloutSettings) -> tuple[Sequence[BlockLayer], int]:
    """(the layers of the range, their number of tokens)."""
    last = len(layers) - 1 if settings.last is None else settings.last
    if not 0 <= settings.first <= last < len(layers):
        raise HeadlightError(
            f"Layers {settings.first} to {last} are not a range of layers 0 to {len(layers) - 1}.",
            "Choose a first layer that is not after the last one.",
        )
    chosen = layers[settings.first : last + 1]
    tokens = chosen[0].queries
    for layer in chosen:
        if (
            layer.kind != "self"
            or layer.queries.labels != tokens.labels
            or layer.keys.labels != tokens.labels
        ):
            raise HeadlightError(
                f"Rollout needs layers in which the same tokens attend to each other, and {layer.name} "
                f"({layer.kind}, {len(layer.queries):,} × {len(layer.keys):,}) does not fit.",
                "Choose a range of self-attention layers of the same size.",
            )
    return chosen, len(tokens)


def _within(queries: np.ndarray, size: int) -> np.ndarray:
    """int64 (m,), checked."""
    if not len(queries) or queries.min() < 0 or queries.max() >= size:
        raise HeadlightError(
            f"There is no such token among {size:,}.", f"Choose a token from 0 to {size - 1:,}."
        )
    return queries.astype(np.int64)
