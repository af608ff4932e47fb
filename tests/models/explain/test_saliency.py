"""The saliency decoder against the definition of its layers, on any grid."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from headlight.models.catalogue.bundled import ASSETS
from headlight.models.core.errors import HeadlightError
from headlight.models.explain import saliency

FOLDER = ASSETS / "weights" / "dinov2-small"


def by_definition(x: np.ndarray) -> np.ndarray:
    """(rows, columns, 384) → logits (8·rows, 8·columns): every cell stamps its 4 × 4 kernel, 2 apart."""
    stored = {name: value.astype(np.float64) for name, value in load_file(FOLDER / saliency.FILE).items()}
    for step in (1, 2, 3):
        kernel, (rows, columns, _) = stored[f"upconv{step}.weight"], x.shape
        canvas = np.zeros((2 * rows + 2, 2 * columns + 2, kernel.shape[1]))
        for i, j in np.ndindex(rows, columns):
            canvas[2 * i : 2 * i + 4, 2 * j : 2 * j + 4] += np.einsum("c,cdhw->hwd", x[i, j], kernel)
        x = canvas[1:-1, 1:-1] + stored[f"upconv{step}.bias"]
        norm = {
            part: stored[f"bn{step}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        }
        x = (x - norm["running_mean"]) / np.sqrt(norm["running_var"] + 1e-5) * norm["weight"] + norm["bias"]
        x = np.maximum(x, 0)
    return x @ stored["final_conv.weight"][0, :, 0, 0] + stored["final_conv.bias"][0]


def test_the_decoder_is_its_definition():
    patches = np.random.default_rng(0).normal(size=(2, 3, 384))
    decoder = saliency.load(FOLDER, "DINOv2-small", "cpu")
    # At eight times the grid nothing is left to interpolate.
    found = saliency.predict(decoder, torch.from_numpy(patches).float(), (16, 24))
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-by_definition(patches))), atol=1e-5)


@pytest.mark.parametrize("grid", [(16, 16), (12, 37), (1, 1)])
def test_any_grid_gives_a_map_of_the_size_asked_for(grid):
    decoder = saliency.load(FOLDER, "DINOv2-small", "cpu")
    found = saliency.predict(decoder, torch.zeros(*grid, 384), (grid[0] * 14, grid[1] * 14))
    assert found.shape == (grid[0] * 14, grid[1] * 14)
    assert found.dtype == torch.float32
    assert 0 <= found.min() <= found.max() <= 1


def test_a_folder_without_a_decoder_says_so(tmp_path: Path):
    with pytest.raises(HeadlightError, match=r"ViT-B has no saliency decoder\. Choose dinov2-small"):
        saliency.load(tmp_path, "ViT-B", "cpu")
