"""Damaged files, opened by the thousand, and what came of them.

script/fuzz                                            40 of every reader
script/fuzz --count 500 --seed 7                       500 of every reader, others than those of seed 0
script/fuzz --reader ply --seed 7 --number 312         one of them once more, with all that is known of it
script/fuzz --reader models --count 1000               model folders, which read something small
script/fuzz --commanded --count 20                     exports of the command line, in place of opening
script/fuzz --keep FOLDER                              what went wrong lies there, to be opened by hand
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from script.fuzzing.case import Case
from script.fuzzing.models import MODELS, models
from script.fuzzing.report import Report
from script.fuzzing.sample import Samples
from script.fuzzing.samples import samples
from script.fuzzing.workers import outcomes


def main() -> int:
    """0 where nothing came that may not come, else 1."""
    parser = argparse.ArgumentParser(prog="script/fuzz", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--reader", action="append", help="only files for this one, or models; again for more"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=40, help="files for each reader")
    parser.add_argument("--number", type=int, help="this one alone")
    parser.add_argument("--commanded", action="store_true", help="each is exported by the command line")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where what went wrong is put")
    chosen = parser.parse_args()

    from headlight.viewer import builtin  # noqa: F401  what there is

    report = Report()
    for outcome in outcomes(_cases(chosen)):
        report.add(outcome)
        if outcome.faults:
            print(f"{outcome.case}: {'; '.join(outcome.faults)}", flush=True)
            if chosen.keep is not None:
                case = outcome.case
                place = chosen.keep / f"{case.reader}-{case.seed}-{case.number}"
                case.made(_good(case.reader))[0].laid(place)
        if chosen.number is not None:
            print(outcome.came, outcome.said, f"{outcome.seconds:.3f} s", sep="\n")
    print(report)
    return 1 if report.faults else 0


def _good(reader: str) -> Samples:
    return models() if reader == MODELS else samples()


def _cases(chosen: argparse.Namespace) -> Iterator[Case]:
    numbers = range(chosen.count) if chosen.number is None else [chosen.number]
    for reader in chosen.reader or samples():
        for number in numbers:
            yield Case(reader, chosen.seed, number, chosen.commanded)


if __name__ == "__main__":
    sys.exit(main())
