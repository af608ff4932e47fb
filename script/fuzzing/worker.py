"""Opens one damaged file after the other: a line of JSON with a case in, a line with its outcome out."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from script.fuzzing.case import Case
from script.fuzzing.sample import Sample
from script.fuzzing.watch import Watch


@dataclass
class Outcome:
    """came: "document", "notice" (a document that something is said of), "message" or "fault". said: of a
    message or a fault. faults: what may not be, in words. seconds, memory: that it took, in bytes."""

    case: Case
    came: str = "fault"
    said: str = ""
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0
    memory: int = 0


Opens = Callable[[Path], tuple[str, ...]]
"""What is done with a sample that is laid out; its notices."""


def outcome_of(case: Case, sample: Sample, folder: Path, watch: Watch, opens: Opens, quiet: bool) -> Outcome:
    """What comes of a sample. quiet: warnings are faults."""
    from headlight.models.core.errors import HeadlightError, out_of_memory
    from script.fuzzing.checks import check_message

    inside = folder / "in"
    shutil.rmtree(inside, ignore_errors=True)
    path = sample.laid(inside)
    outcome = Outcome(case)
    size = sum(map(len, sample.files.values()))
    with watch.watching(size) as found, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        start = time.monotonic()
        try:
            notices = opens(path)
            outcome.came, outcome.said = "notice" if notices else "document", " ".join(notices)
        except HeadlightError as error:
            outcome.came, outcome.said = "message", str(error)
            if "free memory" in str(error) or out_of_memory(error):
                outcome.faults.append("more than 2 GB")
            try:
                check_message(error)
            except AssertionError as wrong:
                outcome.faults.append(str(wrong))
        except AssertionError as wrong:
            outcome.faults.append(f"unsound: {wrong}")
        except BaseException as error:  # a panic of a library in Rust is no Exception
            outcome.faults.append(f"{type(error).__name__}: {str(error)[:200]}")
            outcome.said = traceback.format_exc()[-3000:]
        outcome.seconds = time.monotonic() - start
    outcome.faults += found
    outcome.memory = watch.taken
    if quiet:
        outcome.faults += {f"warns: {one.category.__name__}: {str(one.message)[:120]}" for one in warned}
    return outcome


def file_opened(case: Case, folder: Path, watch: Watch) -> Outcome:
    """What comes of a file for a reader."""
    from script.fuzzing.samples import samples

    sample, cut = case.made(samples())

    def opens(path: Path) -> tuple[str, ...]:
        from headlight.viewer.inputs.inputs import from_path
        from script.fuzzing.checks import check_document

        what = from_path(path)
        check_document(what)
        if cut:
            _check_whole(case, what)
        return what.notices

    return outcome_of(case, sample, folder, watch, opens, quiet=True)


def _check_whole(case: Case, what: Any) -> None:
    """Whether of a file that was cut off all is there, or something said."""
    from headlight.viewer.inputs.inputs import from_path
    from script.fuzzing.checks import Unsound, extent
    from script.fuzzing.samples import samples

    whole = next(one for one in samples()[case.reader] if Path(one.opens).name == what.title)
    with tempfile.TemporaryDirectory() as folder:
        before = from_path(whole.laid(Path(folder)))
    if (
        type(what) is type(before)
        and extent(what) < extent(before)
        and set(what.notices) <= set(before.notices)
    ):
        raise Unsound(f"lost without a word: {extent(what):,} of {extent(before):,}")


def file_exported(case: Case, folder: Path, watch: Watch) -> Outcome:
    """What comes of a file on the command line."""
    from script.fuzzing.commanded import exported, kind_of
    from script.fuzzing.samples import samples

    sample, _ = case.made(samples())
    kind, home = kind_of(case.reader), folder.parent / "models"
    out = folder / "out.npz"
    return outcome_of(case, sample, folder, watch, lambda path: exported(kind, path, home, out), quiet=False)


def model_run(case: Case, folder: Path, watch: Watch) -> Outcome:
    """What comes of a model."""
    from script.fuzzing.misplaced import RAN
    from script.fuzzing.models import models
    from script.fuzzing.running import ran

    sample, _ = case.made(models())
    trusted = case.number % 3 == 0
    outcome = outcome_of(
        case, sample, folder, watch, lambda path: ran(sample.reads, path, trusted), quiet=False
    )
    for place in (folder / "in" / RAN, Path(RAN)):
        if place.exists():
            place.unlink()
            outcome.faults.append("code of the model ran")
    return outcome


def _prepared(for_models: bool, folder: Path) -> None:
    if for_models:
        from script.fuzzing.running import prepared

        prepared()
    else:
        from script.fuzzing.commanded import prepared as commanded

        commanded(folder.parent / "models")


def main(folder: Path) -> None:
    import PIL.Image

    from headlight.viewer import builtin  # noqa: F401  what there is
    from headlight.viewer.inputs import guard
    from script.fuzzing.forked import fork_native_readers
    from script.fuzzing.models import MODELS
    from script.fuzzing.samples import samples

    samples()
    PIL.Image.preinit()
    fork_native_readers()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    watch, ready = Watch(folder), False
    for line in sys.stdin:
        case = Case(**json.loads(line))
        act = model_run if case.reader == MODELS else file_exported if case.commanded else file_opened
        if act is not file_opened and not ready:
            _prepared(act is model_run, folder)
            ready = True
        guard.prepare()  # else what it takes is taken for what opening left
        outcome = act(case, folder, watch)
        answers.write(json.dumps(asdict(outcome)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
