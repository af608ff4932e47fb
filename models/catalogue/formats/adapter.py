"""Adapters as peft saves them: what they change, and the model that they were trained on, on this disk.

Nothing here imports torch or transformers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headlight.models.catalogue.formats.cache import cached
from headlight.models.catalogue.formats.layout import ADAPTED, ADAPTER, CONFIG, inside, read_json, weights_in
from headlight.models.core.errors import HeadlightError

MERGED = "LORA"
"""The kind of adapter that becomes part of its base's weights (Hu et al. 2021, arXiv 2106.09685)."""
HEADS = {"SEQ_CLS": "ForSequenceClassification", "TOKEN_CLS": "ForTokenClassification"}
"""What the name of a class ends in that an adapter of this task was trained on."""


@dataclass(frozen=True)
class Adapter:
    """folder: of the adapter. config: its adapter_config.json. base: the name of its model, as it says."""

    folder: Path
    config: dict[str, Any]
    base: str

    @property
    def weights(self) -> Path:
        return self.folder / ADAPTED


def is_adapter(folder: Path) -> bool:
    """Whether it is an adapter alone. One that was saved beside its model counts as that model."""
    return (folder / ADAPTER).is_file() and not ((folder / CONFIG).is_file() and weights_in(folder))


def read_adapter(folder: Path) -> Adapter:
    """HeadlightError for kinds of adapters that no model can take up, and for one without weights."""
    content = read_json(folder / ADAPTER)
    config = content if isinstance(content, dict) else {}
    base, kind = config.get("base_model_name_or_path"), config.get("peft_type")
    if not isinstance(base, str) or not base:
        raise HeadlightError(
            f"{folder / ADAPTER} does not name the model that this adapter is for.",
            "Put “base_model_name_or_path” into it.",
        )
    if kind != MERGED:
        called = kind or "nameless"
        raise HeadlightError(
            f"The folder {folder} is a {called} adapter of {base}, which cannot be merged into its weights.",
            "Choose a LoRA adapter, or open the model that it is for.",
        )
    if not (folder / ADAPTED).is_file():
        pickled = (folder / "adapter_model.bin").is_file()
        said = "has its weights only as a pickle (adapter_model.bin)" if pickled else f"lacks {ADAPTED}"
        raise HeadlightError(
            f"The LoRA adapter in {folder} {said}.", "Save it again with peft, which writes safetensors."
        )
    return Adapter(folder, config, base)


def base_folder(adapter: Adapter) -> Path:
    """The base's folder, as the adapter names it, beside the adapter, or in the hub's cache. HeadlightError
    that says what it is and how to get it where it is not on this disk."""
    named, name = Path(adapter.base).expanduser(), Path(adapter.base).name
    for folder in (named, adapter.folder / adapter.base, adapter.folder.parent / name, adapter.folder / name):
        if folder.is_dir() and folder.absolute() != adapter.folder.absolute():
            return _usable(inside(folder), adapter)
    is_hub = re.fullmatch(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", adapter.base) is not None
    found = cached(adapter.base) if is_hub else None
    if found is not None and weights_in(found):
        return _usable(found, adapter)
    get = f"Download {adapter.base} in the model manager, or put its folder" if is_hub else "Put its folder"
    raise HeadlightError(
        f"{adapter.folder.resolve().name} is a LoRA adapter of {adapter.base}, which is not on this disk.",
        f"{get} beside the adapter, named {name}.",
    )


def is_head(name: str) -> bool:
    """Whether this weight of an adapter is the last layer of a classifier, whose rows are the classes."""
    return re.search(r"\.(classifier|score)(\.out_proj)?\.weight$", name) is not None


def _usable(folder: Path, adapter: Adapter) -> Path:
    if is_adapter(folder):
        raise HeadlightError(
            f"{adapter.folder.resolve().name} is an adapter of an adapter ({folder}).",
            "Merge that one first, and save the model.",
        )
    return folder


def adapted(config: dict[str, Any], adapter: Adapter, labels: int | None) -> dict[str, Any]:
    """The base's config.json with the head that the adapter was trained with. labels: rows of that head."""
    ending = HEADS.get(str(adapter.config.get("task_type")))
    names = config.get("architectures")
    if ending is None or labels is None or not isinstance(names, list) or not names:
        return config
    body = re.sub(r"(For[A-Z]\w*|Model|LMHeadModel|PreTrainedModel)$", "", str(names[0]))
    numbers = {str(number): f"LABEL_{number}" for number in range(labels)}
    return config | {"architectures": [f"{body}{ending}"], "id2label": numbers, "num_labels": labels}
