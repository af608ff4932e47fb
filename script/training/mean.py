"""The mean of two trained networks' weights, when one of them was trained on from the other.

    python -m script.training.mean FOLDER RUN --out RUN

FOLDER: weights as in assets/weights, from which the run RUN began; `final.pt` is written into --out. The two
lie in one valley of the loss, and their mean can score better than both (Wortsman et al. 2022, Model soups).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from headlight.models.points.checkpoints import load_network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("start", type=Path, help="folder of the weights that the run began with")
    parser.add_argument("run", type=Path, help="folder of the run, with final.pt")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    end = torch.load(given.run / "final.pt", weights_only=True)
    given.out.mkdir(parents=True, exist_ok=True)
    net = mean(load_network(given.start)[0].state_dict(), end["net"])
    torch.save({"net": net, "step": end["step"]}, given.out / "final.pt")


def mean(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Halfway between two states of the same names; of counters the larger one."""
    return {
        name: torch.lerp(value, other[name], 0.5)
        if value.is_floating_point()
        else torch.maximum(value, other[name])
        for name, value in one.items()
    }


if __name__ == "__main__":
    main()
