"""Families of models: every model folder in a folder is opened as a user would, and held against the table.

    .venv/bin/python -m script.families FOLDER [--table]
    .venv/bin/python -m script.families --readme

A line a model and kind of input: how its weights are come by, or why there are none; the largest difference
of a weight from the model's own eager attention; the largest of its answer, recorded and not, as a share of
its largest number. Exit 1 where any disagrees with assets/tables/families.json; a folder that is refused for
another reason than its family, as one without weights, is said and counts as none. --table prints what was
found as that file has it, --readme the table as README has it.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEXT = "The cat sat on the mat, and then it slept all day long; so they say."
"""Long enough for what is done differently over long texts (BigBird's blocks)."""
SIZE = 224
TOLERANCE = 1e-5
KINDS = ("text", "image")
SCORES = 3e-7
"""Of a score as large as these a float32 knows no more: weights differ by as much of them."""


@dataclass(frozen=True)
class Outcome:
    """kind: what was read; "" where the folder was refused before. way: a name of the table's ways or
    reasons, or "refused". weights, answer: largest differences, None where there is nothing to compare."""

    folder: str
    model_type: str
    kind: str
    way: str
    weights: float | None = None
    answer: float | None = None
    said: str = ""

    @property
    def is_exact(self) -> bool:
        return all(one is None or one <= TOLERANCE for one in (self.weights, self.answer))


def outcomes(folder: Path) -> Iterator[Outcome]:
    """What comes of a model folder, of each kind of input that it reads."""
    from headlight.models import families
    from headlight.models.catalogue import entries
    from headlight.models.catalogue.formats.vocabulary import has_tokenizer, tokenizer_folder
    from headlight.models.core.errors import HeadlightError

    model_type = _type_of(folder)
    try:
        kinds = [kind for kind in KINDS if entries.find(str(folder)).reads(kind)]
    except HeadlightError as error:
        why = families.table()["families"].get(model_type, {})
        way = next(iter(why.values())) if families.reason(model_type) else "refused"
        yield Outcome(folder.name, model_type, "", way, said=str(error))
        return
    for kind in kinds:
        try:
            yield _shown(folder, model_type, kind)
        except HeadlightError as error:
            lacks = kind == "text" and not has_tokenizer(tokenizer_folder(folder))
            yield Outcome(folder.name, model_type, "" if lacks else kind, "refused", said=str(error))


def disagreement(found: Outcome) -> str:
    """What of an outcome is not as the table has it, or nothing."""
    from headlight.models import families

    wanted = families.table()["families"].get(found.model_type, {})
    if found.way == "refused" and not (found.kind and wanted):
        return ""  # for what its folder is, not for its family
    named = wanted.get(found.kind) if found.kind else next(iter(wanted.values()), None)
    if named != found.way:
        return f"{found.way}, and the table says {named or 'nothing'}"
    return "" if found.is_exact else "not exact"


def rows() -> list[str]:
    """The table as README shows it: a row for each way and each reason, with the model types."""
    from headlight.models import families

    table = families.table()
    words = {**table["ways"], **{name: f"refused: it {why}" for name, why in table["reasons"].items()}}
    nouns = {"text": "texts", "image": "pictures", "video": "videos", "sound": "sounds"}
    found: dict[tuple[str, str], list[str]] = {}
    for model_type, of_kinds in table["families"].items():
        for kind, way in of_kinds.items():
            found.setdefault((way, kind), []).append(model_type)
    order = sorted(found, key=lambda key: (list(words).index(key[0]), list(nouns).index(key[1])))
    lines = (
        f"| {words[way]} | {nouns[kind]} | {len(found[way, kind])} | {', '.join(found[way, kind])} |"
        for way, kind in order
    )
    return ["| what is shown | of | families | model types |", "| --- | --- | --- | --- |", *lines]


def _type_of(folder: Path) -> str:
    for file in (folder / "config.json", *sorted(folder.glob("*/config.json"))):
        if file.is_file():
            content = json.loads(file.read_text("utf-8-sig"))
            if "model_type" in content:
                return content["model_type"]
    return ""


def _shown(folder: Path, model_type: str, kind: str) -> Outcome:
    import torch

    from headlight.models.attention.asking.amounts import AmountCall
    from headlight.models.attention.asking.implementations import unchanged
    from headlight.models.attention.calls import AttentionCall
    from headlight.models.attention.same_answer import apart, floats
    from headlight.viewer.host import forward
    from headlight.viewer.host.recipe import RunOptions
    from headlight.viewer.inputs.inputs import from_path, from_text

    picture = min((Path(__file__).resolve().parents[1] / "assets" / "samples").glob("*.jpg"))
    what = from_text(TEXT) if kind == "text" else from_path(str(picture))
    made = forward.forward_pass(what, RunOptions(model=str(folder), size=SIZE, device="cpu"))
    engine, run = made.trace.run.engine(), made.trace.run
    if not made.trace.layers:
        return Outcome(folder.name, model_type, kind, "map")
    inputs = engine._inputs(run.given, None)
    with torch.no_grad(), unchanged(engine.model), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        plain = dict(floats(engine._forward(inputs)))
        torch.manual_seed(0)
        with engine._recorded((), _silent()) as calls:
            recorded = dict(floats(engine._forward(inputs)))
    answer = apart({key: x for key, x in recorded.items() if key in plain}, plain)
    layers = {layer.name: layer.call for layer in made.trace.layers}
    if all(isinstance(call, AttentionCall) for call in layers.values()):
        return Outcome(folder.name, model_type, kind, "recorded", _from_eager(engine, inputs, calls), answer)
    way = "amount" if any(isinstance(call, AmountCall) for call in layers.values()) else "returned"
    return Outcome(folder.name, model_type, kind, way, max(made.checks), answer)


def _from_eager(engine: Any, inputs: dict[str, Any], calls: list) -> float | None:
    """Largest difference of recorded weights from those that the model's eager attention returns."""
    import torch

    from headlight.models.attention.asking.implementations import unchanged
    from headlight.models.attention.calls import GivenCall
    from headlight.models.attention.capture import recording
    from headlight.models.core.errors import HeadlightError

    try:
        with torch.no_grad(), unchanged(engine.model), recording(engine.model, weights=True) as returned:
            engine._forward(inputs)
    except HeadlightError:
        return None
    own = {call.name: call.given for call in returned if isinstance(call, GivenCall)}
    found = [_apart(call, own[call.name]) for call in calls if call.name in own]
    return max(found, default=None)


def _apart(call: Any, given: Any) -> float:
    """What of a difference rounding does not explain, where scores are large; a sink is taken off before some
    models return their weights."""
    worst = 0.0
    for batch in range(len(given)):
        own, scores = given[batch], call.scores(batch=batch)
        if call.sinks is not None:
            own = own * (1 - call.sink(batch=batch))[..., None] / own.sum(-1, keepdim=True).clamp_min(1e-9)
        largest = float(scores[scores > -1e9].abs().max())
        worst = max(worst, float((call.weights(batch=batch) - own).abs().max()) - SCORES * largest)
    return max(worst, 0.0)


def _silent() -> Any:
    from headlight.models.core.task import SILENT

    return SILENT


def main(arguments: list[str]) -> int:
    if "--readme" in arguments:
        print("\n".join(rows()))
        return 0
    warnings.simplefilter("ignore")
    from headlight.models.engines import door
    from headlight.viewer import builtin  # noqa: F401  what can be read

    wrong, table = 0, {}
    for folder in sorted(path for path in Path(arguments[0]).iterdir() if path.is_dir()):
        for found in outcomes(folder):
            why = disagreement(found)
            wrong += bool(why)
            table.setdefault(found.model_type, {})[found.kind] = found.way
            if "--table" not in arguments:
                numbers = ("–" if one is None else f"{one:.0e}" for one in (found.weights, found.answer))
                print(
                    f"{found.folder:28} {found.kind:6} {found.way:10} {' '.join(numbers)} {why} {found.said}"
                )
        door._engines.clear()
    if "--table" in arguments:
        print(json.dumps(table, indent=2))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
