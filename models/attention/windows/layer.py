"""WindowLayer: attention in (shifted) windows, laid out over the token grid of its stage.

Liu et al. 2021, "Swin Transformer", section 3.2. The map is padded at the right and at the bottom to whole
windows, rolled up and left by the shift, and cut into windows; a query sees the w² keys of its own window. Of
a rolled window that holds opposite borders of the map, a mask keeps the parts apart. Keys of the padding are
masked by nothing in common implementations: they get a share, which `elsewhere` says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.calls import CHUNK_ELEMENTS, AttentionCall, Call, FlowCall, GivenCall
from headlight.models.attention.products import product_of
from headlight.models.attention.recorded import BlockLayer, fuse, sparse_means
from headlight.models.core.cache import CACHE, Cache
from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import NOWHERE, Groups, Head, Lines, Vector, worst
from headlight.models.core.product import Product
from headlight.models.core.tokens import PatchTokens

Shift = int | tuple[int, int]
"""By how many tokens windows are moved, down and to the right: where an axis of a map holds but one window,
torchvision moves them along the other alone."""


def window_slots(grid: tuple[int, int], window: int, shift: Shift) -> np.ndarray:
    """int64 (windows, w²): the token in every slot of every window, NOWHERE where there is none."""
    rows, columns = padded_grid(grid, window)
    tokens = np.full((rows, columns), NOWHERE)
    tokens[: grid[0], : grid[1]] = np.arange(grid[0] * grid[1]).reshape(grid)
    down, across = _both(shift)
    return _cut(np.roll(tokens, (-down, -across), (0, 1)), window)


def _both(shift: Shift) -> tuple[int, int]:
    return (shift, shift) if isinstance(shift, int) else shift


def spread_slots(grid: tuple[int, int], window: int) -> np.ndarray:
    """The same of windows whose tokens are spread evenly over the whole map (Tu et al. 2022, "MaxViT",
    section 3.2). ValueError for a map that cannot be shared out so."""
    rows, columns = grid
    if rows % window or columns % window:
        raise ValueError(f"{rows} × {columns} tokens cannot be spread over {window} × {window}")
    tokens = np.arange(rows * columns).reshape(window, rows // window, window, columns // window)
    return tokens.transpose(1, 3, 0, 2).reshape(-1, window**2)


def padded_grid(grid: tuple[int, int], window: int) -> tuple[int, int]:
    """(rows, columns) raised to whole windows."""
    return -(-grid[0] // window) * window, -(-grid[1] // window) * window


class WindowLayer(BlockLayer):
    """The AttentionLayer over a call [windows, heads, w², w²] on `tokens`, one stage's grid.

    padded: (rows, columns) of the map with its padding. slots: int64 (windows, w²), read-only, as
    `window_slots`. misplaced: by how much what the windows held differs from the tokens that are said to
    be in them; part of the check. spread: its windows are `spread_slots`. Raises ValueError where
    the numbers do not fit.
    """

    queries: PatchTokens
    keys: PatchTokens

    def __init__(
        self,
        call: Call,
        tokens: PatchTokens,
        window: int,
        shift: Shift,
        misplaced: float = 0.0,
        cache: Cache = CACHE,
        spread: bool = False,
    ) -> None:
        windows, heads, queries, keys = call.shape
        self.padded = padded_grid(tokens.grid, window)
        wanted = (self.padded[0] * self.padded[1] // window**2, window**2, window**2)
        if (windows, queries, keys) != wanted or tokens.prefix:
            raise ValueError(
                f"{call.name}: {windows} windows of {queries} × {keys}, but a grid of {tokens.grid} has "
                f"{wanted[0]} of {wanted[1]} tokens"
            )
        super().__init__(call.name, heads, tokens, tokens, cache)
        self.window, self.shift, self.spread = window, shift, spread
        slots = spread_slots(tokens.grid, window) if spread else window_slots(tokens.grid, window, shift)
        self.slots = slots
        self.slots.setflags(write=False)
        self.group_count = windows
        self.call, self._misplaced = call, misplaced
        self.has_norms = getattr(call, "projection", None) is not None
        held = self.slots != NOWHERE
        # Of each token its window, and its slot there.
        self._window, self._slot = np.empty(len(tokens), int), np.empty(len(tokens), int)
        self._window[self.slots[held]], self._slot[self.slots[held]] = np.nonzero(held)

    # -- where windows lie -------------------------------------------------------------------------------

    @property
    def is_padded(self) -> bool:
        return self.padded != self.queries.grid

    def group_of(self, query: int) -> int:
        """The number of the window in which this token lies."""
        return int(self._window[query])

    def said(self, group: int | None = None) -> str:
        """7 × 7 windows shifted by 3, padded to 21 × 21; of a group: window 3 of 9."""
        if group is not None:
            return f"window {group + 1:,} of {self.group_count:,}"
        if self.spread:
            return f"{self.window} × {self.window} tokens spread over the map"
        down, across = _both(self.shift)
        by = f"{down}" if down == across else f"{down} down and {across} to the right"
        shifted = f" shifted by {by}" if self.shift else ""
        padded = f", padded to {self.padded[0]} × {self.padded[1]}" if self.is_padded else ""
        return f"{self.window} × {self.window} windows{shifted}{padded}"

    def figures(self) -> dict[str, np.ndarray]:
        """window: int (2,), the side of a window and its shift; (3,) where this is another on either axis."""
        by = [self.shift] if isinstance(self.shift, int) else self.shift
        return {"window": np.array([self.window, *by])}

    def members(self, window: int) -> np.ndarray:
        """int (k,): the tokens of a window, sorted."""
        slots = self.slots[window]
        return np.sort(slots[slots != NOWHERE])

    def masked(self, query: int) -> np.ndarray:
        """int (k,): tokens of the query's window that the mask keeps from it, sorted."""
        slots, parts = self.slots[self._window[query]], self._parts()[self._window[query]]
        hidden = slots[(parts != parts[self._slot[query]]) & (slots != NOWHERE)]
        return np.sort(hidden)

    def borders(self) -> tuple[Lines, Lines]:
        """(the lines between windows, the map's borders among them, the borders over which windows reach).

        A shifted window that reaches over a border is cut there: its parts lie at opposite borders.
        """
        if self.spread:
            none = np.empty(0, int)
            rows, columns = (np.array([0, count]) for count in self.queries.grid)
            return (rows, columns), (none, none)
        shifts = _both(self.shift)
        rows, columns = (
            np.unique([0, *range(by, count, self.window), count])
            for by, count in zip(shifts, self.queries.grid, strict=True)
        )
        down, across = (
            np.array([0, count] if count == whole else [0]) if by else np.empty(0, int)
            for by, count, whole in zip(shifts, self.queries.grid, self.padded, strict=True)
        )
        return (rows, columns), (down, across)

    def _parts(self) -> np.ndarray:
        """int (windows, w²): parts of one window that have different numbers do not see each other."""
        if not self.shift:
            return np.zeros(self.slots.shape, int)
        beyond = [
            np.arange(count) >= count - by for by, count in zip(_both(self.shift), self.padded, strict=True)
        ]
        return _cut(2 * beyond[0][:, None] + beyond[1][None], self.window)

    # -- weights -----------------------------------------------------------------------------------------

    def rows(self, queries: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(key indices int (k,), weights float32 (heads, k)): the tokens of the queries' windows, sorted.

        Several queries are averaged. A row sums to 1 less the share of the padding.
        """
        keys, weights = self._averaged(queries, None, False)
        return keys, weights.cpu().numpy()

    def row(self, head: Head, query: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(key indices int (k,), weights float32 (k,)); heads are fused before queries are averaged."""
        keys, weights = self._averaged(query, head, False)
        return keys, weights[0].cpu().numpy()

    def column(self, head: Head, key: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(query indices int (k,), weights float32 (k,)): only queries of the key's window.

        Several keys are averaged.
        """
        queries, weights = self._averaged(key, head, True)
        return queries, weights[0].cpu().numpy()

    def elsewhere(self, head: Head, queries: np.ndarray | int) -> dict[str, np.ndarray]:
        """float32 (m,): of each query's row the share that lies on "padding"."""
        found, queries = np.zeros(len(self.queries), np.float32), np.atleast_1d(queries)
        if self.is_padded:
            for part in self._parts_of(np.unique(self._window[queries])):
                empty = self.slots[part] == NOWHERE
                held = torch.as_tensor(empty, device=self.call.device, dtype=torch.float32)
                shares = torch.einsum("cqs,cs->cq", self.windows(head, part), held).cpu().numpy()
                found[self.slots[part][~empty]] = shares[~empty]
        return {"padding": found[queries]}

    def windows(self, head: Head, which: np.ndarray) -> Tensor:
        """float32 [len(which), w², w²] on the device: of these windows one head's weights, or all fused."""
        if not isinstance(head, str):
            return self.every_head(which, int(head))[:, 0]
        return fuse(self.every_head(which).transpose(0, 1), head)

    def every_head(self, which: np.ndarray, head: int | None = None) -> Tensor:
        """float32 [len(which), heads, w², w²] on the device, or [..., 1, w², w²] of one head."""
        heads = slice(None) if head is None else slice(head, head + 1)
        weights = as_one(self.call, which, heads).weights()  # [len(which)·heads, w², w²]
        return weights.unflatten(0, (len(which), -1))

    def groups(self, head: Head | None = None, queries: np.ndarray | None = None) -> Iterator[Groups]:
        """The windows of these queries, or all."""
        every = np.arange(self.group_count)
        for part in self._parts_of(every if queries is None else np.unique(self._window[queries])):
            slots = self.slots[part]
            weights = (
                self.every_head(part).transpose(0, 1) if head is None else self.windows(head, part)[None]
            )
            if self.is_padded:
                empty = torch.as_tensor(slots == NOWHERE, device=weights.device)
                weights = weights.masked_fill(empty[:, None], 0)
            yield Groups(slots, slots, weights)

    def group(self, head: Head, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(tokens int (k,), the same, float32 (k, k)): one window's own matrix over its `members`."""
        slots = self.slots[number]
        order = np.argsort(slots)[np.count_nonzero(slots == NOWHERE) :]
        weights = self.windows(head, np.array([number]))[0][order][:, order]
        return slots[order], slots[order], weights.cpu().numpy()

    def _thumbnail(self, size: int) -> np.ndarray:
        """Exact area means of every head's matrix, zeros counted."""
        count = len(self.queries)
        pixels = np.zeros((self.heads, min(size, count), min(size, count)))
        for part in self._parts_of(np.arange(len(self.slots))):
            held = self.slots[part] != NOWHERE
            both = held[:, :, None] & held[:, None]
            queries, keys = (
                np.broadcast_to(slots, both.shape)[both]
                for slots in (self.slots[part][:, :, None], self.slots[part][:, None])
            )
            weights = self.every_head(part).transpose(0, 1).cpu().numpy()[:, both]  # (heads, entries)
            sparse_means(pixels, queries, keys, weights, (count, count))
        return pixels.astype(np.float32)

    def value_norms(self) -> np.ndarray | None:
        """float32 (heads, keys): ‖f(x)‖ of each token, of a call whose output projection was seen."""
        if not self.has_norms:
            return None
        norms = np.empty((self.heads, len(self.keys)), np.float32)
        for window, slots in enumerate(self.slots):
            held = slots != NOWHERE
            norms[:, slots[held]] = self.call.value_norms(window)[:, held].cpu().numpy()
        return norms

    def vectors(self, kind: Vector) -> Tensor | None:
        """As `AttentionLayer.vectors`: what is written holds what padding adds too."""
        if not isinstance(self.call, AttentionCall):
            return None
        found = []
        for part in self._parts_of(np.arange(self.group_count)):
            of_windows = as_one(self.call, part).vectors(kind).unflatten(0, (len(part), -1))
            found.append(of_windows.transpose(0, 1))
        each = torch.cat(found, 1)  # [h, windows, w², d]
        return each[:, self._window, self._slot]

    def product(self, head: int, query: int, key: int) -> Product:
        """All numbers between two tokens of one window; HeadlightError where they are of two."""
        window = self.group_of(query)
        if self.group_of(key) != window:
            raise HeadlightError(
                f"{self.keys.labels[key]} is in another window than {self.queries.labels[query]}, "
                "which does not look there.",
                "Choose a key in the window of the query.",
            )
        places = int(self._slot[query]), int(self._slot[key])
        return product_of(self.call, head, (query, key), places, self.slots[window], window)

    def check(self) -> float:
        """Largest |A·V − what the layer returned| over sampled rows, or of a token at a wrong place."""
        parts = self._parts_of(np.arange(len(self.slots)))
        return worst([self._misplaced, *(as_one(self.call, part).error() for part in parts)])

    def _block(self, head: int | None, start: int, stop: int) -> Tensor:
        asked, local = np.unique(self._window[start:stop], return_inverse=True)
        every = self.every_head(asked, head).transpose(0, 1)  # [h, windows, w², w²]
        weights = every[:, local, self._slot[start:stop]]  # [h, m, w²]
        dense = weights.new_zeros(*weights.shape[:2], len(self.keys) + 1)
        keys = torch.as_tensor(self.slots[asked][local] % (len(self.keys) + 1), device=weights.device)
        return dense.scatter_(2, keys.expand_as(weights), weights)[..., :-1]  # padding: the last column

    def _averaged(
        self, tokens: np.ndarray | int, head: Head | None, incoming: bool
    ) -> tuple[np.ndarray, Tensor]:
        """(the other tokens of the windows that hold `tokens`, float32 [heads or 1, k]): mean over tokens."""
        index = np.atleast_1d(tokens)
        others = np.sort(np.concatenate([self.members(w) for w in np.unique(self._window[index])]))
        heads = self.heads if head is None else 1
        total = torch.zeros(heads, len(self.keys) + 1, device=self.call.device)
        for windows, counts in self._chosen(index):
            weights = self.every_head(windows) if head is None else self.windows(head, windows)[:, None]
            summed = torch.einsum("chqk,ck->hcq" if incoming else "chqk,cq->hck", weights, counts)
            total[:, self.slots[windows].ravel()] = summed.flatten(1)  # each token lies in one window
        return others, total[:, others] / len(index)

    def _chosen(self, index: np.ndarray) -> Iterator[tuple[np.ndarray, Tensor]]:
        """(windows int (c,), float32 [c, w²]): how many of these tokens lie in each slot, in parts."""
        counts = np.zeros(self.slots.shape, np.float32)
        np.add.at(counts, (self._window[index], self._slot[index]), 1)
        for part in self._parts_of(np.unique(self._window[index])):
            yield part, torch.as_tensor(counts[part], device=self.call.device)

    def _parts_of(self, windows: np.ndarray) -> list[np.ndarray]:
        """As many windows at a time as CHUNK_ELEMENTS weights allow."""
        step = max(1, CHUNK_ELEMENTS // (self.heads * self.window**4))
        return [windows[start : start + step] for start in range(0, len(windows), step)]


def _cut(cells: np.ndarray, window: int) -> np.ndarray:
    """(rows, columns) → (windows, w²), windows in reading order."""
    rows, columns = (count // window for count in cells.shape)
    return cells.reshape(rows, window, columns, window).swapaxes(1, 2).reshape(-1, window**2)


def as_one(call: Call, windows: np.ndarray | slice, heads: slice = slice(None)) -> Call:
    """These items of a call (windows) as one call of a single item: every head of each is a head of its."""
    count, all_heads, queries, keys = call.shape
    some = len(range(count)[windows]) if isinstance(windows, slice) else len(windows)
    # A slice is copied once, not twice.
    index = windows if isinstance(windows, slice) else torch.as_tensor(windows, device=call.device)

    def folded(x: Tensor | None) -> Tensor | None:
        """[B, H, ...] → [1, windows · heads, ...]."""
        return None if x is None else x[index][:, heads].flatten(0, 1)[None]

    def written_out(x: Tensor | None) -> Tensor | None:
        return None if x is None else folded(x.expand(count, all_heads, queries, keys))

    def of_outputs(x: Tensor | None) -> Tensor | None:
        """[B, rows, H, dv] → [1, rows, windows · heads, dv]."""
        return None if x is None else folded(x.transpose(1, 2)).transpose(1, 2)

    def of_heads(x: Tensor | None) -> Tensor | None:
        """[H] → [windows · heads]."""
        return None if x is None else x[heads].repeat(some)

    if isinstance(call, FlowCall):
        return replace(call, v=folded(call.v), flow=of_outputs(call.flow))
    if isinstance(call, GivenCall):
        return replace(call, given=folded(call.given), v=folded(call.v), outputs=of_outputs(call.outputs))
    assert isinstance(call, AttentionCall)
    return replace(
        call,
        q=folded(call.q),
        k=folded(call.k),
        v=folded(call.v),
        mask=written_out(call.mask),
        bias=written_out(call.bias),
        outputs=of_outputs(call.outputs),
        out=of_outputs(call.out),
        sinks=of_heads(call.sinks),
        level=of_heads(call.level),
        factors=of_heads(call.factors),
    )
