"""Damaged files of every format are documents or messages, and who does worse is found out."""

from __future__ import annotations

import sys

import pytest

from headlight.viewer.registry import REGISTRY, Reader
from script.fuzzing import workers
from script.fuzzing.case import Case
from script.fuzzing.samples import samples
from script.fuzzing.workers import outcomes
from tests.fuzzing import odd_worker

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is watched is told by Linux alone")

EACH = 16
"""Files of every reader: 500 in all and a few."""


def test_every_reader_has_good_samples_and_damaged_ones_are_documents_or_messages():
    assert samples().keys() == REGISTRY.all(Reader).keys()
    assert EACH * len(samples()) >= 500
    cases = (
        Case(reader, 0, number)
        for reader, good in samples().items()
        for number in range(-min(3, len(good)), EACH)
    )
    found = list(outcomes(cases))
    assert {str(one.case): one.faults for one in found if one.faults} == {}
    assert {str(one.case): one.said for one in found if one.case.number < 0 and one.came == "message"} == {}


def test_a_case_is_the_same_whenever_it_is_made():
    for reader in samples():
        assert Case(reader, 3, 14).made(samples()) == Case(reader, 3, 14).made(samples())
    assert Case("ply", 3, 14).made(samples()) != Case("ply", 3, 15).made(samples())


def test_what_no_reader_may_do_is_found_out(monkeypatch):
    monkeypatch.setattr(workers, "LONGEST", 0.3)
    order = [one for one in odd_worker.ACTS if one is not odd_worker.hangs] + [odd_worker.hangs]
    cases = [Case("odd", 0, odd_worker.ACTS.index(one)) for one in order]
    found = {
        one.__name__: "; ".join(outcome.faults)
        for one, outcome in zip(order, outcomes(cases, odd_worker.__name__), strict=True)
    }
    begins = {
        "dies": "crash: -6",
        "leaves": "left left",
        "writes": "open outside: ",
        "connects": "connects: socket.getaddrinfo",
        "runs": "code: pickle.find_class ('pathlib', 'Path",
        "takes": "more than 2 GB",
        "says": "said b'libsomething: a warning'",
        "hangs": "hangs: more than 0.3 s",
    }
    assert found.keys() == begins.keys()
    assert {name: told for name, told in found.items() if not told.startswith(begins[name])} == {}
