"""The Point Transformer as it is asked, not trained: norms folded into linear layers, a few points at a time.

What layers group by neighbour stays in the processor's cache, so that time and memory grow with the points
alone; the weights of all attention layers can be kept on the way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from headlight.models.core.task import SILENT, Task
from headlight.models.points.neighbours import Geometry, Stage
from headlight.models.points.point_transformer import (
    SHARE,
    Block,
    Deepest,
    PointAttention,
    PointTransformer,
    TransitionDown,
    TransitionUp,
    interpolated,
    offsets,
)
from headlight.models.points.workers import Each, workers

SAMPLED_ROWS = 64
"""Queries of each layer whose values and outputs are kept, for `error`."""

_GROUPED = 2**17
"""Elements of one grouped tensor on a processor: 512 points of the first stage, half a megabyte."""
_GROUPED_ELSEWHERE = 2**26
_ROWS = 2**11
"""Points that go through plain linear layers at once."""
_NARROW = 64
"""Up to so many channels a product with ones repeats weights over channels quicker than broadcasting does."""


@dataclass(frozen=True, eq=False)
class NeighbourhoodCall:
    """The attention of one layer in one pass.

    name: of the module. stage: 0 for the finest. neighbours: int64 [n, k]. weights: float32 [n, k, C/8].
    rows, values, outputs: sampled queries [r], vⱼ + δ of their neighbours [r, k, C] from the layer's own
    unfolded modules, and what the layer returned for them [r, C].
    """

    name: str
    stage: int
    neighbours: Tensor
    weights: Tensor
    rows: Tensor
    values: Tensor
    outputs: Tensor


@dataclass(frozen=True, eq=False)
class _Chunk:
    """Points [start, stop) of a stage with their neighbours, first neighbours first."""

    start: int
    stop: int
    index: Tensor
    """int64 [k·m]."""
    offsets: Tensor
    """float32 [3, k·m]: pⱼ − pᵢ."""
    absent: Tensor | None = None
    """bool [k, m]."""


@dataclass(eq=False)
class Pass:
    """What the parts of one pass share: how chunks are run, where attention is kept, how far it is."""

    task: Task
    each: Each
    calls: list[NeighbourhoodCall] | None
    total: int
    done: int = 0


class FoldedEncoder(ABC):
    """A trained `net` (in eval mode) for inference: the same answer, quicker and in little memory.

    Weights are folded once, here: build another where the net has changed or moved. No gradients flow.
    """

    def __init__(self, net: nn.Module) -> None:
        if net.training:
            raise ValueError("only a network in eval mode can be folded")
        self._parts: dict[str, _Down | _Up | _Deepest | _Block] = {}
        for name, module in net.named_modules():
            for kind, part in _PARTS.items():
                if isinstance(module, kind):
                    self._parts[name] = part(name, module)

    @torch.no_grad()
    def __call__(
        self,
        features: Tensor,
        geometry: Geometry,
        task: Task = SILENT,
        calls: list[NeighbourhoodCall] | None = None,
    ) -> Tensor:
        """features [n, in_channels] → logits, [n, classes] of points or [clouds, classes] of clouds; the
        attention of every layer goes to `calls`."""
        total = sum(isinstance(part, _Block) for part in self._parts.values())
        with workers(task, alone=features.device.type != "cpu") as each:
            return self._run(features, geometry, Pass(task, each, calls, total))

    @abstractmethod
    def _run(self, features: Tensor, geometry: Geometry, way: Pass) -> Tensor: ...

    def encoded(self, features: Tensor, geometry: Geometry, way: Pass) -> list[Tensor]:
        """What each stage gives, the finest first."""
        found: list[Tensor] = []
        x, finer = features, None
        for number, stage in enumerate(geometry.stages):
            x = self._parts[f"enc{number + 1}.0"](x, stage, finer, way)
            x = self._through(f"enc{number + 1}", x, stage, number, way)
            found.append(x)
            finer = stage
        return found

    def _through(self, name: str, x: Tensor, stage: Stage, number: int, way: Pass) -> Tensor:
        """The blocks after a transition."""
        position = 1
        while (block := self._parts.get(f"{name}.{position}")) is not None:
            way.task.progress(way.done / way.total, f"Layer {way.done + 1} of {way.total}")
            x = block(x, stage, number, way)
            position, way.done = position + 1, way.done + 1
        return x


class FoldedPointTransformer(FoldedEncoder):
    """Of the segmentation network."""

    def __init__(self, net: PointTransformer) -> None:
        super().__init__(net)
        self._classes = _folded(net.cls[0], net.cls[1]), _folded(net.cls[3])

    def _run(self, features: Tensor, geometry: Geometry, way: Pass) -> Tensor:
        stages = geometry.stages
        skips = self.encoded(features, geometry, way)
        x = skips[-1]
        for number in range(len(stages) - 1, -1, -1):
            transition = self._parts[f"dec{number + 1}.0"]
            if isinstance(transition, _Deepest):
                x = transition(x, stages[number].counts)
            else:
                x = transition(skips[number], x, stages[number + 1], way)
            skips.pop()
            x = self._through(f"dec{number + 1}", x, stages[number], number, way)
        (hidden, bias), (last, last_bias) = self._classes
        return torch.addmm(last_bias, torch.addmm(bias, x, hidden).relu_(), last)


def _folded(linear: nn.Linear, norm: nn.BatchNorm1d | None = None) -> tuple[Tensor, Tensor]:
    """(weight [in, out], bias [out]) of a linear layer and the norm after it, folded in float64."""
    weight = linear.weight.detach().double()
    bias = torch.zeros(len(weight), dtype=torch.float64, device=weight.device)
    if linear.bias is not None:
        bias = linear.bias.detach().double()
    if norm is not None:
        scale, shift = _affine(norm)
        weight, bias = weight * scale[:, None], bias * scale + shift
    return weight.T.float().contiguous(), bias.float()


def _affine(norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """float64 (scale [C], shift [C]) of what a norm does outside of training."""
    scale = norm.weight.detach().double() / (norm.running_var.double() + norm.eps).sqrt()
    return scale, norm.bias.detach().double() - norm.running_mean.double() * scale


def _chunks(neighbours: Tensor, channels: int) -> list[tuple[int, int]]:
    """[start, stop) of points whose grouped features fit the cache."""
    count, k = neighbours.shape
    limit = _GROUPED if neighbours.device.type == "cpu" else _GROUPED_ELSEWHERE
    step = max(16, limit // (k * channels))
    return [(start, min(start + step, count)) for start in range(0, count, step)]


def _chunk(neighbours: Tensor, start: int, stop: int, finer: Tensor, points: Tensor) -> _Chunk:
    """Of the points [start, stop) of `points`, whose neighbours [n, k] are among the `finer` ones."""
    index = neighbours[start:stop].T.reshape(-1)
    return _Chunk(start, stop, index, offsets(finer, index, points[start:stop]).T.contiguous())


class _Down:
    """TransitionDown. The norm's scale goes into the layer; its shift can wait until after the maximum."""

    def __init__(self, name: str, module: TransitionDown) -> None:
        weight, self.bias = _folded(module.linear, module.bn)
        self.first = module.first
        self.near, self.own = (None, weight) if self.first else (weight[:3], weight[3:].contiguous())

    def __call__(self, features: Tensor, stage: Stage, finer: Stage | None, way: Pass) -> Tensor:
        if finer is None:
            return torch.addmm(self.bias, features, self.own).relu_()
        x = features @ self.own

        def part(bounds: tuple[int, int]) -> Tensor:
            chunk = _chunk(stage.gathered, *bounds, finer.points, stage.points)
            return self._largest(x, chunk)

        return torch.cat(way.each(part, _chunks(stage.gathered, x.shape[1])))

    def _largest(self, x: Tensor, chunk: _Chunk) -> Tensor:
        m = chunk.stop - chunk.start
        near = x.index_select(0, chunk.index).addmm_(chunk.offsets.T, self.near)
        return near.view(-1, m, x.shape[1]).amax(0).add_(self.bias).relu_()


