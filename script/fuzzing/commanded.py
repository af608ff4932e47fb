"""A damaged file on the command line: an export gives a file and status 0, or one sentence and status 2."""

from __future__ import annotations

import contextlib
import io
from functools import cache
from pathlib import Path

from headlight.models.core.errors import HeadlightError
from headlight.viewer.registry import REGISTRY, Reader
from script.fuzzing.checks import Unsound

_SAYS = "headlight: "


@cache
def _models(folder: Path) -> dict[str, Path]:
    """A small model of each kind of input, made in `folder` once."""
    from tests.models import family_folders, tiny_points

    return {
        "text": family_folders.made(folder, "bert"),
        "image": family_folders.made(folder, "vit"),
        "points": tiny_points.saved(folder / "points", tiny_points.transformer()),
    }


def prepared(folder: Path) -> None:
    """What takes long once: libraries, the models, and a pass of each."""
    from headlight.viewer.app import cli
    from script.fuzzing.samples import samples

    cli.let_libraries_be_silent()
    for kind, reader in (("text", "text"), ("image", "png"), ("points", "ply")):
        good = samples()[reader][0]
        exported(kind, good.laid(folder / kind), folder, folder / "out.npz")


def exported(kind: str, path: Path, models: Path, out: Path) -> tuple[str, ...]:
    """What was said of a success. HeadlightError with what was said of a failure, Unsound where that is no
    sentence, or something was written all the same."""
    from headlight.viewer.app import cli
    from headlight.viewer.export.options import whats

    out.unlink(missing_ok=True)
    what = "tokens" if kind in ("text", "recorded-text") else "attention"
    assert what in whats()
    chosen = _models(models).get(kind)
    model = [] if chosen is None else ["--model", str(chosen)]
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        status = cli.run(["export", str(path), what, "--out", str(out), "--device", "cpu", *model])
    lines = said.getvalue().splitlines()
    if not all(line.startswith(_SAYS) for line in lines):
        raise Unsound(f"stderr: {said.getvalue()[:300]!r}")
    told = tuple(line.removeprefix(_SAYS) for line in lines)
    if status == 0:
        if not out.is_file():
            raise Unsound("nothing was written")
        out.unlink()
        return told
    if status != 2 or not told or out.exists():
        raise Unsound(f"status {status}: {' '.join(told)[:300]}")
    cause, _, step = told[-1].rpartition(". ")
    raise HeadlightError(f"{cause}." if cause else step, step)


def kind_of(reader: str) -> str:
    return REGISTRY.all(Reader)[reader].kind
