"""What is said of an engine that ended and was not ended by us: the cause, and what to do."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from headlight.models.core.errors import HeadlightError, shown
from headlight.viewer.host.failure import Failure

_MEMORY = re.compile(r"bad_alloc|MemoryError|out of memory|Cannot allocate|can't allocate", re.IGNORECASE)
_SHOWN = 60
"""Characters of a command."""
_AGAIN = "What was open is kept; run it again."
_SMALLER = "Choose a smaller size, a shorter text or a smaller model, and run it again."


def cause_of_end(
    status: int,
    errors: str,
    *,
    where: str = "",
    lines: Sequence[str] = (),
    busy: bool = True,
    at: str = "",
    deaf: bool = False,
) -> Failure:
    """status: of the process, negative for a signal's number. errors: the end of what it wrote on stderr.

    where: the command that led to it, "" for a process beside the window. lines: what was said before its
    first words, the last of which are its own where it came so far. busy: something was being computed. at:
    what that said last of how far it was. deaf: it was ended for not heeding that something was cancelled.
    """
    details, place = errors.strip(), shown(where, _SHOWN)
    if where and not (lines and lines[-1].startswith("headlight engine ")):
        said = shown(_last_line(errors) or (lines[-1] if lines else "it said nothing"), 2 * _SHOWN)
        step = "Check the command after --engine, and that “headlight engine” runs there."
        return Failure(f"No engine came up by “{place}”: {said.rstrip('.')}.", step, details, True)
    if deaf:
        return Failure("The engine was ended: it did not heed that it was cancelled.", _AGAIN, details, True)
    if where:
        said = _last_line(errors)
        why = f": {said.rstrip('.')}" if said else ""
        return Failure(f"The connection to the engine by “{place}” broke{why}.", _AGAIN, details, True)
    if _MEMORY.search(errors) or (busy and -status == getattr(signal, "SIGKILL", None)):
        place = f" at “{at}”" if at else ""
        likely = "" if _MEMORY.search(errors) else "most likely "
        return Failure(f"The engine ended, {likely}out of memory{place}.", _SMALLER, details, True)
    if status < 0:
        return Failure(f"The engine crashed ({_named(-status)}).", _AGAIN, details, True)
    said = _last_line(errors)
    why = f": {said.rstrip('.')}" if said else f" with status {status}"
    return Failure(f"The engine ended{why}.", _AGAIN, details, True)


def other_version(where: str, said: Sequence[str]) -> HeadlightError:
    """said: the words of its greeting, the messages' version and Headlight's."""
    there = f"Headlight {said[1]}" if len(said) > 1 and said[0].isdecimal() else "another Headlight"
    place = f"by “{shown(where, _SHOWN)}”" if where else "beside this window"
    return HeadlightError(
        f"The engine {place} is of {there}, which this window does not understand.",
        "Install the same version of Headlight on both.",
    )


def _named(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _last_line(errors: str) -> str:
    lines = errors.strip().splitlines()
    return lines[-1].strip() if lines else ""
