"""Operations that only move elements: views, shifts, padding, pieces and their joining."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from headlight.models.fields.operations import Follower, handles, number_of, places_of, set_places
from headlight.models.fields.tracking import NOWHERE, regrouped, together


@handles("view", "_unsafe_view", "reshape", "_reshape_alias", "unsqueeze", "squeeze", moves=True)
def _view(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    places = places_of(args[0])
    old, new = list(args[0].shape), list(out.shape)
    set_places(out, places.moved(lambda at, _: regrouped(at, old, new)))


@handles("as_strided")
def _strided(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    """as_strided as pooling along one axis uses it: a view of all elements in order."""
    if args[0].is_contiguous() and out.is_contiguous() and out.numel() == args[0].numel():
        _view(tracker, name, args, kwargs, out)
    elif places_of(args[0]).at is not None:
        tracker.lost(name, args, kwargs, out)


@handles(
    "empty_like",
    "new_empty",
    "new_zeros",
    "zeros_like",
    "ones_like",
    "new_full",
    "full_like",
    "new_ones",
    "new_empty_strided",
    "rand_like",
    "sym_size",
)
def _constants(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Any) -> None:
    """What has a tensor's shape alone sees nothing."""


@handles(
    "clone",
    "contiguous",
    "detach",
    "alias",
    "_to_copy",
    "lift_fresh",
    "dropout",
    "native_dropout",
    "native_batch_norm",
    "batch_norm",
    "_native_batch_norm_legit_no_training",
    "_native_batch_norm_legit",
    moves=True,
)
def _same(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Any) -> None:
    first = out if isinstance(out, Tensor) else out[0]
    set_places(first, places_of(args[0]))


