"""`export FILE report` and `replay`: one page that stands by itself, runs nothing, and can be made again."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from headlight.models.core.interventions import File, Freeze, Hide, Level, Off, Recipe, Scale, Swap
from headlight.models.core.task import SILENT
from headlight.models.core.tokens import Box, CharSpan, Special
from headlight.viewer.app.cli import run
from headlight.viewer.export.clouds.pictured import by_height, seen
from headlight.viewer.export.report.page import Said, Section, Table, Verbatim
from headlight.viewer.export.report.page import page as made_page
from headlight.viewer.export.report.record import KEPT, Record, compared, kept, record_of
from headlight.viewer.export.report.report import ReportOptions, now, page_of
from headlight.viewer.host.engines import open_engine
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.host.sources import told
from headlight.viewer.inputs.inputs import from_text

HOSTILE = "the <script>alert('mat')</script> & the \"mat\" the <img src=x onerror=alert(1)> the mat"
TITLES = [
    *("Input", "Model", "Answers", "Attention of one head", "All heads", "Relevance", "Faithfulness"),
    *("Interventions", "Settings", "Made with", "Recipe"),
]
NAMESPACE = "{http://www.w3.org/1999/xhtml}"


class Outline(HTMLParser):
    """The tags, the attributes that lead elsewhere, and the titles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.leads, self.titles = set(), [], []
        self._in = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.leads += [
            value for name, value in attrs if name in ("src", "href", "data", "action", "xlink:href")
        ]
        assert not any(name.startswith("on") for name, _ in attrs)
        self._in = tag == "h2"

    def handle_endtag(self, tag):
        self._in = False

    def handle_data(self, data):
        self.titles += [data] if self._in else []


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Path]:
    """(a text with hostile words and a hostile name, its report)"""
    folder = tmp_path_factory.mktemp("report")
    source, out = folder / "<b>&.txt", folder / "a.html"
    source.write_text(HOSTILE)
    words = ["report", "--model", "induction", "--with-faithfulness", "--method", "gradient-input"]
    assert run(["export", str(source), *words, "--out", str(out)]) == 0
    return source, out


def test_a_page_holds_all_sections_runs_nothing_and_leads_nowhere(made):
    text = made[1].read_text("utf-8")
    outline = Outline(text)
    assert outline.titles == TITLES
    assert not outline.tags & {"script", "iframe", "object", "embed", "link", "img", "a", "form", "base"}
    assert all(lead.startswith("data:image/png;base64,") for lead in outline.leads)
    assert len(outline.leads) >= 4
    assert not re.search(r"url\(|@import", text)
    tree = ElementTree.fromstring(text)  # strictly well-formed
    input_ = next(tree.iter(f"{NAMESPACE}section"))
    assert input_.findtext(f"{NAMESPACE}pre") == HOSTILE
    assert len(text) < 3_000_000


def test_what_a_report_holds_is_made_again_on_the_same_machine_with_no_difference(made, tmp_path, capfd):
    assert run(["replay", str(made[1]), "--out", str(tmp_path / "b.html")]) == 0
    said = capfd.readouterr().out.splitlines()
    assert [line.split(": ")[1] for line in said[:-1]] == ["equal, every number"] * 4
    assert said[-1].startswith("The run of 20")
    before, now = record_of(made[1]), record_of(tmp_path / "b.html")
    assert replace(before, made="") == replace(now, made="")


def test_an_input_that_changed_is_gone_or_lies_elsewhere(made, tmp_path, capfd):
    moved = tmp_path / "moved.txt"
    moved.write_text(HOSTILE)
    assert run(["replay", str(made[1]), str(moved)]) == 0
    moved.write_text(f"{HOSTILE}.")
    assert run(["replay", str(made[1]), str(moved)]) == 2
    assert "moved.txt is not what it was" in capfd.readouterr().err
    assert run(["replay", str(made[1]), str(tmp_path / "gone.txt"), "--out", str(tmp_path / "b.html")]) == 2
    assert "gone.txt is not there. Name the file where it lies now" in capfd.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["moved.txt"]


def changed(page: Path, out: Path, change) -> None:
    """The page with another record."""
    text = page.read_text("utf-8")
    whole = ElementTree.fromstring(text)
    (held,) = (one for one in whole.iter(f"{NAMESPACE}pre") if one.get("id") == "record")
    record = json.loads(held.text)
    change(record)
    out.write_bytes(made_page("a", "", [Section("b", [Verbatim(json.dumps(record), "record")])]))


