"""What Headlight's own networks are made from: a configuration each, read from a config.json with limits."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from headlight.models.catalogue.networks.classic import VGG, AlexNet, AlexNetConfig, VGGConfig
from headlight.models.catalogue.networks.nfnet import NFNet, NFNetConfig

Config = AlexNetConfig | VGGConfig | NFNetConfig
CONFIGS: dict[str, type[Config]] = {"alexnet": AlexNetConfig, "vgg": VGGConfig, "nfnet": NFNetConfig}
NETWORKS: dict[type, Any] = {AlexNetConfig: AlexNet, VGGConfig: VGG, NFNetConfig: NFNet}

MAX_WIDTH, MAX_BLOCKS, MAX_DEPTH = 4096, 8, 64


def read(content: dict[str, Any]) -> Config:
    """The configuration in a config.json, what it leaves out as published. ValueError says what is wrong."""
    kind = CONFIGS[content["model_type"]]
    given = {name: content[name] for name in (field.name for field in fields(kind)) if name in content}
    for name, most in (("widths", MAX_WIDTH), ("depths", MAX_DEPTH)):
        if name in given:
            value = given[name]
            good = isinstance(value, list | tuple) and 0 < len(value) <= MAX_BLOCKS
            if not good or not all(type(number) is int and 0 < number <= most for number in value):
                raise ValueError(f"“{name}” is {value}, not up to {MAX_BLOCKS} numbers from 1 to {most:,}")
            given[name] = tuple(value)
    config = kind(**given)
    config.check()
    return config
