"""What one layer of attention, recurrence or convolution costs on this device: time and memory, measured.

Each pass is a generator that stops between its operations, so that it can be cancelled there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from headlight.models import devices
from headlight.models.core.costs import (
    KINDS,
    LAYER_OF,
    Kind,
    LeftOut,
    Measurements,
    Point,
    Setup,
    live_bytes,
    multiply_adds,
)
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Part, Task

REPEATS = (5, 25)
"""Passes of each kind at each length: these many, more while they took less than SETTLED seconds together, up
to the second number; fewer where time runs out."""
SETTLED = 0.2
ROUND_SHARE = 0.1
"""Passes are repeated while a round of all kinds takes less than this share of the time that is left."""
MEMORY_SHARE = 0.5
"""No pass is run that could take more than this share of what is free."""
NAMES = {
    "fused": "fused attention",
    "weights": "attention with weights",
    "recurrent": "an LSTM",
    "convolution": "a convolution",
}

Layer = Callable[[Tensor], Iterator[None]]
"""x [1, n, d] → one pass, which yields after each operation."""


def measure(setup: Setup, seconds: float = 30.0, task: Task = SILENT) -> Measurements:
    """Time and memory of one layer of each kind, shorter sequences first, kinds in turn within each length.

    Hands out `Measurements` as they grow. What would need more than MEMORY_SHARE of the free memory, or more
    than is left of `seconds` (two passes, as far as the shorter lengths tell), is not run and listed in
    `left_out`. The GPU is waited for after every pass.
    """
    _check(setup)
    device = devices.pick(setup.device)
    layers = {kind: build(kind, setup, device) for kind in KINDS}
    found = Measurements(setup, device=devices.describe(device))
    lengths = sorted(set(setup.lengths))
    work = {n: sum(_multiply_adds(kind, n, setup) for kind in KINDS) for n in lengths}
    done, whole, end = 0.0, sum(work.values()), time.perf_counter() + seconds
    with torch.inference_mode():
        for n in lengths:
            span = (done / whole, (done + work[n]) / whole)
            found = _at_length(n, layers, found, end, Part(task, *span))
            done += work[n]
            task.partial(found)
    return replace(found, done=True)


def _at_length(
    n: int, layers: dict[Kind, Layer], found: Measurements, end: float, task: Task
) -> Measurements:
    """`found` and what was measured at one more length."""
    setup, device = found.setup, devices.pick(found.setup.device)
    x: Tensor | None = None
    memory: dict[Kind, int] = {}
    reserved = 0.0
    for number, kind in enumerate(KINDS):
        large = _too_large(kind, n, setup, device)
        expected = _expected(found, kind, n)
        why = large or _too_slow(expected, end - time.perf_counter() - reserved)
        if why:
            found = replace(found, left_out=(*found.left_out, LeftOut(kind, n, why, slow=not large)))
            continue
        if x is None:
            x = torch.randn(1, n, setup.width, generator=torch.Generator().manual_seed(0)).to(device)
        task.progress(number / len(KINDS) / 2, f"Measuring {NAMES[kind]}, {n:,} tokens")
        # The first pass of a shape also prepares what later ones find ready: it is not timed.
        memory[kind] = peak_bytes(layers[kind], x, device, task)
        reserved += expected or 0.0
    spent: dict[Kind, list[float]] = {kind: [] for kind in memory}
    kinds, turn = list(memory), 0
    while kinds and _goes_on(spent, turn, end - time.perf_counter()):
        # In another order each time: whatever else the machine does falls on all kinds alike.
        for kind in kinds[turn % len(kinds) :] + kinds[: turn % len(kinds)]:
            passes = sum(map(len, spent.values()))
            share = min(1.0, passes / REPEATS[0] / len(kinds))
            task.progress(0.5 + share / 2, f"Measuring {NAMES[kind]}, {n:,} tokens")
            spent[kind].append(_timed(layers[kind], x, device, task))
        turn += 1
    new = (Point(kind, n, median(spent[kind]), len(spent[kind]), memory[kind]) for kind in kinds)
    return replace(found, points=(*found.points, *new))


def _goes_on(spent: dict[Kind, list[float]], turn: int, left: float) -> bool:
    """Whether there is one more pass of each kind, `turn` of which are done, with `left` seconds to go."""
    if turn == 0:
        return True
    if sum(map(median, spent.values())) > ROUND_SHARE * left:
        return False
    few, many = REPEATS
    return turn < few or (turn < many and sum(map(sum, spent.values())) < SETTLED)


def build(kind: Kind, setup: Setup, device: str) -> Layer:
    """One layer with random parameters. width must be a multiple of heads, kernel odd."""
    d, heads, projections = setup.width, setup.heads, setup.projections
    if kind == "recurrent":
        lstm = nn.LSTM(d, d, batch_first=True, device=device).requires_grad_(False)
        return lambda x: _once(lstm, x)
    if kind == "convolution":
        taps = nn.Conv1d(d, d, setup.kernel, padding=setup.kernel // 2, device=device).requires_grad_(False)
        return lambda x: _once(taps, x.transpose(1, 2))
    inward = nn.Linear(d, 3 * d, device=device).requires_grad_(False) if projections else None
    outward = nn.Linear(d, d, device=device).requires_grad_(False) if projections else None
    core = _fused if kind == "fused" else _with_weights
    return lambda x: _attention(x, heads, inward, outward, core)


def _once(module: nn.Module, x: Tensor) -> Iterator[None]:
    module(x)
    yield


def _attention(
    x: Tensor, heads: int, inward: nn.Module | None, outward: nn.Module | None, core: Callable
) -> Iterator[None]:
    """x [1, n, d]. Without projections q, k and v are x itself, head by head."""
    _, n, d = x.shape
    three = x.expand(3, n, d) if inward is None else inward(x)[0].view(n, 3, d).transpose(0, 1)
    yield
    # Each [1, heads, n, d / heads]; views, not copies.
    q, k, v = three.view(3, 1, n, heads, d // heads).transpose(2, 3)
    mixed = yield from core(q, k, v)
    del three, q, k, v
    mixed = mixed.transpose(1, 2).reshape(1, n, d)
    yield
    if outward is not None:
        outward(mixed)
        yield


def _fused(q: Tensor, k: Tensor, v: Tensor) -> Iterator[None]:
    mixed = F.scaled_dot_product_attention(q, k, v)
    yield
    return mixed


def _with_weights(q: Tensor, k: Tensor, v: Tensor) -> Iterator[None]:
    scores = (q @ k.transpose(-1, -2)).mul_(q.shape[-1] ** -0.5)  # [1, heads, n, n]
    yield
    weights = scores.softmax(-1)
    del scores
    yield
    mixed = weights @ v
    del weights
    yield
    return mixed


def peak_bytes(layer: Layer, x: Tensor, device: str, task: Task = SILENT) -> int:
    """Most bytes that one pass holds at once beyond its input and parameters.

    CPU: every allocation of torch on this thread, those inside an operation too, by its profiler. CUDA: the
    allocator's peak. MPS, which knows no peak: the most between two operations.
    """
    if device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        _pass(layer, x, device, task)
        return torch.cuda.max_memory_allocated(device) - before
    if device == "mps":
        before, most = torch.mps.current_allocated_memory(), 0
        for _ in layer(x):
            task.check()
            most = max(most, torch.mps.current_allocated_memory() - before)
        return most
    with torch.autograd.profiler.profile(profile_memory=True) as profile:
        _pass(layer, x, device, task)
    changes = sorted(
        (event.start_ns(), event.nbytes())
        for event in profile.kineto_results.events()
        if event.name() == "[memory]"
    )
    held = most = 0
    for _, change in changes:
        held += change
        most = max(most, held)
    return most


def _pass(layer: Layer, x: Tensor, device: str, task: Task) -> None:
    for _ in layer(x):
        task.check()
    if device.startswith("cuda"):
        torch.cuda.synchronize(device)
    elif device == "mps":
        torch.mps.synchronize()


def _timed(layer: Layer, x: Tensor, device: str, task: Task) -> float:
    start = time.perf_counter()
    _pass(layer, x, device, task)
    return time.perf_counter() - start


# -- what is left out ------------------------------------------------------------------------------------


def needed_bytes(kind: Kind, n: int, setup: Setup) -> int:
    """No fewer bytes than a pass and its input take.

    LSTM and convolution: what their libraries set aside besides: gates and states of every step, parameters
    in another order, rows of the input side by side.
    """
    d = setup.width
    live = live_bytes(LAYER_OF[kind], kind == "weights", n, d, setup.heads, setup.projections) + 4 * n * d
    spare = {
        "fused": 8 * n * d,
        "weights": 2 * n * d,
        "recurrent": 16 * (n * d + d * d),
        "convolution": (2 + setup.kernel) * n * d + 3 * setup.kernel * d * d,
    }[kind]
    return int(live + 4 * spare)


def _too_large(kind: Kind, n: int, setup: Setup, device: str) -> str:
    needed, free = needed_bytes(kind, n, setup), devices.free(device)
    if needed <= MEMORY_SHARE * free:
        return ""
    return f"it could take {_bytes(needed)}, more than half of the {_bytes(free)} that are free"


def _expected(found: Measurements, kind: Kind, n: int) -> float | None:
    """Seconds of a pass, judged by the longest sequence measured so far; None where there is none yet."""
    lengths, seconds = found.seconds(kind)
    if not len(lengths):
        return None
    return (
        float(seconds[-1])
        * _multiply_adds(kind, n, found.setup)
        / _multiply_adds(kind, int(lengths[-1]), found.setup)
    )


def _too_slow(expected: float | None, left: float) -> str:
    """Two passes must fit into the time that is left; those of the shortest sequences always do."""
    if left <= 0:
        return "the time is up"
    if expected is None or 2 * expected <= left:
        return ""
    return f"it would take about {2 * expected:.2g} s, and {left:.0f} s are left"


def _multiply_adds(kind: Kind, n: int, setup: Setup) -> float:
    return float(multiply_adds(LAYER_OF[kind], n, setup.width, setup.kernel, projections=setup.projections))


def _bytes(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def _check(setup: Setup) -> None:
    if not setup.lengths or min(setup.lengths) < 1:
        raise HeadlightError("There is no length to measure.", "Choose lengths of at least 1.")
    if setup.heads < 1 or setup.width % setup.heads:
        raise HeadlightError(
            f"A width of {setup.width} cannot be shared by {setup.heads} heads.",
            "Choose a width that is a multiple of the heads.",
        )
    if setup.kernel < 1 or setup.kernel % 2 == 0:
        raise HeadlightError(
            f"A kernel of {setup.kernel} has no middle.", "Choose an odd kernel of at least 1."
        )
