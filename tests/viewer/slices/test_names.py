"""Layers by their names, and what a name that there is not is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlight.models.core.errors import HeadlightError
from headlight.viewer.slices.names import find, short_name, visible, with_head

CLOUD = [f"{side}{stage}.{block}.transformer2" for side in ("enc", "dec") for stage in "12" for block in "12"]
TEXT = [f"encoder.layer.{number}.attention.self" for number in range(12)]
CONVOLUTIONS = [f"layer{stage}.{block}.conv{n}" for stage in range(4) for block in range(9) for n in (1, 2)]


@given(st.sampled_from([CLOUD, TEXT, CONVOLUTIONS]), st.integers(0, 7))
def test_every_name_that_is_shown_leads_to_its_layer(names, index):
    short = short_name(names[index])
    for wanted in (names[index], str(index), f"layer {index}", f" Layer {index} "):
        assert find(wanted, names, "net") == index
    if [short_name(name) for name in names].count(short) == 1:
        assert find(short, names, "net") == index


@pytest.mark.parametrize(
    ("wanted", "names", "said"),
    [
        ("dec3.1", CLOUD, "enc1.1, enc1.2, enc2.1, enc2.2, dec1.1, dec1.2, dec2.1, dec2.2."),
        ("12", TEXT, "encoder.layer.0.attention to encoder.layer.11.attention."),
        ("layer2.3", CONVOLUTIONS, "layer2.3.conv2, layer2.3.conv1, "),
        ("-1", CLOUD, "enc1.1, "),
        ("9" * 30, CLOUD, "enc1.1, "),
    ],
)
def test_a_refusal_lists_the_names(wanted, names, said):
    with pytest.raises(HeadlightError) as error:
        find(wanted, names, "net")
    assert str(error.value).startswith(f"Layer {wanted} does not exist: net has {len(names)}, 0 to ")
    assert f"by its number or its name: {said}" in str(error.value)
    assert len(str(error.value)) < 300


def test_the_windows_name_of_a_head_is_a_layer_and_a_head():
    assert with_head("Head 10.2") == ("10", 2)
    assert with_head("dec2.1") == ("dec2.1", None)
    assert with_head("10.2") == ("10.2", None)


def test_white_space_can_be_seen_where_it_is_all_there_is():
    assert [visible(one) for one in ("\t", " \n", "\u00a0\r", "a b", "")] == ["⇥", "␣⏎", "␣⏎", "a b", ""]
