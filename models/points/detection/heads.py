"""What is said of every cell of the bird's-eye view: by centres (Yin et al. 2021, CenterPoint, section 4) or
by anchors (Lang et al. 2019, section 2.3)."""

from __future__ import annotations

from torch import Tensor, nn

from headlight.models.points.detection.config import Anchors, Centres

RARE = -2.19
"""Bias of a heat map: a tenth of probability everywhere to start with."""
Said = dict[str, Tensor]
"""By the names of heads, [B, numbers, ny, nx]."""


class CentreHead(nn.Module):
    """For every task the heads of `Centres.regressed` and `heatmap`, the logits of its classes."""

    def __init__(self, channels: int, config: Centres) -> None:
        super().__init__()
        self.shared_conv = _normed(channels, config.shared, config.biased)
        self.task_heads = nn.ModuleList(
            nn.ModuleDict(
                {
                    name: nn.Sequential(
                        *_normed(config.shared, config.shared, config.biased),
                        nn.Conv2d(config.shared, out, 3, padding=1),
                    )
                    for name, out in (config.regressed | {"heatmap": classes}).items()
                }
            )
            for classes in config.tasks
        )
        # Nearly nothing is the middle of a thing, to start with.
        for task in self.task_heads:
            nn.init.constant_(task["heatmap"][-1].bias, RARE)

    def forward(self, x: Tensor) -> list[Said]:
        x = self.shared_conv(x)
        return [{name: head(x) for name, head in task.items()} for task in self.task_heads]


def _normed(channels: int, out: int, biased: bool) -> nn.Sequential:
    convolution = nn.Conv2d(channels, out, 3, padding=1, bias=biased)
    return nn.Sequential(convolution, nn.BatchNorm2d(out), nn.ReLU(inplace=True))


class AnchorHead(nn.Module):
    """Of every anchor of a cell its classes, box and direction, in one task: `cls`, `box` and `dir`."""

    def __init__(self, channels: int, config: Anchors) -> None:
        super().__init__()
        classes = len(config.sizes)
        self.conv_cls = nn.Conv2d(channels, config.count * classes, 1)
        self.conv_box = nn.Conv2d(channels, config.count * 7, 1)
        self.conv_dir_cls = nn.Conv2d(channels, config.count * 2, 1)

    def forward(self, x: Tensor) -> list[Said]:
        return [{"cls": self.conv_cls(x), "box": self.conv_box(x), "dir": self.conv_dir_cls(x)}]
