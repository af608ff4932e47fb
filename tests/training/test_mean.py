"""The mean of two networks' weights."""

import sys

import torch

from headlight.models.points.checkpoints import load_network
from script.training import mean
from tests.models.tiny_points import saved, transformer


def test_the_mean_lies_halfway_and_keeps_the_larger_counter(tmp_path, monkeypatch):
    folder, run = saved(tmp_path / "start", transformer()), tmp_path / "run"
    start = load_network(folder)[0].state_dict()
    counted = {name: torch.tensor(7) for name, value in start.items() if not value.is_floating_point()}
    end = {name: value + 1 for name, value in start.items()} | counted
    run.mkdir()
    torch.save({"net": end, "step": 12}, run / "final.pt")
    monkeypatch.setattr(sys, "argv", ["mean", str(folder), str(run), "--out", str(tmp_path / "out")])
    mean.main()
    found = torch.load(tmp_path / "out" / "final.pt", weights_only=True)
    assert found["step"] == 12
    for name, value in found["net"].items():
        expected = counted[name] if name in counted else start[name] + 0.5
        torch.testing.assert_close(value, expected)
