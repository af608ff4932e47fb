"""Every journey on the screens that people have: nothing wrong after any step, exit 0, nothing on stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.journeys.carry_out import JOURNEYS, carry_out

AT_ONCE = 3

if sys.platform != "linux":
    pytest.skip("they need X11 and a window manager", allow_module_level=True)


@pytest.fixture(scope="module")
def under_way(request, tmp_path_factory) -> Iterator[dict[str, Future]]:
    """All journeys that are asked for, some at once, since they wait much; each test waits for its own."""
    wanted = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    with ThreadPoolExecutor(min(AT_ONCE, (os.cpu_count() or 1) + 1)) as pool:
        yield {
            name: pool.submit(carry_out, *JOURNEYS[name], tmp_path_factory.mktemp(name))
            for name in JOURNEYS
            if name in wanted
        }
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name", JOURNEYS)
def test_nothing_is_wrong_on(name, under_way):
    wrong = under_way[name].result()
    assert not wrong, "\n".join(wrong)
