"""Where in a folder a model lies: its configuration and its weights, however they are named and divided.

Nothing here imports torch or transformers, and nothing runs code from a model.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from headlight.models.core.errors import HeadlightError, first_sentence

MAX_TENSORS = 100_000
MAX_JSON = 64 << 20
"""Bytes of a config.json or of an index that are read."""
CONFIG, ADAPTER, MODULES, PIPELINE = (
    "config.json",
    "adapter_config.json",
    "modules.json",
    "model_index.json",
)
"""What tells a model, an adapter (peft), a sentence-transformers model, a pipeline of several (diffusers)."""
CARD, MAX_CARD = "README.md", 1 << 16
WEIGHTS, ADAPTED = "model.safetensors", "adapter_model.safetensors"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
NO_WEIGHTS = ("optimizer", "training_args", "scheduler", "rng_state", "scaler")
"""How files begin that a training leaves beside a model."""


def is_model_folder(folder: Path) -> bool:
    """Whether it looks like one, by the names of what lies in it."""
    try:
        named = any((folder / name).is_file() for name in (CONFIG, ADAPTER, MODULES)) or _is_cache(folder)
        return named or (folder.is_dir() and any(folder.glob("*.gguf")))
    except OSError:
        return False


def read_json(file: Path) -> Any:
    """What a JSON file holds, with a byte-order mark or without. HeadlightError where it cannot be read."""
    try:
        if file.stat().st_size > MAX_JSON:
            raise ValueError(f"{file.stat().st_size:,} bytes")
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise HeadlightError(
            f"{file} cannot be read: {first_sentence(error)}", "Fetch the model again."
        ) from error


def inside(folder: Path) -> Path:
    """The folder with config.json that a folder stands for: itself, the transformer of a
    sentence-transformers model, or what the hub's cache has downloaded last. HeadlightError where there is
    none, with what the folder is instead."""
    if (folder / CONFIG).is_file() or (folder / ADAPTER).is_file():
        return folder
    if (folder / MODULES).is_file():
        return _of_modules(folder)
    if _is_cache(folder):
        return _snapshot(folder)
    if (folder / PIPELINE).is_file():
        raise HeadlightError(
            f"The folder {folder} is a pipeline of several models.",
            f"Open one of its folders, such as {_first(_models_in(folder), 'text_encoder')}.",
        )
    if found := _models_in(folder):
        one = f"Open its folder {found[0]}."
        raise HeadlightError(
            f"The folder {folder} is no model: it has no config.json.",
            one if len(found) == 1 else f"Open one of its folders: {', '.join(found[:4])}.",
        )
    raise HeadlightError(
        f"The folder {folder} is no model: it has no config.json.",
        "Choose the folder that holds config.json and model.safetensors.",
    )


def _is_cache(folder: Path) -> bool:
    return folder.name.startswith("models--") and (folder / "snapshots").is_dir()


def _snapshot(folder: Path) -> Path:
    """What is downloaded of a model in the hub's cache."""
    try:
        commit = (folder / "refs" / "main").read_text("utf-8").strip()
    except OSError:
        commit = ""
    every = [folder / "snapshots" / commit] if _is_name(commit) else []
    every += sorted((folder / "snapshots").iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
    for one in every:
        if any((one / name).is_file() for name in (CONFIG, ADAPTER, MODULES)):
            return inside(one)
    raise HeadlightError(
        f"Of the model in {folder} nothing was downloaded that can be opened.", "Download it again."
    )


def _is_name(name: str) -> bool:
    """Whether it names something beside, and leads nowhere else."""
    return name not in ("", ".", "..") and Path(name).name == name and "\\" not in name


def _of_modules(folder: Path) -> Path:
    """The transformer's folder of a sentence-transformers model."""
    content = read_json(folder / MODULES)
    modules = content if isinstance(content, list) else []
    for module in (one for one in modules if isinstance(one, dict)):
        path, kind = module.get("path"), str(module.get("type", ""))
        is_inside = isinstance(path, str) and _is_name(path)
        if kind.endswith("Transformer") and is_inside and (folder / path / CONFIG).is_file():
            return folder / path
    raise HeadlightError(
        f"{folder / MODULES} names no transformer that lies beside it.",
        "Choose another sentence-transformers model.",
    )


def is_mean(folder: Path) -> bool:
    """Whether a sentence-transformers model, or the transformer in its folder, takes the mean over all
    tokens."""
    for outer in (folder, folder.parent):
        if outer is folder or (outer / MODULES).is_file():
            for file in sorted(outer.glob("*_Pooling/config.json")):
                content = read_json(file)
                if isinstance(content, dict):
                    named = content.get("pooling_mode")
                    return content.get("pooling_mode_mean_tokens") is True or named == "mean"
    return False


def licence_in(folder: Path, otherwise: str) -> str:
    """As the card of a model says in its first lines, which are YAML between two lines of dashes."""
    try:
        with open(folder / CARD, encoding="utf-8", errors="replace") as card:
            head = card.read(MAX_CARD).removeprefix("\ufeff").split("---", 2)
    except OSError:
        return otherwise
    if len(head) < 3 or head[0].strip():
        return otherwise
    said = dict(
        re.findall(r"^(license|license_name): *[\"']?([\w.+ -]{1,60}?)[\"']?\s*$", head[1], re.MULTILINE)
    )
    name = said.get("license", "")
    return (said.get("license_name", name) if name == "other" else name) or otherwise


def _models_in(folder: Path) -> list[str]:
    try:
        inner = sorted(one for one in folder.iterdir() if one.is_dir())
    except OSError:
        return []
    return [one.name for one in inner[:1000] if (one / CONFIG).is_file()]


def _first(names: list[str], usual: str) -> str:
    return names[0] if names and usual not in names else usual


def weights_in(folder: Path) -> list[Path]:
    """The safetensors files of a model, none where there are none: model.safetensors, a variant of it
    (model.fp16.safetensors), the shards that an index names or, without an index, that their numbers name,
    else the one file that there is."""
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    for index in _sorted(folder.glob("model.safetensors.index*.json")):
        return _shards(folder, index, ".safetensors")
    every = [file for file in _sorted(folder.glob("*.safetensors")) if not _is_beside(file)]
    variants = [file for file in every if file.name.startswith("model.")]
    if variants:
        return [_best(variants)]
    if numbered := [file for file in every if "-of-" in file.name]:
        return _whole(folder, numbered)
    return every if len(every) == 1 else []


def _best(variants: list[Path]) -> Path:
    """Of several roundings the one that kept most."""
    return max(variants, key=lambda file: file.stat().st_size)


def pickles_in(folder: Path) -> list[Path]:
    """The files of torch.save that hold a model's weights, none where there are none."""
    for name in ("pytorch_model.bin", "pytorch_model.pt"):
        if (folder / name).is_file():
            return [folder / name]
    for index in _sorted(folder.glob("pytorch_model.bin.index*.json")):
        return _shards(folder, index, ".bin")
    every = (file for file in _sorted(folder.iterdir()) if file.suffix in PICKLES and not _is_beside(file))
    return list(every)[:1]


def _is_beside(file: Path) -> bool:
    return file.name.startswith((*NO_WEIGHTS, "adapter_model"))


def _shards(folder: Path, index: Path, ending: str) -> list[Path]:
    content = read_json(index)
    shards = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(shards, dict) or not all(isinstance(name, str) for name in shards.values()):
        raise HeadlightError(f"{index} names no weights.", "Fetch the model again.")
    names = sorted(set(shards.values()))
    kind = "safetensors file" if ending == ".safetensors" else f"{ending} file"
    for name in names:
        if Path(name).name != name or not name.endswith(ending):
            raise HeadlightError(
                f"{index} names “{name}”, which is no {kind} beside it.", "Do not trust this model."
            )
        if not _is_file(folder / name):
            raise HeadlightError(f"The folder {folder} lacks the weights {name}.", "Fetch the model again.")
    return [folder / name for name in names]


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except (OSError, ValueError):  # a name that no disk takes
        return False


def _whole(folder: Path, shards: list[Path]) -> list[Path]:
    """All of what shards say of themselves, as in model-00001-of-00003.safetensors."""
    stem, _, count = shards[0].stem.rpartition("-of-")
    if not count.isdigit() or len(shards) != int(count):
        raise HeadlightError(
            f"The folder {folder} has {len(shards)} of the {count.lstrip('0')} files of weights that "
            f"{stem.rpartition('-')[0]} has.",
            "Fetch the model again.",
        )
    return shards


def _sorted(files: Iterable[Path]) -> list[Path]:
    return sorted(file for file in files if file.is_file())
