"""Why work gave nothing, in the user's words."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from headlight.models.core.errors import HeadlightError, UntrustedPickle, first_line, out_of_memory, sentence


@dataclass(frozen=True)
class Failure:
    """Why a job failed, in the user's words, and the traceback for who wants it.

    foreseen: the cause says it all, and a traceback would only be noise. untrusted: a pickle is in the way,
    which the user may say to trust.
    """

    cause: str
    next_step: str
    details: str
    foreseen: bool = False
    untrusted: bool = False

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        details = _traceback(error)
        known = out_of_memory(error) or error
        if isinstance(known, HeadlightError):
            untrusted = isinstance(known, UntrustedPickle)
            return cls(known.cause, known.next_step, details, foreseen=True, untrusted=untrusted)
        what = sentence(first_line(error)[:200]).rstrip(".")
        return cls(f"Something went wrong: {what}.", "See Details; what was open is unchanged.", details)


def _traceback(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))
    except Exception:  # no error may keep itself from being told
        return type(error).__name__
