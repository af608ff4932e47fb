"""Attention that is no softmax of all scores (Nyström, hashing, blocks): the matrix that it amounts to.

Whatever a layer computes from queries and keys, if what it gives is linear in its values it is A·V for some
matrix A. The layer is run again over unit vectors in place of its values, as many tokens at a time as a head
has numbers, and gives the columns of A. The check then compares A·V, of the true values, with what the layer
gave. Xiong et al. 2021, "Nyströmformer"; Zeng et al. 2021, "You only sample (almost) once"; Kitaev et al.
2020, "Reformer"; Zaheer et al. 2020, "Big Bird".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.overrides import TorchFunctionMode

from headlight.models.attention.calls import GivenCall

SUM = 1e-3
"""Most that a row of weights may sum to beside 1."""


@dataclass(eq=False)
class AmountCall(GivenCall):
    """A matrix [B, H, Nq, Nk] whose rows need not sum to 1 and may hold numbers below 0."""

    def error(self, batch: int = 0) -> float:
        """Largest |A·V − returned| over the sampled rows; NaN where a number is none."""
        assert self.v is not None
        assert self.outputs is not None
        rebuilt = self.given[batch][:, self.rows].float() @ self.v[batch].float()
        wrong = (rebuilt - self.outputs[batch].transpose(0, 1)).abs().max()
        return float(wrong) if self.given[batch].isfinite().all() else math.nan


def is_attention(weights: Tensor) -> bool:
    """Whether all rows [..., n] sum to 1, as a softmax's do."""
    return bool(((weights.sum(-1) - 1).abs() <= SUM).all())


def values_of(module: nn.Module) -> nn.Linear | None:
    """What gives a layer its values, of one whose heads can be told."""
    values = getattr(module, "value", None)
    heads, size = (getattr(module, name, None) for name in ("num_attention_heads", "attention_head_size"))
    fits = isinstance(values, nn.Linear) and isinstance(heads, int) and isinstance(size, int)
    return values if fits and values.out_features == heads * size else None


class _Lengths(TorchFunctionMode):
    """What was last made as long as 1, as YOSO makes what its heads give."""

    last: Tensor | None = None

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if function is normalize:
            self.last = args[0]
        return function(*args, **(kwargs or {}))


@contextmanager
def _values(module: nn.Module, given: Tensor) -> Iterator[None]:
    """A layer that computes values gives these."""
    hook = module.register_forward_hook(lambda *_: given)
    try:
        yield
    finally:
        hook.remove()


def _drawn() -> list[Tensor]:
    """How far random numbers were drawn, on the processor and on each GPU."""
    on_gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return [torch.get_rng_state(), *on_gpus]


def _draw_again(drawn: list[Tensor]) -> None:
    torch.set_rng_state(drawn[0])
    if drawn[1:]:
        torch.cuda.set_rng_state_all(drawn[1:])


class Amounts:
    """What layers of a pass amount to, by module: of those whose own weights are not all there is to them."""

    def __init__(self, sampled: Callable[[int, torch.device], Tensor]) -> None:
        self.found: dict[nn.Module, AmountCall] = {}
        self.runs = False
        """Whether a layer is run again now, which nobody else is to look at."""
        self._sampled = sampled
        self._values: dict[nn.Module, Tensor] = {}
        self._drawn: dict[nn.Module, list[Tensor]] = {}

    def begin(self, module: nn.Module) -> None:
        """A layer begins: what it will draw can be drawn again."""
        if not self.runs and values_of(module) is not None:
            self._drawn[module] = _drawn()

    def valued(self, module: nn.Module, values: Tensor) -> None:
        """A layer has computed its values."""
        if not self.runs:
            self._values[module] = values.detach()

    def count(self, module: nn.Module) -> int | None:
        """Tokens that a layer has values of, where that is known."""
        return self._values[module].shape[1] if module in self._values else None

    def end(self, module: nn.Module, args: tuple, kwargs: dict[str, Any], gave: Any) -> None:
        """A layer whose weights are not known otherwise has returned something."""
        values, drawn = self._values.pop(module, None), self._drawn.pop(module, None)
        if values is None or drawn is None:
            return

        def run() -> Any:
            _draw_again(drawn)
            return module(*args, **kwargs)

        after, self.runs = _drawn(), True
        try:
            found = amount(module, run, values, gave, self._sampled)
        finally:
            _draw_again(after)
            self.runs = False
        if found is not None:
            self.found[module] = found

    def forget(self, module: nn.Module) -> None:
        """A layer's weights are known."""
        self._values.pop(module, None)
        self._drawn.pop(module, None)


def amount(
    module: nn.Module, run: Callable[[], Any], values: Tensor, gave: Any, sampled: Callable
) -> AmountCall | None:
    """The matrix that a layer amounts to, without its name; None where it is not linear in its values.

    run: the layer again, over the same and with the same random numbers. values: [1, n, heads · d], what it
    had. gave: what it returned. sampled: of rows, on a device, those that are kept.
    """
    heads, size = module.num_attention_heads, module.attention_head_size
    out, count = _context(gave), values.shape[1]
    if out is None or values.shape[0] != 1 or out.shape != values.shape:
        return None
    matrix = values.new_zeros(heads, count, count)
    source = values_of(module)
    for start in range(0, count, size):
        units = values.new_zeros(1, count, heads, size)
        tokens = torch.arange(start, min(start + size, count), device=values.device)
        units[0, tokens, :, tokens - start] = 1
        with _values(source, units.flatten(2)), _Lengths() as lengths:
            found = _context(run())
        raw = found if lengths.last is None else _unmade(lengths.last, found)
        columns = raw[0].unflatten(1, (heads, size)).transpose(0, 1)  # [heads, n, size]
        matrix[:, :, tokens] = columns[..., : len(tokens)]
    with _values(source, values), _Lengths() as lengths:
        run()
    if lengths.last is not None:  # rows are shared out anew, by one number each
        norms = _unmade(lengths.last, out)[0].unflatten(1, (heads, size)).norm(dim=-1).T  # [heads, n]
        matrix = matrix / norms.clamp_min(1e-12)[..., None]
    rows = sampled(count, values.device)
    outputs = out.detach().unflatten(2, (heads, size))[:, rows]
    v = values.detach().unflatten(2, (heads, size)).transpose(1, 2)
    return AmountCall("", "self", matrix[None], v=v, rows=rows, outputs=outputs)


def _context(gave: Any) -> Tensor | None:
    """[B, n, heads · d] of what a layer returned: a tensor, the first of several, or its hidden states."""
    first = getattr(gave, "hidden_states", gave)
    first = first[0] if isinstance(first, tuple) else first
    return first if isinstance(first, Tensor) and first.ndim == 3 else None


def _unmade(before: Tensor, like: Tensor) -> Tensor:
    """What heads gave [H, n, d], before its rows were made as long as 1, laid out as `like` [1, n, H · d]."""
    return before.transpose(0, 1).reshape(like.shape)
