"""A point network with its weights, from a folder of ours or from one file of another program's."""

from __future__ import annotations

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from models.catalog import Entry, read_config
from models.errors import HeadlightError, first_line
from models.point_config import PointConfig, point_config
from models.point_transformer import PointTransformer
from models.pointnet import PointNet


def load_point_model(entry: Entry) -> tuple[PointTransformer | PointNet, PointConfig, bool]:
    """(the network in float32, its configuration, whether weights were missing and are random)."""
    where = entry.folder / "config.json"
    config = point_config(read_config(entry.folder), where)
    try:
        state = load_file(entry.folder / "model.safetensors")
        model = network(config)
        report = model.load_state_dict(
            {name: value.float() if value.is_floating_point() else value for name, value in state.items()},
            strict=False,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise HeadlightError(
            f"The model in {entry.folder} cannot be loaded: {first_line(error)}",
            "Fetch it again or choose another.",
        ) from error
    if report.unexpected_keys:
        raise HeadlightError(
            f"{entry.folder} has weights that {where.name} does not speak of ({report.unexpected_keys[0]}).",
            "Fetch the model again or correct the file.",
        )
    # Norms count the batches of their training, which nothing needs afterwards.
    return model, config, any(not name.endswith("num_batches_tracked") for name in report.missing_keys)


def network(config: PointConfig) -> PointTransformer | PointNet:
    """The network of a configuration, its weights random."""
    kind = PointTransformer if config.kind == "point_transformer" else PointNet
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return kind(len(config.inputs), len(config.classes), **config.network)
