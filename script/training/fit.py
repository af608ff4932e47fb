"""Train one of the point networks on the rooms; can be stopped and started again at any time.

    python -m script.training.fit point_transformer --rooms FOLDER --run FOLDER --minutes 60 [--cool]

The learning rate stays constant until a last run with --cool lowers it to zero, so that a training can be
carried on as long as there is time ("warmup, stable, decay"; Hu et al. 2024, MiniCPM, section 4.2). The run's
folder holds `state.pt` (everything needed to go on), `log.csv`, and after --cool `final.pt`. A cooling that
was broken off goes on from `cooling.pt`, unless the training was carried on without --cool. Choices are made
by the score on the validation rooms alone.

A processor's core is used best by a process of its own: `torchrun --nproc-per-node CORES -m --
script.training.fit ...` joins their gradients.
"""

from __future__ import annotations

import argparse
import copy
import csv
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, IterableDataset

from headlight.models.core.answers import scores
from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.points.checkpoints import load_network
from script.training.crops import POINTS, Batch, Crops, Room, read_room
from script.training.evaluate import confusion_of
from script.training.losses import class_weights, segmentation_loss
from script.training.networks import NETWORKS, make

WARMUP = 200
SAVE_SECONDS = 120
RATE = {"point_transformer": 2e-3, "pointnet": 1e-3}


def main() -> None:
    parser = arguments(__doc__.splitlines()[0])
    parser.add_argument("net", choices=NETWORKS)
    run(Training, parser.parse_args())