@handles("permute", "transpose", "t", "roll", "flip", moves=True)
def _turned(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    """permute, transpose, t, roll, flip: run on the places as they are."""
    function = getattr(torch, name)
    set_places(out, places_of(args[0]).moved(lambda at, _: function(at, *args[1:], **kwargs)))


@handles("expand", moves=True)
def _expand(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    set_places(
        out, places_of(args[0]).moved(lambda at, _: at.view([1] * (out.ndim - at.ndim) + list(at.shape)))
    )


@handles("repeat", moves=True)
def _repeat(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    def move(at: Tensor, _: int) -> Tensor:
        at = at.view([1] * (out.ndim - at.ndim) + list(at.shape))
        return at.repeat([n if at.shape[d] > 1 else 1 for d, n in enumerate(args[1])])

    set_places(out, places_of(args[0]).moved(move))


@handles("slice", moves=True)
def _slice(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    _, dim, start, end, step = (*args, *(None,) * 5)[:5]
    dim = (dim or 0) % args[0].ndim
    index = (slice(None),) * dim + (slice(start, end, step or 1),)
    set_places(out, places_of(args[0]).moved(lambda at, _: at[index] if at.shape[dim] > 1 else at))


@handles("select", moves=True)
def _select(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    dim = args[1] % args[0].ndim
    move = lambda at, _: at.select(dim, args[2] if at.shape[dim] > 1 else 0)  # noqa: E731
    set_places(out, places_of(args[0]).moved(move))


@handles("split", "split_with_sizes", moves=True)
def _split(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Sequence[Tensor]) -> None:
    dim = (args[2] if len(args) > 2 else kwargs.get("dim", 0)) % args[0].ndim
    start = 0
    for part in out:
        stop = start + part.shape[dim]
        move = lambda at, _, a=start, b=stop: at.narrow(dim, a, b - a) if at.shape[dim] > 1 else at  # noqa: E731
        set_places(part, places_of(args[0]).moved(move))
        start = stop


@handles("unbind", moves=True)
def _unbind(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Sequence[Tensor]) -> None:
    dim = (args[1] if len(args) > 1 else kwargs.get("dim", 0)) % args[0].ndim
    for i, part in enumerate(out):
        move = lambda at, _, i=i: at.select(dim, i if at.shape[dim] > 1 else 0)  # noqa: E731
        set_places(part, places_of(args[0]).moved(move))


@handles("index_select", moves=True)
def _index_select(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    dim, index = args[1] % args[0].ndim, number_of(args[2])
    places = places_of(args[0])
    if index is None and places.at is not None and places.at.shape[dim] > 1:
        tracker.lost(name, args, kwargs, out)
        return
    set_places(out, places.moved(lambda at, _: at.index_select(dim, index) if at.shape[dim] > 1 else at))


@handles("index", moves=True)
def _index(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    """x[:, index]: of one dimension, by numbers that are known."""
    places, indices = places_of(args[0]), args[1]
    if places is None:
        return
    given = [d for d, index in enumerate(indices) if index is not None]
    number = number_of(indices[given[0]]) if len(given) == 1 else None
    if number is None or number.dtype == torch.bool:
        if places.at is not None:
            tracker.lost(name, args, kwargs, out)
        return
    dim = given[0]

    def move(at: Tensor, _: int) -> Tensor:
        if at.shape[dim] > 1:
            return at[(slice(None),) * dim + (number,)]
        return at.view(*at.shape[:dim], *[1] * number.ndim, *at.shape[dim + 1 :])

    set_places(out, places.moved(move))


@handles("constant_pad_nd", moves=True)
def _pad(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    ndim, amounts = args[0].ndim, list(args[1])
    shape = args[0].shape

    def move(at: Tensor, fill: int) -> Tensor:
        wanted = []
        for n in range(len(amounts) // 2):
            dim = ndim - 1 - n
            # Channels of padding beside channels that see something do not show.
            wanted += amounts[2 * n : 2 * n + 2] if at.shape[dim] == shape[dim] else [0, 0]
        return torch.nn.functional.pad(at, wanted, value=fill)

    set_places(out, places_of(args[0]).moved(move))


@handles(*(f"{kind}_pad{n}d" for kind in ("reflection", "replication") for n in (1, 2, 3)))
def _mirror(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    """Padding by what stands at the edge, or behind it."""
    mode = "reflect" if name.startswith("reflection") else "replicate"
    ndim, amounts = args[0].ndim, list(args[1])

    def move(at: Tensor, _: int) -> Tensor:
        for n in range(len(amounts) // 2):
            dim = ndim - 1 - n
            if at.shape[dim] > 1:
                line = torch.arange(at.shape[dim], dtype=torch.float64)[None]
                line = torch.nn.functional.pad(line, amounts[2 * n : 2 * n + 2], mode=mode)
                at = at.index_select(dim, line[0].long())
        return at

    set_places(out, places_of(args[0]).moved(move))


@handles("cat")
def _cat(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    tensors = list(args[0])
    dim = (args[1] if len(args) > 1 else kwargs.get("dim", 0)) % out.ndim
    parts = [places_of(tensor) for tensor in tensors]
    seen = [part for part in parts if part is not None and part.at is not None]
    where, _ = tracker.where()
    if (
        all(
            part.at.shape[dim] == 1 or part.at.shape[dim] != t.shape[dim]
            for part, t in zip(seen, [t for t in tensors if places_of(t) in seen], strict=True)
        )
        and len({p.at.shape for p in seen}) == 1
        and (
            any(p.field is not seen[0].field for p in seen)
            or all(torch.equal(p.at, seen[0].at) for p in seen)
        )
    ):
        places = together(seen, out.shape, where, "cat")
        set_places(out, places)
        if places.field is not seen[0].field:
            tracker.mixed("cat")
        return
    if any(part.field is not seen[0].field for part in seen) or any(p.keys is not None for p in seen):
        tracker.lost(name, args, kwargs, out)
        return
    shape = [max(part.at.shape[d] for part in seen) for d in range(out.ndim)]
    pieces = []
    for tensor, part in zip(tensors, parts, strict=True):
        at = torch.full([1] * out.ndim, NOWHERE) if part is None or part.at is None else part.at
        pieces.append(at.expand(*shape[:dim], tensor.shape[dim], *shape[dim + 1 :]))
    set_places(out, replace(seen[0], at=torch.cat(pieces, dim), value=None))


@handles("stack")
def _stack(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    dim = (args[1] if len(args) > 1 else kwargs.get("dim", 0)) % out.ndim
    longer = []
    for tensor in args[0]:
        longer.append(tensor.new_empty(*tensor.shape[:dim], 1, *tensor.shape[dim:]))
        places = places_of(tensor)
        if places is not None:
            set_places(longer[-1], places.moved(lambda at, _: at.unsqueeze(dim)))
    _cat(tracker, "cat", (longer, dim), {}, out)
