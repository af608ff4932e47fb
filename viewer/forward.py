"""From an input to a checked Trace: the one way, for the window and for the command line. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

from models.attention import Trace
from models.task import SILENT, Task
from viewer.inputs import ImageInput, Input
from viewer.session import RunOptions


@dataclass(frozen=True, eq=False)
class Pass:
    """A trace, the error of each of its layers, and the device with the bytes held on it."""

    trace: Trace
    checks: tuple[float, ...]
    device: str
    memory: int


def forward_pass(what: Input, options: RunOptions, task: Task = SILENT) -> Pass:
    """Read `what` with a model and check every layer's weights against what the layer returned.

    Raises HeadlightError where the model cannot be opened or cannot read this.
    """
    from models import devices
    from models.engine import check, open_engine

    modality = "image" if isinstance(what, ImageInput) else "text"
    engine = open_engine(options.model, modality, options.device, task)
    if isinstance(what, ImageInput):
        trace = engine.run(what.pixels, size=options.size, task=task)
    else:
        trace = engine.run(what.text, pair=what.pair, start=options.start, task=task)
    checks = check(trace, task)
    return Pass(trace, checks, devices.describe(trace.device), devices.memory(trace.device))
