"""What the hub says of a model before anything of it is downloaded: licence, files and their sizes."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headlight.models.catalogue.folders import extent, modality_of
from headlight.models.catalogue.formats.layout import ADAPTED, ADAPTER, CARD, CONFIG, MAX_JSON
from headlight.models.catalogue.hub.failures import told
from headlight.models.core.errors import HeadlightError

BESIDE = (
    CARD,
    CONFIG,
    ADAPTER,
    "modules.json",
    "*/config.json",
    "preprocessor_config.json",
    "processor_config.json",
    "generation_config.json",
    "tokenizer*",
    "vocab*",
    "merges.txt",
    "*.model",
    "special_tokens_map.json",
    "added_tokens.json",
)
"""What is downloaded of a model beside its weights: no pickles, no code."""
WEIGHTS = "*.safetensors"
NOT_OF_IT = ("onnx/", "openvino/", "original/", "gguf/")
"""Folders that hold the same weights for other programs."""
TIMEOUT = 20
"""Seconds for an answer of the hub."""


@dataclass(frozen=True)
class File:
    """path: below the model's folder. size: bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class Offer:
    """revision: the commit that was looked at. licence: as its card says, "" where it says none. gated: it
    asks that its licence is accepted. modality, layers, heads: None where they are not known."""

    name: str
    revision: str
    files: tuple[File, ...]
    licence: str
    gated: bool
    modality: str | None = None
    layers: int | None = None
    heads: int | None = None

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def looked_up(name: str) -> Offer:
    """Ask the hub. HeadlightError for what there is not or what cannot be opened, Unreachable offline."""
    from huggingface_hub import HfApi

    with told(name):
        info = HfApi().model_info(name, files_metadata=True, timeout=TIMEOUT)
    files = [File(one.rfilename, one.size or 0) for one in info.siblings or []]
    taken = chosen(name, files)
    modality, layers, heads = _read(name, info.sha or "main", taken, bool(info.gated))
    return Offer(name, info.sha or "main", taken, _licence(info), bool(info.gated), modality, layers, heads)


def _licence(info: Any) -> str:
    """As the card of a model has it, or its tags."""
    card = info.card_data
    said = card.get("license") if card is not None else None
    said = said or next((tag.partition(":")[2] for tag in info.tags or [] if tag.startswith("license:")), "")
    named = card.get("license_name") if card is not None and said == "other" else None
    return str(named or said)


def chosen(name: str, files: Sequence[File]) -> tuple[File, ...]:
    """The files that are downloaded. HeadlightError for a model that has no weights that can be opened."""
    weights = [file for file in files if _is_weights(file.path)]
    usual = [file for file in weights if file.path.rpartition("/")[2] == "model.safetensors"]
    shards = [file for file in weights if "-of-" in file.path and _variant(file.path) == ""]
    adapters = [file for file in weights if file.path == ADAPTED]
    taken = usual or shards or adapters or weights
    if not taken:
        raise _unusable(name, files)
    if not usual and not shards and not adapters and len(taken) > 1:
        taken = [max(taken, key=lambda file: file.size)]  # of several roundings the one that kept most
    index = [file for file in files if shards and not usual and file.path == "model.safetensors.index.json"]
    inner = {file.path.rpartition("/")[0] for file in taken}
    beside = [file for file in files if _is_beside(file.path, inner) and not file.path.startswith(NOT_OF_IT)]
    return tuple(dict.fromkeys([*beside, *index, *taken]))


def _is_beside(path: str, inner: set[str]) -> bool:
    """Whether it belongs to the model beside its weights, which lie in these folders."""
    folder, _, name = path.rpartition("/")
    named = (path, name) if folder in inner else (path,)
    return any(fnmatch.fnmatch(one, pattern) for one in named for pattern in BESIDE)


def _is_weights(path: str) -> bool:
    return fnmatch.fnmatch(path, WEIGHTS) and not path.startswith(NOT_OF_IT)


def _variant(path: str) -> str:
    """“fp16” of model.fp16-00001-of-00002.safetensors."""
    return path.rpartition("/")[2].partition("-")[0].partition(".")[2]


def _unusable(name: str, files: Sequence[File]) -> HeadlightError:
    if any(file.path.endswith(".gguf") for file in files):
        return HeadlightError(
            f"{name} has its weights as GGUF files, one for each way of rounding.",
            "Download one of them and drop it here.",
        )
    if any(file.path.endswith((".bin", ".pt", ".pth", ".ckpt")) for file in files):
        return HeadlightError(
            f"{name} has its weights only as pickles, which can run code.",
            "Choose a model with safetensors, or download it yourself and open the folder if you trust it.",
        )
    return HeadlightError(f"{name} has no weights on the hub.", "Choose another model.")


def _read(
    name: str, revision: str, files: Sequence[File], gated: bool
) -> tuple[str | None, int | None, int | None]:
    """(what it reads, layers, heads) as its configuration says; None of what cannot be known."""
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers

    file = next((file for file in files if file.path == CONFIG and file.size <= MAX_JSON), None)
    if file is None or gated:
        return None, None, None
    with told(name):
        url = hf_hub_url(name, CONFIG, revision=revision)
        answer = get_session().get(url, headers=build_hf_headers(), timeout=TIMEOUT, follow_redirects=True)
    try:
        config = json.loads(answer.content.decode("utf-8-sig")) if answer.status_code == 200 else {}
        if not isinstance(config.get("model_type"), str):
            return ("image" if "architecture" in config else None), None, None
        return (modality_of(Path(name), config), *extent(config))
    except (ValueError, AttributeError, TypeError, HeadlightError):
        return None, None, None
