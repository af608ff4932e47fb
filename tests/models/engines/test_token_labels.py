"""What tokens are called: something that can be seen, whatever they stand for."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlight.models.engines.texts.token_labels import readable


def labels(source, spans):
    places = np.zeros(len(spans), int)
    return readable(["x"] * len(spans), np.array(spans), places, places, places > 0, [source])


@pytest.mark.parametrize(
    ("letter", "whole", "part"),
    [
        ("\u200d", "U+200D", "⟨1/2 of U+200D⟩"),
        ("\ufe0f", "U+FE0F", "⟨1/2 of U+FE0F⟩"),
        ("\u094d", "◌\u094d", "⟨1/2 of ◌\u094d⟩"),
        ("é", "é", "⟨1/2 of é⟩"),
    ],
)
def test_what_leaves_no_ink_is_named(letter, whole, part):
    assert labels(letter, [(0, 1)]) == (whole,)
    assert labels(letter, [(0, 1), (0, 1)])[0] == part


@given(st.text(st.characters(exclude_categories=["Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=4))
def test_every_label_has_ink(text):
    (label,) = labels(text, [(0, len(text))])
    assert label.isspace() or any(
        unicodedata.category(c) not in ("Cc", "Cf", "Cn", "Mn", "Me") for c in label
    )
