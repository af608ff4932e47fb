"""Published vision networks by short names: how each is put together, and where its weights are.

published.json has the settings of the configurations published with the weights, written out so that a
default that changes in a library changes nothing here: the stride of a ResNet's bottleneck stands at its 3×3
convolution, as in all weights that are in use, and a DeiT without the distillation token is a ViT. Nothing
imports torch or transformers before a network is built.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

OWN = ("alexnet", "vgg", "nfnet")
"""Model types that Headlight defines itself: no library without torchvision or timm has them."""
CONVOLUTIONAL = (
    *(*OWN, "resnet", "bit", "regnet", "mobilenet_v1", "mobilenet_v2", "efficientnet"),
    *("convnext", "convnextv2", "dinov3_convnext"),
)
"""Model types whose answer is a feature map and which have no attention."""

NAMES = {"dm_nfnet_f0": "nfnet-f0"}
"""What timm calls such a network, where that is not its id."""

SEED = 0
"""Of random weights: the same network is the same on every start."""


@dataclass(frozen=True)
class Published:
    """One network. settings: its configuration without the model type.

    hub: where its weights are, None where no repository is known that holds them as safetensors.
    licence: of the weights. parameters: the published count, with the head of 1000 classes; of a SegFormer
    that of the encoder, as its paper says.
    """

    id: str
    title: str
    family: str
    model_type: str
    settings: dict[str, Any] = field(repr=False)
    hub: str | None
    licence: str
    paper: str
    parameters: float

    @property
    def convolutional(self) -> bool:
        """Whether it has no attention."""
        return self.model_type in CONVOLUTIONAL

    def config(self) -> Any:
        """Its configuration as its class takes it."""
        if self.model_type in OWN:
            from headlight.models.catalogue.networks import own

            return own.CONFIGS[self.model_type](**self.settings)
        from transformers import CONFIG_MAPPING

        return CONFIG_MAPPING[self.model_type](**self.settings)


def _read() -> dict[str, Published]:
    """Of published.json: of each family what its networks share, and of each network its id, title, hub id,
    parameters in millions and settings of its own.
    """
    families = json.loads((Path(__file__).parent / "networks" / "published.json").read_text("utf-8"))
    return {
        id: Published(
            id=id,
            title=title,
            family=of["family"],
            model_type=of["type"],
            settings=of["settings"] | own,
            hub=hub,
            licence=of["licence"],
            paper=of["paper"],
            parameters=millions * 1e6,
        )
        for of in families
        for id, title, hub, millions, own in of["members"]
    }


PUBLISHED = _read()
"""By id, family after family, small before large."""


def of_hub(name: str) -> Published | None:
    """The network whose weights the hub has under this name."""
    return next((network for network in PUBLISHED.values() if network.hub == name), None)


def near(name: str, ids: Iterable[str]) -> list[str]:
    """Up to four of these ids like a name that is none: “resnet-50”, “ConvNeXt T”, “vgg”."""
    plain = {re.sub(r"[^a-z0-9]", "", id): id for id in ids}
    wanted = re.sub(r"[^a-z0-9]", "", name.lower())
    if not wanted:
        return []
    begun = [id for key, id in plain.items() if key.startswith(wanted)]
    import difflib

    like = difflib.get_close_matches(wanted, plain, n=4, cutoff=0.7)
    return list(dict.fromkeys([*begun, *(plain[key] for key in like)]))[:4]


def module(config: Any) -> nn.Module:
    """A network of this configuration, without a head; on the meta device if torch is told so around it."""
    from headlight.models.catalogue.networks import own, wrapped

    if type(config) in own.NETWORKS:
        return own.NETWORKS[type(config)](config)
    if isinstance(config, wrapped.WrappedConfig):
        return wrapped.WrappedModel(config)
    from transformers import AutoModel

    return AutoModel.from_config(config)


def skeleton(id: str) -> nn.Module:
    """The network of this id in eval mode without weights: on the meta device it takes no memory."""
    import torch

    with torch.device("meta"):
        return module(PUBLISHED[id].config()).eval().requires_grad_(False)
