"""Train the detector or the range network on scans of streets; can be stopped and started again at any time.

    python -m script.training.streets.fit pillars --scans FOLDER --run FOLDER --minutes 60

`--minutes` is the length of the whole training: the learning rate rises during its first tenth and then falls
to nothing (one cycle; Smith and Topin 2018). A run that was broken off goes on where it stood; one that is
started again with more minutes goes on at the rate that the longer cycle has there. The run's folder holds
`state.pt` (everything needed to go on), `log.csv`, and `best.pt`, the averaged weights that were best on the
validation scans, by which alone choices are made. `--begin assets/weights/pillars` goes on from published
weights, with a whole cycle of the rate. One thread.
"""

from __future__ import annotations

import argparse
import copy
import csv
import math
import os
import time
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from script.training.streets.boxes import Boxes
from script.training.streets.pixels import Pixels

SAVE_SECONDS = 60
TASKS = {"pillars": Boxes, "range-net": Pixels}


class Task(Protocol):
    """What is learnt: a network, its batches, its loss, and its score on the validation scans."""

    rate: float

    def __init__(self, scans: Path, seed: int) -> None: ...
    def network(self) -> nn.Module: ...
    def batch(self) -> Any: ...
    def loss(self, net: nn.Module, batch: Any) -> Tensor: ...
    def score(self, net: nn.Module) -> tuple[float, str]: ...


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("net", choices=TASKS)
    parser.add_argument("--scans", type=Path, required=True, help="folder with train/ and validation/")
    parser.add_argument("--run", type=Path, required=True, help="folder of this training")
    parser.add_argument("--minutes", type=float, default=60, help="length of the whole training")
    parser.add_argument("--validate", type=float, default=8, help="minutes between validations")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--float32", action="store_true", help="no bfloat16: quicker on a processor that has no such numbers"
    )
    parser.add_argument("--begin", type=Path, help="a published model's folder to go on from in a new run")
    given = parser.parse_args()
    given.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    Training(given).fit()


def cycle(share: float) -> float:
    """The rate at a share of the training, as a share of the highest."""
    if share < 0.1:
        return 0.1 + 0.9 * share / 0.1
    return 1e-3 + 0.5 * (1 - 1e-3) * (1 + math.cos(math.pi * min(1.0, (share - 0.1) / 0.9)))


class Training:
    """One run: network, average, optimiser, and where it stands."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given = given
        self.state = given.run / "state.pt"
        kept = torch.load(self.state, weights_only=True) if self.state.exists() else None
        self.step, self.spent, self.best = 0, 0.0, -1.0
        torch.manual_seed(given.seed)
        self.task: Task = TASKS[given.net](given.scans, given.seed + (kept["step"] if kept else 0))
        self.net = self.task.network()
        self.average = copy.deepcopy(self.net).requires_grad_(False)
        decayed = [p for p in self.net.parameters() if p.ndim > 1]
        other = [p for p in self.net.parameters() if p.ndim < 2]
        groups = [{"params": decayed, "weight_decay": 0.01}, {"params": other, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=self.task.rate, betas=(0.9, 0.99))
        if kept:
            self.net.load_state_dict(kept["net"])
            self.average.load_state_dict(kept["average"])
            self.optimiser.load_state_dict(kept["optimiser"])
            self.step, self.spent, self.best = kept["step"], kept["spent"], kept["best"]
        elif given.begin:
            published = load_file(given.begin / "model.safetensors")
            for net in (self.net, self.average):
                net.load_state_dict(published)

    def fit(self) -> None:
        length = 60 * self.given.minutes
        began = time.time() - self.spent
        saved = validated = time.time()
        mean = 0.0
        while (spent := time.time() - began) < length:
            loss = self.learn(spent / length)
            mean = loss if not mean else 0.98 * mean + 0.02 * loss
            self.spent = time.time() - began
            if self.step % 20 == 0:
                print(f"step {self.step}  loss {mean:.3f}  {self.spent / 60:.1f} min", flush=True)
            if time.time() - saved > SAVE_SECONDS:
                self.save()
                saved = time.time()
            if time.time() - validated > 60 * self.given.validate:
                self.validate(mean)
                validated = time.time()
        self.validate(mean)
        self.save()

    def learn(self, share: float) -> float:
        """One step at a share of the training; the loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.task.rate * cycle(share)
        self.net.train()
        batch = self.task.batch()
        with torch.autocast("cpu", torch.bfloat16, enabled=not self.given.float32):
            loss = self.task.loss(self.net, batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 10.0)
        self.optimiser.step()
        self.step += 1
        self.keep_average()
        return loss.item()

    @torch.no_grad()
    def keep_average(self) -> None:
        """An average over about the last 200 steps, which scores better than any one step."""
        decay = min(0.995, self.step / (self.step + 10))
        for kept, new in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
            if kept.is_floating_point():
                kept.lerp_(new, 1 - decay)
            else:
                kept.copy_(new)

    def save(self) -> None:
        """Write the state beside the old one, then take its place."""
        states = {name: getattr(self, name).state_dict() for name in ("net", "average", "optimiser")}
        part = self.state.with_suffix(".part")
        torch.save(states | {"step": self.step, "spent": self.spent, "best": self.best}, part)
        os.replace(part, self.state)

    def validate(self, loss: float) -> None:
        """Score the averaged weights on the validation scans, and keep them where they are the best."""
        score, told = self.task.score(self.average.eval())
        print(f"validation  step {self.step}  {score:.4f}  {told}", flush=True)
        with open(self.given.run / "log.csv", "a", newline="") as file:
            row = [self.step, f"{self.spent / 60:.1f}", f"{loss:.4f}", f"{score:.4f}", told]
            csv.writer(file).writerow(row)
        if score > self.best:
            self.best = score
            torch.save({"net": self.average.state_dict(), "step": self.step}, self.given.run / "best.pt")


if __name__ == "__main__":
    main()
