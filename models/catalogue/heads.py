"""Heads of tasks: which class a folder was saved from, what its head is for, and the body under it."""

from __future__ import annotations

from typing import Any, Literal

import transformers
from transformers import CONFIG_MAPPING, MODEL_MAPPING, PreTrainedModel
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES,
    MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    MODEL_FOR_SEMANTIC_SEGMENTATION_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
)

from headlight.models.catalogue.networks import wrapped
from headlight.models.catalogue.networks.libraries import LIBRARIES
from headlight.models.core.errors import HeadlightError

HeadTask = Literal["classes", "pixels", "masked", "causal", "writes", "things"]

_CLASSES: dict[str, HeadTask] = {
    name: task
    for task, mapping in (
        ("causal", MODEL_FOR_CAUSAL_LM_MAPPING_NAMES),
        ("masked", MODEL_FOR_MASKED_LM_MAPPING_NAMES),
        ("pixels", MODEL_FOR_SEMANTIC_SEGMENTATION_MAPPING_NAMES),
        ("classes", MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES),
        ("classes", MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES),
        ("things", {"yolos": "YolosForObjectDetection"}),
        ("writes", MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES),  # some of which fill masks as well
    )
    for names in mapping.values()
    for name in ((names,) if isinstance(names, str) else names)
} | {wrapped.KIND: "classes"}
"""By the name of the class."""


def headed(content: dict[str, Any]) -> type[PreTrainedModel] | None:
    """The class with a head that a config.json says the model was saved from; None of any other.

    Of a model with an encoder and a decoder it is the one that writes, and no other.
    """
    if content["model_type"] in LIBRARIES:
        return wrapped.WrappedForImageClassification if content.get("num_classes", 1000) else None
    names = content.get("architectures")
    name = names[0] if isinstance(names, list) and names else None
    if not isinstance(name, str) or name not in _CLASSES:
        return None
    if bool(content.get("is_encoder_decoder")) != (_CLASSES[name] == "writes"):
        return None
    kind = getattr(transformers, name, None)
    known = content["model_type"] in CONFIG_MAPPING and isinstance(kind, type)
    fits = known and kind.config_class is CONFIG_MAPPING[content["model_type"]]
    return kind if fits else None


def task_of(kind: type[PreTrainedModel]) -> HeadTask | None:
    """What the head of models of this class is for; None without one."""
    return _CLASSES.get(kind.__name__)


def body_of(model: PreTrainedModel) -> PreTrainedModel:
    """The model under the head, itself where there is none or where it has no name of its own (CLIP).

    A body may hold a part under the name that a head would give it (DINOv3): it is none itself for that.
    """
    return model if _is_usual(model) else model.base_model


def _is_usual(model: PreTrainedModel) -> bool:
    """Whether it is of the class that its configuration stands for without a head."""
    usual = MODEL_MAPPING.get(type(model.config), None)
    return type(model) in (usual if isinstance(usual, tuple) else (usual,))


def tower_of(model: PreTrainedModel, *names: str) -> PreTrainedModel | None:
    """The part of a model that one of these fields of its configuration describes, without a head; None
    where there is none."""
    wanted = [config for name in names if (config := getattr(model.config, name, None)) is not None]
    inside = [part for part in model.modules() if isinstance(part, PreTrainedModel) and part is not model]
    found = (part for config in wanted for part in inside if type(part.config) is type(config))
    tower = next(found, None)
    return None if tower is None else body_of(tower)


def usual_class(content: dict[str, Any]) -> Any:
    """What reads a model's weights without a head; where transformers has none of its kind, with one."""
    config, names = CONFIG_MAPPING[content["model_type"]], content.get("architectures")
    named = getattr(transformers, names[0], None) if isinstance(names, list) and names else None
    if config in MODEL_MAPPING:
        return transformers.AutoModel
    if isinstance(named, type) and issubclass(named, PreTrainedModel):
        return named
    raise HeadlightError(
        f"There is no network of the type “{content['model_type']}” without what it is a part of.",
        "Open the whole model that it is a part of.",
    )


def has_usual_body(model: PreTrainedModel) -> bool:
    """Whether the body is the class that the configuration stands for, and not half of it (a decoder)."""
    if task_of(type(model)) == "writes":
        return True
    body = body_of(model)
    return (body is model or _is_usual(body)) and not model.config.is_encoder_decoder
