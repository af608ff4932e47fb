"""A detector as it is asked, not trained: the norms are a part of the layers before them."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights, fuse_linear_bn_eval

from headlight.models.points.detection.network import Detector
from headlight.models.points.detection.pillars import PillarLayer
from headlight.models.points.detection.sparse import SparseConvolution
from headlight.models.points.detection.voxels import Normed, Residual


def folded(net: Detector) -> Detector:
    """A copy that answers the same, up to rounding, in less time. `net` is in eval mode."""
    if net.training:
        raise ValueError("only a network in eval mode can be folded")
    net = copy.deepcopy(net)
    for module in list(net.modules()):
        if isinstance(module, PillarLayer):
            module.linear, module.norm = fuse_linear_bn_eval(module.linear, module.norm), nn.Identity()
        elif isinstance(module, Normed):
            _into(module.conv, module.norm)
            module.norm = nn.Identity()
        elif isinstance(module, Residual):
            _into(module.conv1, module.bn1)
            _into(module.conv2, module.bn2)
            module.bn1, module.bn2 = nn.Identity(), nn.Identity()
        elif isinstance(module, nn.Sequential):
            for number in range(len(module) - 1):
                if isinstance(module[number + 1], nn.BatchNorm2d):
                    _into(module[number], module[number + 1])
                    module[number + 1] = nn.Identity()
    return net.requires_grad_(False)


def _into(layer: nn.Conv2d | nn.ConvTranspose2d | SparseConvolution, norm: nn.BatchNorm1d) -> None:
    statistics: tuple[Tensor, ...] = (norm.running_mean, norm.running_var)
    if isinstance(layer, SparseConvolution):
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        bias = norm.bias - norm.running_mean * scale
        layer.bias = nn.Parameter(bias if layer.bias is None else bias + layer.bias * scale)
        layer.weight = nn.Parameter(layer.weight * scale)
        return
    turned = isinstance(layer, nn.ConvTranspose2d)
    layer.weight, layer.bias = fuse_conv_bn_weights(
        layer.weight, layer.bias, *statistics, norm.eps, norm.weight, norm.bias, turned
    )
