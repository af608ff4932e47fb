"""`export`: one input through one model into one file, without a window.

torch comes with the engine, after the arguments, the file to write and the input have been found good.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headlight.models.core.colours import Scale
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Box, PatchTokens, Tokens
from headlight.viewer.export import clouds, fields
from headlight.viewer.export.figures import Drawing, matrix_drawing, overlay_drawing, strip_drawing
from headlight.viewer.export.options import BY_NAME, READ_OF, given
from headlight.viewer.export.results import Result, check_layers, content, ending_of, layer_and_heads
from headlight.viewer.host.forward import forward_pass
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.cloud import UNITS, CloudInput
from headlight.viewer.inputs.cloud_labels import relabelled
from headlight.viewer.inputs.inputs import ImageInput, Input, TextInput, from_path, from_text
from headlight.viewer.registry import REGISTRY
from headlight.viewer.session.view import MapSettings
from headlight.viewer.slices.maps import (
    patch_scale,
    query_indices,
    rollout_left_out,
    spread_weights,
    weights_of,
)
from headlight.viewer.slices.scales import left_out
from headlight.viewer.slices.window_maps import is_composed

if TYPE_CHECKING:
    from headlight.models.core.trace import Trace
    from headlight.viewer.export.options import ExportOptions, Query


_KINDS = {"text": "a text", "image": "an image", "points": "a point cloud"}
_PLURALS = {"text": "texts", "image": "images", "points": "point clouds"}


def export(options: ExportOptions) -> tuple[str, ...]:
    """Write the file; the sentences that the user should see. HeadlightError, and no file, if it fails."""
    document = _document(options)
    refuse_early(options, document)
    with writing(options.out) as write:
        named = {
            name: getattr(options, name) for name in ("model", "device", "size", "start", "trust_pickle")
        }
        run = RunOptions(**{name: value for name, value in named.items() if value is not None})
        trace = forward_pass(document, run).trace
        write(content(ending_of(options), result_of(options, document, trace)))
    return notices_of(document, trace)


def save(options: ExportOptions, document: Input, trace: Trace, task: Task = SILENT) -> None:
    """Write the file of what was read already. HeadlightError, Cancelled, and no file, if it fails."""
    refuse_early(options, document)
    with writing(options.out) as write:
        made = content(ending_of(options), result_of(options, document, trace, task), task)
        task.progress(1.0, f"Writing {options.out.name}")
        write(made)


def preview(options: ExportOptions, document: Input, trace: Trace, task: Task = SILENT) -> bytes | memoryview:
    """The PNG of what a picture would be."""
    refuse_early(options, document)
    return content("png", result_of(options, document, trace, task), task)


def refuse_early(options: ExportOptions, document: Input) -> None:
    """HeadlightError for what no model can give of this input, before one is loaded."""
    if isinstance(document, CloudInput):
        clouds.refuse_early(options, document)
    fields.refuse_early(options)


def result_of(options: ExportOptions, document: Input, trace: Trace, task: Task = SILENT) -> Result:
    """What was asked for. HeadlightError for layers, heads, tokens that there are not."""
    if isinstance(document, CloudInput):
        return clouds.cloud_result(options, document, trace, task)
    if options.what == "tokens":
        return _tokens(trace)
    if options.what == "receptive-field":
        return fields.receptive_field(options, document, trace, task)
    if options.what == "attention-distance":
        return fields.attention_distance(options, trace, task)
    if options.what == "attention":
        fields.require_attention(trace)
        return _attention(options, document, trace, task)
    if options.what == "rollout":
        fields.require_attention(trace)
        return _rollout(options, document, trace, task)
    from headlight.models.engines.door import engine_of

    return _saliency(document, trace, engine_of(trace).saliency(trace))


def notices_of(document: Input, trace: Trace) -> tuple[str, ...]:
    """What the user should know of an input and its trace."""
    notices = [*document.notices, *trace.notices]
    # A network that nobody's weights were found for says so itself, and why.
    if trace.model.untrained and not any("untrained" in notice for notice in trace.notices):
        notices.append(f"{trace.model.title} is untrained: its weights are random.")
    return tuple(notices)


@contextmanager
def writing(out: Path) -> Iterator[Callable[[bytes | memoryview], None]]:
    """What writes the whole file `out` at once: it gets its name when all stands, and else leaves nothing.

    A neighbour is opened first, so that a folder that cannot be written is found before hours of work.
    """
    part = out.with_name(f".headlight-{os.getpid()}.part")
    try:
        file = open(part, "wb")  # noqa: SIM115
    except OSError as error:
        raise _unwritable(out, error) from error

    def write(content: bytes | memoryview) -> None:
        try:
            with file:
                file.write(content)
            os.replace(part, out)
        except OSError as error:
            raise _unwritable(out, error) from error

    try:
        yield write
    finally:
        with suppress(OSError):  # a full disk fails once more here
            file.close()
        part.unlink(missing_ok=True)


def _unwritable(out: Path, error: OSError) -> HeadlightError:
    reason = (error.strerror or type(error).__name__).lower()
    return HeadlightError(f"{out} cannot be written: {reason}.", "Choose another place.")


def _document(options: ExportOptions) -> Input:
    """The input, and whether the options speak of its kind."""
    if options.file is None:
        document = from_text(options.text, pair=options.pair)
    else:
        document = from_path(options.file)
        if isinstance(document, TextInput) and options.pair is not None:
            document = from_text(document.text, document.title, options.pair)
    kind = REGISTRY.kind_of(document).id
    read_of = READ_OF[options.what]
    if kind not in read_of:
        raise HeadlightError(
            f"{options.what.capitalize()} is of {_named(read_of)}, and this is {_KINDS[kind]}.",
            f"Choose {_KINDS[read_of[0]]}.",
        )
    for name in given(options):
        option = BY_NAME[name]
        if kind not in option.kinds:
            raise HeadlightError(
                f"{option.flag} is of {_named(option.kinds)}.", f"Leave it out for {_KINDS[kind]}."
            )
    if isinstance(document, CloudInput):
        if options.classes is not None:
            document = relabelled(document, options.classes)
        unit, up = options.unit, options.up
        frame = document.frame
        if unit is not None:
            frame = replace(frame, metres_per_unit=UNITS[unit])
        if up is not None:
            frame = replace(frame, up=up)
        if frame != document.frame:
            document = document.reframed(frame)
    return document


def _named(kinds: Sequence[str]) -> str:
    return " and ".join(_PLURALS[kind] for kind in kinds)


def _tokens(trace: Trace) -> Result:
    tokens = trace.tokens
    arrays = {"labels": np.array(tokens.labels), "special": tokens.special, **trace.inputs}
    if isinstance(tokens, PatchTokens):
        boxes = _boxes(tokens)
        arrays |= {"boxes": boxes, "grid": np.array(tokens.grid), "region": _corners(tokens.region)}
        names, columns = ("x0", "y0", "x1", "y1"), boxes
    else:
        arrays |= {"spans": tokens.spans, "words": tokens.words, "texts": tokens.texts}
        arrays |= {"pieces": np.array(tokens.pieces)}
        names = ("id", "start", "stop", "word", "text")
        columns = np.column_stack([trace.inputs["input_ids"], tokens.spans, tokens.words, tokens.texts])

    def table() -> list[Sequence[object]]:
        rows = zip(tokens.labels, tokens.special, columns.tolist(), strict=True)
        return [
            ("index", "label", "special", *names),
            *((index, label, int(special), *values) for index, (label, special, values) in enumerate(rows)),
        ]

    return Result(lambda: arrays, table)


def _attention(options: ExportOptions, document: Input, trace: Trace, task: Task) -> Result:
    """A row for each query of a layer; with --query one row alone, whose picture lies on the input."""
    index, heads = layer_and_heads(options, trace)
    layer = trace.layers[index]
    check_layers([layer], task)
    one = options.query is not None
    queries = np.arange(len(layer.queries))
    if one:
        read = options.query == "readout"
        queries = query_indices(trace, layer.queries, ()) if read else _existing(options.query, layer.queries)
    attention = np.empty((len(heads), 1 if one else len(queries), len(layer.keys)), np.float32)
    for place, head in enumerate(heads):
        task.progress(place / len(heads), f"Attention of {layer.name}")
        attention[place] = weights_of(layer, head, queries, False) if one else layer.matrix(head)
    more = {"query": queries} if one else {}
    elsewhere = [layer.elsewhere(head, queries) for head in heads]
    more |= layer.figures() | {what: np.stack([one[what] for one in elsewhere]) for what in elsewhere[0]}
    asked = [_called(layer.queries, queries)] if one else layer.queries.labels
    names = np.array(asked), np.array(layer.keys.labels)
    arrays = {
        "attention": attention,
        "query_labels": names[0],
        "key_labels": names[1],
        "special": layer.keys.special,
        "layer": np.array(index),
        "layer_name": np.array(layer.name),
        **more,
        **trace.inputs,
    }
    head = heads[0]
    of = f"head {head}" if isinstance(head, int) else f"{head} of {layer.heads} heads"
    title = f"{trace.model.title} · layer {index} · {of} · attention of "

    def drawing() -> Drawing:
        if one:
            out = left_out(trace, layer, MapSettings(), head)[0][0]
            out = out | ~spread_weights(layer, head, queries, False)[1]
            return _map_drawing(document, layer.keys, attention[0, 0], f"{title}{names[0][0]}", out, None)
        said = f"{title}queries (down) to keys (across)"
        return matrix_drawing(attention[0], *names, said, layer.keys.special)

    return Result(lambda: arrays, lambda: _matrix_table(*names, attention[0]), drawing)


def _rollout(options: ExportOptions, document: Input, trace: Trace, task: Task) -> Result:
    from headlight.models.explain.rollout import (
        MATRIX_LIMIT,
        RolloutSettings,
        rollout_matrix,
        rollout_row,
        rollout_rows,
    )

    settings = RolloutSettings(**dict(options.rollout))
    check_layers(trace.layers, task)
    layers = trace.layers[settings.first : None if settings.last is None else settings.last + 1]
    # A picture's stages have grids of their own: rows are tokens that leave the last layer of the range.
    asked, tokens = trace.tokens, trace.tokens
    if isinstance(trace.tokens, PatchTokens) and layers:
        asked, tokens = layers[-1].queries, layers[0].queries
    queries = _map_queries(options.query, trace, asked)
    if ending_of(options) in ("png", "svg"):
        row = rollout_row(trace.layers, queries, settings, task)
        of = _called(asked, queries)
        title = (
            f"{trace.model.title} · rollout of {of} · heads: {settings.fusion} · "
            f"residual: {settings.residual} · discarded: {settings.discard:g}"
        )
        if is_composed(layers):
            title += " · Headlight's own through windows and stages"
        # All tokens share a part that says nothing: from the smallest weight on.
        out = rollout_left_out(trace, MapSettings(), tokens, row, (asked, queries))
        return Result(dict, drawing=lambda: _map_drawing(document, tokens, row, title, out, 0.0))
    rows = np.arange(len(asked))
    if len(rows) > MATRIX_LIMIT and options.query is not None:  # all rows would be refused
        rows = queries
        rollout = rollout_rows(trace.layers, queries, settings, task)
    else:
        rollout = rollout_matrix(trace.layers, settings, task)
    labels = np.array(tokens.labels)
    arrays = {
        "rollout": rollout,
        "map": _map(tokens, rollout[np.searchsorted(rows, queries)].mean(axis=0)),
        "query_labels": np.array(asked.labels)[rows],
        "key_labels": labels,
        "special": tokens.special,
        "map_queries": queries,
        **trace.inputs,
    }
    return Result(lambda: arrays, lambda: _matrix_table(arrays["query_labels"], labels, rollout))


def _map_queries(query: Query | None, trace: Trace, tokens: Tokens) -> np.ndarray:
    """int (m,): the tokens asked for, else what the answer is read from: one, or all whose mean it is."""
    if query not in (None, "readout"):
        return _existing(query, tokens)
    if trace.readout is not None:
        return np.array([trace.readout])
    return np.arange(tokens.prefix if isinstance(tokens, PatchTokens) else 0, len(tokens))


def _existing(query: tuple[int, ...], tokens: Tokens) -> np.ndarray:
    """int (m,), each once"""
    count, last = len(tokens), max(query)
    if last >= count:
        raise HeadlightError(
            f"Token {last:,} does not exist: there are {count:,}, 0 to {count - 1:,}.",
            "Choose one of these with --query.",
        )
    return np.unique(query)


def _called(tokens: Tokens, chosen: np.ndarray) -> str:
    return tokens.labels[chosen[0]] if len(chosen) == 1 else f"the mean of {len(chosen):,} tokens"


def _saliency(document: ImageInput, trace: Trace, saliency: np.ndarray) -> Result:
    region = trace.tokens.region
    title = f"{trace.model.title} · saliency"
    return Result(
        lambda: {"saliency": saliency, "region": _corners(region), **trace.inputs},
        drawing=lambda: overlay_drawing(document.pixels, region, saliency, title, Scale(0.0, 1.0)),
    )


def _map(tokens: Tokens, row: np.ndarray) -> np.ndarray:
    """float32 (rows, columns) of patches, without the prefix tokens; (tokens,) of a text."""
    return row[tokens.prefix :].reshape(tokens.grid) if isinstance(tokens, PatchTokens) else row


def _map_drawing(
    document: Input, tokens: Tokens, row: np.ndarray, title: str, out: np.ndarray, floor: float | None
) -> Drawing:
    """A map in the colours that a window begins with. out: bool (tokens,), those that set no scale."""
    if isinstance(document, ImageInput):
        scale = patch_scale(tokens, row, MapSettings(), out, floor)
        return overlay_drawing(document.pixels, tokens.region, _map(tokens, row), title, scale)
    return strip_drawing(tokens.labels, tokens.special, row, title)


def _matrix_table(
    queries: Sequence[str], keys: Sequence[str], matrix: np.ndarray
) -> Iterator[Sequence[object]]:
    """A head of keys, then a line a query; nine digits give back the very float32."""
    yield ("", *keys)
    for label, row in zip(queries, matrix, strict=True):
        yield (label, *(f"{value:.9g}" for value in row))


def _boxes(tokens: PatchTokens) -> np.ndarray:
    """float64 (n, 4): x0, y0, x1, y1 in the picture's pixels, NaN for tokens without a place."""
    boxes = np.full((len(tokens), 4), np.nan)
    for index in range(tokens.prefix, len(tokens)):
        boxes[index] = _corners(tokens.place(index))
    return boxes


def _corners(box: Box) -> np.ndarray:
    return np.array([box.x0, box.y0, box.x1, box.y1])
