"""What a soak takes for growth, and whose segments it counts."""

from __future__ import annotations

import psutil
import pytest

from script.soaking import measures
from script.soaking.measures import lines


def grown(name: str, values: list[float]) -> bool:
    (line,) = lines([{name: value} for value in values])
    return not line.is_flat


@pytest.mark.parametrize(
    ("name", "values", "grows"),
    [
        ("window, MB", [300, 500, 600, 600, 601, 599, 602, 600, 601, 600], False),  # all is opened once
        ("window, MB", [600 + 10 * at for at in range(10)], True),
        ("engine, MB", [600, 600, 600, 700, 500, 700, 500, 700, 500, 600], False),  # up and down
        ("engine, MB", [600, 600, 600, 600, 600, 600, 600, 690, 690, 690, 690, 610], False),  # given back
        ("threads", [5, 6, 7, 7, 7, 7, 7, 7, 7, 7], False),
        ("threads", [5, 6, 7, 7, 7, 7, 7, 7, 7, 8], True),
        ("handles", [20, 20, 20, 20, 22, 20, 20, 22, 20, 22], False),
        ("handles", [20, 20, 20, 20, 25, 25, 20, 20, 20, 20], False),
    ],
)
def test_memory_may_waver_and_nothing_else_may_be_left(name, values, grows):
    assert grown(name, values) is grows


def test_growth_is_that_of_a_straight_line():
    (line,) = lines([{"window, MB": 100.0 + at} for at in range(10)])
    assert (line.first, line.last, line.most) == (103.0, 109.0, 109.0)
    assert line.grown == pytest.approx(6 / 103)


def test_only_segments_of_the_processes_count():
    here = psutil.Process()
    assert measures._is_ours(f"headlight-{here.pid}-ab", here, None)
    assert not measures._is_ours(f"headlight-1{here.pid}-ab", here, None)
