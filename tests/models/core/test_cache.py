"""What is kept of what was computed: within its bytes, and no longer than what it is of."""

from __future__ import annotations

import gc
from dataclasses import dataclass

import numpy as np
import pytest

from headlight.models.core.cache import OVERHEAD, Cache


class Thing:
    """What something is computed from."""


def test_the_last_are_kept_within_the_bytes() -> None:
    cache, thing = Cache(limit=4 * 5000), Thing()
    for number in range(7):
        cache.put(thing, number, np.zeros(4000 - OVERHEAD, np.uint8))
        assert cache.size <= cache.limit
    assert [number for number in range(7) if cache.get(thing, number) is not None] == [2, 3, 4, 5, 6]
    cache.get(thing, 2)
    cache.put(thing, 7, np.zeros(4000 - OVERHEAD, np.uint8))
    assert cache.get(thing, 3) is None
    assert cache.get(thing, 2) is not None
    large = np.zeros(5000, np.uint8)  # more than a quarter: handed out, not kept
    assert cache.put(thing, 8, large) is large
    assert cache.get(thing, 8) is None
    cache.put(thing, 7, np.zeros(0))
    assert cache.size == 4 * 4000 + OVERHEAD


def test_nothing_is_computed_twice_not_even_none() -> None:
    cache, thing = Cache(10**6), Thing()
    assert cache.kept(thing, "a", lambda: None) is None
    assert cache.kept(thing, "a", lambda: pytest.fail("computed again")) is None
    assert cache.kept(None, "a", lambda: 3) == 3
    assert cache.kept(None, "a", lambda: pytest.fail("computed again")) == 3


def test_it_goes_with_what_it_is_of_and_an_id_that_is_used_again_is_another() -> None:
    cache = Cache(10**6)
    for number in range(50):
        thing = Thing()  # at the place of the last one, as a rule
        assert cache.get(thing, "a") is None
        cache.put(thing, "a", number)
        del thing
    gc.collect()
    assert (cache.size, len(cache._owners)) == (0, 0)  # at once, not with the next thing that is kept


def test_arrays_count_wherever_they_are_and_once() -> None:
    cache, array = Cache(10**6), np.zeros(100)
    cache.put(None, "a", {"x": (array, [array]), "y": slice(None)})
    assert cache.size == OVERHEAD + 800


def test_what_the_package_defines_is_looked_into() -> None:
    @dataclass
    class Part:
        array: np.ndarray

    Part.__module__ = "headlight.viewer.slices.maps"
    cache = Cache(10**6)
    cache.put(None, "a", Part(np.zeros(100)))
    assert cache.size == OVERHEAD + 800
