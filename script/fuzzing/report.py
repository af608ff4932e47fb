"""What came of many files, a line a reader."""

from __future__ import annotations

from collections import Counter, defaultdict

from script.fuzzing.worker import Outcome


class Report:
    def __init__(self) -> None:
        self._came: dict[str, Counter[str]] = defaultdict(Counter)
        self._longest: dict[str, float] = defaultdict(float)
        self._most: dict[str, int] = defaultdict(int)
        self.faults: list[Outcome] = []

    def add(self, outcome: Outcome) -> None:
        reader = outcome.case.reader
        self._came[reader][outcome.came] += 1
        self._longest[reader] = max(self._longest[reader], outcome.seconds)
        self._most[reader] = max(self._most[reader], outcome.memory)
        if outcome.faults:
            self.faults.append(outcome)

    def __str__(self) -> str:
        wrong = Counter(one.case.reader for one in self.faults)
        rows = [
            ("reader", "files", "documents", "with notices", "messages", "faults", "longest", "most memory")
        ]
        for reader, came in [*self._came.items(), ("all", sum(self._came.values(), Counter()))]:
            longest = max(self._longest.values()) if reader == "all" else self._longest[reader]
            most = max(self._most.values()) if reader == "all" else self._most[reader]
            faults = len(self.faults) if reader == "all" else wrong[reader]
            counts = (came.total(), came["document"], came["notice"], came["message"], faults)
            rows.append(
                (reader, *(f"{count:,}" for count in counts), f"{longest:.2f} s", f"{most / 1e6:,.0f} MB")
            )
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if not at else cell.rjust(width) for at, (cell, width) in enumerate(line)
            )
            for line in (list(zip(row, widths, strict=True)) for row in rows)
        )
