"""Every journey on the screens that people have: nothing wrong after any step, exit 0, nothing on stderr."""

from __future__ import annotations

import sys

import pytest

from tests.journeys.carry_out import JOURNEYS
from tests.journeys.conftest import UNDER_WAY

if sys.platform != "linux":
    pytest.skip("they need X11 and a window manager", allow_module_level=True)


@pytest.mark.parametrize("name", JOURNEYS)
def test_nothing_is_wrong_on(name, pytestconfig):
    wrong = pytestconfig.stash[UNDER_WAY][name].result()
    assert not wrong, "\n".join(wrong)
