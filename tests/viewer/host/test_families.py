"""The table of families holds: small models of each way are opened as a user would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headlight.models import families
from headlight.models.core.errors import HeadlightError
from headlight.viewer import builtin  # noqa: F401  what can be read
from script.families import KINDS, disagreement, outcomes, rows
from tests.models.family_folders import PAIRS, PICTURES, TEXTS, made, odd

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("model_type", [*TEXTS, *PICTURES, *PAIRS])
def test_a_family_is_shown_exactly_or_refused_for_its_reason(model_type, tmp_path) -> None:
    found = list(outcomes(made(tmp_path, model_type)))
    assert [(one.kind, disagreement(one), one.said) for one in found if disagreement(one)] == []
    named = families.table()["families"][model_type]
    if families.reason(model_type) is None:
        assert [one.kind for one in found] == [kind for kind in KINDS if kind in named]
        assert all(one.way in families.table()["ways"] for one in found)
    else:
        assert found[0].said.startswith(f"{model_type} cannot be shown: a model of the type")
        assert "Error" not in found[0].said


def test_pictures_of_one_size_and_of_grey_are_read(tmp_path) -> None:
    for name, folder in odd(tmp_path).items():
        (found,) = outcomes(folder)
        assert (found.kind, found.way, found.is_exact) == ("image", "recorded", True), name


def test_a_network_that_fails_on_everything_is_said_to(tmp_path) -> None:
    folder = made(tmp_path, "llama")
    file = folder / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"rope_parameters": {"rope_type": "yarn"}}))
    (found,) = outcomes(folder)
    assert (found.way, "Error" in found.said) == ("refused", False)


def test_a_folder_that_lacks_something_says_nothing_of_its_family(tmp_path) -> None:
    folder = made(tmp_path, "bert")
    (folder / "tokenizer.json").unlink(missing_ok=True)
    (folder / "vocab.txt").unlink(missing_ok=True)
    (found,) = outcomes(folder)
    assert (found.way, disagreement(found)) == ("refused", "")
    (folder / "model.safetensors").unlink()
    (found,) = outcomes(folder)
    assert (found.kind, found.way, disagreement(found)) == ("", "refused", "")


def test_the_table_names_what_it_explains() -> None:
    table = families.table()
    names = {*table["ways"], *table["reasons"]}
    used = {way for found in table["families"].values() for way in found.values()}
    assert used == names
    assert list(table["families"]) == sorted(table["families"])
    with pytest.raises(HeadlightError, match="mixes tokens by a Fourier transform"):
        families.refuse("fnet", "Mine")
    families.refuse("bert", "Mine")


def test_the_readme_shows_the_table() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert "\n".join(rows()) in text
