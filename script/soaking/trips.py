"""What is done to a window for hours: documents come and go, models change, a robot plays with all of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from script.soaking.measures import STOP, Measures, measured
from tests.journeys import robot
from tests.journeys.person import Person

EVERY = 20
"""Documents or changes between two measures."""

Rows = list[Measures]
"""What was measured, which is kept where a trip breaks off."""
Kinds = dict[str, tuple[Callable[[], Any], str | None]]
"""By a name: what makes an input, and the model that reads it."""


def prepared(folder: Path) -> Kinds:
    """By a name: what makes an input, and the model that reads it, made in `folder`."""
    from headlight.viewer.app.cli import let_libraries_be_silent
    from headlight.viewer.inputs.inputs import PictureTextInput, StackInput, from_bytes, from_path, from_text
    from script.fuzzing.samples import samples

    let_libraries_be_silent()
    from tests.models import family_folders, listening, picture_texts, tiny_points
    from tests.viewer import cloud_samples as make

    text, other = (str(family_folders.made(folder, name)) for name in ("bert", "gpt2"))
    sees = str(family_folders.made(folder, "vit"))
    reads = str(tiny_points.saved(folder / "points", tiny_points.transformer()))
    picture, sound = samples()["jpeg"][0].laid(folder), samples()["wav"][0].laid(folder)
    hears, spells = listening.whisper(folder / "whisper"), listening.waves(folder / "waves")
    asks, finds = picture_texts.folder(folder, "llava"), picture_texts.detector(folder)
    made: Kinds = {
        "text": (lambda: from_text("The cat sat on the mat because it was tired."), text),
        "pair": (lambda: from_text("A first one.", pair="A second one."), text),
        "written": (lambda: from_text("It goes on"), other),
        "picture": (lambda: from_path(picture), sees),
        "asked": (lambda: PictureTextInput("asked", from_path(picture), "What is this?"), str(asks)),
        "boxes": (lambda: from_path(picture), str(finds)),
        "sound": (lambda: from_path(sound), str(hears)),
        "wave": (lambda: from_path(sound), str(spells)),
        "cloud": (lambda: from_bytes(make.npy(tiny_points.room(900)[0]), "room.npy"), reads),
        "stack": (StackInput, None),
    }
    for sample in samples()["recorded"]:
        path = sample.laid(folder)
        made[sample.opens] = (lambda path=path: from_path(path), None)
    return made


def cycles(person: Person, count: int, kinds: Kinds, rows: Rows) -> None:
    """So many documents of all kinds in turn, each opened, read, looked at on a page and closed."""
    for number in range(count):
        if _is_over(person):
            break
        make, model = list(kinds.values())[number % len(kinds)]
        document = _opened(person, make, model)
        pages = person.ask(lambda document=document: document.pages)
        page = pages[number // len(kinds) % len(pages)]
        person.steps.append(f"{document.title} on {page}")
        person.ask(lambda page=page: person.window.session.set_page(page))
        person.settle()
        person.check(document.state == "ready", f"{document.title}: {document.state} {document.failure}")
        person.ask(lambda: person.window.actions_.run("close"))
        if (number + 1) % EVERY == 0:
            person.settle()
            rows.append(person.ask(lambda: measured(person.window)))


def models(person: Person, count: int, kinds: Kinds, rows: Rows) -> None:
    """One text, read by one model after the other."""
    names = [kinds[kind][1] for kind in ("text", "written")]
    document = _opened(person, *kinds["text"])
    for number in range(count):
        if _is_over(person):
            break
        model = names[(number + 1) % len(names)]
        person.ask(lambda model=model: person.window.runs.change(document, model=model))
        person.settle()
        person.check(document.options.model == model, f"{document.options.model} in place of {model}")
        if (number + 1) % EVERY == 0:
            rows.append(person.ask(lambda: measured(person.window)))
    person.ask(lambda: person.window.actions_.run("close"))


def damaged(person: Person, count: int, seed: int, rows: Rows) -> None:
    """So many damaged files of all readers, opened as a drop opens them: a document, a message or a
    question for each."""
    from script.fuzzing.case import Case
    from script.fuzzing.samples import samples

    told, readers = [], list(samples())
    hear = lambda kind, text: told.append(text)  # noqa: E731
    person.ask(lambda: person.window.told.connect(hear))
    for number in range(count):
        if _is_over(person):
            break
        case = Case(readers[number % len(readers)], seed, number)
        path = case.made(samples())[0].laid(person.folder / "damaged" / str(number))
        told.clear()
        person.steps.append(str(case))
        person.ask(lambda path=path: person.window.open_paths([str(path)]))
        person.settle()
        documents = person.ask(lambda: list(person.window.session.documents))
        person.check(bool(documents or told or person.ask(_asks)), "neither document, message nor question")
        person.check(not any("Something" in text for text in told), " ".join(told))
        person.check(all(one.state in ("ready", "failed") for one in documents), "a document that waits")
        robot.close_what_is_open(person)
        person.ask(lambda every=documents: [person.window.runs.close(one) for one in every])
        person.settle()
        if (number + 1) % EVERY == 0:
            rows.append(person.ask(lambda: measured(person.window)))
    person.ask(lambda: person.window.told.disconnect(hear))


def _asks() -> bool:
    """Whether a dialog is open, such as that of a table's columns."""
    from PySide6.QtWidgets import QApplication

    return QApplication.activeModalWidget() is not None


def wander(person: Person, seed: int, seconds: float, rows: Rows) -> None:
    """A robot's gestures, in parts of so many seconds of processor time; all is closed between two."""
    parts = max(1, round(seconds / PART))
    for part in range(parts):
        if _is_over(person):
            break
        robot.wander(person, seed + part, seconds / parts)
        robot.close_what_is_open(person)
        person.ask(lambda: [person.window.runs.close(one) for one in list(person.window.session.documents)])
        person.settle()
        rows.append(person.ask(lambda: measured(person.window)))


PART = 60.0
"""Seconds of processor time between two measures of what a robot leaves."""


def _is_over(person: Person) -> bool:
    return (person.folder / STOP).exists()


def _opened(person: Person, make: Callable[[], Any], model: str | None) -> Any:
    from headlight.viewer.host.recipe import RunOptions

    def open_() -> Any:
        document = person.window.session.add(make(), RunOptions(model=model))
        person.window.runs.start(document)
        return document

    document = person.ask(open_)
    person.settle()
    return document
