"""A sound through a model that hears the wave itself (wav2vec 2.0, HuBERT and their kin): frames, one stream.

Convolutions make a vector of every 20 ms, between which a transformer attends (Baevski et al. 2020, “wav2vec
2.0”, section 2). Over that stands a letter for each frame, or a class for the whole, or nothing.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor
from transformers import AutoModel, PreTrainedModel

from headlight.models.attention.agreement import way_to_record
from headlight.models.attention.asking.coverage import said_of
from headlight.models.attention.recorded import RecordedLayer, numbered
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.folders import read_config, read_preprocessor
from headlight.models.catalogue.loading import is_untrained, load_model, told
from headlight.models.core.answers import Classes, Target, Writing
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.interventions import Hidden, Intervention
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import INPUT
from headlight.models.core.trace import Trace
from headlight.models.engines.heads import Said, foreign, said
from headlight.models.engines.paired.heard.hearing import RATE, TRIED, Heard, placed
from headlight.models.engines.paired.heard.letters import Letters
from headlight.models.engines.run import Askable, Made
from headlight.models.engines.seq2seq import Logits
from headlight.models.engines.texts.expected import expected

LETTERS, CLASSES = "ForCTC", "ForSequenceClassification"
"""How transformers calls models with either head."""


class OfWhole(Logits):
    """The head that says a class of the whole sound."""

    def of_target(
        self, output: Any, inputs: Mapping[str, Tensor], target: Target, place: int | None
    ) -> tuple[Tensor, Tensor]:
        """As `heads.Head.of_target`."""
        logits = output.logits[0].float()
        if place is not None or not 0 <= target.index < len(logits):
            raise foreign(target)
        return logits[target.index], logits.softmax(0)[target.index]


@dataclass(frozen=True, eq=False)
class Given:
    """values: float32 (n,), as the model is given them. heard: where its frames lie."""

    values: np.ndarray
    heard: Heard


class WavesEngine(Askable):
    """A model of waves, ready to run."""

    model: PreTrainedModel

    def __init__(
        self, model: PreTrainedModel, letters: Letters, entry: Entry, device: str, untrained: bool = False
    ) -> None:
        self.model, self.entry, self.device = model, entry, device
        self.card, self.letters = entry.card(untrained), letters
        self.stride = math.prod(model.config.conv_stride)
        self._evens = read_preprocessor(entry.folder).get("do_normalize", True) if entry.folder else True
        self._said = entry.notices

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> WavesEngine:
        """Load the model of a catalogue entry that has its folder. HeadlightError if it cannot be shown."""
        model, missing = load_model(entry.weights, device, Part(task, 0.2, 0.8), _kind(entry))
        entry = told(entry, model, model.base_model, missing)
        letters = Letters.of(entry.weights, model.config.pad_token_id or 0)
        engine = cls(model, letters, entry, device, is_untrained(model, model.base_model, missing))
        engine._look_at_head(missing)
        task.progress(0.9, "Comparing a recorded pass with a plain one")
        noise = np.random.default_rng(0).normal(0, 0.1, round(TRIED * RATE)).astype(np.float32)
        run = partial(engine._forward, engine._inputs(engine._given(noise, (1, 1.0, 0.0)), None))
        engine._asked, notice = way_to_record(model, entry.title, run, task)
        engine._said += (notice,) if notice else ()
        return engine

    def _look_at_head(self, missing: frozenset[str]) -> None:
        if self.model is self.model.base_model:
            return
        inside = set(map(id, self.model.base_model.parameters()))
        head = {name for name, one in self.model.named_parameters() if id(one) not in inside}
        if head & missing:
            self._said += (f"The head of {self.entry.title} lacks its weights: it gives no answer.",)
            return
        self.head = Logits() if type(self.model).__name__.endswith(LETTERS) else OfWhole()

    def run(
        self,
        samples: np.ndarray,
        seen: tuple[int, float, float],
        text: str = "",
        task: Task = SILENT,
        writing: Writing | None = None,
        language: str | None = None,
        translate: bool = False,
    ) -> Trace:
        """A sound, float32 (n,) with 16,000 numbers a second; seen: as of `TranscriptEngine.run`.

        HeadlightError for a sound that is too short, and where it is to write.
        """
        if writing is not None:
            raise HeadlightError(
                f"{self.entry.title} goes on with no text: it names letters of what it hears, or classes.",
                "Leave that out, or choose a model such as openai/whisper-tiny.",
            )
        task.progress(0.0, "Preparing the sound")
        trace = self._traced(self._given(samples, seen), task)
        if not text.strip() and language is None and not translate:
            return trace
        left = f"{self.entry.title} writes no text: text and language are left out."
        return replace(trace, notices=(*trace.notices, left))

    def _given(self, samples: np.ndarray, seen: tuple[int, float, float]) -> Given:
        values = samples.astype(np.float32)
        if self._evens:
            values = (values - values.mean()) / np.sqrt(values.var() + 1e-7)
        height, scale, since = seen
        count = self._frames(len(values))
        if count < 1:
            raise HeadlightError(
                f"The sound is too short: {self.entry.title} makes no frame of {len(values) / RATE:.3f} s.",
                "Choose a longer one.",
            )
        return Given(values, placed(count, self.stride / RATE, height, scale, since))

    def _frames(self, count: int) -> int:
        """How many frames come of so many numbers."""
        config = self.model.config
        for kernel, stride in zip(config.conv_kernel, config.conv_stride, strict=True):
            count = (count - kernel) // stride + 1
        return count

    # -- a pass ------------------------------------------------------------------------------------------

    def _passed(
        self, given: Given, changes: Sequence[Intervention], hidden: Hidden | None, task: Task
    ) -> Trace:
        inputs = self._inputs(given, hidden)
        began = time.perf_counter()
        with torch.no_grad(), self._recorded(changes, task) as calls:
            output = self._forward(inputs)
        seconds = time.perf_counter() - began
        tokens = given.heard.tokens()
        for call in calls:
            if call.shape[2:] != (len(tokens), len(tokens)):
                raise HeadlightError(
                    f"{self.entry.title} does not keep its {len(tokens):,} frames: {call.name} attends from "
                    f"{call.shape[2]:,} to {call.shape[3]:,}.",
                    "Choose another model.",
                )
        answers, notices = self._answers(output, given, task)
        return Trace(
            model=self.card,
            layers=numbered((RecordedLayer(call, tokens, tokens) for call in calls), "encoder"),
            streams={INPUT: tokens},
            inputs={"input_values": inputs["input_values"].cpu().numpy()},
            readout=None,
            seconds=seconds,
            device=self.device,
            notices=(*self._said, *notices, *said_of(self.entry.title, self.model, calls)),
            answers=answers,
        )

    def _answers(self, output: Any, given: Given, task: Task) -> Said:
        if self.head is None:
            return (), ()
        title, logits, tokens = self.entry.title, output.logits[0].float(), given.heard.tokens()
        if isinstance(self.head, OfWhole):
            names = self.model.config.id2label or {}
            named = tuple(str(names.get(number, f"LABEL_{number}")) for number in range(len(logits)))
            sound = len(logits) > 1 and bool(logits.isfinite().all())
            return said(title, Classes(named, logits.softmax(0).cpu().numpy()) if sound else None)
        if len(logits) != len(tokens):
            return (), (
                f"{title} names a letter in each of {len(logits):,} other frames: they are not shown.",
            )
        ids = logits.argmax(1).cpu().numpy()
        found = expected(self.head, self.letters, output, ids, tokens, False, task)
        answers, unsaid = said(title, found)
        heard = self.letters.spelled(ids.tolist())
        return answers, (*unsaid, f"{title} hears “{heard}”." if heard else f"{title} hears no letter.")

    def named(self, number: int) -> str:
        """What a letter is called."""
        return self.letters.name(number)

    def numbered(self, text: str) -> int | None:
        """The number of a letter."""
        return self.letters.numbered(text)

    def _inputs(self, given: Given, hidden: Hidden | None) -> dict[str, Any]:
        """What is hidden is silent."""
        values = torch.from_numpy(given.values)[None]
        if hidden is not None:
            which = torch.from_numpy(np.repeat(hidden.which, self.stride, axis=1)[:, : values.shape[1]])
            silent = torch.zeros((len(which), values.shape[1]), dtype=torch.bool)
            silent[:, : which.shape[1]] = which
            values = values.masked_fill(silent, 0)
        return {"input_values": values.to(self.device)}

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        try:
            return self.model(**inputs)
        except MODEL_ERRORS as error:
            raise HeadlightError(
                f"{self.entry.title} cannot hear this sound: {first_sentence(error)}", "Choose another model."
            ) from error

    @contextmanager
    def _leaf(self, inputs: dict[str, Any], values: Tensor | None = None) -> Iterator[list[Tensor]]:
        if values is not None:
            inputs["input_values"] = values[None].clone()
        yield [inputs["input_values"].requires_grad_()]

    def pooled(self, run: Made, values: np.ndarray) -> np.ndarray:
        """As `Run.pooled`: the sum over the numbers of each frame."""
        count = len(run.tokens)
        owner = np.minimum(np.arange(len(values)) // self.stride, count - 1)
        return np.bincount(owner, values.astype(np.float64), count).astype(np.float32)


def _kind(entry: Entry) -> Any:
    """The class of a folder's model, where it has a head that is of use."""
    names = read_config(entry.folder).get("architectures")
    name = str(names[0]) if isinstance(names, list) and names else ""
    kind = getattr(transformers, name, None) if name.endswith((LETTERS, CLASSES)) else None
    return AutoModel if kind is None else kind
