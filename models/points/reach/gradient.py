"""The gradient receptive field of points: how much each input point moves the answer at some of them.

After Luo et al. (2016) for images: ∂ Σ_c y[c] / ∂x. Layers are run backwards one at a time from the inputs
they had, some rows at once, so that few neighbourhoods are ever held; the decoder runs over those points
alone that the answer depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from headlight.models.core.task import SILENT, Task
from headlight.models.points.neighbours import Geometry, Stage
from headlight.models.points.point_transformer import Near, PointTransformer
from headlight.models.points.workers import workers

CHUNK = 1 << 21
"""Numbers of one kind that the neighbourhoods held by one thread have."""


@dataclass(frozen=True)
class _Layer:
    """One encoder layer for some of the points that it gives, `rows` int64 [r].

    reads: which points it reads for them, int64 [p], sorted. run: (their features [p, C], the points [p],
    rows) → features of the rows [r, C'].
    """

    reads: Callable[[Tensor], Tensor]
    run: Callable[[Tensor, Tensor, Tensor], Tensor]


def gradient_field(
    model: PointTransformer,
    features: Tensor,
    geometry: Geometry,
    tokens: Tensor,
    task: Task = SILENT,
    label: int | None = None,
) -> tuple[Tensor, Tensor]:
    """(float32 [m, in]: ∂ Σ_c logits[tokens, c] / ∂ input, that sum), of the mean logits of several tokens.

    model: in eval mode. features [m, in], a point's coordinates among them as plain numbers; tokens int64
    [t]. label: of one class c alone. Which points are neighbours, how they lie to each other and the weights
    of the interpolation stay fixed.
    """
    stages = [_encoder(model, geometry, number) for number in range(len(geometry.stages))]
    # In the order of stage 1, where neighbours in space stand together: a chunk reads little beside itself.
    orders = [torch.argsort(stage.index) for stage in geometry.stages]
    chunks = [
        order.split(max(1, CHUNK // (stage.neighbours.shape[1] * width)))
        for order, stage, width in zip(orders, geometry.stages, model.planes, strict=True)
    ]
    count = 2 * sum(map(len, stages)) + 1
    done = 0
    inputs: list[list[Tensor]] = []
    skips: list[Tensor] = []
    x = features
    with torch.no_grad(), workers(task, alone=features.device.type != "cpu") as each:
        for layers, rows, order in zip(stages, chunks, orders, strict=True):
            inputs.append([])
            for layer in layers:
                task.progress(done / count, "Running forwards")
                inputs[-1].append(x)
                found = torch.cat(each(partial(_forwards, layer, x), rows))
                x = torch.empty_like(found).index_copy_(0, order, found)
                done += 1
            skips.append(x)
        task.progress(done / count, "Running the decoder backwards")
        ((on_skips, answer),) = each(
            partial(_decoder_gradients, model, skips, geometry, label=label), [tokens]
        )
        flowing = torch.zeros_like(x)
        for number in reversed(range(len(stages))):
            flowing = flowing + on_skips[number]
            for layer, x in zip(reversed(stages[number]), reversed(inputs[number]), strict=True):
                done += 1
                task.progress(done / count, "Running backwards")
                found = each(partial(_backwards, layer, x, flowing), chunks[number])
                flowing = torch.zeros_like(x)
                for read, on_x in found:
                    flowing.index_add_(0, read, on_x)
    task.progress(1.0, "Gradient done")
    return flowing, answer


def _encoder(model: PointTransformer, geometry: Geometry, number: int) -> list[_Layer]:
    """The layers of one encoder stage, the transition first."""
    stage = geometry.stages[number]
    finer = geometry.stages[number - 1] if number else None
    down, *blocks = model.get_submodule(f"enc{number + 1}")

    def transition(x: Tensor, read: Tensor, rows: Tensor) -> Tensor:
        if finer is None:
            return down(x, stage, None)
        gathered = _position_in(read, stage.gathered[rows])
        part = replace(stage, points=stage.points[rows], gathered=gathered)
        return down(x, part, replace(finer, points=finer.points[read]))

    def attention(block: torch.nn.Module, x: Tensor, read: Tensor, rows: Tensor) -> Tensor:
        return block(x, Near.of(_cut(stage, read, rows)))[_position_in(read, rows)]

    def gathered(rows: Tensor) -> Tensor:
        return rows if finer is None else torch.unique(stage.gathered[rows])

    def attended(rows: Tensor) -> Tensor:
        return torch.unique(torch.cat([rows, stage.neighbours[rows].flatten()]))

    first = _Layer(gathered, transition)
    return [first, *(_Layer(attended, partial(attention, block)) for block in blocks)]


def _decoder_gradients(
    model: PointTransformer, skips: Sequence[Tensor], geometry: Geometry, tokens: Tensor, *, label: int | None
) -> tuple[Sequence[Tensor], Tensor]:
    """(of each encoder stage's output [n, C], over the points needed alone; what it is the gradient of)."""
    leaves = [skip.detach().requires_grad_() for skip in skips]
    rows, needed, cut = tokens, [], []
    for number, stage in enumerate(geometry.stages):
        # The last attention over `rows` reads their neighbours, and those the coarser stage's.
        within = torch.unique(torch.cat([rows, stage.neighbours[rows].flatten()]))
        if number == len(geometry.stages) - 1:
            within = torch.arange(len(stage.points), device=rows.device)  # the mean is over all
        needed.append(within)
        cut.append(_cut(stage, within, rows))
        if number + 1 < len(geometry.stages):
            rows = torch.unique(geometry.stages[number + 1].up_index[within])
    with torch.enable_grad():
        x = leaves[-1]
        for number in reversed(range(len(geometry.stages))):
            up, *blocks = model.get_submodule(f"dec{number + 1}")
            skip = leaves[number][needed[number]]
            if number == len(geometry.stages) - 1:
                x = up(skip, geometry.stages[number].counts)
            else:
                coarser = geometry.stages[number + 1]
                index = _position_in(needed[number + 1], coarser.up_index[needed[number]])
                part = replace(coarser, up_index=index, up_weight=coarser.up_weight[needed[number]])
                x = up(skip, x, part)
            for block in blocks:
                x = block(x, Near.of(cut[number]))
        logits = model.cls(x[_position_in(needed[0], tokens)])
        answer = (logits if label is None else logits[:, label]).sum() / len(tokens)
        return torch.autograd.grad(answer, leaves, materialize_grads=True), answer.detach()


def _forwards(layer: _Layer, x: Tensor, rows: Tensor) -> Tensor:
    read = layer.reads(rows)
    return layer.run(x[read], read, rows)


def _backwards(layer: _Layer, x: Tensor, flowing: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """(the points read for `rows` [p], the gradient there [p, C])"""
    read = layer.reads(rows)
    part = x[read].detach().requires_grad_()
    with torch.enable_grad():
        y = layer.run(part, read, rows)
        (found,) = torch.autograd.grad(y, part, flowing[rows], materialize_grads=True)
    return read, found


def _cut(stage: Stage, within: Tensor, rows: Tensor) -> Stage:
    """The stage of the points `within` alone. Only `rows` keep their neighbours; nobody reads the others."""
    whole = torch.isin(within, rows)
    neighbours = torch.where(whole[:, None], stage.neighbours[within], within[:, None])
    return replace(
        stage,
        points=stage.points[within],
        index=stage.index[within],
        neighbours=_position_in(within, neighbours),
        absent=None if stage.absent is None else stage.absent[within],
        counts=(len(within),),
    )


def _position_in(within: Tensor, index: Tensor) -> Tensor:
    """Where each of `index` stands in `within`, which is sorted and holds them all."""
    return torch.searchsorted(within, index.contiguous())
