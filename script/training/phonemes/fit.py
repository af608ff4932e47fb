"""Train the network that turns letters to phonemes; can be stopped and started again at any time.

    python -m script.training.phonemes.fit --run FOLDER --minutes 60
    python -m script.training.phonemes.fit --run FOLDER --begin assets/weights/phonemes --epoch 26

Adam with the warm-up schedule, dropout and label smoothing of Vaswani et al. 2017 (sections 5.3 and 5.4), a
linear descent to nothing at the end, and the running mean of the weights in place of their mean over
checkpoints. The run's folder holds `state.pt` (everything needed to go on), `log.csv` and `best.pt`, the mean
with the lowest word error on the validation words. The test words are never read here. `--begin` goes on from
published weights where a run's folder is lost: what Adam has gathered begins anew, and its rate rises again
over a few steps.
"""

from __future__ import annotations

import argparse
import copy
import csv
import random
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from script.training.phonemes.network import make
from script.training.phonemes.scoring import padded, score
from script.training.phonemes.words import LETTERS, PAD, PHONEMES, Words, dictionary, encode

BATCH = 256
"""Words of a batch, all of about one length."""
WARMUP = 2000
DESCENT = 12_600
"""Step from which the learning rate falls linearly,"""
LAST = 18_600
"""and the last one, at which it is nothing: about 44 epochs."""
AGAIN = 300
"""Batches until the rate is what it should be, where the optimiser has begun anew."""
SMOOTHING = 0.1
MEAN = 0.9995
"""How much of the running mean of the weights is kept at each batch."""
SAVE_SECONDS = 120
VALIDATED = 3000
"""Validation words of the scores on the way, the same each time."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of this training")
    parser.add_argument("--minutes", type=float, default=60, help="how long to train now")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--begin", type=Path, help="a published model's folder to go on from in a new run")
    parser.add_argument("--epoch", type=int, default=0, help="epochs that it has seen")
    given = parser.parse_args()
    given.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(given.threads)
    training = Training(given.run)
    if given.begin and not training.step:
        training.begin(given.begin, given.epoch)
    training.fit(60 * given.minutes)


def rate(step: int, width: int) -> float:
    """The learning rate of Vaswani et al. 2017, equation 3, with a linear end; steps count from 1."""
    left = min(1.0, max(0.0, (LAST - step) / (LAST - DESCENT)))
    return left * width**-0.5 * min(step**-0.5, step * WARMUP**-1.5)


def batches(words: Words, seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """One epoch of (letters, mask, phonemes), words of one length together, in random order."""
    chance = random.Random(seed)
    pairs = [(encode(w, LETTERS), encode(p, PHONEMES)) for w, said in words.items() for p in said]
    chance.shuffle(pairs)
    pairs.sort(key=lambda pair: (len(pair[0]), len(pair[1]) // 2))  # stable: random within a length
    groups = [pairs[at : at + BATCH] for at in range(0, len(pairs), BATCH)]
    chance.shuffle(groups)
    for group in groups:
        letters, mask = padded([pair[0] for pair in group])
        phonemes, _ = padded([pair[1] for pair in group])
        yield letters, mask, phonemes


class Training:
    """One run: network, running mean, optimiser, and where it stands."""

    def __init__(self, run: Path) -> None:
        self.run = run
        torch.manual_seed(0)
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.net = make().to(self.device).train()
        self.mean = copy.deepcopy(self.net).requires_grad_(False).eval()
        self.optimiser = torch.optim.Adam(self.net.parameters(), betas=(0.9, 0.98), eps=1e-9, fused=True)
        self.loss = nn.CrossEntropyLoss(ignore_index=PHONEMES.index(PAD), label_smoothing=SMOOTHING)
        self.step = self.epoch = self.place = self.anew = 0
        self.best = 1.0
        if (run / "state.pt").exists():
            kept = torch.load(run / "state.pt", weights_only=True, map_location=self.device)
            self.net.load_state_dict(kept["net"])
            self.mean.load_state_dict(kept["mean"])
            self.optimiser.load_state_dict(kept["optimiser"])
            self.step, self.epoch, self.place, self.anew, self.best = (
                kept[name] for name in ("step", "epoch", "place", "anew", "best")
            )
            torch.manual_seed(self.step)

    def begin(self, folder: Path, epochs: int) -> None:
        """Take published weights, a running mean, that have seen so many epochs."""
        published = {name: one.float() for name, one in load_file(folder / "model.safetensors").items()}
        for net in (self.net, self.mean):
            lacking = net.load_state_dict(published, strict=False)
            assert not lacking.unexpected_keys, lacking
        self.epoch = epochs
        self.step = self.anew = epochs * sum(1 for _ in batches(dictionary()["train"], 0))

    def fit(self, seconds: float) -> None:
        splits = dictionary()
        began = saved = time.time()
        while self.step < LAST:
            running = 0.0
            for place, batch in enumerate(batches(splits["train"], self.epoch)):
                if place < self.place:
                    continue
                running += (self.learn(*batch) - running) * 0.02
                self.place = place + 1
                if time.time() - saved > SAVE_SECONDS:
                    self.save()
                    saved = time.time()
                if time.time() - began > seconds:
                    self.save()
                    return
                if self.step >= LAST:
                    break
            self.epoch, self.place = self.epoch + 1, 0
            self.judge(splits["validation"], running)
            self.save()

    def learn(self, letters: torch.Tensor, mask: torch.Tensor, phonemes: torch.Tensor) -> float:
        """One batch; the loss per phoneme in nats."""
        self.step += 1
        for group in self.optimiser.param_groups:
            group["lr"] = rate(self.step, self.net.config.d_model) * min(1.0, (self.step - self.anew) / AGAIN)
        phonemes = phonemes.to(self.device)
        before = torch.cat([torch.full_like(phonemes[:, :1], PHONEMES.index(PAD)), phonemes[:, :-1]], 1)
        with torch.autocast(self.device, torch.bfloat16):
            logits = self.net(
                input_ids=letters.to(self.device),
                attention_mask=mask.to(self.device),
                decoder_input_ids=before,
                use_cache=False,
            ).logits
        loss = self.loss(logits.float().flatten(0, 1), phonemes.flatten())
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        keep = min(MEAN, self.step / (self.step + 10))
        with torch.no_grad():
            for mean, new in zip(self.mean.parameters(), self.net.parameters(), strict=True):
                mean.lerp_(new, 1 - keep)
        return float(loss.detach())

    def judge(self, validation: Words, loss: float) -> None:
        """Write the validation score of the mean, greedy; keep the mean where no former one was better."""
        some = dict(
            sorted(validation.items(), key=lambda item: zlib.crc32(item[0][::-1].encode()))[:VALIDATED]
        )
        word, phoneme = score(self.mean, some, beams=1)
        with (self.run / "log.csv").open("a", newline="") as file:
            csv.writer(file).writerow([self.epoch, self.step, f"{loss:.4f}", f"{word:.4f}", f"{phoneme:.4f}"])
        print(
            f"epoch {self.epoch} step {self.step} loss {loss:.3f} WER {word:.4f} PER {phoneme:.4f}",
            flush=True,
        )
        if word < self.best:
            self.best = word
            torch.save(self.mean.state_dict(), self.run / "best.pt")

    def save(self) -> None:
        kept = {
            "net": self.net.state_dict(),
            "mean": self.mean.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "epoch": self.epoch,
            "place": self.place,
            "anew": self.anew,
            "best": self.best,
        }
        torch.save(kept, self.run / "state.new")
        (self.run / "state.new").replace(self.run / "state.pt")


if __name__ == "__main__":
    main()
