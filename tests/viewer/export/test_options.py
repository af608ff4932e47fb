"""The one list of options: what the window says is what the command line reads."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.viewer.app.cli import run
from headlight.viewer.export.choices import fitting, missing
from headlight.viewer.export.options import ExportOptions, arguments, command_line, kinds_of, whats
from headlight.viewer.host.stock.sizes import said_bytes
from headlight.viewer.registry import REGISTRY, Export

counts = st.none() | st.integers(0, 3000)
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip)
VALUES = st.fixed_dictionaries(
    {
        "layer": st.none() | st.sampled_from(["0", "11", "encoder.layer.3", "-odd"]),
        "head": st.none() | st.integers(0, 15) | st.sampled_from(["mean", "max", "min"]),
        "cell": st.none() | st.tuples(st.integers(0, 60), st.integers(0, 60)),
        "inputs": st.none() | st.integers(1, 30),
        "source": st.sampled_from([None, "picture", "noise"]),
        "without_self": st.booleans(),
        "fusion": st.sampled_from([None, "mean", "max", "min"]),
        "discard": st.none() | st.floats(0, 0.99),
        "residual": st.sampled_from([None, "add", "mix", "none"]),
        "first": counts,
        "last": counts,
        "query": st.none() | st.just("readout") | st.lists(st.integers(0, 3000), min_size=1).map(tuple),
        "point": counts,
        "colours": st.sampled_from([None, "inferno", "viridis", "grey"]),
        "opacity": st.none() | st.floats(0, 1),
        "log": st.booleans(),
        "percentile": st.none() | st.floats(90, 100),
        "floor": st.none() | st.floats(0, 90),
        "with_sinks": st.booleans(),
    }
)


@st.composite
def exports(draw) -> tuple[Export, str, str, dict]:
    """(an export, the kind of its input, ending, values) of what the window could offer of a file."""
    export = draw(st.sampled_from([one for one in REGISTRY.all(Export).values() if one.what in whats()]))
    kind = draw(st.sampled_from(kinds_of(export)))
    return export, kind.id, draw(st.sampled_from(export.endings)), draw(VALUES)


CLICKED = {"at": ((636.0, 79.5), (3.0, 4.0)), "around": (1.0, 2.0, 30.0, 40.0)}


def options_of(export: Export, kind: str, ending: str, values: dict, folder: str, text: str) -> ExportOptions:
    given = fitting(export, ending, values)
    file = None if kind == "text" else f"{folder}/a b.{kind}"
    given |= {"text": text} if kind == "text" else {}
    given |= CLICKED if kind == "image" else {}
    return ExportOptions(export.what, Path(folder) / f"out.{ending}", file, given)


@settings(max_examples=50, deadline=None)
@given(exports(), words)
def test_the_command_line_reads_what_the_window_says(export, text):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        options = options_of(*export, str(Path(folder).resolve()), text)
        read = []
        patch.setattr("headlight.viewer.export.door.export", lambda given, *_: read.append(given) or ())
        assert run(arguments(options)) == 0
        assert read == [options]
        assert shlex.split(command_line(options))[-len(arguments(options)) :] == arguments(options)


@settings(max_examples=60, deadline=None)
@given(exports())
def test_nothing_that_the_window_offers_is_refused_before_a_model_is_asked(export):
    """What `refuse_early` knows and what the list says agree."""
    import numpy as np

    from headlight.viewer.export.door import refuse_early
    from headlight.viewer.inputs.inputs import ImageInput, PictureTextInput, TextInput
    from headlight.viewer.inputs.recorded.inputs import RecordedCloud, RecordedImage, RecordedText
    from headlight.viewer.inputs.sounds.sound import Sound, of_sound
    from tests.viewer.given_cloud import room

    which, kind, ending, values = export
    pixels = np.zeros((9, 9, 3), np.uint8)
    inputs = {
        "text": lambda: TextInput("a", "a"),
        "image": lambda: ImageInput("a", pixels),
        "picture-text": lambda: PictureTextInput("a", ImageInput("a", pixels), "a"),
        "points": lambda: room(3001),
        "sound": lambda: of_sound("a", Sound(np.ones(320, np.float32))),
        "recorded-text": lambda: RecordedText("a", "a"),
        "recorded-image": lambda: RecordedImage("a", pixels),
        "recorded-points": lambda: RecordedCloud(**vars(room(3001))),
    }
    if not missing(which, ending, values):
        refuse_early(options_of(which, kind, ending, values, "/", "a"), inputs[kind]())


def test_sizes_are_said_in_a_few_characters():
    said = [said_bytes(size) for size in (0, 1, 340_000, 12_400_000, 1_430_000_000)]
    assert said == ["0 kB", "0 kB", "340 kB", "12 MB", "1.4 GB"]
