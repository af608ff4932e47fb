"""Exports of a stack of convolutions: its layers, step by step, and what a unit of each sees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from headlight.models.core.errors import known
from headlight.models.core.stack import ConvLayer, ConvStack, fields
from headlight.models.core.task import Task
from headlight.viewer.export.results import Result
from headlight.viewer.inputs.inputs import StackInput

OWN = ("kernel", "stride", "padding", "dilation")
FIELD = ("size", "jump", "start", "shape")


def layers(options: None, ending: str, document: StackInput, trace: None, task: Task) -> Result:
    """A row a layer; of branches, one for their sum too, which has no kernel: 0.

    Of a layer: kernel, stride, padding, dilation. Of its field, on each axis alike: size, jump (the distance
    of two units' fields), start of the first unit's, in units of the input; shape: units. Araujo et al. 2019,
    section 2. HeadlightError for a stack that cannot be computed.
    """
    stack = known(document.stack, ConvStack)
    found = fields(stack)[1:]
    sums = [ConvLayer(0, 0, 0, 0)] * (len(found) - len(stack.layers))
    own = [[getattr(layer, name) for name in OWN] for layer in (*stack.layers, *sums)]
    seen = [[of[0] for of in (one.size, one.stride, one.start, one.shape)] for one in found]
    arrays = {
        "layers": np.array([one.name for one in found]),
        "kinds": np.array([one.kind for one in found]),
        **dict(zip(OWN, np.array(own).T, strict=True)),
        **dict(zip(FIELD, np.array(seen).T, strict=True)),
        "side": np.array(stack.side),
        "axes": np.array(stack.axes),
        "parallel": np.array(stack.parallel),
    }

    def table() -> Iterator[Sequence[object]]:
        yield ("layer", "kind", *OWN, *FIELD)
        for one, of_layer, of_field in zip(found, own, seen, strict=True):
            yield (one.name, one.kind, *of_layer, *of_field)

    return Result(lambda: arrays, table)
