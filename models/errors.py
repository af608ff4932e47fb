"""The one kind of failure that a user is told about in words of its own."""

from __future__ import annotations


class HeadlightError(Exception):
    """Something the user can act on: what is wrong, and what to do next. One sentence each."""

    def __init__(self, cause: str, next_step: str) -> None:
        super().__init__(f"{cause} {next_step}")
        self.cause = cause
        self.next_step = next_step


class TooLarge(HeadlightError):
    """A matrix or a result would not fit the limit that keeps the machine usable."""


class UntrustedPickle(HeadlightError):
    """A model's weights are a pickle, which can run code: they are opened only after the user was asked."""


def first_line(error: Exception) -> str:
    """What a library's error says, without its details."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
