"""AlexNet and VGG, which no library without torchvision offers, under torchvision's names of their weights.

AlexNet: Krizhevsky 2014, "One weird trick for parallelizing convolutional neural networks" (one column).
VGG: Simonyan and Zisserman 2014, table 1. Their heads (three fully connected layers behind an average onto
7 × 7 or 6 × 6 units) see the whole picture and hold nine tenths of the numbers; Headlight looks at the
feature map before them and leaves them out, unless they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class AlexNetConfig:
    """widths: channels after each of the five convolutions."""

    widths: tuple[int, ...] = (64, 192, 384, 256, 256)
    model_type: str = "alexnet"

    def check(self) -> None:
        """ValueError for what makes no AlexNet."""
        if len(self.widths) != 5:
            raise ValueError(f"an AlexNet has 5 convolutions, not {len(self.widths)}")


@dataclass(frozen=True)
class VGGConfig:
    """widths, depths: channels and convolutions of each block; a block ends in a 2 × 2 maximum."""

    widths: tuple[int, ...] = (64, 128, 256, 512, 512)
    depths: tuple[int, ...] = (2, 2, 3, 3, 3)
    batch_norm: bool = False
    model_type: str = "vgg"

    def check(self) -> None:
        """ValueError for what makes no VGG."""
        if len(self.widths) != len(self.depths):
            raise ValueError(f"“widths” has {len(self.widths)} blocks and “depths” {len(self.depths)}")


class _Classic(nn.Module):
    """Features, and behind them the head, where there is one."""

    head_names = ("classifier.", "pre_logits.", "head.")

    def __init__(self, features: Iterator[nn.Module], head: nn.Module | None) -> None:
        super().__init__()
        self.features = nn.Sequential(*features)
        self.classifier = head
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                # He et al. 2015, "Delving deep into rectifiers": or the signal dies on its way.
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(layer.bias)

    def forward(self, pixel_values: Tensor) -> Tensor:
        """[batch, 3, height, width] → the last feature map [batch, channels, rows, columns]."""
        return self.features(pixel_values)


class AlexNet(_Classic):
    """Five convolutions, three maxima of 3 × 3."""

    def __init__(self, config: AlexNetConfig, classes: int | None = None) -> None:
        self.config = config
        last = config.widths[-1]
        super().__init__(self._layers(config.widths), classes and self._head(last * 36, classes))

    @staticmethod
    def _layers(widths: tuple[int, ...]) -> Iterator[nn.Module]:
        shapes = ((11, 4, 2), (5, 1, 2), (3, 1, 1), (3, 1, 1), (3, 1, 1))  # kernel, stride, padding
        before = 3
        for number, (width, (kernel, stride, padding)) in enumerate(zip(widths, shapes, strict=True)):
            yield nn.Conv2d(before, width, kernel, stride, padding)
            yield nn.ReLU()
            if number in (0, 1, 4):
                yield nn.MaxPool2d(3, 2)
            before = width

    @staticmethod
    def _head(inputs: int, classes: int) -> nn.Module:
        first, second = nn.Linear(inputs, 4096), nn.Linear(4096, 4096)
        return nn.Sequential(
            nn.Dropout(), first, nn.ReLU(), nn.Dropout(), second, nn.ReLU(), nn.Linear(4096, classes)
        )


class VGG(_Classic):
    """Blocks of 3 × 3 convolutions, each block half as fine as the one before."""

    def __init__(self, config: VGGConfig, classes: int | None = None) -> None:
        self.config = config
        last = config.widths[-1]
        super().__init__(self._layers(config), classes and self._head(last * 49, classes))

    @staticmethod
    def _layers(config: VGGConfig) -> Iterator[nn.Module]:
        before = 3
        for width, depth in zip(config.widths, config.depths, strict=True):
            for _ in range(depth):
                yield nn.Conv2d(before, width, 3, padding=1)
                if config.batch_norm:
                    yield nn.BatchNorm2d(width)
                yield nn.ReLU()
                before = width
            yield nn.MaxPool2d(2, 2)

    @staticmethod
    def _head(inputs: int, classes: int) -> nn.Module:
        first, second = nn.Linear(inputs, 4096), nn.Linear(4096, 4096)
        return nn.Sequential(
            first, nn.ReLU(), nn.Dropout(), second, nn.ReLU(), nn.Dropout(), nn.Linear(4096, classes)
        )