def test_other_versions_and_numbers_are_told(made, tmp_path, capfd):
    def other(record):
        record["told"]["torch"] = "0.1"
        record["numbers"]["relevance"][3] += 1.0

    changed(made[1], tmp_path / "b.html", other)
    assert run(["replay", str(tmp_path / "b.html")]) == 2
    out, err = capfd.readouterr()
    assert re.search(r"^torch: 0\.1 in the report, \S+ here$", out, re.M)
    assert re.search(r"^relevance: differs, by \S+ of the largest number at most$", out, re.M)
    assert err == "headlight: The numbers are not those of the report.\n"


@pytest.mark.parametrize("part", [{"model": 5}, {"source": 5}, {"options": 5}, {"interventions": ["x"]}])
def test_a_recipe_of_other_parts_is_none(made, tmp_path, capfd, part):
    changed(made[1], tmp_path / "b.html", lambda record: record["recipe"].update(part))
    assert run(["replay", str(tmp_path / "b.html")]) == 2
    assert "b.html is no report that this Headlight reads." in capfd.readouterr().err


def test_a_method_that_is_not_here_is_told(made, tmp_path, capfd):
    changed(made[1], tmp_path / "b.html", lambda record: record["options"].update(method="stranger"))
    assert run(["replay", str(tmp_path / "b.html")]) == 2
    assert "There is no method “stranger” here." in capfd.readouterr().err


@pytest.mark.parametrize(
    ("options", "name"),
    [({"opacity": "x"}, "opacity"), ({"head": "each"}, "head"), ({"target_place": ["a"]}, "target_place")],
)
def test_an_option_of_another_type_is_told(made, tmp_path, capfd, options, name):
    changed(made[1], tmp_path / "b.html", lambda record: record["options"].update(options))
    assert run(["replay", str(tmp_path / "b.html")]) == 2
    assert f"b.html says of “{name}” what it cannot be." in capfd.readouterr().err


def test_an_option_of_the_reading_of_another_type_is_told(made, tmp_path, capfd):
    changed(made[1], tmp_path / "b.html", lambda record: record["recipe"].update(options=[["start", "x"]]))
    assert run(["replay", str(tmp_path / "b.html")]) == 2
    assert "b.html says of “start” what it cannot be." in capfd.readouterr().err


def test_heads_that_are_frozen_stand_in_a_report(tmp_path):
    engine = open_engine("induction", "text", "cpu")
    other = told(engine.run("a b a b"), from_text("a b a b"), RunOptions(), "")
    read = from_text("c d c d")
    frozen = (Freeze(other.layers[1].name, (0,), other.recipe),)
    trace = told(engine.run(read.text), read, RunOptions(interventions=frozen), "")
    trace = trace.run.again(frozen, donors=(other,))
    page, record = page_of(ReportOptions(), read, trace, now(), SILENT)
    assert "as in “a b a b”" in page.decode()
    (tmp_path / "a.html").write_bytes(page)
    assert record_of(tmp_path / "a.html").recipe == record.recipe


@pytest.mark.parametrize(
    "text",
    ["", "<pre id='record'>{}</pre>", "<pre id='record'>[1</pre>", '<pre id="record">{"form":"x"}</pre>'],
)
def test_what_is_no_report_is_refused(text, tmp_path, capfd):
    (tmp_path / "a.html").write_text(text)
    assert run(["replay", str(tmp_path / "a.html")]) == 2
    assert "a.html is no report that this Headlight reads." in capfd.readouterr().err


def test_what_was_changed_of_input_and_model_comes_back_from_the_page(tmp_path):
    span = CharSpan(0, 3)
    steps = (Hide((span, Special("[CLS]", 0))), Scale("a.b", (0, 2)), Off(Level("c", (1,))))
    steps = (*steps, Swap(Box(0.0, 0.0, 1.0, 1.0), Box(1.0, 2.0, 3.0, 4.5)))
    steps = (*steps, Freeze("a.b", (1,), Recipe("text", "m", "a \x85 \ufffe \U0001fffe b")))
    recipe = Recipe("text", "m", File("/a <b>", "0f"), (("size", 224), ("ids", (1, 2))), 3, steps, (7,))
    record = Record(recipe, {"head": 2, "query": (1,)}, {"torch": "2"}, {"a": [1.0, None]}, "now")
    (tmp_path / "a.html").write_bytes(made_page("", "", [Section("", [Verbatim(record.text(), "record")])]))
    assert record_of(tmp_path / "a.html") == record
    assert hash(record_of(tmp_path / "a.html").recipe) == hash(recipe)


