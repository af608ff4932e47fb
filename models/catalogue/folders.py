"""What lies in a model's folder, looked at without loading it: its configuration, its weights, what it reads.

Nothing here imports torch or transformers, and nothing runs code from a model.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from headlight.models.catalogue.formats import adapter, claims
from headlight.models.catalogue.formats.layout import (
    CONFIG,
    MAX_TENSORS,
    is_mean,
    pickles_in,
    read_json,
    weights_in,
)
from headlight.models.catalogue.formats.rounding import Rounding, rounding_of
from headlight.models.catalogue.networks import libraries
from headlight.models.catalogue.published import CONVOLUTIONAL, NAMES, OWN, PUBLISHED
from headlight.models.core.errors import HeadlightError

GRIDDED = ("range_net", "voxel_net")
"""Networks on a representation of a cloud."""
DETECTORS = ("detector",)
SHAPE_MODELS = ("shape_transformer", "shape_pointnet", "shape_mvcnn")
"""Their answer is of the whole cloud, one object."""
POINT_MODELS = ("point_transformer", "pointnet", *GRIDDED, *DETECTORS, *SHAPE_MODELS)
"""Headlight's own model types of point clouds."""
TWO_TOWERS = ("clip", "metaclip_2", "siglip", "siglip2", "altclip", "chinese_clip")
"""Model types of a tower that sees and one that reads, whose vectors are compared."""
APART = (
    *TWO_TOWERS,
    *("align", "bridgetower", "clap", "clipseg", "clvp", "groupvit", "omdet-turbo", "owlv2", "owlvit"),
    *("vision-text-dual-encoder", "x-clip", "grounding-dino", "mm-grounding-dino", "flava"),
)
"""Model types that see and read, but whose words and parts of a picture never stand in one sequence."""
ONE_SEQUENCE = ("vilt", "layoutlmv3")
"""Model types of one tower that is given both."""
ASKING = ("detr",)
"""Model types with queries that look for things in pictures."""
SPEECH = ("whisper",)
"""Model types that hear sounds, and write what is said in them."""
WAVES = ("data2vec-audio", "hubert", "unispeech", "unispeech-sat", "wav2vec2", "wav2vec2-conformer", "wavlm")
"""Model types that hear the wave itself, and name a letter in each frame, or a class of it all."""
PROMPTED = {"sam": "SamModel", "sam2": "Sam2Model", "sam2_video": "Sam2Model"}
"""Model types that are shown by clicks what to cut out of a picture, and their networks in transformers."""
SEGMENTING = {
    "mask2former": "Mask2FormerForUniversalSegmentation",
    "maskformer": "MaskFormerForInstanceSegmentation",
}
"""Model types whose queries each cut something out of a picture, and their networks in transformers."""
MATCHING = {
    "lightglue": ("LightGlueForKeypointMatching", "LightGlueImageProcessor"),
    "superglue": ("SuperGlueForKeypointMatching", "SuperGlueImageProcessor"),
}
"""Model types that find points of one picture in another: their networks in transformers, and what prepares
pictures for them."""
BOTH = "picture-text"
"""What is read: a picture with a text."""
MAX_JSON = 64 << 20
"""Bytes of a config.json or of an index that are read."""

_LFS = b"version https://git-lfs"

LAYER_NAMES = ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers", "depths")
HEAD_NAMES = ("num_attention_heads", "n_head", "n_heads", "num_heads", "encoder_attention_heads")
"""What model families call these in their config.json."""


def read_config(folder: Path) -> dict[str, Any]:
    """config.json of a model's folder, of an adapter's that of its base. Raises HeadlightError if it is
    missing or not a model's.

    timm's folders name an architecture in place of a model_type: those of networks that Headlight defines
    itself get theirs, others that of their library.
    """
    if adapter.is_adapter(folder):
        one = adapter.read_adapter(folder)
        return adapter.adapted(read_config(adapter.base_folder(one)), one, _head_rows(one.weights))
    file = folder / CONFIG
    if not file.is_file():
        raise HeadlightError(
            f"The folder {folder} is no model: it has no config.json.",
            "Choose the folder that holds config.json and model.safetensors.",
        )
    config = read_json(file)
    if isinstance(config, dict) and "model_type" not in config:
        name = str(config.get("architecture"))
        network = PUBLISHED.get(NAMES.get(name, name))
        if network is not None and network.model_type in OWN:
            config |= {"model_type": network.model_type, **network.settings}
    config = libraries.described(config) if isinstance(config, dict) else config
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise HeadlightError(
            f"{file} names no model_type.", "Choose a folder that was saved for transformers."
        )
    return config


def _head_rows(file: Path) -> int | None:
    """Rows of the classifier among an adapter's weights; None without one."""
    from safetensors import safe_open

    check_weights([file])
    with safe_open(file, framework="numpy") as content:
        for name in content.keys():  # noqa: SIM118
            if adapter.is_head(name):
                return content.get_slice(name).get_shape()[0]
    return None


