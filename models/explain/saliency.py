"""What in a picture draws the eye: a small convolutional decoder over a vision transformer's patch tokens."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from headlight.models.core.errors import HeadlightError

FILE = "saliency_decoder.safetensors"


class SaliencyDecoder(nn.Module):
    """Three transposed convolutions, each twice the grid's size, then one logit a cell. Runs on any grid."""

    def __init__(self, channels: int = 384) -> None:
        super().__init__()
        self.upconv1, self.bn1 = _doubling(channels, 256)
        self.upconv2, self.bn2 = _doubling(256, 128)
        self.upconv3, self.bn3 = _doubling(128, 64)
        self.final_conv = nn.Conv2d(64, 1, kernel_size=1)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        """[batch, channels, rows, columns] → logits [batch, 1, 8·rows, 8·columns]."""
        x = torch.relu(self.bn1(self.upconv1(patches)))  # [batch, 256, 2·rows, 2·columns]
        x = torch.relu(self.bn2(self.upconv2(x)))  # [batch, 128, 4·rows, 4·columns]
        x = torch.relu(self.bn3(self.upconv3(x)))  # [batch, 64, 8·rows, 8·columns]
        return self.final_conv(x)


def there_is(folder: Path | None) -> bool:
    """Whether a decoder lies beside a model's weights."""
    return folder is not None and (folder / FILE).is_file()


def load(folder: Path, title: str, device: str) -> SaliencyDecoder:
    """The decoder that lies beside a model's weights. Raises HeadlightError where there is none."""
    file = folder / FILE
    if not there_is(folder):
        raise HeadlightError(
            f"{title} has no saliency decoder.", "Choose dinov2-small, which comes with one."
        )
    weights = {name: value.float() for name, value in load_file(file).items()}
    decoder = SaliencyDecoder(weights["upconv1.weight"].shape[0])
    # Each layer's count of training batches plays no part in the result and is not stored.
    missing, unexpected = decoder.load_state_dict(weights, strict=False)
    if unexpected or any(not name.endswith("num_batches_tracked") for name in missing):
        raise HeadlightError(f"{file} does not fit the saliency decoder.", "Fetch the model again.")
    return decoder.eval().to(device)


@torch.no_grad()
def predict(decoder: SaliencyDecoder, patches: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """[rows, columns, channels] after the final norm → float32 (height, width) in 0 to 1, of `size`."""
    logits = decoder(patches.permute(2, 0, 1)[None])
    found = torch.sigmoid(functional.interpolate(logits, size=size, mode="bilinear", align_corners=False))
    if not found.isfinite().all():
        raise HeadlightError(
            "The saliency predicted are no numbers (NaN).", "The model's weights are damaged: choose another."
        )
    return found[0, 0]


def _doubling(inputs: int, outputs: int) -> tuple[nn.Module, nn.Module]:
    return nn.ConvTranspose2d(inputs, outputs, kernel_size=4, stride=2, padding=1), nn.BatchNorm2d(outputs)
