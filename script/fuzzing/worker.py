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
from dataclasses import asdict, dataclass, field
from pathlib import Path

from script.fuzzing.case import Case


@dataclass
class Outcome:
    """came: "document", "notice" (a document that something is said of), "message" or "fault". said: of a
    message or a fault. faults: what may not be, in words."""

    case: Case
    came: str = "fault"
    said: str = ""
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0
    memory: int = 0


def opened(case: Case, folder: Path, watch) -> Outcome:
    """What comes of one case, made in `folder`."""
    from headlight.models.core.errors import HeadlightError
    from headlight.viewer.inputs.inputs import from_path
    from script.fuzzing.checks import check_document, check_message, extent
    from script.fuzzing.samples import samples

    sample, cut = case.made(samples())
    inside = folder / "in"
    shutil.rmtree(inside, ignore_errors=True)
    path = sample.laid(inside)
    outcome = Outcome(case)
    size = sum(map(len, sample.files.values()))
    with watch.watching(size, (inside,)) as found, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        start = time.monotonic()
        try:
            what = from_path(path)
            outcome.came = "notice" if what.notices else "document"
            check_document(what)
            outcome.said = " ".join(what.notices)
            if cut:
                outcome.faults += _lost(case, what, extent)
            del what
        except HeadlightError as error:
            outcome.came, outcome.said = "message", str(error)
            if "free memory" in str(error):
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
    outcome.faults += {f"warns: {one.category.__name__}: {str(one.message)[:120]}" for one in warned}
    return outcome


def _lost(case: Case, what, extent) -> list[str]:
    """Whether a file that was cut off opens with less in it than before, and nothing is said of that."""
    from headlight.viewer.inputs.inputs import from_path
    from script.fuzzing.samples import samples

    name = what.title
    whole = next(one for one in samples()[case.reader] if Path(one.opens).name == name)
    with tempfile.TemporaryDirectory() as folder:
        before = from_path(whole.laid(Path(folder)))
    if (
        type(what) is type(before)
        and extent(what) < extent(before)
        and set(what.notices) <= set(before.notices)
    ):
        return [f"lost without a word: {extent(what):,} of {extent(before):,}"]
    return []


def main(folder: Path) -> None:
    import numpy  # noqa: F401
    import PIL.Image

    from headlight.viewer import builtin  # noqa: F401  what there is
    from script.fuzzing.forked import fork_native_readers
    from script.fuzzing.samples import samples
    from script.fuzzing.watch import Watch

    samples()
    PIL.Image.preinit()
    fork_native_readers()
    watch = Watch(folder)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        case = Case(**json.loads(line))
        answers.write(json.dumps(asdict(opened(case, folder, watch))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
