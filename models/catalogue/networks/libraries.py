"""Networks of timm and torchvision by their names, known without importing either.

timm's folders and its models on the hub say an architecture in their config.json; so may a folder with a
network of torchvision, beside "library_name": "torchvision". Nothing here imports torch.
"""

from __future__ import annotations

import importlib.util
import re
from typing import Any

from headlight.models.core.errors import HeadlightError

LIBRARIES = ("timm", "torchvision")
"""Both are a model type too, of what they have built."""
ATTENDING = re.compile(
    r"(vit|deit|beit|cait|eva|flexivit|naflexvit|samvit|swin|swinv2|maxvit|maxxvit|crossvit|davit|gcvit|"
    r"volo|xcit|tiny_vit|hiera|mvitv2|pvt|twins|nest|test_vit|test_eva)"
)
"""How the names of networks with attention begin; all others convolve."""
_NAME = re.compile(r"(timm|torchvision)/([\w.-]+)")


def named(name: str) -> tuple[str, str] | None:
    """(library, architecture) of a name such as timm/vit_small_patch16_224.augreg_in21k or
    torchvision/resnet50; None of any other."""
    found = _NAME.fullmatch(name)
    return (found[1], found[2].partition(".")[0]) if found is not None else None


def convolves(architecture: str) -> bool:
    return ATTENDING.match(architecture) is None


def described(config: dict[str, Any]) -> dict[str, Any]:
    """A config.json of theirs with a model_type, any other as it is."""
    architecture = config.get("architecture")
    if not isinstance(architecture, str) or "model_type" in config:
        return config
    library = "torchvision" if config.get("library_name") == "torchvision" else "timm"
    kept = ("num_classes", "global_pool", "pretrained_cfg", "model_args", "label_names", "label_descriptions")
    said = {name: config[name] for name in kept if config.get(name) is not None}
    return {"model_type": library, "architecture": architecture.partition(".")[0], **said}


def need(library: str, what: str) -> None:
    """HeadlightError where a library is not installed."""
    found = importlib.util.find_spec(library)
    if found is None or found.origin is None:  # a folder of that name is no library
        raise HeadlightError(
            f"{what} is a network of {library}, which is not installed.",
            f"Run “pip install 'headlight-viewer[{library}]'”.",
        )
