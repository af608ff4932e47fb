"""Networks with random weights, for when trained ones cannot be had: the same on every start.

The weights are drawn as transformers (or `classic`) draws them before training. Four things are set so that
a gradient says something of the network and not of how training begins:

* Batch norms take the statistics of noise, as at the first step of training. With the mean 0 and variance 1
  that they are made with they do nothing, and a signal through MobileNet V2 shrinks by some thirty orders of
  magnitude.
* ConvNeXt's layer scale is 1 in place of 10⁻⁶, with which no block but the downsampling would count: the
  field would be a single patch of 32 pixels.
* NFNet's gains, of which each block's result is multiplied by one, are 1 in place of 0 for the same reason.
* The scales of layer norms are drawn around 1. If all were 1, the sum over the channels behind such a norm
  would always be 0, and so would its gradient.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from headlight.models.catalogue import published
from headlight.models.catalogue.memory import check_memory
from headlight.models.catalogue.networks import libraries, wrapped
from headlight.models.catalogue.published import SEED, Published
from headlight.models.core.task import SILENT, Task

SPREAD = 0.1
"""Standard deviation of a layer norm's scales."""
LEAST = 1e-3
"""What a layer scale is at least that is not as training begins with it."""
NOISE = (2, 3, 224, 224)
"""What the batch norms see."""


def untrained(network: Published, task: Task = SILENT) -> nn.Module:
    """The network in eval mode, float32, on the processor. HeadlightError where memory is too small."""
    check_memory(sum(parameter.numel() for parameter in published.skeleton(network.id).parameters()))
    task.progress(0.3, f"Drawing random weights for {network.title}")
    return drawn(network.config(), task)


def untrained_of_library(name: str, task: Task = SILENT) -> nn.Module:
    """The same of a network of timm or torchvision by its name."""
    library, architecture = libraries.named(name) or ("", "")
    config = wrapped.WrappedConfig(architecture, library)
    with torch.device("meta"):
        bare = wrapped.built(config)
    check_memory(sum(parameter.numel() for parameter in bare.parameters()))
    task.progress(0.3, f"Drawing random weights for {architecture}")
    return drawn(config, task)


def drawn(config: Any, task: Task = SILENT) -> nn.Module:
    """A network of this configuration with random weights; the process's own random state stays as it is."""
    if hasattr(config, "layer_scale_init_value"):
        config.layer_scale_init_value = 1.0
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(SEED)
        module = published.module(config).eval().requires_grad_(False)
        for layer in module.modules():
            if isinstance(layer, nn.LayerNorm) and layer.weight is not None:
                layer.weight.normal_(1, SPREAD)
            elif isinstance(getattr(layer, "skipinit_gain", None), nn.Parameter):
                layer.skipinit_gain.fill_(1.0)
            for name, scale in layer.named_parameters(recurse=False):
                if name in ("gamma", "layer_scale") and scale.abs().max() < LEAST:
                    scale.fill_(1.0)
        norms = [layer for layer in module.modules() if isinstance(layer, nn.modules.batchnorm._BatchNorm)]
        if norms:
            task.progress(0.7, "Batch norms take the statistics of noise")
            usual = [layer.momentum for layer in norms]
            for layer in norms:
                layer.train()
                layer.momentum = None  # the plain mean, of one batch
            module(torch.randn(NOISE))
            for layer, momentum in zip(norms, usual, strict=True):
                layer.eval()
                layer.momentum = momentum
    return module
