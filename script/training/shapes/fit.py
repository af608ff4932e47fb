"""Train one of the networks that say what an object is; can be stopped and started again at any time.

    python -m script.training.shapes.fit --network point-transformer --run FOLDER --minutes 40

AdamW with warm-up and a cosine descent over the minutes of the whole training, label smoothing, and a running
mean of the weights. The run's folder holds `state.pt` (everything needed to go on), `log.csv`, and `best.pt`,
the mean that was best on the validation objects. The test objects are never read here. `--begin
assets/weights/shapes-point-transformer` goes on from published weights, with a whole cycle of the rate.
"""

from __future__ import annotations

import argparse
import copy
import csv
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional as F

from headlight.models.points.shapes.inputs import sample, turned, unit
from script.training.shapes.augment import Change, changed, draw
from script.training.shapes.networks import BATCH, LEARNT, NETWORKS, RATES, answer, count, make
from script.training.shapes.objects import CLASSES
from script.training.shapes.pools import Pool, read

WARMUP = 100
SMOOTHING = 0.1
SAVE_SECONDS = 120
TURNS = 3
"""Sides from which each validation object is seen."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=NETWORKS, required=True)
    parser.add_argument("--data", type=Path, required=True, help="the folder that pools.py made")
    parser.add_argument("--run", type=Path, required=True, help="folder of this training")
    parser.add_argument(
        "--minutes", type=float, default=40, help="of the whole training, with what was done before"
    )
    parser.add_argument("--validate", type=float, default=3, help="minutes between validations")
    parser.add_argument("--begin", type=Path, help="a published model's folder to go on from in a new run")
    given = parser.parse_args()
    given.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    Training(given).fit()


class Training:
    """One run: network, running mean, optimiser, and where it stands."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given, self.name = given, given.network
        torch.manual_seed(0)
        self.net = make(self.name).train()
        self.mean = copy.deepcopy(self.net).requires_grad_(False).eval()
        decayed = [p for p in self.net.parameters() if p.ndim > 1]
        other = [p for p in self.net.parameters() if p.ndim < 2]
        groups = [{"params": decayed, "weight_decay": 0.05}, {"params": other, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=RATES[self.name], betas=(0.9, 0.98), fused=True)
        self.step, self.elapsed, self.best = 0, 0.0, 0.0
        if (given.run / "state.pt").exists():
            kept = torch.load(given.run / "state.pt", weights_only=True)
            self.net.load_state_dict(kept["net"])
            self.mean.load_state_dict(kept["mean"])
            self.optimiser.load_state_dict(kept["optimiser"])
            self.step, self.elapsed, self.best = (kept[name] for name in ("step", "elapsed", "best"))
        elif given.begin:
            published = load_file(given.begin / "model.safetensors")
            for net in (self.net, self.mean):
                net.load_state_dict(published)
        self.rng = np.random.default_rng(self.step)

    def fit(self) -> None:
        pool, validation = read(self.given.data, "train"), read(self.given.data, "validation")
        seconds = 60 * self.given.minutes
        last = saved = validated = time.time()
        running = 0.0
        while self.elapsed < seconds:
            loss = self.learn(pool, self.elapsed / seconds)
            running += (loss - running) * max(0.02, 1 / (self.step + 1))
            now = time.time()
            self.elapsed, last = self.elapsed + now - last, now
            if self.step % 20 == 0:
                print(f"step {self.step} loss {running:.3f} {self.elapsed / 60:.1f} min", flush=True)
            if now - validated > 60 * self.given.validate or self.elapsed >= seconds:
                self.judge(validation, running)
                validated = last = time.time()
            if now - saved > SAVE_SECONDS:
                self.save()
                saved = now
        self.save()

    def learn(self, pool: Pool, done: float) -> float:
        """One batch; the loss in nats."""
        rate = RATES[self.name] * min(1, (self.step + 1) / WARMUP) * (0.5 + 0.5 * math.cos(math.pi * done))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        points, change = count(self.name, done, self.rng), Change()
        objects = [draw(pool, self.rng) for _ in range(BATCH[self.name])]
        clouds = [changed(pool.points[i], pool.sides[i], points, change, self.rng) for i in objects]
        logits = answer(self.name, self.net, clouds, LEARNT)
        labels = torch.from_numpy(pool.labels[objects])
        loss = F.cross_entropy(logits, labels, label_smoothing=SMOOTHING)
        whole = loss + 1e-3 * self.net.regulariser() if self.name == "pointnet" else loss
        self.optimiser.zero_grad(set_to_none=True)
        whole.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        self.keep_mean()
        return loss.item()

    @torch.no_grad()
    def keep_mean(self) -> None:
        """A mean over about the last 200 steps."""
        keep = min(0.995, self.step / (self.step + 10))
        for mean, new in zip(self.mean.state_dict().values(), self.net.state_dict().values(), strict=True):
            if mean.is_floating_point():
                mean.lerp_(new, 1 - keep)
            else:
                mean.copy_(new)

    def judge(self, validation: Pool, loss: float) -> None:
        """Score the running mean on the validation objects, and keep it where none before was better."""
        done = min(1.0, self.elapsed / (60 * self.given.minutes))
        seen = count(self.name, done, self.rng)  # as many points as are learnt from now
        right, sure = scored(self.name, self.mean, validation, TURNS, seen)
        found = [right[validation.labels == label].mean() for label in range(len(CLASSES))]
        score = (right.mean() + float(np.mean(found))) / 2 + 0.01 * sure
        row = [
            self.step,
            f"{self.elapsed / 60:.1f}",
            f"{loss:.4f}",
            f"{right.mean():.4f}",
            f"{np.mean(found):.4f}",
            f"{sure:.4f}",
        ]
        print("validation", *row, flush=True)
        with (self.given.run / "log.csv").open("a", newline="") as file:
            csv.writer(file).writerow(row)
        if score >= self.best:
            self.best = score
            torch.save({"net": self.mean.state_dict(), "step": self.step}, self.given.run / "best.pt")

    def save(self) -> None:
        kept = {
            "net": self.net.state_dict(),
            "mean": self.mean.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "elapsed": self.elapsed,
            "best": float(self.best),
        }
        part = self.given.run / "state.part"
        torch.save(kept, part)
        os.replace(part, self.given.run / "state.pt")


@torch.no_grad()
def scored(name: str, net: nn.Module, pool: Pool, turns: int, points: int) -> tuple[np.ndarray, float]:
    """(float (objects,): how often each was known from `turns` sides, the mean probability of the truth)."""
    hits, sure = np.zeros(len(pool)), 0.0
    for number in range(len(pool)):
        cloud = unit(pool.points[number].astype(np.float32))
        if name != "mvcnn":
            cloud = unit(cloud[sample(cloud, points)])
        sides = [turned(cloud, 2 * np.pi * (turn + 0.37) / turns) for turn in range(turns)]
        said = answer(name, net, sides).softmax(1)
        label = pool.labels[number]
        hits[number] = (said.argmax(1) == label).float().mean()
        sure += float(said[:, label].mean()) / len(pool)
    return hits, sure


if __name__ == "__main__":
    main()
