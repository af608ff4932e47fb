"""Many texts, and what a model writes behind each or of it: in batches of equal length, without a trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from transformers import PreTrainedModel

from headlight.models.core.answers import Ended, Line, Writing
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.engines.texts.going_on import ends_of, generated

BATCH = 1 << 12
"""Tokens of hypotheses that are read at once."""
LOGITS = 1 << 25
"""Numbers of what is expected that are computed at once: 128 MB."""


@dataclass(frozen=True)
class Begun:
    """A text as `generate` is given it. inputs: tokens by the names of what the model takes. before: those
    that what is written is spelled behind. room: tokens that still fit. notices: what of it is not read."""

    inputs: Mapping[str, tuple[int, ...]]
    before: tuple[int, ...]
    room: int
    notices: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[tuple[str, int], ...]:
        return tuple((name, len(ids)) for name, ids in self.inputs.items())


def all_written(
    model: PreTrainedModel,
    begun: Sequence[Begun],
    writing: Writing,
    said: Callable[[Begun, Sequence[int]], str],
    title: str,
    task: Task = SILENT,
) -> list[Line]:
    """Of each text, in their order. writing: that draws nothing and gives no tokens. said: the words of
    tokens behind a text."""
    groups: dict[tuple, list[int]] = defaultdict(list)
    for number, one in enumerate(begun):
        groups[one.shape].append(number)
    found: dict[int, Line] = {}
    for shape, members in sorted(groups.items()):
        step = max(1, BATCH // (max(length for _, length in shape) * writing.beams))
        for start in range(0, len(members), step):
            some = members[start : start + step]
            share = len(found) / len(begun)
            task.progress(share, f"Line {len(found) + 1:,} of {len(begun):,}")
            rows = [begun[number] for number in some]
            made = _together(model, rows, writing, title, Part(task, share, share))
            found |= {
                number: Line(ids, said(row, ids), score, ended)
                for number, row, (ids, score, ended) in zip(some, rows, made, strict=True)
            }
    return [found[number] for number in range(len(begun))]


def _together(
    model: PreTrainedModel, rows: Sequence[Begun], writing: Writing, title: str, task: Task
) -> list[tuple[tuple[int, ...], float, Ended]]:
    inputs = {
        name: torch.tensor([row.inputs[name] for row in rows], device=model.device) for name in rows[0].inputs
    }
    name = "decoder_input_ids" if model.config.is_encoder_decoder else "input_ids"
    length, room = inputs[name].shape[1], rows[0].room
    count = min(writing.count(0), room)
    if count < 1:
        return [((), 0.0, "length" if room else "room")] * len(rows)
    found = generated(model, inputs, replace(writing, new=count), title, task)
    ends, made = ends_of(model), []
    for ids, scores in zip(found[:, length:].tolist(), _scores(model, inputs, name, found), strict=True):
        stop = next((at + 1 for at, one in enumerate(ids) if one in ends), None)
        ended: Ended = "end" if stop else "length" if len(ids) < room else "room"
        made.append((tuple(ids[:stop]), float(scores[:stop].double().sum()), ended))
    return made


def _scores(model: PreTrainedModel, inputs: Mapping[str, Tensor], name: str, found: Tensor) -> Tensor:
    """float32 [b, m]: the logarithm of the probability of each token that was written, from one pass over
    all; what stands behind an end changes nothing before it. found: [b, n + m]."""
    length, vocabulary = inputs[name].shape[1], model.get_output_embeddings().weight.shape[0]
    step, scores = max(1, LOGITS // (found.shape[1] * vocabulary)), []
    for start in range(0, len(found), step):
        part = slice(start, start + step)
        given = {**{one: value[part] for one, value in inputs.items()}, name: found[part]}
        with torch.no_grad():
            logits = model(**given, use_cache=False).logits[:, length - 1 : -1].float().log_softmax(-1)
        scores.append(logits.gather(2, found[part, length:, None])[..., 0].cpu())
    return torch.cat(scores)
