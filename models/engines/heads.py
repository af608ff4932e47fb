"""The head of a model's task over what its body gave: logits, and of them an answer.

The body is run and recorded alone; the head gets just what came out of it. At loading it is made sure that
this is the answer of the whole model.
"""

from __future__ import annotations

import copy
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from headlight.models.attention.asking.implementations import unchanged
from headlight.models.attention.capture import recording
from headlight.models.attention.same_answer import agree
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.folders import read_config
from headlight.models.catalogue.heads import HeadTask, headed, task_of
from headlight.models.core.answers import EVERY, Answer, Classes, PixelLabels, Target
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Box

OF_PICTURES: tuple[HeadTask, ...] = ("classes", "pixels")
OF_TEXTS: tuple[HeadTask, ...] = ("classes", "masked", "causal")

LOGITS = 1 << 24
"""Numbers of expected tokens that are computed at once: 64 MB."""

NO_NUMBERS = "The head of {} gives no probabilities: it has a single class, or answers with no numbers (NaN)."

Inputs = Mapping[str, Tensor]


class Speaks(ABC):
    """What says which tokens of a vocabulary belong at places."""

    @abstractmethod
    def logits_at(self, output: Any, places: np.ndarray, task: Task) -> Iterator[tuple[int, Tensor]]:
        """(the first of some of m places, int (m,), at which it is asked; their logits, float32
        [c, vocabulary])."""

    def tokens(
        self, output: Any, places: np.ndarray, wanted: np.ndarray, count: int, task: Task = SILENT
    ) -> tuple[np.ndarray, ...] | None:
        """The `count` likeliest of the vocabulary at m places: (probabilities float32 (m, k), their numbers
        int64 (m, k), probabilities float32 (m,) of those `wanted`, their ranks int32 (m,), from 1,
        behind all that are as likely).

        places: int (m,), the tokens at which the head is asked. wanted: int64 (m,), −1 for none. None where
        the head gives no numbers.
        """
        found = []
        for start, logits in self.logits_at(output, places, task):
            scores = logits.softmax(-1)
            if not scores.isfinite().all():
                return None
            asked = torch.from_numpy(wanted[start : start + len(scores)]).to(scores.device)
            of_wanted = scores.gather(1, asked.clamp(min=0)[:, None])[:, 0].where(asked >= 0, torch.nan)
            ranks = (scores >= of_wanted[:, None]).sum(1, dtype=torch.int32)
            found.append((*scores.topk(min(count, scores.shape[1])), of_wanted, ranks))
        return tuple(torch.cat(parts).cpu().numpy() for parts in zip(*found, strict=True))