def read_preprocessor(folder: Path) -> dict[str, Any]:
    """preprocessor_config.json of an image model, or what timm says of it, empty where there is neither.
    HeadlightError for one that makes no sense."""
    file = folder / "preprocessor_config.json"
    if not file.is_file() and (folder / CONFIG).is_file():
        said = read_json(folder / CONFIG)
        of_timm = said.get("pretrained_cfg") if isinstance(said, dict) else None
        if isinstance(of_timm, dict):
            sides = {"image_mean": of_timm.get("mean"), "image_std": of_timm.get("std")}
            return {name: value for name, value in sides.items() if value is not None}
    if not file.is_file() and adapter.is_adapter(folder):
        return read_preprocessor(adapter.base_folder(adapter.read_adapter(folder)))
    content = read_json(file) if file.is_file() else {}
    content = content if isinstance(content, dict) else {}
    _check_colours(file, content)
    return content


def _check_colours(file: Path, said: dict[str, Any]) -> None:
    """HeadlightError where colours would be changed by what is no number, or divided by 0."""
    uses = {"image_mean": "do_normalize", "image_std": "do_normalize", "rescale_factor": "do_rescale"}
    for name, use in uses.items():
        value, divides = said.get(name), name != "image_mean"
        if value is None or said.get(use) is False:  # as is usual, or not at all
            continue
        each = value if isinstance(value, list) else [value]
        sound = all(
            type(one) in (int, float) and math.isfinite(one) and not (divides and one == 0) for one in each
        )
        if not sound or len(each) not in (1, 3):
            raise HeadlightError(
                f"{file} has no usable “{name}”: {value}.", "Correct it there, or fetch the model again."
            )


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model (`layout.weights_in`), of an adapter its base's and its own."""
    if adapter.is_adapter(folder):
        one = adapter.read_adapter(folder)
        return [*stored_in(adapter.base_folder(one)), one.weights]
    return weights_in(folder)


def stored_in(folder: Path) -> list[Path]:
    """The files of a model's weights, whichever it has: safetensors, else pickles."""
    return weight_files(folder) or pickles_in(folder)


def check_weights(files: list[Path], config: dict[str, Any] | None = None) -> int:
    """How many numbers there are, by the headers alone, with config.json those that rounded ones become.

    HeadlightError for damage or too many tensors. Of a pickle its size says it, in 32 bits a number.
    """
    return _counted(files, config)[1]


def check_folder(folder: Path, files: list[Path], config: dict[str, Any]) -> int:
    """The same, where neither its configuration nor what else lies there claims more than they are."""
    tensors, numbers = _counted(files, config)
    claims.check_files(folder)
    claims.check_sizes(config, folder / CONFIG, tensors, numbers)
    return numbers


def _counted(files: list[Path], config: dict[str, Any] | None) -> tuple[int, int]:
    """(tensors, numbers). Of a pickle nobody knows how many tensors it has: as many as numbers."""
    from safetensors import SafetensorError, safe_open

    rounding = rounding_of(config) if config else None
    tensors = numbers = hidden = 0
    for file in files:
        if file.suffix != ".safetensors":
            hidden += file.stat().st_size // 4
            continue
        try:
            with safe_open(file, framework="numpy") as content:
                names = list(content.keys())
                tensors += len(names)
                if tensors > MAX_TENSORS:
                    break
                for name in names:
                    part = content.get_slice(name)
                    count = math.prod(part.get_shape())
                    numbers += rounding.count(name, part.get_dtype(), count) if rounding else count
        except (SafetensorError, OSError) as error:
            raise _damaged(file, error) from error
    if tensors > MAX_TENSORS:
        raise HeadlightError(f"The weights have more than {MAX_TENSORS:,} tensors.", "Choose another model.")
    return tensors + hidden, numbers + hidden


def is_rounded(files: list[Path], rounding: Rounding) -> bool:
    """Whether any of the weights are what config.json says of them: a folder may have been saved anew."""
    from safetensors import safe_open

    for file in (file for file in files if file.suffix == ".safetensors"):
        with safe_open(file, framework="numpy") as content:
            names = list(content.keys())
            if any(rounding.is_of(name, content.get_slice(name).get_dtype()) for name in names):
                return True
    return False


def origin(folder: Path, files: list[Path], config: dict[str, Any]) -> tuple[str, ...]:
    """What is to be known of how a folder's weights came about: what was merged into them, or rounded off."""
    said, rounding = [], rounding_of(config)
    if adapter.is_adapter(folder):
        base = adapter.read_adapter(folder).base
        said.append(f"It is {base}, into which the LoRA adapter of this folder was merged.")
    if rounding is not None and is_rounded(files, rounding):
        said.append(rounding.notice)
    return (*said, *claims.said_of_links(folder))


def _damaged(file: Path, error: Exception) -> HeadlightError:
    try:
        with open(file, "rb") as content:
            is_pointer = content.read(len(_LFS)) == _LFS
    except OSError:
        is_pointer = False
    if is_pointer:
        return HeadlightError(
            f"{file} is a note that Git LFS leaves in place of the weights.",
            "Run “git lfs pull” in that folder.",
        )
    return HeadlightError(f"{file} is damaged: {error}.", "Fetch the model again.")


