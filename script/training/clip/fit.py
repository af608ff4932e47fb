"""Train the small CLIP; can be stopped and started again at any time.

    python -m script.training.clip.fit --run FOLDER --minutes 60          at a steady rate
    python -m script.training.clip.fit --run FOLDER --minutes 15 --cool   from there down to nothing

FOLDER holds what renders.py left. The steady training leaves `state.pt`, everything needed to go on, and
`log.csv`; cooling leaves that alone and writes `cooled.pt`, the running mean of its weights. The model reads
a third of a picture's patches, those with writing and things first, and all of them when it has cooled.
Two linear readers of the picture's vector, of names and of words, are taught beside and then thrown away.
Test objects and fonts are never read here. `--begin assets/weights/small-clip --step N` goes on from weights
that are published and have seen N batches, where a run's folder is lost.
"""

from __future__ import annotations

import argparse
import copy
import csv
import random
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional
from transformers import CLIPTokenizer

from script.training.clip.captions import caption, truth
from script.training.clip.compose import Picture, Pool, picture
from script.training.clip.compose import read as read_pool
from script.training.clip.judge import judged
from script.training.clip.losses import contrastive, spread
from script.training.clip.network import CONTEXT, KEPT, kept, make, normalised, pooled, read, tokenizer
from script.training.clip.objects import CLASSES, objects
from script.training.clip.words import words

