"""Cutting a text into tokens so that Cancel works and nobody waits for ever.

The expressions of a tokenizer come from the model's folder, and some need longer than a life for some texts.
They run in Rust, which nothing can stop, and with the interpreter's lock held unless texts come in a batch.
"""

from __future__ import annotations

import threading

from tokenizers import Encoding, Tokenizer

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task

PATIENCE = 30.0
"""Seconds: the longest text that is read takes a second or two."""
_LOOK = 0.05
"""Seconds"""


def encoded(tokenizer: Tokenizer, text: str, title: str, task: Task = SILENT) -> Encoding:
    """The tokens of a text without special ones.

    Raises what the tokenizer raises, Cancelled, and HeadlightError where it takes longer than PATIENCE. The
    thread that it runs in is left behind then, and ends with the program.
    """
    made: list[Encoding] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            made.extend(tokenizer.encode_batch([text], add_special_tokens=False))
        except BaseException as error:  # a panic of Rust is no Exception
            raised.append(error)

    thread = threading.Thread(target=work, name="headlight-tokens", daemon=True)
    thread.start()
    waited = 0.0
    while thread.is_alive():
        thread.join(_LOOK)
        waited += _LOOK
        task.check()
        if waited > PATIENCE and thread.is_alive():
            raise HeadlightError(
                f"The tokenizer of {title} has not come to the end of these {len(text):,} characters in "
                f"{PATIENCE:.0f} seconds.",
                "Try another text, or choose another model.",
            )
    if raised:
        raise raised[0]
    return made[0]
