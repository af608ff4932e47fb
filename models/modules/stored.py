"""A recorded pass over one item as a header that JSON can hold and arrays, and back to a trace.

The arrays of a pass that is still in memory are its own tensors; those of a file are numpy's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.calls import AttentionCall, Call, FlowCall, GivenCall, Projection
from headlight.models.attention.recorded import RecordedLayer, numbered
from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import INPUT, OUTPUT, Box, PatchTokens, TextTokens, Tokens
from headlight.models.core.trace import ModelCard, Run, Trace
from headlight.models.modules.described import numbered as plain
from headlight.models.modules.described import scale_of, tokens_of
from headlight.models.modules.given import ShownCall
from headlight.models.modules.stacks import stacks_of

NAMES = ("q", "k", "v", "weights", "rows", "outputs", "flow", "projection", "projection_bias")
"""Arrays of a layer. Masks and biases are kept once for all layers that share them."""


@dataclass(frozen=True, eq=False)
class Stored:
    """header: what JSON holds. arrays: tensors or numpy arrays by their names."""

    header: dict[str, Any]
    arrays: dict[str, Any]


def stored(
    calls: Sequence[Call],
    item: int,
    items: int,
    title: str,
    kept: tuple[np.ndarray, int | None] | None = None,
) -> Stored:
    """The calls of one item of a batch. kept: int (n,), its tokens of the input that are no padding, and how
    many there are with it, None for those of most layers.

    HeadlightError where there is no such item, or no such tokens.
    """
    if not 0 <= item < items:
        raise HeadlightError(
            f"There is no item {item}: the batch has {items}.", f"Choose from 0 to {items - 1}."
        )
    header: dict[str, Any] = {"title": title, "layers": [], "item": item, "items": items}
    arrays: dict[str, Any] = {}
    shared: dict[tuple[int, int], str] = {}
    stacks = stacks_of([(call.name, call.kind, *call.shape[2:]) for call in calls])
    if kept is not None:
        kept = kept[0], _width(kept, calls, stacks)
    for number, (call, stack) in enumerate(zip(calls, stacks, strict=True)):
        count = call.shape[0]
        at = item * (count // items) if count > items else min(item, count - 1)
        told, own = _of_call(call, at)
        told |= {"name": call.name, "kind": call.kind, "stack": stack, "shape": list(call.shape[1:])}
        for name in ("mask", "bias"):
            tensor = getattr(call, name, None)
            if tensor is not None and isinstance(call, AttentionCall):
                key = id(tensor), at if tensor.ndim == 4 and tensor.shape[0] > 1 else 0
                if key not in shared:
                    shared[key] = f"{name}.{len(shared)}"
                    arrays[shared[key]] = _item(tensor, at)
                told[name] = shared[key]
        if kept is not None:
            ends = zip(ENDS.get(stack, (INPUT, INPUT)), call.shape[2:], strict=True)
            _crop(told, own, arrays, kept[0], *(end == INPUT and count == kept[1] for end, count in ends))
        header["layers"].append(told)
        arrays |= {f"{number}.{name}": array for name, array in own.items()}
    return Stored(header, arrays)


def _of_call(call: Call, at: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what is told of a call, its arrays), of one item."""
    if isinstance(call, FlowCall):
        return {"sort": "gradient"}, {"v": call.v[at], "flow": call.flow[at]}
    if type(call) is AttentionCall:
        own = {"q": call.q[at], "k": call.k[at], "v": call.v[at]}
        if call.projection is not None:
            own["projection"] = call.projection.weight
            if call.projection.bias is not None:
                own["projection_bias"] = call.projection.bias
        told = {"sort": "product", "scaling": call.scaling, "softcap": call.softcap}
    else:
        weights = call.given[at] if isinstance(call, GivenCall) else call.weights(batch=at)
        sort = "shown" if isinstance(call, ShownCall) else "weights"
        own, told = {"weights": weights}, {"sort": sort}
        if (v := getattr(call, "v", None)) is not None:
            own["v"] = v[at] if v.shape[1] == weights.shape[0] else v[at].expand(len(weights), -1, -1)
    if getattr(call, "rows", None) is not None and call.outputs is not None:
        own |= {"rows": call.rows, "outputs": call.outputs[at]}
    return told, own


