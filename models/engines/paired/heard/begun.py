"""What a transcript begins with: marks of its language, of the task, and that no times are written.

Radford et al. 2022, section 2.3: <|startoftranscript|>, then the language, <|transcribe|> or <|translate|>,
and <|notimestamps|>. A model of one language has the last of them alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from transformers import PreTrainedModel

from headlight.models.core.errors import HeadlightError
from headlight.models.engines.texts.reader import Reader

_LANGUAGE = re.compile(r"<\|([a-z]{2,3})\|>")
_TASKS = ("<|transcribe|>", "<|translate|>")
_NO_TIMES = "<|notimestamps|>"


@dataclass(frozen=True)
class Marks:
    """languages: numbers of the vocabulary by their codes, none of a model of one language. tasks: that of
    writing what is said, and in English. no_times: None where the vocabulary has no such mark."""

    languages: Mapping[str, int]
    tasks: tuple[int | None, int | None]
    no_times: int | None

    @classmethod
    def of(cls, model: PreTrainedModel, reader: Reader) -> Marks:
        """As a model and its vocabulary have them."""
        said, entries = model.generation_config, reader.tokenizer.get_vocab(with_added_tokens=True)
        languages = {
            found[1]: number for name, number in entries.items() if (found := _LANGUAGE.fullmatch(name))
        }
        tasks = tuple(entries.get(name) for name in _TASKS)
        several = getattr(said, "is_multilingual", None)
        if several is False or None in tasks:
            languages = {}
        return cls(languages, (tasks[0], tasks[1]), entries.get(_NO_TIMES))

    def begin(
        self, title: str, language: str | None, translate: bool, guess: Callable[[list[int]], int]
    ) -> tuple[int, ...]:
        """The marks. guess: of some numbers that which the model holds for the likeliest at the start.

        HeadlightError for a language that the model does not know.
        """
        last = () if self.no_times is None else (self.no_times,)
        if not self.languages:
            if language is not None or translate:
                raise HeadlightError(
                    f"{title} knows one language, and is asked for no other.",
                    "Leave out the language and the translation, or choose a model of many languages.",
                )
            return last
        if language is not None and language not in self.languages:
            known = ", ".join(sorted(self.languages)[:12])
            raise HeadlightError(
                f"{title} knows no language “{language}”.", f"Give its code, such as {known}."
            )
        number = guess([*self.languages.values()]) if language is None else self.languages[language]
        return (number, self.tasks[translate] or 0, *last)

    def said(self, number: int) -> str | None:
        """The code of a language by its number."""
        return next((code for code, one in self.languages.items() if one == number), None)


def likeliest(logits: np.ndarray, among: list[int]) -> int:
    """The entry of some with the highest logit, float (vocabulary,)."""
    return among[int(np.argmax(logits[among]))]
