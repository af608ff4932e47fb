"""What each layer would say, and what each head adds to it.

The logit lens (nostalgebraist 2020, “interpreting GPT: the logit lens”): the last norm and the head over the
state behind every layer, as if the others were not there. Direct attribution (Elhage et al. 2021, “A
Mathematical Framework for Transformer Circuits”): with the scale of the last norm as it is, the logit of a
token is the sum of what heads, MLPs and embeddings write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from headlight.models.core.answers import NextTokens
from headlight.models.core.cache import derived
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.trace import Trace
from headlight.models.explain.stream import Watch, close, frozen, stream, written

COUNT = 10
"""Tokens of each layer and place that are kept."""
_NONE = "{} does not say which tokens belong in a text: it has no such head."
_TWO = "{} has an encoder and a decoder: its layers are no one stream."
_OTHER = "Choose a masked or causal language model, such as induction."


@dataclass(frozen=True, eq=False)
class Lens:
    """What would be said of m places behind each of the layers, first before all of them.

    tokens: int (m,), the places by their tokens. wanted: int64 (m,), what is said in the end, by its number.
    ids: int64 (layers + 1, m, k), the likeliest first, and their probabilities, float32. of_wanted: float32
    (layers + 1, m), the probability of what is said in the end. ranks: int32 (layers + 1, m), 1 where it is
    the likeliest. names: of all these entries of the vocabulary.
    """

    tokens: np.ndarray
    wanted: np.ndarray
    ids: np.ndarray
    probabilities: np.ndarray
    of_wanted: np.ndarray
    ranks: np.ndarray
    names: Mapping[int, str]


def places_of(trace: Trace) -> np.ndarray:
    """int (m,): the tokens at which the model says something. HeadlightError of a model that does not."""
    answer = trace.answer(NextTokens)
    if answer is None:
        raise HeadlightError(_NONE.format(trace.model.title), _OTHER)
    if len(trace.streams) > 1:
        raise HeadlightError(_TWO.format(trace.model.title), _OTHER)
    return answer.among(trace.tokens)


def lens(trace: Trace, places: np.ndarray | None = None, task: Task = SILENT) -> Lens:
    """Of all places, or of some of `places_of` by their numbers among these.

    Raises HeadlightError where the last state does not give the model's own answer.
    """
    tokens, answer = places_of(trace), trace.answer(NextTokens)
    chosen = np.arange(len(tokens)) if places is None else np.asarray(places)
    tokens, wanted = tokens[chosen], answer.ids[chosen, 0]
    at = stream(trace, tokens.tolist(), task=Part(task, 0.0, 0.2))
    engine, rows = trace.run.engine(task), np.arange(len(tokens))
    found = []
    for number, state in enumerate(at.states):
        part = Part(task, 0.2 + 0.8 * number / len(at.states), 0.2 + 0.8 * (number + 1) / len(at.states))
        with torch.no_grad():
            output = at.kind(last_hidden_state=at.finished(state))
            said = engine.head.tokens(output, rows, wanted, COUNT, part)
        if said is None:
            raise HeadlightError(f"What layer {number - 1} would say are no numbers.", _OTHER)
        found.append(said)
    probabilities, ids, of_wanted, ranks = (np.stack(parts) for parts in zip(*found, strict=True))
    if not np.allclose(probabilities[-1, :, 0], answer.probabilities[chosen, 0], atol=1e-3):
        raise HeadlightError(
            f"The last state of {trace.model.title} does not give its answer.", "Choose another model."
        )
    numbers = {int(number) for number in np.unique(ids)} | set(wanted.tolist())
    names = {number: engine.named(number) for number in sorted(numbers)}
    return Lens(tokens, wanted, ids, probabilities, of_wanted, ranks, names)


@dataclass(frozen=True, eq=False)
class Added:
    """What is added to the logit of one token of the vocabulary at one place; all of it sums to `logit`.

    heads: float64 (layers, most heads of a layer), NaN where there is none. biases: (layers,), what attention
    adds whatever its heads write. others: (layers,), of all else in a layer: the MLP. embedding: of what
    enters the first layer. constant: of the last norm and of the head. said: what the model makes of the
    logit: the same but for a soft cap or a scale.
    """

    heads: np.ndarray
    biases: np.ndarray
    others: np.ndarray
    embedding: float
    constant: float
    logit: float
    said: float

    @property
    def total(self) -> float:
        parts = np.nansum(self.heads), self.biases.sum(), self.others.sum()
        return float(sum(parts)) + self.embedding + self.constant


@dataclass(frozen=True, eq=False)
class Apart:
    """What stands in the stream at one token behind the last layer, by what wrote it, as the head gets it.

    parts: float32 [p, d']: of the heads one layer after the other, then of their biases, of the rest of each
    layer, of the embedding and of the last norm itself. counts: heads of each layer. out: [d'], the sum.
    """

    parts: torch.Tensor
    counts: tuple[int, ...]
    out: torch.Tensor
    kind: type


def added(trace: Trace, token: int, number: int, task: Task = SILENT) -> Added:
    """To the logit of entry `number` of the vocabulary at a token.

    Raises HeadlightError of models whose logits are no such sum: of whose layers one norms what all before
    wrote (BERT), or whose head is more than a product.
    """
    apart: Apart = derived(trace, ("apart", token), lambda: _apart(trace, token, task))
    head = trace.run.engine(task).head
    weight, bias, said = _row(trace, head, apart, number)
    sums = (apart.parts.double() @ weight.double()).cpu().numpy()
    layers = len(apart.counts)
    heads = np.full((layers, max(apart.counts)), np.nan)
    edges = np.cumsum((0, *apart.counts))
    for layer, count in enumerate(apart.counts):
        heads[layer, :count] = sums[edges[layer] : edges[layer + 1]]
    biases, others, (embedding, constant) = np.split(sums[edges[-1] :], [layers, 2 * layers])
    logit = float(apart.out.double() @ weight.double()) + bias
    return Added(heads, biases, others, float(embedding), float(constant) + bias, logit, said)


def _apart(trace: Trace, token: int, task: Task) -> Apart:
    places_of(trace)
    at = stream(trace, [token], within=True, task=task)
    layers = []
    for number in range(len(at.blocks)):
        one = written(at, number)
        if one is None:
            raise _no_sum(trace, f"what the heads of layer {number} write is not merely added to the stream")
        layers.append(one)
    end = at.states[-1, 0]
    scaled = frozen(at.last[0], end) if len(at.last) == 1 else None
    if scaled is None and at.last:
        raise _no_sum(trace, "what its last layer gives goes through more than a norm")
    vectors = [one.heads for one in layers]
    vectors += [torch.stack([one.bias for one in layers]), torch.stack([one.rest for one in layers])]
    parts = torch.cat([*vectors, at.states[0]])
    constant = torch.zeros_like(end) if scaled is None else scaled.bias
    parts = torch.cat([parts if scaled is None else scaled(parts), constant[None]])
    if not close(parts.sum(0), at.out[0], float(parts.abs().max()) * len(layers)):
        raise _no_sum(trace, "its parts do not add up")
    return Apart(parts, tuple(len(one.heads) for one in layers), at.out[0], at.kind)


def _row(trace: Trace, head: Any, apart: Apart, number: int) -> tuple[torch.Tensor, float, float]:
    """(the row of the head's matrix, its bias, what the model says of the logit)."""
    out, table = apart.out, head.whole.get_output_embeddings()
    weight = getattr(table, "weight", None)
    if weight is None or weight.ndim != 2 or weight.shape[1] != len(out):
        raise _no_sum(trace, "its head is no matrix")
    if not 0 <= number < len(weight):
        raise HeadlightError(
            f"The vocabulary has no entry {number:,}.", f"Choose from 0 to {len(weight) - 1:,}."
        )
    watch = Watch([table], torch.tensor([0], device=out.device), 1)
    with torch.no_grad(), watch:
        logits = head.at(out, apart.kind)
    if len(watch.seen) != 1 or watch.seen[0].given is None or not close(watch.seen[0].given[0], out):
        raise _no_sum(trace, "its head is more than a matrix")
    bias = getattr(table, "bias", None)
    return weight[number].float(), 0.0 if bias is None else float(bias[number]), float(logits[number])


def _no_sum(trace: Trace, why: str) -> HeadlightError:
    return HeadlightError(
        f"The logits of {trace.model.title} are not taken apart: {why}.",
        "Choose a causal model that norms before its layers, such as GPT-2 or Llama.",
    )
