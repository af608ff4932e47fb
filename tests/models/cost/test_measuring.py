"""Measuring layers: memory in closed form, cancel inside a pass, what is left out. No time is asserted."""

from functools import partial

import numpy as np
import pytest

from headlight.models import devices
from headlight.models.core.costs import KINDS, LAYER_OF, Setup, live_bytes
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Cancelled, Task
from headlight.models.cost import measuring
from headlight.models.cost.measuring import build, measure, needed_bytes, peak_bytes

TINY = Setup((16, 32), width=32, kernel=3, heads=4)


class Watcher(Task):
    """Keeps what it is told; cancels at the check number `stop`."""

    def __init__(self, stop=None):
        self.stop, self.checks, self.shares, self.parts = stop, 0, [], []

    def check(self):
        self.checks += 1
        if self.checks == self.stop:
            raise Cancelled

    def progress(self, share, sentence):
        self.check()
        self.shares.append((share, sentence))

    def partial(self, value):
        self.check()
        self.parts.append(value)


@pytest.mark.parametrize("projections", [True, False])
@pytest.mark.parametrize(("n", "d", "heads"), [(64, 32, 4), (200, 64, 8), (16, 256, 1)])
def test_memory_of_attention_with_weights_is_what_the_formula_says(n, d, heads, projections):
    import torch

    setup, x = Setup((n,), d, 3, heads, projections), torch.randn(1, n, d)
    with torch.inference_mode():
        found = peak_bytes(build("weights", setup, "cpu"), x, "cpu")
    assert found == live_bytes("attention", True, n, d, heads, projections)


def test_memory_counts_what_is_made_inside_an_operation_and_nothing_that_was_freed():
    import torch

    def layer(x):
        y = x @ x  # 40,000 bytes
        yield
        y = y + 1  # two at once, then one
        yield
        z = torch.cat([y, y])  # 80,000 on top
        del z
        yield
        y.logsumexp(0)  # makes a copy of y inside, and more
        yield

    x = torch.randn(100, 100)
    with torch.inference_mode():
        assert peak_bytes(layer, x, "cpu") >= 120_000
        assert peak_bytes(lambda _: iter([x @ x]), x, "cpu") == 40_000
        assert peak_bytes(lambda _: iter([x.t(), x[3:]]), x, "cpu") == 0  # views


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [64, 300])
def test_no_pass_takes_more_than_the_guard_reckons_with(kind, n):
    import torch

    setup, x = Setup((n,), 64, 5, 4), torch.randn(1, n, 64)
    with torch.inference_mode():
        found = peak_bytes(build(kind, setup, "cpu"), x, "cpu")
    assert live_bytes(LAYER_OF[kind], kind == "weights", n, 64, 4) <= found <= needed_bytes(kind, n, setup)


def test_every_layer_at_every_length_with_parts_and_progress():
    watcher = Watcher()
    found = measure(TINY, task=watcher)
    assert [(point.kind, point.n) for point in found.points] == [(k, n) for n in (16, 32) for k in KINDS]
    assert all(point.seconds > 0 and point.repeats >= 1 and point.memory > 0 for point in found.points)
    assert found.done
    assert not found.left_out
    assert [len(part.points) for part in watcher.parts] == [4, 8]
    assert watcher.parts[0].points == found.points[:4]
    shares = np.array([share for share, _ in watcher.shares])
    assert np.all(np.diff(shares) >= -1e-12)
    assert shares[0] == 0
    assert shares[-1] <= 1 + 1e-12
    assert watcher.shares[0][1] == "Measuring fused attention, 16 tokens"
    assert found.device == devices.describe("cpu")


def test_the_two_ways_of_attention_and_the_reference_agree():
    import torch

    x, results = torch.randn(1, 20, 32), []
    for core in (measuring._fused, measuring._with_weights):
        torch.manual_seed(3)
        inward, outward = torch.nn.Linear(32, 96), torch.nn.Linear(32, 32)
        outward.register_forward_hook(lambda _module, _args, out: results.append(out))
        with torch.no_grad():
            list(measuring._attention(x, 4, inward, outward, core))
    reference = torch.nn.MultiheadAttention(32, 4, batch_first=True)
    with torch.no_grad():
        reference.in_proj_weight.copy_(inward.weight)
        reference.in_proj_bias.copy_(inward.bias)
        reference.out_proj.weight.copy_(outward.weight)
        reference.out_proj.bias.copy_(outward.bias)
        expected = reference(x, x, x)[0]
    assert len(results) == 2
    for result in results:
        np.testing.assert_allclose(result, expected, atol=1e-6)


def test_cancel_is_looked_at_between_the_operations_of_a_pass():
    import torch

    x, seen = torch.randn(1, 16, 32), Watcher()
    with torch.inference_mode():
        measuring._pass(build("weights", TINY, "cpu"), x, "cpu", seen)
        assert seen.checks == 6  # projection, scores, softmax, product, heads side by side, output
        for stop in range(1, 7):
            made = []
            layer = build("weights", TINY, "cpu")
            watched = partial(_counted, layer, made)
            with pytest.raises(Cancelled):
                measuring._pass(watched, x, "cpu", Watcher(stop))
            assert len(made) == stop
    with pytest.raises(Cancelled):
        measure(TINY, task=Watcher(9))


def _counted(layer, made, x):
    for step in layer(x):
        made.append(step)
        yield step


def test_what_would_not_fit_is_left_out_and_said_so(monkeypatch):
    limit = needed_bytes("weights", 16, TINY)
    monkeypatch.setattr(devices, "free", lambda device: 2 * limit)
    ran = []
    monkeypatch.setattr(measuring, "peak_bytes", lambda layer, x, device, task: ran.append(x.shape[1]) or 7)
    found = measure(TINY)
    left = {(out.kind, out.n): out.why for out in found.left_out}
    for n in TINY.lengths:
        for kind in KINDS:
            assert ((kind, n) in left) == (needed_bytes(kind, n, TINY) > limit)
    assert ("weights", 32) in left
    assert ("weights", 16) not in left
    assert len(ran) == len(found.points) == 8 - len(left)  # nothing that is left out was run
    assert left["weights", 32] == "it could take 0 MB, more than half of the 0 MB that are free"


def test_nothing_that_the_time_does_not_allow_is_run(monkeypatch):
    assert measure(TINY, seconds=0).points == ()
    assert {out.why for out in measure(TINY, seconds=0).left_out} == {"the time is up"}
    monkeypatch.setattr(measuring, "_timed", lambda *_: 20.0)  # so that the next is expected to take long
    found = measure(TINY, seconds=30)
    assert [point.n for point in found.points] == [16] * 4
    assert [out.n for out in found.left_out] == [32] * 4
    assert found.left_out[2].why.startswith("it would take about 80 s, and ")
    assert {point.repeats for point in found.points} == {1}


def test_setups_that_cannot_be():
    for setup, cause in (
        (Setup(()), "There is no length to measure."),
        (Setup((8,), width=30, heads=4), "A width of 30 cannot be shared by 4 heads."),
        (Setup((8,), width=32, kernel=4), "A kernel of 4 has no middle."),
    ):
        with pytest.raises(HeadlightError) as said:
            measure(setup)
        assert said.value.cause == cause


def test_no_word_of_the_profiler_on_stderr(capfd):
    measure(Setup((8,), 16, 3, 2))
    assert capfd.readouterr().err == ""
