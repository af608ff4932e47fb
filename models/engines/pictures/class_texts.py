"""Texts that stand for classes, as the tower of a model that reads makes vectors of them.

Zero-shot classification: Radford et al. 2021, “Learning Transferable Visual Models From Natural Language
Supervision”, section 3.1. The vector of a class is the mean over those of its text in several prompts,
each of length 1, brought to length 1 again (section 3.1.4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Encoding
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.task import SILENT, Task
from headlight.models.engines.heads import given
from headlight.models.engines.texts.encodings import reads
from headlight.models.engines.texts.reader import limit_of

PLAIN = ("{}",)
"""The text as it is."""
HOLE = "{}"
BATCH = 64
"""Texts that go through the tower at once."""
MOST = 1000
"""Classes, times their prompts at most: a window shows them all."""


def check(texts: Sequence[str], prompts: Sequence[str]) -> None:
    """HeadlightError for texts that cannot stand for classes, and prompts that have no place for them."""
    if not texts:
        raise HeadlightError("There are no class texts.", "Type at least one, such as “a chair”.")
    for number, text in enumerate(texts):
        if not text.strip():
            raise HeadlightError(
                f"Class text {number + 1} is empty or holds only spaces.", "Give it some words."
            )
        if text in texts[:number]:
            raise HeadlightError(f"The class text “{text}” is there twice.", "Leave one of them out.")
    for prompt in prompts:
        if prompt.count(HOLE) != 1:
            raise HeadlightError(
                f"The prompt “{prompt}” does not hold {HOLE} once, where the class text goes.",
                "Write it such as “a photo of a {}”.",
            )
    if len(texts) * max(len(prompts), 1) > MOST:
        raise HeadlightError(
            f"{len(texts):,} class texts in {len(prompts):,} prompts are more than {MOST:,}.",
            "Choose fewer of either.",
        )


@dataclass(frozen=True, eq=False)
class ClassTexts:
    """vectors: [classes, prompts, d], each of length 1."""

    texts: tuple[str, ...]
    prompts: tuple[str, ...]
    vectors: Tensor

    @property
    def means(self) -> Tensor:
        """[classes, d]"""
        return averaged(self.vectors)


def averaged(vectors: Tensor) -> Tensor:
    """[…, prompts, d] of length 1 → […, d] of length 1."""
    return torch.nn.functional.normalize(vectors.mean(-2), dim=-1)


class TextTower:
    """The tower of `whole` that reads, with its tokenizer."""

    asked = False  # for weights, where recording its calls would change its answer

    def __init__(self, whole: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, title: str) -> None:
        self.whole, self.model, self.tokenizer, self.title = whole, whole.text_model, tokenizer, title
        self.longest = limit_of(self.model, tokenizer)
        # SigLIP learnt texts that are filled up to one length, and without a mask.
        self.fills = whole.config.model_type.startswith("siglip")
        self._path = next(name for name, module in whole.named_modules() if module is self.model).split(".")

    def encoded(self, text: str) -> Encoding:
        """HeadlightError for a text that has more tokens than the tower reads."""
        with reads(self.title):
            filled = {"padding": "max_length", "max_length": self.longest} if self.fills else {}
            encoding = self.tokenizer(text, return_attention_mask=True, **filled).encodings[0]
        if len(encoding.ids) > self.longest:
            raise HeadlightError(
                f"“{_short(text)}” has {len(encoding.ids):,} tokens, and {self.title} reads "
                f"{self.longest:,} of a text.",
                "Shorten it.",
            )
        if all(encoding.special_tokens_mask):
            raise HeadlightError(f"“{text}” holds nothing that {self.title} reads.", "Try other words.")
        return encoding

    def inputs(self, encodings: Sequence[Encoding]) -> dict[str, Any]:
        """What the tower is given of texts with as many tokens each."""
        ids = torch.tensor([one.ids for one in encodings], device=self.whole.device)
        if self.fills:
            return {"input_ids": ids}
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    def forward(self, inputs: dict[str, Any]) -> Any:
        """What the tower gives, before the vectors of both towers are comparable."""
        try:
            return self.model(**inputs)
        except MODEL_ERRORS as error:
            raise HeadlightError(
                f"{self.title} cannot read this text: {first_sentence(error)}", "Try another text."
            ) from error

    def vectors(self, output: Any, inputs: dict[str, Any]) -> Tensor:
        """[n, d] of length 1, of what `forward` gave."""
        over = given(self.whole, self._path, type(output)(**output))  # which the whole model writes into
        found = over.get_text_features(**inputs).pooler_output
        return torch.nn.functional.normalize(found.float(), dim=-1)

    def read(self, texts: tuple[str, ...], prompts: tuple[str, ...], task: Task = SILENT) -> ClassTexts:
        """HeadlightError as of `check`, and for a text that the tower cannot read."""
        check(texts, prompts)
        prompts = prompts or PLAIN
        every = [self.encoded(prompt.replace(HOLE, text)) for text in texts for prompt in prompts]
        alike = defaultdict(list)
        for number, encoding in enumerate(every):
            alike[len(encoding.ids)].append(number)
        found: dict[int, Tensor] = {}
        with torch.no_grad():
            for numbers in alike.values():
                for start in range(0, len(numbers), BATCH):
                    task.progress(len(found) / len(every), f"{self.title} reads the class texts")
                    part = numbers[start : start + BATCH]
                    inputs = self.inputs([every[number] for number in part])
                    found |= zip(part, self.vectors(self.forward(inputs), inputs), strict=True)
        vectors = torch.stack([found[number] for number in range(len(every))])
        if not vectors.isfinite().all():
            raise HeadlightError(
                f"{self.title} makes no numbers of these texts (NaN or infinite).",
                "The weights are damaged: choose another model.",
            )
        return ClassTexts(texts, prompts, vectors.unflatten(0, (len(texts), len(prompts))))


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
