"""What is gathered over many inputs does not depend on their order and batches, and is what it says."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.corpus import gathered
from headlight.models.corpus.gathered import DECILES, HIGHEST, Gathered

NAMES = ("previous", "peak")


def filled(values: torch.Tensor, batches: list[list[int]]) -> Gathered:
    """values: [inputs, measures, heads, tokens] of one layer."""
    found = Gathered(NAMES, (values.shape[2],), len(values), seed=3)
    for texts in batches:
        found.add(0, texts, values[texts].permute(1, 2, 0, 3), np.zeros((values.shape[2], len(texts))))
    return found


def drawn(count: int, seed: int) -> torch.Tensor:
    """With some that are none."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.rand(count, 2, 3, 5, generator=generator)
    values[:, 0][torch.rand(count, 3, 5, generator=generator) < 0.4] = torch.nan
    return values


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(0, 99), st.data())
def test_order_and_batches_do_not_matter(count, seed, data):
    values = drawn(count, seed)
    order = data.draw(st.permutations(range(count)))
    cut = data.draw(st.integers(1, count))
    found = filled(values, [order[:cut], *([order[cut:]] if cut < count else [])])
    flat = values.permute(1, 2, 0, 3).flatten(2).numpy()
    for number, name in enumerate(NAMES):
        known = ~np.isnan(flat[number])
        sums, counts = np.where(known, flat[number], 0).sum(-1), known.sum(-1)
        wanted = np.divide(sums, counts, out=np.full(3, np.nan), where=counts > 0)
        np.testing.assert_allclose(found.means()[name][0], wanted, rtol=1e-6)
    best = np.nan_to_num(values[:, 0, 1].numpy(), nan=-np.inf)
    events = found.highest(0, 1, "previous")
    wanted = np.sort(best.max(1))[::-1]
    assert [event.value for event in events] == wanted[np.isfinite(wanted)][:HIGHEST].tolist()
    assert all(best[event.text, event.token] == event.value for event in events)


def test_deciles_and_what_is_random_are_of_the_sample(monkeypatch):
    monkeypatch.setattr(gathered, "SAMPLE", 100)
    values = drawn(250, 0)
    values[:, 1, 2] = torch.arange(250)[:, None] / 250
    found = filled(values, [list(range(250))])
    assert len(found.sample) == 100
    parts = found.deciles(0, 2, "peak")
    assert [len(part) for part in parts] == [10] * DECILES
    assert [event.text for part in parts for event in part] == found.sample.tolist()
    random = found.random(0, 2, "peak", 7)
    assert len(random) == 7
    assert {event.text for event in random} < set(found.sample.tolist())
    assert random == found.random(0, 2, "peak", 7)
    assert random != found.random(0, 2, "peak", 7, seed=1)
    assert found.nbytes < 2 * Gathered(NAMES, (3,), 100).nbytes