class Head(Speaks):
    """What stands over `body` in `whole`. task: what it is for."""

    def __init__(self, whole: PreTrainedModel, body: nn.Module) -> None:
        self.task = task_of(type(whole))
        self.asks: dict[str, bool] = {}
        """What the whole model wants of its body besides the last hidden state."""
        self._whole = whole
        self._path = next(name for name, module in whole.named_modules() if module is body).split(".")
        self._accepted = inspect.signature(whole.forward).parameters.keys()

    @property
    def whole(self) -> PreTrainedModel:
        """The model that it is the head of."""
        return self._whole

    def takes(self, names: Collection[str]) -> bool:
        """Whether the whole model can be told all this."""
        return set(names) <= self._accepted

    def __call__(self, output: Any, inputs: Inputs) -> Tensor:
        """Logits: [1, classes], [1, classes, rows, columns] or [1, tokens, vocabulary].

        output: of the body, whatever object it returned. Differentiable where that is.
        """
        return self.whole_output(output, inputs).logits

    def whole_output(self, output: Any, inputs: Inputs) -> Any:
        """All that the whole model gives over what its body gave."""
        return given(self._whole, self._path, output)(**self._known(inputs))

    def logits(self, inputs: Inputs) -> Tensor:
        """The logits of the whole model, which says on the way what it asks of its body."""

        def look(_: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
            self.asks = {key: True for key, x in kwargs.items() if key.startswith("output_") and x is True}

        body = self._whole.get_submodule(".".join(self._path))
        hook = body.register_forward_pre_hook(look, with_kwargs=True)
        try:
            return self._whole(**self._known(inputs)).logits
        finally:
            hook.remove()

    def objection(self, inputs: Inputs, run: Callable[[], Any]) -> str:
        """Why its answer must not be shown, or nothing.

        Over what `run` gives, a recorded pass of the body, it has to be that of the whole model, unrecorded.
        """
        try:
            with torch.no_grad(), unchanged(self._whole):
                wanted = self.logits(inputs)
            output = run()
            with torch.no_grad():
                found = self(output, inputs)
        except MODEL_ERRORS as error:
            return f"its head cannot be run ({first_sentence(error).rstrip('.')})"
        same = agree({"logits": found}, {"logits": wanted})
        return "" if same else "its head alone gives another one than the whole model"

    def _known(self, inputs: Inputs) -> dict[str, Any]:
        return {name: value for name, value in inputs.items() if name in self._accepted}

    # -- answers -----------------------------------------------------------------------------------------

    def classes(self, output: Any, inputs: Inputs) -> Classes | None:
        """Of one input; None where the head gives a single number or no numbers."""
        logits = self(output, inputs)[0].float()
        if len(logits) < 2 or not logits.isfinite().all():
            return None
        scores = self._scores(logits).cpu().numpy()
        return Classes(self._names(len(logits)), scores, self._is_exclusive)

    def pixels(self, output: Any, inputs: Inputs, region: Box) -> PixelLabels | None:
        """region: what of the shown picture the model saw."""
        logits = self(output, inputs)[0].float()  # [classes, rows, columns]
        if len(logits) < 2 or not logits.isfinite().all():
            return None
        confidence, labels = logits.softmax(0).max(0)
        return PixelLabels(
            self._names(len(logits)), labels.cpu().numpy().astype(np.int16), confidence.cpu().numpy(), region
        )

    def logits_at(self, output: Any, places: np.ndarray, task: Task) -> Iterator[tuple[int, Tensor]]:
        """As of all that speaks."""
        hidden = output.last_hidden_state[:, torch.from_numpy(places).to(self._whole.device)]
        step = max(LOGITS // self._whole.config.get_text_config().vocab_size, 1)
        for start in range(0, len(places), step):
            task.progress(start / len(places), f"What is expected at token {start + 1:,} of {len(places):,}")
            part = hidden[:, start : start + step]
            ids = torch.zeros(part.shape[:2], dtype=torch.long, device=part.device)
            yield start, self(type(output)(last_hidden_state=part), {"input_ids": ids})[0].float()

    def at(self, state: Tensor, kind: type) -> Tensor:
        """float32 [vocabulary]: the logits over the last hidden state of one token, [d].

        kind: of what the body gives.
        """
        ids = torch.zeros((1, 1), dtype=torch.long, device=state.device)
        output = kind(last_hidden_state=state[None, None])
        return self(output, {"input_ids": ids})[0, 0].float()

    def of_target(
        self, output: Any, inputs: Inputs, target: Target, place: int | None
    ) -> tuple[Tensor, Tensor]:
        """(the logit, the score) of a target over what the body gave of one input.

        place: the token at which it is said. Of a class of parts of a picture the logit is the mean over
        those that have it. Raises HeadlightError for a target that no answer of this head has.
        """
        if (place is None) == (self.task in ("masked", "causal")):
            raise foreign(target)
        if place is not None:
            logits = self.at(output.last_hidden_state[0, place], type(output))
        else:
            logits = self(output, inputs)[0].float()
        if target.index == EVERY:
            return logits.mean(tuple(range(1, logits.ndim))).sum(), torch.ones(())
        if not 0 <= target.index < len(logits):
            raise foreign(target)
        if logits.ndim == 1:
            return logits[target.index], self._scores(logits)[target.index]
        has, of_class = logits.argmax(0) == target.index, logits[target.index]
        return (of_class[has] if has.any() else of_class).mean(), has.float().mean()

    def _scores(self, logits: Tensor) -> Tensor:
        return logits.softmax(0) if self._is_exclusive else logits.sigmoid()

    @property
    def _is_exclusive(self) -> bool:
        return self._whole.config.problem_type != "multi_label_classification"

    def _names(self, count: int) -> tuple[str, ...]:
        named = self._whole.config.id2label or {}
        return tuple(str(named.get(number, f"LABEL_{number}")) for number in range(count))


def foreign(target: Target) -> HeadlightError:
    return HeadlightError(f"This model does not say “{target.name}”.", "Choose one of the answer's targets.")


def given(whole: PreTrainedModel, path: list[str], output: Any) -> PreTrainedModel:
    """The same model, in which the part at `path` gives this output. All else is shared."""
    return _over(whole, path, _Given(output))


class _Given(nn.Module):
    """Stands in for a body, and for any part of it: returns what that gave."""

    def __init__(self, output: Any) -> None:
        super().__init__()
        self._output = output

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self._output

    def __getattr__(self, name: str) -> Any:
        return self  # OPT calls the decoder of its body


def _over(module: nn.Module, path: list[str], body: nn.Module) -> nn.Module:
    """The same module with another one at `path`; all else is shared, and `module` stays as it is."""
    shell = copy.copy(module)
    first, *rest = path
    inner = _over(module._modules[first], rest, body) if rest else body
    shell._modules = {**module._modules, first: inner}
    return shell


def head_of(
    model: PreTrainedModel,
    body: nn.Module,
    missing: frozenset[str],
    entry: Entry,
    tasks: Collection[HeadTask],
) -> tuple[Head | None, tuple[str, ...]]:
    """(the head of a model that was loaded, notices). Random weights answer nothing: no head then.

    missing: names of the weights that were not in the entry's folder. tasks: those that are of use, since a
    model that reads texts and pictures may be asked for its pictures alone.
    """
    if entry.file is not None:  # GGUF, where the model was told what it is
        kind = headed(model.config.to_dict())
    else:
        kind = headed(read_config(entry.folder)) if entry.folder is not None else None
    if kind is None or task_of(kind) not in tasks:
        return None, ()
    if type(model) is not kind:
        why = "does not fit"
    elif body is model:
        why = "cannot be told from its body"
    else:
        prefix = next(name for name, module in model.named_modules() if module is body) + "."
        # A pooler stands after the last attention, but before the head.
        lacking = sorted(name for name in missing if not name.startswith(prefix) or "pooler" in name)
        if not lacking:
            return Head(model, body), ()
        why = f"lacks the weights {lacking[0]}" + f" and {len(lacking) - 1:,} more" * (len(lacking) > 1)
    return None, (f"The head of {entry.title} {why}: it gives no answer.",)


def proved(
    head: Head | None, title: str, inputs: Inputs, run: Callable[[], Any]
) -> tuple[Head | None, tuple[str, ...]]:
    """(the head, or None where it must not be used, and why). run: a recorded pass of the body."""
    if head is not None and (why := head.objection(inputs, run)):
        return None, (f"The answer of {title} is not shown: {why}.",)
    return head, ()


def recorded(body: PreTrainedModel, run: Callable[[], Any], weights: bool) -> Any:
    """What a pass gives while it is recorded; weights: as `recording` takes it."""
    with torch.no_grad(), unchanged(body), recording(body, weights=weights):
        return run()


Said = tuple[tuple[Answer, ...], tuple[str, ...]]
"""Answers, and notices of what there is none."""


def said(title: str, answer: Answer | None) -> Said:
    """An answer by itself, or that there is none."""
    return ((), (NO_NUMBERS.format(title),)) if answer is None else ((answer,), ())


def answers_of(head: Head | None, title: str, output: Any, inputs: Inputs, region: Box | None = None) -> Said:
    """What a text or a picture is, or each part of it. region: what of the shown picture the model saw."""
    if head is None:
        return (), ()
    with torch.no_grad():
        if head.task == "pixels" and region is not None:
            return said(title, head.pixels(output, inputs, region))
        return said(title, head.classes(output, inputs))