def writes(files: list[Path], config: dict[str, Any]) -> bool:
    """Whether a model has an encoder and, among its weights, a decoder."""
    if not config.get("is_encoder_decoder"):
        return False
    from safetensors import safe_open

    for file in files:
        if file.suffix != ".safetensors":
            return True
        with safe_open(file, framework="numpy") as content:
            if any("decoder" in name.split(".")[:3] for name in content.keys()):  # noqa: SIM118
                return True
    return False


def modality_of(folder: Path, config: dict[str, Any]) -> str:
    """Transformers for images say how large a patch is (SegFormer: of each stage); text models how large
    their vocabulary is. Convolutional networks say neither and are known by their type."""
    if config["model_type"] in POINT_MODELS:
        return "points"
    seen = (*CONVOLUTIONAL, *libraries.LIBRARIES, *ASKING, *SEGMENTING, *MATCHING, *PROMPTED)
    if config["model_type"] in seen:
        return "image"
    if config["model_type"] in (*SPEECH, *WAVES):
        return "sound"
    if config["model_type"] == "vision-encoder-decoder":
        return BOTH
    if any({"patch_size", "patch_sizes"} & part.keys() for part in _parts(config)):
        return "image"
    if any("vocab_size" in part for part in _parts(config)):
        return "text"
    if any((folder / name).is_file() for name in ("tokenizer.json", "vocab.txt", "vocab.json")):
        return "text"
    raise HeadlightError(
        f"{folder} holds a {config['model_type']} model, and it is not known what such a model reads.",
        "Choose a text model, a vision transformer, a convolutional network such as ResNet or ConvNeXt, or a "
        "Point Transformer.",
    )


def convolves(config: dict[str, Any]) -> bool:
    """Whether it has no attention."""
    if config["model_type"] in libraries.LIBRARIES:
        return libraries.convolves(config["architecture"])
    return config["model_type"] in CONVOLUTIONAL


def has_two_towers(config: dict[str, Any]) -> bool:
    """Whether it compares pictures with texts; a classifier saved of such a model does not."""
    names = config.get("architectures")
    name = names[0] if isinstance(names, list) and names else ""
    return config["model_type"] in TWO_TOWERS and not str(name).endswith("ForImageClassification")


def has_text_tower(config: dict[str, Any]) -> bool:
    """Whether a part of it reads texts alone."""
    return isinstance(config.get("text_config"), dict)


def reads_both(config: dict[str, Any]) -> bool:
    """Whether a picture and a text meet in it: one has to see, another to read or write."""
    kind = config["model_type"]
    if kind in ONE_SEQUENCE or kind == "vision-encoder-decoder":
        return True
    sees = isinstance(config.get("vision_config"), dict)
    says = isinstance(config.get("text_config"), dict) or "vocab_size" in config
    return sees and says and kind not in APART


def extent(config: dict[str, Any], decodes: bool = False) -> tuple[int | None, int | None]:
    """(layers, heads of the widest), where config.json says them. decodes: a layer of a decoder is two, which
    attend to what is written and to what is read.
    """
    if config["model_type"] in POINT_MODELS:
        return _attention_of_points(config)
    layers = count(config, LAYER_NAMES)
    if decodes and layers is not None:
        layers += 2 * (count(config, ("decoder_layers", "num_decoder_layers")) or layers)
    return layers, count(config, HEAD_NAMES)


def _attention_of_points(config: dict[str, Any]) -> tuple[int | None, int | None]:
    """(attention layers, maps of the widest) of a Point Transformer, where config.json makes sense.

    `blocks` counts a transition in place of each decoder's one block; 8 channels share a map.
    """
    blocks, planes = config.get("blocks"), config.get("planes")
    if config["model_type"] in SHAPE_MODELS and isinstance(blocks, list):
        blocks = [count - 1 for count in blocks if type(count) is int]  # there is no decoder
    if not all(isinstance(v, list) and v and all(type(n) is int for n in v) for v in (blocks, planes)):
        return None, None
    return sum(blocks), max(planes) // 8


def _parts(config: dict[str, Any]) -> list[dict[str, Any]]:
    """A configuration and, of a model with two towers, theirs."""
    inner = (config.get(name) for name in ("vision_config", "text_config", "backbone_config"))
    return [config, *(part for part in inner if isinstance(part, dict))]


def count(config: dict[str, Any], names: tuple[str, ...]) -> int | None:
    """The first of these fields; of one number a stage the sum for layers, the largest for heads."""
    for part in _parts(config):
        for name in names:
            value = part.get(name)
            if isinstance(value, int):
                return value
            if isinstance(value, list) and value and all(isinstance(v, int) for v in value):
                return sum(value) if name == "depths" else max(value)
    return None


def mean_pooled(folder: Path) -> bool:
    """Whether a sentence-transformers model takes the mean over all tokens."""
    return is_mean(folder)
