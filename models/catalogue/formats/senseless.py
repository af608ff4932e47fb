"""What a model of somebody else's makes libraries stumble over, in a sentence.

A configuration may hold anything where a number should be, and each library finds that out in its own way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from headlight.models.core.errors import HeadlightError, first_line, out_of_memory
from headlight.models.core.task import Cancelled

_STEP = "Fetch it again, or choose another model."
_ON_PURPOSE = (ValueError, RuntimeError, OSError)
"""What libraries raise with words for those who use them; all else is for those who wrote them."""


_FIELD = re.compile(r"Field '(\w+)' expected (\w+), got \w+ \(value: (.*?)\)(?=; Field |$)")
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a word",
    "bool": "true or false",
    "NoneType": "null",
    "list": "a list",
    "tuple": "a list",
    "dict": "a mapping",
}


def of_fields(error: BaseException) -> str:
    """What is wrong with a configuration, of an error of the library that checks its fields."""
    said = " ".join(str(error)[:100_000].split())
    found = _FIELD.findall(said)
    if not found:
        return said.removeprefix("Validation error for field ").rstrip(".")
    name, _, value = found[0]
    value = value.replace("None", "null")
    if value[:1] == value[-1:] == "'":
        value = f"“{value[1:-1]}”"
    kinds = dict.fromkeys(_KINDS.get(kind, kind) for field, kind, _ in found if field == name)
    return f"{name} is {value if len(value) <= 40 else value[:39] + '…'}, and should be {' or '.join(kinds)}"


@contextmanager
def opening(title: str) -> Iterator[None]:
    """HeadlightError in place of all that is none, but for want of memory."""
    try:
        yield
    except (HeadlightError, Cancelled, MemoryError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic of a library in Rust is no Exception
        if out_of_memory(error) is not None:
            raise
        said = f": {first_line(error).rstrip('.')}" if isinstance(error, _ON_PURPOSE) else ""
        raise HeadlightError(
            f"{title} cannot be opened: what stands in its config.json, or in a file beside it, makes no "
            f"sense{said}.",
            _STEP,
        ) from error
