"""Rotary positions (Su et al. 2021, "RoFormer", section 3.2): what q and k were before they were turned.

Models turn them by a function of their own, which is watched while a pass is recorded. Of what it was given a
few rows are kept: a turn is undone by the transpose of that very function, and believed only if that gives
these rows back.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_BEGINS = "apply_rotary"
"""How such functions are called in transformers."""
CLOSE = 1e-4
"""Most that rows turned back may differ from what they were, in parts of the largest number."""


@dataclass(frozen=True, eq=False)
class Turn:
    """function(q, k, *args, **kwargs) gave what a call multiplied, or some dimensions of it, from `start` on.

    rows [r], given: some of the queries and keys that it was given, each [B, H, r, dr]; None where what it
    gave is not what was multiplied, or where it takes other things: then it cannot be undone.
    """

    function: Callable[..., tuple[Tensor, Tensor]]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    start: int = 0
    rows: Tensor | None = None
    given: tuple[Tensor, Tensor] | None = None
    nbytes = 0
    """Of a trace that refers to it: angles are shared by its layers, and rows are few."""

    @classmethod
    def of(
        cls,
        function: Callable,
        given: tuple[Any, ...],
        kwargs: dict[str, Any],
        out: Any,
        multiplied: tuple[Tensor, Tensor],
    ) -> Turn:
        """A turn before a call that multiplied q and k. out: what the function gave."""
        unknown, pair = cls(function, (), {}), given[:2]
        if not (isinstance(out, tuple) and len(out) == len(pair) == 2 and all(map(_is_heads, (*pair, *out)))):
            return unknown
        count, size = pair[0].shape[2:]
        rows = torch.linspace(0, count - 1, 3, device=pair[0].device).round().long().unique()
        for start in {0, multiplied[0].shape[-1] - size}:
            if all(_is_part(*two, start, rows) for two in zip(out, multiplied, strict=True)):
                q, k = (one[:, :, rows].detach() for one in pair)
                return cls(function, given[2:], kwargs, start, rows, (q, k))
        return unknown

    def undone(
        self, turned: tuple[Tensor, Tensor], heads: tuple[int, int], places: tuple[int, int], batch: int
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """float32 (q (d,), k (d,)) before they were turned, None where that is unknown.

        turned: q and k of the call. heads, places: which of each.
        """
        if self.given is None or self.rows is None:
            return None
        found = []
        for multiplied, before, head, place in zip(turned, self.given, heads, places, strict=True):
            dims = slice(self.start, self.start + before.shape[-1])
            rows = torch.cat([self.rows, torch.tensor([place], device=self.rows.device)])
            whole = multiplied[batch, head][rows].float()
            back = self._back(whole[:, dims], rows, multiplied.shape[2], batch)
            expected = before[batch, head].float()
            if not (back[:-1] - expected).abs().max() <= CLOSE * expected.abs().max():
                return None
            one = whole[-1].clone()
            one[dims] = back[-1]
            found.append(one.cpu().numpy())
        return found[0], found[1]

    def _back(self, turned: Tensor, rows: Tensor, count: int, batch: int) -> Tensor:
        """float32 [r, dr]: rows turned back, each by the transpose of how it is turned, less its stretch."""
        with torch.inference_mode(False), torch.enable_grad():
            args = [_of_item(one, batch) for one in self.args]
            kwargs = {name: _of_item(one, batch) for name, one in self.kwargs.items()}
            x = torch.zeros(1, 1, count, turned.shape[1], device=turned.device, requires_grad=True)
            y = self.function(x, x, *args, **kwargs)[0]
            (back,) = torch.autograd.grad(y[0, 0, rows], x, turned.clone())
            again = self.function(back, back, *args, **kwargs)[0][0, 0, rows]
        stretch = (again * turned).sum(1, keepdim=True) / (turned * turned).sum(1, keepdim=True)
        return back[0, 0, rows] / stretch.nan_to_num(1.0)  # zeros, as of padding, have none


def _of_item(value: Any, batch: int) -> Any:
    """Angles of one item of the batch, which autograd may keep."""
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return value
    value = value[batch : batch + 1] if value.ndim > 2 and value.shape[0] > 1 else value
    return value.float().clone()


def _is_heads(one: Any) -> bool:
    return isinstance(one, Tensor) and one.ndim == 4


def _is_part(part: Tensor, whole: Tensor, start: int, rows: Tensor) -> bool:
    """Whether these are dimensions of what was multiplied."""
    if part.shape[:3] != whole.shape[:3]:
        return False
    return torch.equal(part[:, :, rows], whole[:, :, rows, start : start + part.shape[-1]])


def watch(modules: list[nn.Module], note: Callable[[Callable, tuple, dict[str, Any], Any], None]) -> None:
    """From now on tell of every turn in the files of these modules: (function, given, kwargs, out).

    A file is watched once and for all: models of two threads may be of the same one.
    """
    for name in {type(module).__module__ for module in modules}:
        source = sys.modules[name]
        for called, function in list(vars(source).items()):
            if called.startswith(_BEGINS) and callable(function) and not hasattr(function, "tells"):
                setattr(source, called, _telling(function, note))


def _telling(function: Callable, note: Callable[..., None]) -> Callable:
    @functools.wraps(function)
    def telling(*args: Any, **kwargs: Any) -> Any:
        out = function(*args, **kwargs)
        note(function, args, kwargs, out)
        return out

    telling.tells = True
    return telling