@settings(max_examples=60)
@given(st.text(max_size=30), st.one_of(st.text(max_size=30), st.floats(allow_nan=False), st.integers()))
def test_whatever_is_said_stands_on_the_page_as_text(words, cell):
    made = made_page(
        words, words, [Section(words, [Said(words), Verbatim(words), Table([(words, cell)], ("a", words))])]
    )
    tree = ElementTree.fromstring(made.decode())
    said = "".join(one if one.isprintable() or one == "\n" else "" for one in words)
    found = "".join(tree.findtext(f".//{NAMESPACE}pre") or "")
    assert [one for one in found if one.isprintable() and one != "\ufffd"] == [
        one for one in said if one.isprintable() and one != "\ufffd"
    ]
    assert {one.tag.removeprefix(NAMESPACE) for one in tree.iter()} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "h1",
            "h2",
            "p",
            "section",
            "pre",
            "table",
            "thead",
        ),
        *("tbody", "tr", "th", "td"),
    }


def test_numbers_are_kept_evenly_and_compared_by_the_largest():
    values = np.arange(100_000, dtype=np.float32) / 3
    some = kept(values)
    assert len(some) == KEPT
    assert (np.float32(some[0]), np.float32(some[-1])) == (values[0], values[-1])
    assert kept(np.array([0.1, np.nan], np.float32)) == [0.100000001, None]  # the very float32
    (same, near, far, other, gone) = compared(
        {"a": [1.0, None], "b": [2.0], "c": [2.0, 0.0], "d": [1.0], "e": [0.0]},
        {"a": [1.0, None], "b": [2.0001], "c": [2.0, 0.1], "d": [1.0, 2.0]},
    )
    assert [one.equal for one in (same, near, far, other, gone)] == [True, True, False, False, False]
    assert (same.off, far.off) == (0.0, pytest.approx(0.05))
    assert (other.said, gone.said) == ("1 numbers in the report, 2 here", "not here")


def test_a_cloud_is_seen_from_a_corner_above_the_nearer_before_the_farther():
    # The viewer stands where x is large, y small and z high: of two points on that line the upper hides.
    view = np.array([np.cos(np.radians(-60)), np.sin(np.radians(-60)), np.tan(np.radians(35))])
    corners = np.tile([[-1, 0, 0], [1, 0, 0], [0, -1, 0], [0, 1, 0]], (3, 1)).astype(float)
    points = np.concatenate([corners, [[0, 0, 0]], [0.5 * view]])
    rgb = np.zeros((14, 3), np.uint8)
    rgb[12], rgb[13] = (255, 0, 0), (0, 255, 0)
    found = seen(points, rgb)
    assert not (found == (255, 0, 0)).all(-1).any()
    assert (found == (0, 255, 0)).all(-1).any()
    assert by_height(points).shape == (14, 3)


def test_a_room_is_seen_without_its_ceiling():
    sides = np.linspace(0, 4, 40)
    floor = np.array([(x, y, 0.0) for x in sides for y in sides])
    points = np.concatenate([floor, floor + np.array([0, 0, 3.0])])
    rgb = np.repeat(np.array([[10, 200, 10], [200, 10, 10]], np.uint8), len(floor), axis=0)
    found = seen(points, rgb)
    assert (found == (10, 200, 10)).all(-1).sum() > 10_000
    assert not (found == (200, 10, 10)).all(-1).any()


def test_a_picture_and_what_it_rests_on(tmp_path):
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (60, 90, 3), np.uint8)).save(tmp_path / "a.png")
    out = tmp_path / "a.html"
    assert run(["export", str(tmp_path / "a.png"), "report", "--size", "224", "--out", str(out)]) == 0
    outline = Outline(out.read_text("utf-8"))
    assert outline.titles == [one for one in TITLES if one != "Faithfulness"]
    record = record_of(out)
    assert record.recipe.options == (("size", 224),)
    assert len(record.told["sha256 of model.safetensors"]) == 64
    assert out.stat().st_size < 3_000_000
