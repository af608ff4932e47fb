"""Every journey on the screens that people have: nothing wrong after any step, exit 0, nothing on stderr."""

from __future__ import annotations

import sys

import pytest

from tests.journeys.carry_out import JOURNEYS, carry_out

if sys.platform != "linux":
    pytest.skip("they need X11 and a window manager", allow_module_level=True)


@pytest.mark.parametrize("name", JOURNEYS)
def test_nothing_is_wrong_on(name, tmp_path):
    wrong = carry_out(*JOURNEYS[name], tmp_path)
    assert not wrong, "\n".join(wrong)
