"""A tokenizer that does not come to an end holds up nobody."""

from __future__ import annotations

import threading

import pytest

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Cancelled, Task
from headlight.models.engines.texts import tokenizing
from headlight.models.engines.texts.tokenizing import encoded


class Endless:
    """Cuts texts, in batches alone, for which Rust lets the interpreter go on, until it is told to stop."""

    def __init__(self) -> None:
        self.stop = threading.Event()

    def encode_batch(self, texts, add_special_tokens):
        self.stop.wait()
        return texts


class Unwanted(Task):
    def check(self) -> None:
        raise Cancelled


@pytest.fixture
def endless():
    tokenizer = Endless()
    yield tokenizer
    tokenizer.stop.set()
    for thread in threading.enumerate():
        if thread.name == "headlight-tokens":
            thread.join()


def test_a_text_is_given_up_after_a_while(endless, monkeypatch):
    monkeypatch.setattr(tokenizing, "PATIENCE", 0.0)
    with pytest.raises(HeadlightError, match=r"^The tokenizer of Tiny has not come to the end of these 5 "):
        encoded(endless, "a b c", "Tiny")


def test_a_text_is_given_up_when_nobody_waits(endless):
    with pytest.raises(Cancelled):
        encoded(endless, "a b c", "Tiny", Unwanted())
