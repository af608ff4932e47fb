"""Why work gave nothing, in the user's words."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from headlight.models.core.errors import (
    HeadlightError,
    OneOfTwo,
    Untrusted,
    first_line,
    out_of_memory,
    sentence,
)
from headlight.viewer.inputs.told.columns import Table, Undecided


class Gone(HeadlightError):
    """What is spoken of was in an engine that has ended."""

    def __init__(self) -> None:
        super().__init__("The engine that held this has ended.", "Run it again.")

    def __reduce__(self) -> tuple[type[Gone], tuple[()]]:
        return Gone, ()


@dataclass(frozen=True)
class Failure:
    """Why a job failed, in the user's words, and the traceback for who wants it.

    foreseen: the cause says it all, and a traceback would only be noise. untrusted: what is in the way
    and the user may say to trust, see `Untrusted`. table: whose columns nobody knows, which the user may
    tell. alone: a second picture is lacking. ended: the engine has ended, which is told once for all that
    was lost.
    """

    cause: str
    next_step: str
    details: str
    foreseen: bool = False
    untrusted: str = ""
    table: Table | None = None
    alone: bool = False
    ended: bool = False

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        details = _traceback(error)
        known = out_of_memory(error) or error
        if isinstance(known, HeadlightError):
            return cls(
                *(known.cause, known.next_step, details),
                foreseen=True,
                untrusted=known.why if isinstance(known, Untrusted) else "",
                table=known.table if isinstance(known, Undecided) else None,
                alone=isinstance(known, OneOfTwo),
                ended=isinstance(known, Gone),
            )
        what = sentence(first_line(error)[:200]).rstrip(".")
        return cls(f"Something went wrong: {what}.", "See Details; what was open is unchanged.", details)


def _traceback(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))
    except Exception:  # no error may keep itself from being told
        return type(error).__name__
