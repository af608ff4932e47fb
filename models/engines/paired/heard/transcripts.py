"""A sound that is heard and a text that is written of it (Whisper): two streams.

The encoder attends from frame to frame, each layer of the decoder to what was written so far, and across to
the frames (Radford et al. 2022, section 2.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import MethodType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import GenerationMixin, PreTrainedModel, PreTrainedTokenizerFast
from transformers.modeling_outputs import BaseModelOutput

from headlight.models.attention.calls import Call
from headlight.models.attention.recorded import BlockLayer, RecordedLayer
from headlight.models.catalogue.entries import Entry
from headlight.models.core.answers import Writing
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Tokens
from headlight.models.core.trace import Trace
from headlight.models.engines.paired.captions import CaptionEngine
from headlight.models.engines.paired.heard.begun import Marks, likeliest
from headlight.models.engines.paired.heard.ear import Ear
from headlight.models.engines.paired.heard.hearing import Heard, Hearing
from headlight.models.engines.paired.heard.padded import PaddedLayer
from headlight.models.engines.texts.going_on import Gone
from headlight.models.engines.texts.output import Output, went_on


@contextmanager
def _hearing_once(tower: PreTrainedModel) -> Iterator[None]:
    """Inside, all passes of a tower are over one sound: the first of them is all that it takes."""
    own, known = tower.forward, []

    def forward(*args: Any, **kwargs: Any) -> Any:
        if not known:
            known.append(own(*args, **kwargs))
        return known[0]

    tower.forward = forward
    try:
        yield
    finally:
        del tower.forward


class TranscriptEngine(CaptionEngine):
    """An encoder that hears and a decoder that writes, with the tokenizer of what it writes."""

    _sees, _of = Ear, "a sound"

    def __init__(
        self,
        whole: PreTrainedModel,
        parts: tuple[PreTrainedModel, PreTrainedModel],
        tokenizer: PreTrainedTokenizerFast,
        hearing: Hearing,
        entry: Entry,
        device: str,
        untrained: bool = False,
    ) -> None:
        # transformers writes for Whisper in its own way: stretch after stretch, again where it is unsure.
        whole.generate = MethodType(GenerationMixin.generate, whole)
        said = whole.generation_config
        super().__init__(whole, parts, tokenizer, hearing, entry, device, untrained)
        self._hearing = hearing
        self._reader.limit = min(self._reader.limit, whole.config.max_target_positions)
        plainly, whole.generation_config = whole.generation_config, said
        self._marks = Marks.of(whole, self._reader)
        whole.generation_config = plainly

    def _small(self) -> Heard:
        return self._hearing.small()

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
        """A sound, float32 (n,) with 16,000 numbers a second, and what is written of it: a text, or, where
        that is empty, what the model writes itself.

        seen: (height in pixels of the picture that tokens have their place in, how many along time are a
        second, the second at which it begins). language, translate: as `Marks.begin` has them; None for the
        model's guess. writing and the trace are as of `CaptionEngine.run`; its outputs hold the codes of the
        "languages" that can be asked for. HeadlightError for a text that is longer than it writes.
        """
        task.progress(0.0, "Preparing the sound")
        fed = self._hearing.heard(samples, seen, language, translate)
        trace = self._run(fed, text, writing, task)
        notices = self._heard_as(trace, fed, len(samples))
        outputs = {**trace.outputs, "languages": np.array(sorted(self._marks.languages))}
        return replace(trace, notices=(*trace.notices, *notices), outputs=outputs)

    def _heard_as(self, trace: Trace, fed: Heard, count: int) -> tuple[str, ...]:
        """What is to be known of how a sound was heard."""
        title, notices, longest = self.entry.title, [], self._hearing.longest
        if count > round(longest * 16_000):
            notices.append(f"{title} hears {longest:g} s at once: what comes after that it does not.")
        ids = () if trace.written is None else trace.written.ids
        code = self._marks.said(ids[0]) if ids and fed.language is None else None
        if code is not None and not trace.written.how.ids:
            notices.append(f"{title} takes the language of this sound for “{code}”; another can be chosen.")
        return tuple(notices)

    # -- what is written ---------------------------------------------------------------------------------

    def _output(self, fed: Heard, text: str, writing: Writing, task: Task) -> Output:
        with _hearing_once(self.eye.tower):
            return super()._output(fed, text, writing, task)

    def _first(self, fed: Heard) -> tuple[int, ...]:
        def guess(among: list[int]) -> int:
            with torch.no_grad():
                output = self._says(self.eye.states(self._pictured(fed)), (self._start,))
            return likeliest(output.logits[0, -1].float().cpu().numpy(), among)

        return self._marks.begin(self.entry.title, fed.language, fed.translate, guess)

    def _typed(self, text: str, fed: Heard, task: Task) -> Output:
        """A text that was given, behind the marks."""
        spaced = text if text[:1].isspace() else f" {text}"  # as in all that such a model learnt from
        ids = self._reader.encode(spaced, "text", task).ids
        if len(ids) + len(first := self._first(fed)) + 1 > self._reader.limit:
            raise HeadlightError(
                f"The text has {len(ids):,} tokens, and {self.entry.title} writes "
                f"{self._reader.limit - 1 - len(first):,} at most.",
                "Shorten the text.",
            )
        end = () if self._end is None else (self._end,)
        return went_on(self._reader, self._start, Gone((*first, *ids, *end), "given"), self._end)

    # -- a pass ------------------------------------------------------------------------------------------

    def _pictured(self, fed: Heard) -> dict[str, Tensor]:
        return {"input_features": fed.inputs["input_features"].to(self.device, self.eye.tower.dtype)}

    def _says(self, states: Tensor, ids: Sequence[int]) -> Any:
        asked = torch.tensor([ids], device=self.device)
        heard = BaseModelOutput(last_hidden_state=states)
        try:
            return self.model(encoder_outputs=heard, decoder_input_ids=asked, use_cache=False)
        except MODEL_ERRORS as error:
            raise HeadlightError(
                f"{self.entry.title} cannot write {len(ids):,} tokens: {first_sentence(error)}",
                "Try a shorter text or another model.",
            ) from error

    def _layer(self, call: Call, written: Tokens, saw: Tokens) -> BlockLayer | None:
        across = call.kind == "cross" or "encoder_attn" in call.name
        keys = saw if across else written
        behind = call.shape[3] - len(keys)
        if call.shape[2] != len(written) or behind < 0 or (behind and not across):
            return None
        layer = (PaddedLayer if across else RecordedLayer)(call, written, keys)
        layer.stack = "cross" if across else "decoder"
        return layer
