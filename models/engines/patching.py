"""Activation patching: a part of one text's pass put into another's, head by head and token by token.

Vig et al. 2020 (section 3), Meng et al. 2022 (causal tracing), Wang et al. 2022 (path patching).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from headlight.models.attention.calls import AttentionCall
from headlight.models.attention.capture import blocks_of, recording, switching
from headlight.models.attention.recorded import BlockLayer
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Freeze, Intervention, Patched
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.task import Part, Task
from headlight.models.core.trace import Trace
from headlight.models.engines.switching import all_on, each_head, given, noting

Scores = Callable[[int, bool], list[float]]


@dataclass(frozen=True, eq=False)
class Frozen(Freeze):
    """With what it takes: the call that the other trace has of the layer."""

    call: AttentionCall

    def into(self, call: Any, which: Any) -> None:
        take(call, self.call, which)


def frozen(interventions: Sequence[Intervention], donors: Sequence[Trace]) -> tuple[Intervention, ...]:
    """The same with what heads are frozen to, of these traces. HeadlightError where it is not there."""
    return tuple(_frozen(one, donors) if isinstance(one, Freeze) else one for one in interventions)


def _frozen(freeze: Freeze, donors: Sequence[Trace]) -> Frozen:
    donor = next((trace for trace in donors if trace.recipe == freeze.of), None)
    if donor is None:
        raise freeze.missing()
    layer = next((layer for layer in donor.layers if layer.name == freeze.layer), None)
    if not isinstance(layer, BlockLayer) or not isinstance(layer.call, AttentionCall):
        raise HeadlightError(
            f"{donor.model.title} has no layer {freeze.layer} whose activations could be taken.",
            "Freeze to what the same model read.",
        )
    return Frozen(freeze.layer, freeze.heads, freeze.of, layer.call)


def take(call: AttentionCall, other: AttentionCall, which: Tensor) -> None:
    """Heads of a call get queries, keys and values of another call of one item: so they look where those
    look and carry what those carry.

    which: bool [H], or [B, H] of each item. HeadlightError where the two are not alike.
    """
    if call.shape[1:] != other.shape[1:] or call.q.shape[-1] != other.q.shape[-1]:
        raise HeadlightError(
            f"{call.name} attends from {call.shape[2]:,} to {call.shape[3]:,} tokens with {call.shape[1]} "
            f"heads here, from {other.shape[2]:,} to {other.shape[3]:,} with {other.shape[1]} there.",
            "Word both texts so that they have as many tokens, and read them with one model.",
        )
    if other.level is not None or other.factors is not None:
        raise HeadlightError(
            f"Heads of {call.name} are changed there as well.", "Take these changes back first."
        )
    if not _sees_alike(call.mask, other.mask):
        raise HeadlightError(
            f"{call.name} sees other tokens there: some are hidden.", "Show all tokens of both first."
        )
    heads = call.shape[1]
    at = which.reshape(-1, heads, 1, 1)
    call.q = torch.where(at, other.q, call.q)
    call.k, call.v = (
        torch.where(at, _each(theirs, heads), _each(mine, heads))
        for theirs, mine in ((other.k, call.k), (other.v, call.v))
    )
    call.turn = None  # what was turned is not all one's own


def _each(keys: Tensor, heads: int) -> Tensor:
    """[B, Hkv, Nk, d] → [B, H, Nk, d], of each query head."""
    groups = heads // keys.shape[1]
    return keys if groups == 1 else keys.repeat_interleave(groups, 1)


def _sees_alike(mine: Tensor | None, theirs: Tensor | None) -> bool:
    if mine is None or theirs is None:
        return mine is theirs
    return mine[:1].shape == theirs[:1].shape and bool((mine[:1] == theirs[:1]).all())


def patched(
    model: PreTrainedModel,
    layers: Sequence[AttentionLayer],
    scores: Scores,
    tokens: int,
    batch: int,
    task: Task,
) -> Patched:
    """What each head, and each token after each block, brings of another text's score.

    scores: of so many items, of the other text or of this one.
    """
    blocks = blocks_of(model)
    with torch.no_grad(), recording(model) as calls, noting(blocks, task) as theirs:
        (there,) = scores(1, True)
    donors = {call.name: call for call in calls if isinstance(call, AttentionCall)}
    with torch.no_grad(), noting(blocks, task) as mine, all_on(model, layers[0]):
        (here,) = scores(1, False)
    if abs(there - here) < LEAST:
        raise HeadlightError(
            f"Both texts give the target the same score ({here:.6f}): there is nothing to carry over.",
            "Choose a target on which they differ.",
        )

    def share(found: np.ndarray) -> np.ndarray:
        return ((found - here) / (there - here)).astype(np.float32)

    def head(layer: AttentionLayer, which: Tensor) -> Any:
        def change(call: AttentionCall) -> None:
            take(call, donors[layer.name], which.bool())

        return switching(model, layer.name, change)

    own = lambda count: scores(count, False)  # noqa: E731
    heads = each_head(model, layers, own, batch, mine, head, Part(task, 0.0, 0.5))
    with all_on(model, layers[0]):
        states = _states(blocks, mine, theirs, own, tokens, batch, Part(task, 0.5))
    return Patched(share(heads), share(states), there, here)


LEAST = 1e-7
"""Two scores that differ by less are the same, as far as float32 tells."""


def _states(
    blocks: Sequence[nn.Module],
    mine: Mapping[nn.Module, list[Any]],
    theirs: Mapping[nn.Module, list[Any]],
    scores: Callable[[int], list[float]],
    tokens: int,
    batch: int,
    task: Task,
) -> np.ndarray:
    """float64 (blocks, tokens): the score where one token leaves one block as it does in the other text; NaN
    for blocks that run more than once in a pass, or hand out no vector of each token."""
    found = np.full((len(blocks), tokens), np.nan)
    if any(len(mine[block]) != 1 for block in blocks):
        return found
    for number, block in enumerate(blocks):
        if not (_of_tokens(mine[block][0], tokens) and _of_tokens(theirs[block][0], tokens)):
            continue
        for start in range(0, tokens, batch):
            task.progress(number / len(blocks), f"Token {start + 1:,} after block {number + 1}")
            rows = np.eye(tokens, dtype=bool)[start : start + batch]
            known = known_until(blocks, number, mine, theirs, torch.from_numpy(rows))
            with torch.no_grad(), given(blocks, known, len(rows), task):
                found[number, start : start + len(rows)] = scores(len(rows))
    return found


def known_until(
    blocks: Sequence[nn.Module],
    last: int,
    mine: Mapping[nn.Module, list[Any]],
    theirs: Mapping[nn.Module, list[Any]],
    which: Tensor,
) -> dict[nn.Module, Any]:
    """What blocks up to `last` give, where after that one tokens, bool [v, n] of each of v items, are the
    other's."""
    known = {block: mine[block][0] for block in blocks[: last + 1]}
    block = blocks[last]
    own, other = _hidden(mine[block][0]), _hidden(theirs[block][0])
    known[block] = _with_hidden(known[block], torch.where(which.to(own.device)[..., None], other, own))
    return known


