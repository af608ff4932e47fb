"""A training that was broken off goes on where it stood, at a constant rate and while it cools."""

import argparse

import pytest
import torch

from script.training.fit import Training


@pytest.fixture
def given(tmp_path):
    def choose(cool: bool) -> argparse.Namespace:
        return argparse.Namespace(net="pointnet", run=tmp_path, start=None, rate=None, cool=cool)

    return choose


def broken_off(training: Training, step: int, elapsed: float) -> float:
    """Save as in the midst of a run; the value by which its weights are known again."""
    training.step = step
    with torch.no_grad():
        next(training.net.parameters()).fill_(step)
    training.save(elapsed)
    return float(step)


def weight(training: Training) -> float:
    return next(training.net.parameters()).flatten()[0].item()


def test_a_cooling_goes_on_at_its_rate_and_leaves_the_state_it_began_with(given):
    before = broken_off(Training(given(cool=False)), 7, 50.0)
    cooling = Training(given(cool=True))
    assert (weight(cooling), cooling.step, cooling.cooled) == (before, 7, 0.0)
    after = broken_off(cooling, 9, 50.0)
    again = Training(given(cool=True))
    assert (weight(again), again.step, again.cooled) == (after, 9, 50.0)

    constant = Training(given(cool=False))  # whoever trains on gives the cooling up
    assert (weight(constant), constant.step, constant.cooled) == (before, 7, 0.0)
    anew = Training(given(cool=True))
    assert (weight(anew), anew.step, anew.cooled) == (before, 7, 0.0)