def _item(tensor: Tensor, at: int) -> Tensor:
    """Of what broadcasts to [B, H, Nq, Nk]: what does to [1, H, Nq, Nk], as small as it is."""
    tensor = tensor[(None,) * (4 - tensor.ndim)]
    return tensor[at : at + 1] if tensor.shape[0] > 1 else tensor


def _width(kept: tuple[np.ndarray, int | None], calls: Sequence[Call], stacks: Sequence[str]) -> int:
    """Tokens of the input with padding. HeadlightError where layers have another number."""
    counts = Counter(
        count
        for call, stack in zip(calls, stacks, strict=True)
        for end, count in zip(ENDS.get(stack, (INPUT, INPUT)), call.shape[2:], strict=True)
        if end == INPUT
    )
    width = counts.most_common(1)[0][0] if kept[1] is None else kept[1]
    if width not in counts or int(kept[0].max()) >= width:
        said = f"{kept[1] or int(kept[0].max()) + 1:,}"
        raise HeadlightError(
            f"Padding is said of {said} tokens, and layers attend to {counts.most_common(1)[0][0]:,}.",
            "Give mask=(batch, tokens) or lengths=(batch,) of the tokens that the layers see.",
        )
    return width


def _crop(
    told: dict[str, Any],
    own: dict[str, Any],
    arrays: dict[str, Any],
    kept: np.ndarray,
    down: bool,
    across: bool,
) -> None:
    """Without the queries (down) and the keys (across) that are padding.

    What was masked stays so: nothing of the rows that are left lay on what is gone, or else their sums tell.
    """
    if not (down or across):
        return
    heads, queries, keys = told["shape"]
    where = torch.as_tensor(kept)
    for name, axis, crops in (("q", 1, down), ("k", 1, across), ("v", 1, across), ("flow", 0, down)):
        if name in own and crops:
            own[name] = own[name].index_select(axis, where.to(own[name].device))
    if "weights" in own:
        weights = own["weights"][:, kept] if down else own["weights"]
        own["weights"] = weights[:, :, kept] if across else weights
    if "rows" in own and down:
        rows = own["rows"].cpu().numpy()
        there = np.isin(rows, kept)
        own["outputs"] = own["outputs"][torch.as_tensor(np.flatnonzero(there))]
        own["rows"] = torch.as_tensor(np.searchsorted(kept, rows[there]))
        if not there.any():
            del own["rows"], own["outputs"]
    for name in ("mask", "bias"):
        if name in told:
            cropped = f"{told[name]}.cropped{'.rows' * down}{'.columns' * across}"
            if cropped not in arrays:
                array = arrays[told[name]]
                array = array[..., kept, :] if down and array.shape[-2] == queries else array
                arrays[cropped] = array[..., kept] if across and array.shape[-1] == keys else array
            told[name] = cropped
    told["shape"] = [heads, len(kept) if down else queries, len(kept) if across else keys]


def lengths(header: Mapping[str, Any]) -> dict[str, int]:
    """Tokens of each stream that layers attend from or to: those that most of its layers have.

    A layer that looks at more tokens of its stream than it looks from goes on behind those: all count.
    """
    found: dict[str, Counter[int]] = {}
    for layer in header["layers"]:
        ends = ENDS.get(layer["stack"], (INPUT, INPUT))
        rows, columns = layer["shape"][1:]
        rows = max(rows, columns) if ends[0] == ends[1] else rows
        for stream, count in zip(ends, (rows, columns), strict=True):
            found.setdefault(stream, Counter())[count] += 1
    return {stream: counts.most_common(1)[0][0] for stream, counts in found.items()}


ENDS = {"encoder": (INPUT, INPUT), "decoder": (OUTPUT, OUTPUT), "cross": (OUTPUT, INPUT)}
"""Which streams the layers of a stack go from and to."""


