"""What a model wrote, token by token: how likely each was, and what it could have written instead. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import NextTokens, Writing, Written
from headlight.models.core.colours import Scale, levels
from headlight.models.core.errors import known
from headlight.models.core.relevance import percent
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Place, TextTokens, Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices import names

LISTED = 10
"""Alternatives of a step."""
SHARES = Scale(0.0, 1.0)
"""That of probabilities."""
ENDED = {
    "end": "The model says that the text ends here.",
    "length": "So many tokens were asked for.",
    "room": "The model reads no more at once.",
    "given": "All of these were given.",
}


@dataclass(frozen=True, eq=False)
class Choice:
    """What was to choose from at a step, with `step` tokens written. ids, names: the likeliest, and what was
    chosen where that is not among them. own: float32 (k,), the model's probabilities. drawn: float32 (k,),
    those that tokens are drawn with, None where they are not. chosen: which was; None behind the last token.
    after: the token that they come after. entropy: of what is listed and all the rest as one, in nats.
    """

    step: int
    after: str
    ids: tuple[int, ...]
    names: tuple[str, ...]
    own: np.ndarray
    drawn: np.ndarray | None
    chosen: int | None


@dataclass(frozen=True, eq=False)
class Steps:
    """What was written: its tokens, the probability of each float32 (m,), and its level uint8 (m,).

    places: where they are in the trace. seen: how many of them are. how, ended: in words. choice: at the step
    that is looked at.
    """

    tokens: TextTokens
    places: tuple[Place, ...]
    probabilities: np.ndarray
    levels: np.ndarray
    scale: Scale
    seen: int
    how: str
    ended: str
    choice: Choice | None


def written_in(trace: Trace) -> Written:
    """What the model wrote, or nothing behind the last token of the text."""
    if trace.written is not None:
        return trace.written
    text = np.flatnonzero(~trace.tokens.special)
    start = int(text[-1]) + 1 if len(text) else len(trace.tokens)
    return Written(start, (), "", np.empty(0, np.float32), "given", Writing(), ())


def count_of(trace: Trace) -> int:
    """How many of its tokens the model wrote; the end of what an encoder–decoder writes is none."""
    written = written_in(trace)
    return min(len(written.ids), len(trace.streams[written.stream]) - written.start)


def steps(trace: Trace, view: View, task: Task = SILENT) -> Steps:
    written = written_in(trace)
    count = count_of(trace)
    tokens = known(trace.streams[written.stream], TextTokens)
    shown = np.arange(written.start, written.start + count)
    step = view[MapSettings].step
    return Steps(
        tokens=tokens.only(shown),
        places=tokens.places(shown),
        probabilities=written.probabilities[:count],
        levels=levels(np.nan_to_num(written.probabilities[:count]), SHARES),
        scale=SHARES,
        seen=count if step is None else min(step, count),
        how=how_said(written.how) if count else "",
        ended=ENDED[written.ended] if count else "",
        choice=choice(trace, step_of(trace, view)),
    )


def step_of(trace: Trace, view: View) -> int:
    """How many tokens were written at the step that is looked at: that of the token which was selected last,
    else the one up to which all is seen; where all of it is, what would follow, unless the text ended.
    """
    written = written_in(trace)
    tokens, count = trace.streams[written.stream], count_of(trace)
    for place in reversed(view[Selection].queries):
        found = tokens.find(place) - written.start
        if len(found) and 0 <= found[-1] < count:
            return int(found[-1])
    step = view[MapSettings].step
    if step is not None and step < count:
        return step
    return len(written.ids) - 1 if written.ended == "end" and count else count


def choice(trace: Trace, step: int) -> Choice | None:
    """None where the model says nothing there."""
    written, answer = written_in(trace), trace.answer(NextTokens)
    at = written.start - 1 + step
    if answer is None or not 0 <= at < len(answer.ids):
        return None
    ids, own = answer.ids[at, :LISTED], answer.probabilities[at, :LISTED]
    labels = [names.visible(name) for name in answer.names[at][:LISTED]]
    drawn = None if written.shares is None else written.shares[step, :LISTED]
    tokens, chosen = trace.streams[written.stream], None
    if step < len(written.ids):
        found = np.flatnonzero(ids == written.ids[step])
        chosen = int(found[0]) if len(found) else len(ids)
        if not len(found):
            ids = np.append(ids, written.ids[step])
            own = np.append(own, written.probabilities[step])
            labels.append(names.visible((*tokens.labels[written.start :], "")[step]))
            drawn = drawn if drawn is None else np.append(drawn, known(written.drawn, np.ndarray)[step])
    after = names.token(tokens, at)
    return Choice(step, after, tuple(ids.tolist()), tuple(labels), own, drawn, chosen)


def how_said(how: Writing) -> str:
    """greedy; 4 beams; sampled, T 0.8, k 40, seed 0"""
    if how.draws:
        given = {"T": how.temperature, "k": how.top_k, "p": how.top_p, "seed": how.seed}
        return ", ".join(["sampled", *(f"{name} {n:g}" for name, n in given.items() if n is not None)])
    return f"{how.beams} beams" if how.beams > 1 else "greedy"


def figures(steps: Steps) -> dict[str, str]:
    """What is said of the step that is looked at."""
    choice = steps.choice
    if choice is None or choice.chosen is None:
        return {}
    share, count = float(choice.own[choice.chosen]), len(steps.tokens)
    said = {
        "Token": f"{choice.names[choice.chosen]}",
        "Step": f"{choice.step + 1:,} of {count:,}" if choice.step < count else "the end",
        "Probability": percent(share),
        "Surprise": f"{abs(np.log2(share)):.2f} bits" if share > 0 else "–",
    }
    if choice.drawn is not None:
        said["Drawn with"] = percent(float(choice.drawn[choice.chosen]))
    return said


def last_seen(trace: Trace | None, view: View) -> tuple[Place, ...]:
    """The last token that is seen where not all of what was written is; else none."""
    step = view[MapSettings].step
    if trace is None or trace.written is None or step is None:
        return ()
    return (trace.streams[trace.written.stream].place(trace.written.start + step - 1),)


def first_written(trace: Trace, tokens: Tokens) -> int | None:
    """Which of the tokens that are seen is the first that the model wrote; None where none is."""
    written = trace.written
    if written is None:
        return None
    every = trace.streams[written.stream]
    places = (every.place(at) for at in range(written.start, written.start + count_of(trace)))
    found = (tokens.find(place) for place in places)
    return next((int(one[0]) for one in found if len(one)), None)
