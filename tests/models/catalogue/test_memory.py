"""What a model takes in memory, and in which numbers it fits: four bytes a weight, or two."""

import pytest

from headlight.models import devices
from headlight.models.catalogue.memory import Fit, check_memory, fitting, said_before
from headlight.models.core.errors import HeadlightError

BILLION = 10**9


@pytest.fixture
def memory(monkeypatch):
    """Sets what is free, in GB: of the machine, and of its graphics card."""

    def free(machine: float, card: float = 0) -> None:
        monkeypatch.setattr(devices, "free_memory", lambda: int(machine * BILLION))
        monkeypatch.setattr(devices, "free", lambda name: int((machine if name == "cpu" else card) * BILLION))

    return free


def test_numbers_are_whole_where_they_fit_and_half_where_only_that_does(memory):
    memory(machine=4)
    assert fitting(BILLION) == Fit()
    half = fitting(2 * BILLION)
    assert (half.half, half.spread) == (True, False)
    assert half.notice == (
        "It is computed in bfloat16, with 8 bits of each number: in float32 it would take 8.0 GB of memory, "
        "and 4.0 GB are free."
    )
    with pytest.raises(HeadlightError, match=r"needs 6\.0 GB of memory even in bfloat16, and 4\.0 GB"):
        fitting(3 * BILLION)
    check_memory(BILLION)
    with pytest.raises(HeadlightError, match=r"needs 8\.0 GB of memory, and 4\.0 GB are free"):
        check_memory(2 * BILLION)


def test_what_a_graphics_card_has_no_room_for_stays_on_the_processor(memory):
    memory(machine=16, card=4)
    assert fitting(BILLION, "cuda") == Fit()
    assert not fitting(2 * BILLION, "cuda").spread
    assert fitting(5 * BILLION, "cuda:0").spread
    with pytest.raises(HeadlightError, match=r"and 20\.0 GB are free"):
        fitting(11 * BILLION, "cuda")


def test_the_estimate_stands_before_anything_is_opened(memory):
    memory(machine=10)
    assert said_before(BILLION) == ""
    assert (
        said_before(2 * BILLION)
        == "It takes 8.0 GB of memory in float32 and 4.0 GB in bfloat16; 10.0 GB are free."
    )
    assert said_before(4 * BILLION).endswith("10.0 GB are free. It will be computed in bfloat16.")
    assert said_before(6 * BILLION).endswith("10.0 GB are free. It does not fit.")