def trace_of(header: Mapping[str, Any], arrays: Mapping[str, Any], card: ModelCard, run: Run) -> Trace:
    """The trace of a header and its arrays, as `stored` gives them, with "streams" described.

    ValueError or KeyError where they do not go together.
    """
    streams, picture = header["streams"], arrays.get("picture")
    region = None if picture is None else Box(0, 0, picture.shape[1], picture.shape[0])
    points = arrays.get("points")
    made: dict[tuple[str, int], Tokens] = {}

    def tokens(stream: str, count: int) -> Tokens:
        if (stream, count) not in made:
            described = streams[stream]
            scale = scale_of(described, count)
            if scale is None:
                made[stream, count] = tokens_of(plain(count), f"{stream}, {count:,} tokens")
            else:
                made[stream, count] = tokens_of(described, stream, region, points, scale)
        return made[stream, count]

    def last(whole: Tokens, count: int) -> Tokens:
        key = str(id(whole)), count
        if key not in made:
            made[key] = whole.only(np.arange(len(whole) - count, len(whole)))
        return made[key]

    calls = []
    for number, told in enumerate(header["layers"]):
        own = {name: arrays[f"{number}.{name}"] for name in NAMES if f"{number}.{name}" in arrays}
        calls.append(call_of(told, own, arrays))
        if list(calls[-1].shape[1:]) != told["shape"]:  # before anything is made of that size
            raise ValueError(f"{told['name']} is not of {told['shape']}")
    named = {stream: tokens(stream, count) for stream, count in lengths(header).items()}
    named.setdefault(INPUT, next(iter(named.values())))
    layers = []
    for call, told in zip(calls, header["layers"], strict=True):
        queries, keys = ENDS.get(told["stack"], (INPUT, INPUT))
        rows, columns = told["shape"][1:]
        seen = tokens(keys, columns)
        goes_on = queries == keys and rows < columns and isinstance(seen, TextTokens)
        looking = last(seen, rows) if goes_on else tokens(queries, rows)
        layer = RecordedLayer(call, looking, seen)
        layer.stack = told["stack"]
        layers.append(layer)
    here = named[INPUT]
    return Trace(
        model=card,
        layers=numbered(layers),
        streams={INPUT: here, **named},
        inputs={},
        readout=0 if isinstance(here, PatchTokens) and here.prefix else None,
        seconds=float(header.get("seconds", 0.0)),
        device=str(header.get("device", "cpu")),
        notices=tuple(header.get("notices", ())),
        given=any(told["sort"] in ("shown", "gradient") for told in header["layers"]),
        run=run,
    )


def call_of(told: Mapping[str, Any], own: Mapping[str, Any], shared: Mapping[str, Any]) -> Call:
    """One call over one item."""
    part = {name: torch.as_tensor(array) for name, array in own.items()}
    name, kind = told["name"], told["kind"]
    sampled = {"rows": part["rows"].long(), "outputs": part["outputs"][None]} if "rows" in part else {}
    if told["sort"] == "gradient":
        return FlowCall(name, kind, part["v"][None], part["flow"][None])
    if told["sort"] == "shown":
        return ShownCall(name, kind, part["weights"][None])
    if told["sort"] == "weights":
        v = {"v": part["v"][None]} if "v" in part and sampled else {}
        return GivenCall(name, kind, part["weights"][None], **(v | sampled if v else {}))
    if not sampled:  # there is nothing to check it by
        raise ValueError(f"{name} has no rows of what it returned")
    more = {name: torch.as_tensor(shared[told[name]]) for name in ("mask", "bias") if told.get(name)}
    projection = None
    if "projection" in part:
        projection = Projection(part["projection"], part.get("projection_bias"))
    return AttentionCall(
        *(name, kind, part["q"][None], part["k"][None], part["v"][None], float(told["scaling"])),
        softcap=None if told["softcap"] is None else float(told["softcap"]),
        projection=projection,
        **more,
        **sampled,
    )


def numpy_of(arrays: Mapping[str, Any]) -> Iterable[tuple[str, np.ndarray]]:
    """For a file: halves of sixteen bits that numpy has not are widened."""
    for name, array in arrays.items():
        if isinstance(array, Tensor):
            array = array.detach().cpu()
            array = (array.float() if array.dtype == torch.bfloat16 else array).contiguous().numpy()
        yield name, np.ascontiguousarray(array)
