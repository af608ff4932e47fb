"""Opening a model of pictures with texts: its weights with the head that writes, and which engine runs it."""

from __future__ import annotations

from typing import Any

import transformers
from transformers import AutoModelForImageTextToText, PreTrainedModel

from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.folders import read_config
from headlight.models.catalogue.loading import load_model
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.engines.paired.one_sequence import OneSequenceEngine


class PairedEngine:
    """The engine of whichever way a picture and a text meet in a model."""

    @staticmethod
    def open(entry: Entry, device: str, task: Task = SILENT) -> OneSequenceEngine:
        """Load the model of a catalogue entry that has its folder. HeadlightError where it cannot be shown,
        or a part of it is missing."""
        kind = _kind(read_config(entry.folder))
        model, missing = load_model(entry.weights, device, Part(task, 0.2, 0.8), kind)
        _check_parts(model, missing, entry.title)
        if not hasattr(model, "get_image_features"):
            raise _unknown(entry.title)
        return OneSequenceEngine.of(model, missing, entry, device, task)


def _kind(config: dict[str, Any]) -> Any:
    """The class that the folder was saved from, where it writes of pictures; else the usual one."""
    names = config.get("architectures")
    named = getattr(transformers, str(names[0]), None) if isinstance(names, list) and names else None
    is_model = isinstance(named, type) and issubclass(named, PreTrainedModel)
    return named if is_model and hasattr(named, "generate") else AutoModelForImageTextToText


def _check_parts(model: PreTrainedModel, missing: frozenset[str], title: str) -> None:
    """HeadlightError where one of its towers lacks its weights."""
    body = model.base_model
    names = {id(module): name for name, module in model.named_modules()}
    for part, module in body.named_children():
        before = f"{names[id(module)]}."
        weights = [name for name, _ in module.named_parameters()]
        lacking = [name for name in missing if name.startswith(before)]
        if weights and lacking and len(lacking) >= len(weights) / 2:
            raise HeadlightError(
                f"{title} lacks the weights of its {part.replace('_', ' ')}: {len(lacking):,} tensors, such "
                f"as {min(lacking)}.",
                "Fetch the model again, whole.",
            )


def _unknown(title: str) -> HeadlightError:
    return HeadlightError(
        f"{title} does not put a picture and a text together in a way that Headlight knows.",
        "Open it with a picture or a text alone, or choose another model.",
    )