def _hidden(gave: Any) -> Any:
    return gave if isinstance(gave, Tensor) else gave[0]


def _with_hidden(gave: Any, hidden: Tensor) -> Any:
    return hidden if isinstance(gave, Tensor) else type(gave)((hidden, *gave[1:]))


def _of_tokens(gave: Any, tokens: int) -> bool:
    """Whether a block gave [1, n, d] first."""
    first = gave if isinstance(gave, Tensor) else gave[0] if isinstance(gave, tuple | list) and gave else None
    return isinstance(first, Tensor) and first.ndim == 3 and first.shape[:2] == (1, tokens)


def aligned(mine: Sequence[str], theirs: Sequence[str]) -> str:
    """How two texts fail to stand token for token, "" where they do."""
    if len(mine) == len(theirs):
        return ""
    first = next(
        (at for at, (one, other) in enumerate(zip(mine, theirs, strict=False)) if one != other),
        min(len(mine), len(theirs)),
    )
    return (
        f"One text has {len(theirs):,} tokens, the other {len(mine):,}; they part at token {first}, "
        f"{_shown(theirs, first)} against {_shown(mine, first)}."
    )


def _shown(labels: Sequence[str], at: int) -> str:
    return f"“{labels[at]}”" if at < len(labels) else "the end"
