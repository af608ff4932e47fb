"""Exports of experiments: whether a relevance is faithful, and what each head of a model is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.task import Part, Task
from headlight.models.core.trace import Trace
from headlight.models.explain.agreement import rank_correlations, special_shares
from headlight.models.explain.faithfulness import ORDERS, Curves, at_random, convention, faithfulness
from headlight.viewer.export.attention.relevance import (
    Aimed,
    Asked,
    aimed_filled,
    asked_filled,
    found_by,
    methods_of_targets,
    read_method,
    targeted,
    told,
)
from headlight.viewer.export.choices import Subject, of_texts
from headlight.viewer.export.results import Filled, Result
from headlight.viewer.inputs.inputs import Input, TextInput
from headlight.viewer.options import Rule, option, some
from headlight.viewer.slices.explain.beside import ordered


def _read_methods(value: str) -> tuple[str, ...]:
    return tuple(map(read_method, value.split(",")))


@dataclass(frozen=True)
class FaithfulnessOptions(Asked):
    orders: int = option(
        f"random orders that it is compared with ({ORDERS})",
        "Random orders",
        default=ORDERS,
        parse=some,
        metavar="N",
        empty=str(ORDERS),
    )
    methods: tuple[str, ...] | None = option(
        "of many inputs: which are compared (those that stand side by side in the window)",
        parse=_read_methods,
        metavar="NAME[,NAME]",
    )
    lines: bool = option(
        "every line is a text of its own, and methods are compared over all", switch=True, early=of_texts
    )


def faithful(options: FaithfulnessOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """fractions, deletion, insertion float32 (f,), random (orders, f), auc (3,): of deletion, insertion and
    deletion at random; `beats_random`; what it is of, as `relevance` has it."""
    if options.methods is not None:
        raise HeadlightError("--methods is of many inputs, and this is one.", "Choose one with --method.")
    found, method, target = found_by(options, document, trace, Part(task, 0.0, 0.4))
    if target is None:
        target = targeted(options, document, trace, task)
    found = replace(found, values=ordered(found))
    at = faithfulness(trace, target, found, Part(task, 0.4, 0.6))
    random = at_random(trace, target, options.orders, task=Part(task, 0.6))
    means, beaten = [float(one.mean()) for one in random.areas], at.beaten(random)
    arrays = {
        **{name: getattr(at, name) for name in ("fractions", "deletion", "insertion")},
        "random": random.deletion,
        "random_insertion": random.insertion,
        "auc": np.array([*at.areas, means[0]], np.float32),
        "auc_names": np.array(["deletion", "insertion", "random deletion"]),
        "auc_random_insertion": np.array(means[1], np.float32),
        "beats_random": np.array(beaten[0] == options.orders),
        "beats_random_insertion": np.array(beaten[1] == options.orders),
        "convention": np.array(convention(trace.tokens)),
        **told(document, trace, method, target),
    }
    return Result(lambda: arrays, lambda: _curves(at, random))


def _curves(at: Curves, random: Curves) -> Iterator[Sequence[object]]:
    names = ("mean", "least", "most")
    both = (("random", random.deletion), ("random_insertion", random.insertion))
    yield ("fraction", "deletion", "insertion", *(f"{of}_{name}" for of, _ in both for name in names))
    bands = [part for _, one in both for part in (one.mean(0), one.min(0), one.max(0))]
    for row in zip(at.fractions, at.deletion, at.insertion, *bands, strict=True):
        yield tuple(f"{value:.9g}" for value in row)
    means = [f"{one.mean():.9g}" for one in random.areas]
    yield ("auc", *(f"{value:.9g}" for value in at.areas), means[0], "", "", means[1], "", "")


def faithfulness_filled(subject: Subject, task: Task) -> Filled:
    return asked_filled(subject)


@dataclass(frozen=True)
class MethodsOptions(Aimed):
    methods: tuple[str, ...] | None = option(
        "which are compared (all of a target that there are for the model)",
        "Methods",
        parse=_read_methods,
        metavar="NAME[,NAME]",
        empty="all of a target",
    )


def methods(options: MethodsOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """relevance float32 (m, n) by `methods`, `correlations` (m, m) of their ranks over the tokens that have a
    place (Spearman), `special`, the share of the others; what it is of, as `relevance` has it."""
    target = targeted(options, document, trace, task)
    names = options.methods or methods_of_targets(document, trace)
    found = []
    for number, name in enumerate(names):
        part = Part(task, number / len(names), (number + 1) / len(names))
        asked = Asked(options.target, options.target_place, options.target_box, method=name)
        found.append(found_by(asked, document, trace, part)[0].values)
    values, special = np.stack(found).astype(np.float32), trace.tokens.special
    correlations = rank_correlations(values[:, ~special])
    arrays = {
        **told(document, trace, None, target),
        "methods": np.array(names),
        "relevance": values,
        "correlations": correlations,
        "special": special_shares(values, special),
    }

    def table() -> Iterator[Sequence[object]]:
        yield ("", *names)
        for name, row in zip(names, correlations, strict=True):
            yield (name, *(f"{value:.9g}" for value in row))

    return Result(lambda: arrays, table)


def methods_filled(subject: Subject, task: Task) -> Filled:
    return aimed_filled(subject)


def ablation(options: Aimed, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """effect float32 (layers, most heads): what the score of the target loses where a head is switched off,
    NaN where there is none; `score` with all heads; `layers`; what it is of, as `relevance` has it."""
    target = targeted(options, document, trace, task)
    effect = trace.run.effects(target, task)
    nothing = np.zeros((1, len(trace.tokens)), bool)
    arrays = {
        "effect": effect,
        "score": trace.run.scores(nothing, target, task)[0],
        "layers": np.array([layer.name for layer in trace.layers]),
        **told(document, trace, None, target),
    }
    return Result(lambda: arrays, lambda: _ranked(trace, effect))


def _ranked(trace: Trace, effect: np.ndarray) -> Iterator[Sequence[object]]:
    """The heads that matter most first."""
    yield ("layer", "head", "effect", "name")
    layers, heads = np.nonzero(np.isfinite(effect))
    for at in np.argsort(-np.abs(effect[layers, heads]), kind="stable"):
        layer, head = int(layers[at]), int(heads[at])
        yield (layer, head, f"{effect[layer, head]:.9g}", trace.layers[layer].name)


def ablation_filled(subject: Subject, task: Task) -> Filled:
    return aimed_filled(subject)


@dataclass(frozen=True)
class PatchingOptions(Aimed):
    pair: str | None = option(
        "the text whose activations are put into this one's pass; of as many tokens",
        "Taken from",
        metavar="TEXT",
        needed=Rule(
            ("npz", "csv"),
            "There is no other text to take from.",
            "Give it with --pair.",
        ),
    )


def patching(options: PatchingOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """effect float32 (layers, most heads) and states float32 (blocks, tokens): what each head, and each token
    as it leaves a block, brings of the other text's score, (patched − taking) / (giving − taking); `taking`
    and `giving`, the scores of the target; `layers`, `labels`; what it is of, as `relevance` has it."""
    mine = replace(known(document, TextInput), pair=None)
    engine = trace.run.engine(task)
    here, there = (engine.run(text, task=task) for text in (mine.text, known(options.pair, str)))
    target = targeted(options, mine, here, task)
    found = here.run.patched(there, target, task)
    arrays = {
        "effect": found.heads,
        "states": found.states,
        "taking": np.array(found.taking, np.float32),
        "giving": np.array(found.giving, np.float32),
        "layers": np.array([layer.name for layer in here.layers]),
        "labels": np.array(here.tokens.labels),
        **told(mine, here, None, target),
    }
    return Result(lambda: arrays, lambda: _ranked(here, found.heads))


def patching_filled(subject: Subject, task: Task) -> Filled:
    """From the first other text that is open."""
    aimed = aimed_filled(subject)
    texts = [other.input for other in subject.others if isinstance(other.input, TextInput)]
    second = texts[0].text if texts else known(subject.input, TextInput).pair
    return replace(aimed, values={**aimed.values, **({"pair": second} if second else {})})


def no_effects(subject: Subject) -> str:
    """ "" where heads can be switched off and a target is told, else the reason."""
    trace = subject.trace
    if trace is None or {"heads", "scores"} <= trace.run.offers:
        return ""
    return f"The heads of {trace.model.title} cannot be switched off, or it says nothing."
