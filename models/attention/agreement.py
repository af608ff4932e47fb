"""Whether a recorded pass answers as the model does when nobody records it: looked at once, at loading.

The check of A·V cannot see a pass that is wrong as a whole, since it rebuilds from the very call that was
wrong: a mask that a model lays out otherwise than expected makes another model of it, consistent in itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from transformers import PreTrainedModel

from headlight.models.attention.asking.implementations import eager, unchanged, use_eager
from headlight.models.attention.capture import NEXT_STEP, recording
from headlight.models.attention.same_answer import Answer, agree, apart, floats
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task

SEED = 0
"""Of what a model draws while it runs."""

Run = Callable[[], Any]
"""One pass over a short input."""


def way_to_record(model: PreTrainedModel, title: str, run: Run, task: Task = SILENT) -> tuple[bool, str]:
    """(whether the model is to be asked for its weights, a notice or nothing) with which it can be recorded.

    Where fused and eager attention of transformers differ, eager is right: it is the definition, and what the
    weights come from. The model is left in it then. Raises HeadlightError where neither way of recording
    leaves the answer as it is.
    """
    with unchanged(model):
        plain = _answer(run)
    recorded, why = _recorded(model, run, False, task)
    if agree(recorded, plain):
        return False, ""
    with unchanged(model), eager(model):
        defined = _answer(run)
    if not agree(plain, defined):
        use_eager(model)
    if agree(recorded, defined):
        return False, (
            f"{title} answers otherwise with the fused attention of transformers than with the eager one, "
            "which defines it and is shown."
        )
    asked, why_not = _recorded(model, run, True, task)
    if agree(asked, defined):
        if recorded is None:  # nothing was recorded that could have been another answer
            return True, ""
        return True, (
            f"{title} answers otherwise while its attention is recorded: the weights shown are those that it "
            "returns itself, from eager attention."
        )
    if recorded is None and asked is None:
        raise why or why_not
    least = min(apart(answer, defined) for answer in (recorded, asked) if answer is not None)
    raise HeadlightError(
        f"{title} cannot be shown: while its attention is recorded it gives another answer "
        f"(apart by {least:.0%} of its largest number).",
        NEXT_STEP,
    )


def _answer(run: Run) -> Answer:
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return dict(floats(run()))


def _recorded(
    model: PreTrainedModel, run: Run, weights: bool, task: Task
) -> tuple[Answer | None, HeadlightError | None]:
    """The answer while it is recorded, or why there is none."""
    try:
        with recording(model, task, weights):
            return _answer(run), None
    except HeadlightError as error:
        return None, error
