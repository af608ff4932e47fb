"""Training of the network from letters to phonemes: its words, its scores, and that it can go on."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from script.training.phonemes import fit
from script.training.phonemes.scoring import edit_distance, errors
from script.training.phonemes.words import LETTERS, PHONEMES, decode, encode, split_of

SOUNDS = st.lists(st.sampled_from(PHONEMES[3:]), max_size=12)


@given(SOUNDS, SOUNDS, SOUNDS)
def test_edit_distance_is_a_metric(a, b, c):
    assert edit_distance(a, b) == edit_distance(b, a)
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)
    assert edit_distance(a, []) == len(a)


def test_any_listed_pronunciation_counts_and_the_nearest_one_is_measured():
    listed = [[("R", "IY", "D"), ("R", "EH", "D")], [("K", "AE", "T")]]
    assert errors([("R", "EH", "D"), ("K", "AE", "T")], listed) == (0.0, 0.0)
    assert errors([("R", "EH"), ("K", "AE", "T")], listed) == (0.5, pytest.approx(1 / 6))


@given(SOUNDS)
def test_symbols_come_back(sounds):
    ids = encode(sounds, PHONEMES)
    assert decode([*ids, 5, 6], PHONEMES) == tuple(sounds)


def test_the_split_goes_by_the_words_checksum():
    # The checksums of these end in 9, 0 and 1.
    assert [split_of(word) for word in ("attention", "hello", "museum")] == ["train", "test", "validation"]
    assert split_of("ATTENTION") == split_of("attention")


def test_an_epoch_holds_every_pronunciation_once():
    words = {"read": (("R", "IY", "D"), ("R", "EH", "D")), "cat": (("K", "AE", "T"),)}
    seen = []
    for letters, mask, phonemes in fit.batches(words, seed=0):
        assert mask.sum() == (letters != 0).sum()
        for row, said in zip(letters.tolist(), phonemes.tolist(), strict=True):
            seen.append(("".join(decode(row, LETTERS)), decode(said, PHONEMES)))
    assert sorted(seen) == sorted((word, said) for word, all_ in words.items() for said in all_)


def test_it_learns_and_goes_on_where_it_stood(tmp_path, monkeypatch):
    monkeypatch.setattr(fit, "WARMUP", 20)
    words = {"cat": (("K", "AE", "T"),), "dog": (("D", "AO", "G"),), "see": (("S", "IY"),)}
    training = fit.Training(tmp_path)
    batches = list(fit.batches(words, seed=0))
    losses = [sum(training.learn(*batch) for batch in batches) for _ in range(12)]
    assert losses[-1] < 0.6 * losses[0]
    training.save()
    again = fit.Training(tmp_path)
    assert (again.step, again.epoch, again.place) == (training.step, 0, 0)
    for kept, had in ((again.net, training.net), (again.mean, training.mean)):
        assert all(torch.equal(a, b) for a, b in zip(kept.parameters(), had.parameters(), strict=True))
    assert again.optimiser.state_dict()["state"].keys() == training.optimiser.state_dict()["state"].keys()
