"""By hand: `python -m tests.journeys NAME [--screen 1440x900] [--seed N] [--seconds N] [--keep FOLDER]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.journeys.carry_out import JOURNEYS, carry_out


def main() -> int:
    """Print what was wrong, a line each; exit status 1 where anything was."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys", description=main.__doc__)
    parser.add_argument("name", choices=JOURNEYS)
    parser.add_argument("--screen", metavar="WIDTHxHEIGHT", help="its size in pixels")
    parser.add_argument("--seed", default="1", help="of the robot")
    parser.add_argument("--seconds", default="60", help="of processor time for which the robot wanders")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where reports and pictures stay")
    said = parser.parse_args()
    size, processes = JOURNEYS[said.name]
    if said.screen:
        size = tuple(int(length) for length in said.screen.split("x"))
    if said.name == "robot":
        processes = [("robot", said.seed, said.seconds)]
    with tempfile.TemporaryDirectory() as folder:
        wrong = carry_out(size, processes, said.keep or Path(folder))
    print("\n".join(wrong) or "nothing was wrong")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
