"""A plugin outside the tree adds an export and a format by a line each; all that is made of them has both."""

from __future__ import annotations

from contextlib import suppress
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from headlight.models.core.errors import HeadlightError
from headlight.viewer import plugins
from headlight.viewer.app.cli import run
from headlight.viewer.export.options import choices_of, kinds_of
from headlight.viewer.inputs.inputs import from_path
from headlight.viewer.inputs.readers import names_of_formats
from headlight.viewer.panes.shared.dialogs import inputs
from headlight.viewer.registry import REGISTRY, Export, Kind, Reader

ROOT = Path(__file__).parents[2]
LENGTHS = """
from dataclasses import dataclass

import numpy as np

from headlight.viewer.export.results import Result
from headlight.viewer.options import count, option
from headlight.viewer.registry import Export, Needs


@dataclass(frozen=True)
class Options:
    times: int = option("how often each counts (1)", "Times", default=1, parse=count, metavar="COUNT")


def lengths(options, ending, document, trace, task):
    found = np.array([len(label) * options.times for label in trace.tokens.labels])
    return Result(lambda: {"lengths": found}, lambda: [("length",), *((int(n),) for n in found)])


def declare(registry):
    text = Needs(("characters",), trace=True)
    files, options = ("npz", "csv"), "lengths_plugin:Options"
    registry.add(Export("lengths", "Lengths", files, "lengths_plugin:lengths", text, options))
"""


DOTS = """
import numpy as np

from headlight.viewer.inputs.clouds.parts import Parts
from headlight.viewer.registry import Reader


def read(source):
    data = source.file.read()[4:]
    return Parts(np.frombuffer(data, "<f4").reshape(-1, 3), unit=1.0, sure=True)


def declare(registry):
    read, magic = "dots_plugin:read", (b"DOTS",)
    registry.add(Reader("dots", "points", "DOTS file", ("dots",), read, magic, names=("DOTS",)))
"""


class _Undone(Exception):
    pass


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Installs a plugin, as far as entry points go, and takes it out again."""
    with suppress(_Undone), REGISTRY.whole():

        def install(name: str, text: str):
            (tmp_path / f"{name}.py").write_text(text)
            monkeypatch.syspath_prepend(tmp_path)

            class Point:
                def load(self):
                    return __import__(name).declare

            Point.name = name
            monkeypatch.setattr(
                metadata, "entry_points", lambda group: [Point()] if group == plugins.GROUP else []
            )

        yield install
        raise _Undone


def test_a_plugin_adds_an_export(plugin, tmp_path, capfd, monkeypatch):
    plugin("lengths_plugin", LENGTHS)
    out = tmp_path / "out.npz"
    line = ["export", "lengths", "--text", "a great serve", "--times", "3"]
    assert run([*line, "--device", "cpu", "--out", str(out)]) == 0, capfd.readouterr().err
    with np.load(out) as found:
        assert found["lengths"].tolist() == [15, 3, 15, 15, 15]
    monkeypatch.setattr(metadata, "entry_points", lambda group: [])  # it has declared what it has
    assert run(["export", "--help"]) == 0
    help = " ".join(capfd.readouterr().out.split())
    assert "lengths (npz, csv)" in help
    assert "--times COUNT lengths: how often each counts (1)" in help
    for words, said in (
        ("tokens --times 2", "--times belongs to lengths, not to tokens. Leave it out."),
        ("lengths", "--out is missing. Name a file that ends in npz or csv."),
    ):
        assert run(["export", "--text", "a", *words.split()]) == 2
        assert capfd.readouterr().err == f"headlight: {said}\n"


def test_a_plugin_whose_option_reads_otherwise_is_named(plugin, tmp_path, capfd):
    plugin("odd_plugin", LENGTHS.replace("times", "head").replace("lengths_plugin", "odd_plugin"))
    assert run(["export", "tokens", "--text", "a", "--out", str(tmp_path / "a.npz")]) == 2
    assert capfd.readouterr().err == (
        "headlight: --head of lengths is read in another way than that of attention. "
        "Update the plugin that declares it, or take it out.\n"
    )


def test_a_plugin_adds_a_format_of_clouds(plugin, tmp_path):
    points = np.random.default_rng(0).random((50, 3), np.float32)
    (tmp_path / "a.txt").write_bytes(b"DOTS" + points.tobytes())
    (tmp_path / "b.dots").write_bytes(b"DOTS" + points.tobytes()[:-2])
    with pytest.raises(HeadlightError, match="is neither an image nor a text"):
        from_path(tmp_path / "a.txt")
    plugin("dots_plugin", DOTS)
    assert plugins.read(REGISTRY) == []
    cloud = from_path(tmp_path / "a.txt")  # by how it begins, whatever it is called
    assert np.allclose(cloud.file_coordinates(cloud.points), points, atol=1e-6)
    with pytest.raises(HeadlightError, match=r"^b\.dots is a damaged or cut-off DOTS file\. Get a whole"):
        from_path(tmp_path / "b.dots")
    (tmp_path / "c.docx").write_bytes(b"PK\x03\x04")
    with pytest.raises(HeadlightError, match=r"E57, DOTS\), sounds"):
        from_path(tmp_path / "c.docx")
    assert "*.dots" in inputs().split(";;")[3]
    assert ", DOTS" in names_of_formats()


def test_the_readme_lists_every_format():
    rows = []
    for kind in REGISTRY.all(Kind).values():
        own = [one for one in REGISTRY.all(Reader).values() if one.kind == kind.id]
        said = [(one.title, ", ".join(f".{ending}" for ending in one.endings if ending)) for one in own]
        named = "; ".join(f"{title} ({endings})" if endings else title for title, endings in said)
        rows += [f"| {kind.noun} | {named} |"] if own else []
    assert _table("| what | formats |") == rows


def test_the_readme_lists_every_export():
    rows = [
        f"| `{export.what}` | {', '.join(kind.plural for kind in kinds_of(export))} "
        f"| {', '.join(export.endings)} | {', '.join(f'`{o.flag}`' for o in choices_of(export)) or '–'} |"
        for export in REGISTRY.all(Export).values()
    ]
    assert _table("| WHAT | of | OUT ends in | options |") == rows


def _table(head: str) -> list[str]:
    """The rows of a table of the README."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    at = lines.index(head)
    return lines[at + 2 : lines.index("", at)]