BATCH = 64
RATES, WARMUP = (2e-4, 1e-3, 1e-3), 50
"""Of the picture tower, which has begun elsewhere, the text tower, the readers; steps until they are so."""
FROZEN = 2
"""Layers of the picture tower that stay as they begin, with what lies before them."""
EASED = 4000
"""Steps until words are of any kind."""
WHOLE = 0.8
"""Share of the cooling after which all patches are read."""
READERS = 0.7
"""Weight of the two readers' losses."""
SPELLED = 0.15
"""Share of captions that are spelled in smaller pieces, so that any word can be."""
MEAN = 0.995
KEPT_STATES = ("net", "readers", "mean", "optimiser")
SAVE_SECONDS, JUDGE_STEPS = 120, 500


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of the views and of this training")
    parser.add_argument("--minutes", type=float, default=60, help="how long to train now")
    parser.add_argument("--cool", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--begin", type=Path, help="a published model's folder to go on from in a new run")
    parser.add_argument("--step", type=int, default=0, help="batches that it has seen")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    training = Training(given.run)
    if given.begin and not training.step:
        training.begin(given.begin, given.step)
    pools = [read_pool(given.run, split) for split in ("train", "validation")]
    (training.cool if given.cool else training.fit)(*pools, 60 * given.minutes)


def prior(all_: list[str]) -> torch.Tensor:
    """The logarithm of how often each is to be named about: half of all times one of the classes."""
    often = torch.tensor([name in CLASSES for name in all_])
    return torch.where(often, 0.5 / often.sum(), 0.5 / (~often).sum()).log()


class Pieces:
    """Captions as ids, some spelled in smaller pieces."""

    def __init__(self, made: CLIPTokenizer) -> None:
        self.plain = made.backend_tokenizer
        self.loose = copy.deepcopy(self.plain)
        self.loose.model.dropout = 0.4
        self.end = made.eos_token_id

    def __call__(self, texts: Iterable[str], chance: random.Random) -> torch.Tensor:
        rows = []
        for text in texts:
            cut = self.loose if chance.random() < SPELLED else self.plain
            ids = cut.encode(text).ids
            rows.append(
                ids if len(ids) <= CONTEXT else [*self.plain.encode(text).ids[: CONTEXT - 1], self.end]
            )
        longest = max(map(len, rows))
        return torch.tensor([row + [self.end] * (longest - len(row)) for row in rows])


class Running:
    """The mean of the losses of about the last fifty steps."""

    def __init__(self) -> None:
        self.mean, self.count = np.zeros(3), 0

    def add(self, losses: tuple[float, float, float]) -> None:
        self.count += 1
        self.mean += (np.array(losses) - self.mean) * max(0.02, 1 / self.count)

    def __str__(self) -> str:
        return " ".join(f"{one:.3f}" for one in self.mean)


class Training:
    """One run: the model, the readers, their running mean, the optimiser, and where it stands."""

    def __init__(self, run: Path) -> None:
        self.run = run
        torch.manual_seed(0)
        self.tokenizer = tokenizer()
        self.pieces = Pieces(self.tokenizer)
        self.net = make(len(self.tokenizer)).train()
        self.net.set_attn_implementation("eager")  # of so few tokens a third quicker than the fused one
        self.names = sorted({name for one in objects() for name in one.called})
        self.words = list(words())
        self.readers = nn.ModuleList(
            nn.Linear(self.net.config.vision_config.hidden_size, len(all_))
            for all_ in (self.names, self.words)
        )
        for reader, all_ in zip(self.readers, (self.names, self.words), strict=True):
            nn.init.zeros_(reader.weight)
            reader.bias.data = prior(all_)
        self.mean = copy.deepcopy(self.net).requires_grad_(False).eval()
        if (run / "begun.pt").exists():
            self.net.load_state_dict(torch.load(run / "begun.pt", weights_only=True), strict=False)
        vision = self.net.vision_model
        vision.embeddings.requires_grad_(False)
        vision.encoder.layers[:FROZEN].requires_grad_(False)
        self.optimiser = torch.optim.AdamW(self._groups(), betas=(0.9, 0.98), fused=True)
        self.step = self.anew = 0
        if (run / "state.pt").exists():
            state = torch.load(run / "state.pt", weights_only=True)
            for name in KEPT_STATES:
                getattr(self, name).load_state_dict(state[name])
            self.step, self.anew = state["step"], state["anew"]

    def begin(self, folder: Path, step: int) -> None:
        """Take published weights, a running mean, that have seen so many batches."""
        published = {name: one.float() for name, one in load_file(folder / "model.safetensors").items()}
        for net in (self.net, self.mean):
            net.load_state_dict(published)
        self.step = self.anew = step

    def _groups(self) -> list[dict]:
        """The picture tower, the text tower with the projections, the readers."""
        named = [pair for pair in self.net.named_parameters() if pair[1].requires_grad]
        tower = [one for name, one in named if name.startswith("vision_model")]
        others = [one for name, one in named if not name.startswith("vision_model")]
        groups = (tower, others, list(self.readers.parameters()))
        return [
            {"params": some, "lr": rate, "weight_decay": 0.05}
            for some, rate in zip(groups, RATES, strict=True)
        ]

    def fit(self, pool: Pool, validation: Pool, seconds: float) -> None:
        began = saved = time.time()
        running = Running()
        while time.time() - began < seconds:
            self._rate(min(1.0, (self.step - self.anew + 1) / WARMUP))
            running.add(self.learn(self.batch(pool), KEPT))
            if self.step % 25 == 0:
                print(self.step, f"{time.time() - began:.0f} s", running, flush=True)
            if self.step % JUDGE_STEPS == 0:
                self.judge(validation, running)
            if time.time() - saved > SAVE_SECONDS:
                self.save()
                saved = time.time()
        self.save()

    def cool(self, pool: Pool, validation: Pool, seconds: float) -> None:
        """The rate falls in a line to nothing over the time that there is."""
        began, done, running = time.time(), 0.0, Running()
        while done < 1:
            self._rate(1 - done)
            running.add(self.learn(self.batch(pool), None if done > WHOLE else KEPT))
            done = (time.time() - began) / seconds
            if self.step % 25 == 0:
                print(self.step, f"{done:.2f}", running, flush=True)
        (verdict,) = judged(self.mean, self.tokenizer, validation, "validation", most=3)
        print("cooled", self.step, verdict, flush=True)
        torch.save({"net": self.mean.state_dict(), "step": self.step}, self.run / "cooled.pt")

    def _rate(self, share: float) -> None:
        """share: of the full rates."""
        for group, full in zip(self.optimiser.param_groups, RATES, strict=True):
            group["lr"] = share * full

    def batch(self, pool: Pool) -> tuple[list[Picture], random.Random]:
        """The pictures of the step that comes: the same whenever it comes."""
        chance = random.Random(self.step)
        ease = min(1.0, self.step / EASED)
        return [picture(pool, chance, ease) for _ in range(BATCH)], chance

    def learn(
        self, batch: tuple[list[Picture], random.Random], count: int | None
    ) -> tuple[float, float, float]:
        """One step; the losses, contrastive, of names, of words, in nats."""
        pictures, chance = batch
        self.step += 1
        scenes = [one.scene for one in pictures]
        captions = [caption(scene, chance) for scene in scenes]
        true = torch.from_numpy(truth(scenes, captions))
        weights = np.stack([one.weight for one in pictures])
        patches = None if count is None else kept(weights, count, self.step)
        pixels, ids = (
            normalised(np.stack([one.pixels for one in pictures])),
            self.pieces([one.text for one in captions], chance),
        )
        with torch.autocast(pixels.device.type, torch.bfloat16):
            seen, texts = pooled(self.net, pixels, patches), read(self.net, ids)
        seen, texts = seen.float(), texts.float()
        loss = contrastive(self.net.visual_projection(seen), texts, self.net.logit_scale.exp(), true)
        named = self._reader(0, seen, [[self.names.index(n) for n in scene.names] for scene in scenes])
        written = self._reader(
            1, seen, [[self.words.index(s.word)] if s.word in self.words else [] for s in scenes]
        )
        self.net.zero_grad()
        self.readers.zero_grad()
        (loss + READERS * (named + written)).backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        keep = min(MEAN, self.step / (self.step + 10))
        with torch.no_grad():
            self.net.logit_scale.clamp_(max=np.log(100))
            torch._foreach_lerp_(list(self.mean.parameters()), list(self.net.parameters()), 1 - keep)
        return float(loss.detach()), float(named.detach()), float(written.detach())

    def _reader(self, which: int, seen: torch.Tensor, right: list[list[int]]) -> torch.Tensor:
        """The cross-entropy of one reader over the pictures that have something to name."""
        rows = [number for number, some in enumerate(right) if some]
        if not rows:
            return seen.sum() * 0
        true = torch.zeros(len(rows), self.readers[which].out_features, dtype=torch.bool)
        for place, number in enumerate(rows):
            true[place, right[number]] = True
        return functional.cross_entropy(self.readers[which](seen[rows]), spread(true))

    def judge(self, validation: Pool, running: Running) -> None:
        (verdict,) = judged(self.mean, self.tokenizer, validation, "validation", most=2)
        with (self.run / "log.csv").open("a", newline="") as file:
            found = (verdict.things, verdict.mean, verdict.reading, verdict.attacked, verdict.held)
            csv.writer(file).writerow([self.step, *(f"{x:.4f}" for x in (*running.mean, *found))])
        print(self.step, verdict, flush=True)

    def save(self) -> None:
        state = {name: getattr(self, name).state_dict() for name in KEPT_STATES}
        torch.save({**state, "step": self.step, "anew": self.anew}, self.run / "state.new")
        (self.run / "state.new").replace(self.run / "state.pt")


if __name__ == "__main__":
    main()
