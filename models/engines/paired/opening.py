"""Opening a model of pictures with texts: its weights with the head that writes, and which engine runs it."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import transformers
from transformers import AutoModel, AutoModelForImageTextToText, PreTrainedModel

from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.folders import ONE_SEQUENCE, read_config
from headlight.models.catalogue.loading import load_model, told
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.engines.paired.captions import CaptionEngine
from headlight.models.engines.paired.eye import parts_of
from headlight.models.engines.paired.fed import Feeder
from headlight.models.engines.paired.one_sequence import OneSequenceEngine
from headlight.models.engines.paired.processors import processor_of
from headlight.models.engines.paired.together import GIVEN, TogetherEngine

AnyEngine = OneSequenceEngine | CaptionEngine | TogetherEngine


class PairedEngine:
    """The engine of whichever way a picture and a text meet in a model."""

    @staticmethod
    def open(entry: Entry, device: str, task: Task = SILENT) -> AnyEngine:
        """Load the model of a catalogue entry that has its folder. HeadlightError where it cannot be shown,
        or a part of it is missing."""
        kind = _kind(read_config(entry.folder))
        model, missing = load_model(entry.weights, device, Part(task, 0.2, 0.8), kind)
        _check_parts(model, missing, entry.title)
        feeder, notices = _feeder(model, entry)
        entry = told(entry, model, model.base_model, missing)
        entry = replace(entry, notices=(*entry.notices, *notices))
        if (parts := parts_of(model)) is not None:
            return CaptionEngine.of(model, parts, missing, feeder, entry, device, task)
        if set(GIVEN) <= inspect.signature(model.base_model.forward).parameters.keys() and not hasattr(
            model, "get_image_features"
        ):
            return TogetherEngine.of(model, missing, feeder, entry, device, task)
        if not hasattr(model, "get_image_features"):
            raise _unknown(entry.title)
        return OneSequenceEngine.of(model, missing, feeder, entry, device, task)


def _feeder(model: PreTrainedModel, entry: Entry) -> tuple[Feeder, tuple[str, ...]]:
    """(what prepares pictures for a model, notices)."""
    config, title = model.config, entry.title
    prepare, notices = processor_of(entry.folder, config, title)
    tower = next(
        (one for name in ("vision_config", "encoder") if (one := getattr(config, name, None))), config
    )
    merges = (getattr(one, "spatial_merge_size", None) for one in (tower, config))
    merge = next((one for one in merges if isinstance(one, int)), 1)
    patch = _patch(tower, title)
    window = getattr(tower, "window_size", 0) if hasattr(tower, "fullatt_block_indexes") else 0
    return Feeder(prepare, patch, merge, title, window // patch[0] // merge), notices


def _patch(tower: Any, title: str) -> tuple[int, int]:
    """Height and width of a patch in pixels."""
    said = getattr(tower, "patch_size", None)
    sizes = (said, said) if isinstance(said, int) else tuple(said or ())
    if len(sizes) != 2 or not all(isinstance(one, int) and one > 0 for one in sizes):
        raise HeadlightError(
            f"{title} does not say how large its patches are.", "Choose a model that sees in patches."
        )
    return sizes[0], sizes[1]


def _kind(config: dict[str, Any]) -> Any:
    """The class that the folder was saved from, where it writes of pictures; else the usual one."""
    names = config.get("architectures")
    named = getattr(transformers, str(names[0]), None) if isinstance(names, list) and names else None
    is_model = isinstance(named, type) and issubclass(named, PreTrainedModel)
    if is_model and (hasattr(named, "generate") or config["model_type"] in ONE_SEQUENCE):
        return named
    return AutoModel if config["model_type"] in ONE_SEQUENCE else AutoModelForImageTextToText


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