def arguments(description: str, rooms: bool = True) -> argparse.ArgumentParser:
    """What every training on rooms can be told. rooms: whether their folder must be."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rooms", type=Path, required=rooms, help="folder with train/ and validation/")
    parser.add_argument("--run", type=Path, required=True, help="folder of this training")
    parser.add_argument("--minutes", type=float, default=60, help="how long to train now")
    parser.add_argument("--cool", action="store_true", help="lower the rate to zero within these minutes")
    parser.add_argument("--start", type=Path, help="folder of weights to begin with, as in assets/weights")
    parser.add_argument("--rate", type=float, help="learning rate, if not the network's own")
    parser.add_argument("--points", type=int, default=POINTS, help="points of a batch")
    parser.add_argument(
        "--float32", action="store_true", help="no bfloat16: quicker on a processor that has no such numbers"
    )
    parser.add_argument("--validate", type=float, default=15, help="minutes between validations")
    return parser


def run(training: type[Training], given: argparse.Namespace) -> None:
    """Train as told, in one process or as one of several."""
    given.run.mkdir(parents=True, exist_ok=True)
    if "RANK" in os.environ:
        distributed.init_process_group("gloo")
    torch.set_num_threads(1 if distributed.is_initialized() else torch.get_num_threads())
    training(given).fit()
    if distributed.is_initialized():
        distributed.destroy_process_group()


class Training:
    """One run: networks, optimiser, and where it stands."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        torch.manual_seed(0)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.net = self.made().to(self.device)
        self.rate = given.rate or self.usual_rate
        self.average = copy.deepcopy(self.net).requires_grad_(False)
        decayed = [p for p in self.net.parameters() if p.ndim > 1]
        other = [p for p in self.net.parameters() if p.ndim < 2]
        groups = [{"params": decayed, "weight_decay": 0.03}, {"params": other, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=self.rate, betas=(0.9, 0.98), fused=True)
        self.step, self.cooled = 0, 0.0
        self.rank = int(os.environ.get("RANK", 0))
        constant, cooling = given.run / "state.pt", given.run / "cooling.pt"
        self.state = cooling if given.cool else constant
        if not given.cool and self.rank == 0:
            cooling.unlink(missing_ok=True)
        begin = cooling if given.cool and cooling.exists() else constant
        if begin.exists():
            kept = torch.load(begin, weights_only=True, map_location=self.device)
            self.net.load_state_dict(kept["net"])
            self.average.load_state_dict(kept["average"])
            self.optimiser.load_state_dict(kept["optimiser"])
            self.step, self.cooled = kept["step"], kept.get("cooled", 0.0)
        self.forward = DistributedDataParallel(self.net) if distributed.is_initialized() else self.net

    @property
    def usual_rate(self) -> float:
        return RATE[self.given.net]

    def made(self) -> nn.Module:
        """The network, fresh or with the weights to begin with."""
        given = self.given
        return load_network(given.start)[0].requires_grad_() if given.start else make(given.net)

    def crops(self, seed: int) -> IterableDataset:
        """Batches without end."""
        given = self.given
        return Crops(given.rooms / "train", seed, given.points, given.net == "point_transformer")

    def confusion(self, net: nn.Module, room: Room) -> np.ndarray:
        """int64 (13, 13) of a whole room."""
        return confusion_of(net, room)

    def fit(self) -> None:
        given = self.given
        crops = self.crops(2 * self.step + self.rank)
        loader = iter(DataLoader(crops, batch_size=None, num_workers=1, prefetch_factor=6))
        validation = [read_room(p) for p in sorted((given.rooms / "validation").glob("*.npz"))[:10]]
        weights = class_weights(shares(given.rooms / "train")).to(self.device)
        saved = validated = time.time()
        began = saved - self.cooled
        loss_mean, hits = 0.0, 0.0
        self.net.train()
        while (elapsed := agreed(time.time() - began)) < 60 * given.minutes:
            rate = self.rate * min(1, (self.step + 1) / WARMUP)
            if given.cool:
                rate *= 1 - elapsed / (60 * given.minutes)
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            loss, share = self.learn(next(loader), weights)
            loss_mean = loss if not loss_mean else 0.98 * loss_mean + 0.02 * loss
            hits = share if not hits else 0.98 * hits + 0.02 * share
            if self.rank:
                continue
            now = time.time()
            if self.step % 20 == 0:
                print(
                    f"step {self.step}  loss {loss_mean:.3f}  right {hits:.3f}  "
                    f"{(now - began) / 60:.1f} min  rate {rate:.1e}",
                    flush=True,
                )
            if now - saved > SAVE_SECONDS:
                self.save(now - began)
                saved = now
            if now - validated > 60 * given.validate and validation:
                self.validate(validation, loss_mean)
                validated = time.time()
        if self.rank:
            return
        if given.cool:
            torch.save({"net": self.net.state_dict(), "step": self.step}, given.run / "final.pt")
            self.state.unlink(missing_ok=True)
            self.validate(validation, loss_mean, final=True)
        else:
            self.save()
            self.validate(validation, loss_mean)

    def learn(self, batch: Any, weights: Tensor) -> tuple[float, float]:
        """One step; (loss, share of points that are right)."""
        loss, right = self.loss_of(batch, weights)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        self.keep_average()
        return loss.item(), right

    def loss_of(self, batch: Batch, weights: Tensor) -> tuple[Tensor, float]:
        """(loss, share of points that are right)"""
        features, labels = batch.features.to(self.device), batch.labels.to(self.device)
        geometry = batch.geometry.to(self.device)
        if self.given.net == "pointnet":
            features = features.view(len(geometry), -1, features.shape[-1])
        with torch.autocast(self.device, torch.bfloat16, enabled=not self.given.float32):
            logits = self.forward(features, geometry)
        logits = logits.reshape(-1, len(S3DIS_CLASSES))
        loss = segmentation_loss(logits, labels, weights)
        if self.given.net == "pointnet":
            loss = loss + 1e-3 * self.net.regulariser()
        return loss, (logits.argmax(1) == labels).float().mean().item()

    @torch.no_grad()
    def keep_average(self) -> None:
        """An average over about the last 500 steps, which scores better than any one step."""
        decay = min(0.998, self.step / (self.step + 10))
        for kept, new in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
            if kept.is_floating_point():
                kept.lerp_(new, 1 - decay)
            else:
                kept.copy_(new)

    def save(self, elapsed: float = 0.0) -> None:
        """Write the state beside the old one, then take its place. elapsed: seconds of this cooling."""
        part = self.state.with_suffix(".part")
        torch.save(
            {
                "net": self.net.state_dict(),
                "average": self.average.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "step": self.step,
                "cooled": elapsed if self.given.cool else 0.0,
            },
            part,
        )
        os.replace(part, self.state)

    def validate(self, rooms: list[Room], loss: float, final: bool = False) -> None:
        """Score the averaged weights (and after cooling the last ones) on whole validation rooms."""
        for name, net in [("average", self.average)] + ([("last", self.net)] if final else []):
            net.eval()
            found = scores(sum(self.confusion(net, room) for room in rooms))
            ious = json.dumps(np.round(found.iou, 3).tolist())
            row = [self.step, name, f"{loss:.4f}", f"{found.miou:.4f}", ious]
            print("validation", *row, flush=True)
            with open(self.given.run / "log.csv", "a", newline="") as file:
                csv.writer(file).writerow(row)
        self.net.train()


def agreed(seconds: float) -> float:
    """What the first process says, so that all stop at the same step."""
    if distributed.is_initialized():
        told = torch.tensor(seconds)
        distributed.broadcast(told, 0)
        return told.item()
    return seconds


def shares(folder: Path) -> Tensor:
    """float [13]: share of each class in the points of up to 60 rooms."""
    counts = np.zeros(len(S3DIS_CLASSES))
    for path in sorted(folder.glob("*.npz"))[:60]:
        counts += np.bincount(read_room(path).labels, minlength=len(S3DIS_CLASSES))
    return torch.from_numpy(counts / counts.sum()).float()


if __name__ == "__main__":
    main()