class _Up:
    """TransitionUp."""

    def __init__(self, name: str, module: TransitionUp) -> None:
        self.skip = _folded(*module.linear1[:2])
        self.coarse = _folded(*module.linear2[:2])

    def __call__(self, skip: Tensor, coarse: Tensor, stage: Stage, way: Pass) -> Tensor:
        coarse = torch.addmm(self.coarse[1], coarse, self.coarse[0]).relu_()

        def part(bounds: tuple[int, int]) -> Tensor:
            rows = slice(*bounds)
            x = torch.addmm(self.skip[1], skip[rows], self.skip[0]).relu_()
            return x + interpolated(coarse, stage.up_index[rows], stage.up_weight[rows])

        return torch.cat(way.each(part, _chunks(stage.up_index, coarse.shape[1])))


class _Deepest:
    """Deepest."""

    def __init__(self, name: str, module: Deepest) -> None:
        weight, self.bias = _folded(*module.linear1[:2])
        self.own, self.told = weight.chunk(2)
        self.mean = _folded(module.linear2[0])

    def __call__(self, features: Tensor, counts: tuple[int, ...]) -> Tensor:
        means = torch.stack([part.mean(0) for part in features.split(list(counts))])
        means = torch.addmm(self.mean[1], means, self.mean[0]).relu_()
        told = torch.addmm(self.bias, means, self.told)  # [clouds, C]
        spread = torch.repeat_interleave(told, torch.tensor(counts, device=told.device), 0)
        return torch.addmm(spread, features, self.own).relu_()


