"""One damaged sample: the same for the same reader, seed and number."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from script.fuzzing.damage import damaged
from script.fuzzing.misplaced import misplaced
from script.fuzzing.sample import Sample, Samples

_NAMES = ("a.txt", "a.png", "a.npy", "a.npz", "a.las", "a.ply", "a.bin", "a", "a.xyz.gz", "ü ß.dat", "-x.csv")
"""What a file may be called in spite of what it holds."""


@dataclass(frozen=True)
class Case:
    """number: below zero it is one of the samples, undamaged: -1 the first, -2 the second. commanded: it is
    exported by the command line."""

    reader: str
    seed: int
    number: int
    commanded: bool = False

    def __str__(self) -> str:
        way = " --commanded" if self.commanded else ""
        return f"--reader {self.reader} --seed {self.seed} --number {self.number}{way}"

    def made(self, samples: Samples) -> tuple[Sample, bool]:
        """(the damaged sample, whether it was cut off and nothing else)"""
        if self.number < 0:
            return samples[self.reader][-1 - self.number], False
        chance = Random(f"{self.reader} {self.seed} {self.number}")
        good = chance.choice(samples[self.reader])
        if good.reads:
            return misplaced(good, chance), False
        name = chance.choice(list(good.files)) if chance.random() < 0.5 or not good.opens else good.opens
        data = good.files[name]
        if chance.random() < 0.05:  # the beginning of one and the end of another
            other = chance.choice(samples[chance.choice(list(samples))])
            end = other.files[chance.choice(list(other.files))]
            bad = data[: chance.randrange(len(data) + 1)] + end[chance.randrange(len(end) + 1) :]
        else:
            bad = damaged(data, chance)
        made = replace(good, files={**good.files, name: bad})
        if len(good.files) == 1 and good.opens and chance.random() < 0.05:
            made = Sample.of(chance.choice(_NAMES), bad, False)
        cut = good.counted and made.opens == good.opens and name == good.opens
        return made, cut and len(data) // 2 < len(bad) < len(data) and data.startswith(bad)