class _Block:
    """Block with its attention."""

    def __init__(self, name: str, module: Block) -> None:
        self.name, self.attention = f"{name}.transformer2", module.transformer2
        attention: PointAttention = module.transformer2
        self.before = _folded(module.linear1, module.bn1)
        self.after = _folded(module.linear3, module.bn3)
        scale, shift = _affine(module.bn2)
        self.scale, self.shift = scale.float(), shift.float()
        # linear_w's first norm is taken of kⱼ − qᵢ + δ: its scale goes into all three, its shift into k.
        scale, shift = _affine(attention.linear_w[0])
        place, place_bias = (part.double() for part in _folded(attention.linear_p[3]))
        (q, q_bias), (k, k_bias), (v, v_bias) = (
            tuple(part.double() for part in _folded(layer))
            for layer in (attention.linear_q, attention.linear_k, attention.linear_v)
        )
        self.q = (q * scale).float(), (q_bias * scale).float()
        self.k = (k * scale).float(), ((k_bias + place_bias) * scale + shift).float()
        self.v = v.float(), (v_bias + place_bias).float()
        self.place_score, self.place_value = (place * scale).float(), place.float()
        # From here on channels stand before neighbours: [C/8, k·m]. So small products are quickest.
        self.place = _upright(*_folded(attention.linear_p[0], attention.linear_p[1]))
        self.score = _upright(*_folded(attention.linear_w[2], attention.linear_w[3]))
        self.map = _upright(*_folded(attention.linear_w[5]))
        self.maps = self.map[0].shape[0]
        self.repeat = torch.eye(self.maps, device=v.device).repeat(1, SHARE)

    def __call__(self, features: Tensor, stage: Stage, number: int, way: Pass) -> Tensor:
        q, k, v = self._projected(features, way)
        n, columns = stage.neighbours.shape
        weights = None if way.calls is None else features.new_empty(n, columns, self.maps)
        rows = _sampled_rows(n).to(features.device)
        outputs = torch.empty_like(features[rows])

        def part(bounds: tuple[int, int]) -> Tensor:
            start, stop = bounds
            chunk = _chunk(stage.neighbours, start, stop, stage.points, stage.points)
            if stage.absent is not None:
                chunk = replace(chunk, absent=stage.absent[start:stop].T)
            out = self._attended(q, k, v, chunk, weights)
            if weights is not None:
                here = (rows >= start) & (rows < stop)
                outputs[here] = out[rows[here] - start]
            out = torch.addcmul(self.shift, out, self.scale).relu_()
            return torch.addmm(self.after[1], out, self.after[0]).add_(features[start:stop]).relu_()

        found = torch.cat(way.each(part, _chunks(stage.neighbours, features.shape[1])))
        if weights is not None:
            values = self._values(features, stage, rows)
            call = NeighbourhoodCall(self.name, number, stage.neighbours, weights, rows, values, outputs)
            way.calls.append(call)
        return found

    def _entered(self, features: Tensor) -> Tensor:
        """What the attention is given."""
        return torch.addmm(self.before[1], features, self.before[0]).relu_()

    def _projected(self, features: Tensor, way: Pass) -> tuple[Tensor, Tensor, Tensor]:
        """q, k, v, each [n, C]."""
        layers = (self.q, self.k, self.v)
        found = tuple(torch.empty_like(features) for _ in layers)

        def part(start: int) -> None:
            x = self._entered(features[start : start + _ROWS])
            for (weight, bias), into in zip(layers, found, strict=True):
                torch.addmm(bias, x, weight, out=into[start : start + _ROWS])

        way.each(part, range(0, len(features), _ROWS))
        return found

    def _attended(self, q: Tensor, k: Tensor, v: Tensor, chunk: _Chunk, kept: Tensor | None) -> Tensor:
        """[m, C]: what attention returns for the chunk's points; its weights go to `kept`."""
        m, channels = chunk.stop - chunk.start, q.shape[1]
        place = torch.addmm(self.place[1], self.place[0], chunk.offsets).relu_()  # [3, k·m]
        score = k.index_select(0, chunk.index).addmm_(place.T, self.place_score)  # [k·m, C]
        score = score.view(-1, m, channels).sub_(q[chunk.start : chunk.stop]).relu_().view(-1, channels)
        score = torch.addmm(self.score[1], self.score[0], score.T).relu_()
        score = torch.addmm(self.map[1], self.map[0], score).view(self.maps, -1, m)
        if chunk.absent is not None:
            score = score.masked_fill(chunk.absent, -torch.inf)
        weight = torch.softmax(score, 1)  # [C/8, k, m]
        if kept is not None:
            kept[chunk.start : chunk.stop] = weight.permute(2, 1, 0)
        value = v.index_select(0, chunk.index).addmm_(place.T, self.place_value)  # [k·m, C]
        if channels <= _NARROW:
            value.mul_(weight.view(self.maps, -1).T @ self.repeat)
        else:
            spread = weight.permute(1, 2, 0).reshape(-1, 1, self.maps)
            value.view(-1, SHARE, self.maps).mul_(spread)
        return value.view(-1, m, channels).sum(0)

    def _values(self, features: Tensor, stage: Stage, rows: Tensor) -> Tensor:
        """[r, k, C]: vⱼ + δ of sampled queries, by the network's own modules."""
        near = stage.neighbours[rows]
        apart = stage.points[near] - stage.points[rows, None]  # [r, k, 3]
        place = self.attention.linear_p(apart.view(-1, 3)).view(*near.shape, -1)
        x = self._entered(features[near.flatten()])
        return self.attention.linear_v(x).view(*near.shape, -1) + place


def _sampled_rows(count: int) -> Tensor:
    """int64: up to 64 rows, evenly spread, first and last among them."""
    return torch.linspace(0, count - 1, min(count, SAMPLED_ROWS), dtype=torch.float64).long()


def _upright(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """(weight [out, in], bias [out, 1]): for features that stand as columns."""
    return weight.T.contiguous(), bias[:, None]


_PARTS = {TransitionDown: _Down, TransitionUp: _Up, Deepest: _Deepest, Block: _Block}
