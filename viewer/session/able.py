"""What documents can show, as the registry's needs ask: "" or the reason why not. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headlight.viewer.inputs.told.columns import MOST_SHOWN
from headlight.viewer.registry import REGISTRY, Export
from headlight.viewer.session.document import Document, film_of
from headlight.viewer.session.methods import IN_SPACE
from headlight.viewer.session.view import ByHand, CloudSettings, ExperimentSettings, FieldSettings, Selection

if TYPE_CHECKING:
    from headlight.models.core.trace import Trace

_STACK = "headlight.models.core.stack:ConvStack"


def no_attention(document: Document) -> str:
    """A network that only convolves has none, which is known of published ones before they have read."""
    if document.trace is not None:
        return "" if document.trace.layers else f"{document.trace.model.title} has no attention layers."
    from headlight.models.catalogue.published import PUBLISHED

    network = PUBLISHED.get(document.options.model or "")
    return f"{network.title} has no attention layers." if network and network.convolutional else ""


def points_alone(document: Document) -> str:
    """Of two pictures whose points are matched no part but these points is looked at."""
    return "" if document.trace is None else no_parts(document.trace)


def no_parts(trace: Trace) -> str:
    from headlight.models.core.tokens.mixed import MixedTokens

    points = isinstance(trace.tokens, MixedTokens) and trace.tokens.reach
    return f"{trace.model.title} looks at points, not at parts of a picture." if points else ""


def no_vectors(document: Document) -> str:
    """Norms are of what layers hand on from patch to patch, or from word to word."""
    return no_attention(document) or points_alone(document)


def recorded(document: Document) -> str:
    """What was recorded from Python is looked at as it is: there is nothing that could run again."""
    return "It was recorded from Python: its model is not here." if "recorded" in document.kind.gives else ""


def recorded_and_here(document: Document) -> str:
    """A recording is read from its file once more where the engine has lost it."""
    return "" if document.trace is None else recorded(document)


def no_columns(document: Document) -> str:
    """What the columns are can be told of tables that lie in files."""
    table = getattr(document.input, "table", None)
    if table is None:
        return "Its file is no table, whose columns could be told."
    if table.count > MOST_SHOWN:
        return f"It has {table.count} columns: name them with --columns."
    return "" if document.path else "It is in no file."


def one_step(document: Document) -> str:
    """Several recordings of one name are steps that can be walked through."""
    several = len(getattr(document.input, "steps", ())) > 1
    return "" if several else "There is one recording alone."


def one_file(document: Document) -> str:
    """A folder of pictures or clouds is walked through, a file at a time."""
    return "" if len(document.among) > 1 else "No other files were opened with it."


def one_frame(document: Document) -> str:
    return "" if film_of(document) is not None else "Its file holds no other pictures."


def no_streams(document: Document) -> str:
    """An encoder–decoder reads one stream of tokens and writes another. What was recorded of one may lack a
    stack."""
    several = document.trace is not None and {"encoder", "decoder", "cross"} <= set(document.trace.stacks)
    return "" if several else "This model writes no stream of its own."


def no_saliency(document: Document) -> str:
    has = document.trace is not None and "saliency" in document.trace.run.offers
    return "" if has else "This model has no saliency decoder."


def no_norms(document: Document) -> str:
    """They take the output projection, which is seen where a model calls an attention function of ours."""
    seen = document.trace is None or all(layer.has_norms for layer in document.trace.layers)
    return "" if seen else "This model's output projection was not seen."


def no_found_boxes(document: Document) -> str:
    """A detector finds boxes around things."""
    from headlight.models.core.answers import Boxes

    finds = document.trace is not None and document.trace.answer(Boxes) is not None
    return "" if finds else "This model finds no boxes."


def labels_no_points(document: Document) -> str:
    """Points are read alone where each gets a class."""
    from headlight.models.core.answers import PointLabels

    trace = document.trace
    if trace is None or (trace.answer(PointLabels) is not None and "hide" in trace.run.offers):
        return ""
    return f"{trace.model.title} labels no points."


def no_flow(document: Document) -> str:
    """Attention flow goes through layers in which the same tokens attend to each other."""
    trace = document.trace
    if trace is None or (
        len(trace.streams) == 1 and all(len(x.queries) == len(x.keys) for x in trace.layers)
    ):
        return ""
    return f"Not all layers of {trace.model.title} lead from the same tokens to the same."


def no_zeroing(document: Document) -> str:
    """Values are taken away where a model calls an attention function of ours."""
    trace = document.trace
    if trace is None or no_flow(document):
        return no_flow(document)
    return "" if "heads" in trace.run.offers else f"The values of {trace.model.title} cannot be taken away."


def cuts_nothing_out(document: Document) -> str:
    """Some models cut parts out of a picture, by themselves or where it is clicked."""
    from headlight.models.core.answers import Masks

    trace = document.trace
    if trace is None:
        return "No model has read it yet."
    cuts = "clicks" in trace.run.offers or trace.answer(Masks) is not None
    return "" if cuts else f"{trace.model.title} cuts nothing out of pictures."


def no_class_texts(document: Document) -> str:
    """Texts stand beside a picture once they are typed, and a model of two towers has read both."""
    from headlight.models.core.answers import TextClasses

    there = document.trace is None or document.trace.answer(TextClasses) is not None
    return "" if there else "There are no class texts."


def no_target(document: Document) -> str:
    """A method of a target asks why the model says what it says."""
    trace = document.trace
    if trace is None:
        return ""
    from headlight.models.core.cache import derived
    from headlight.models.explain.targets import targets_at

    # Kept, since every command asks that after every change.
    if derived(trace, "has targets", lambda: bool(targets_at(trace))):
        return ""
    return f"{trace.model.title} says nothing that could be asked about: it has no head of a task."


def no_slopes(document: Document) -> str:
    """Nor do all models let their gradients be taken."""
    if document.trace is None or no_target(document):
        return no_target(document)
    takes = "gradients" in document.trace.run.offers
    return "" if takes else f"No gradients are taken of {document.trace.model.title}."


def no_grown_weights(document: Document) -> str:
    """Weights have gradients where a model takes attention functions from outside."""
    if document.trace is None or no_slopes(document):
        return no_slopes(document)
    takes = "heads" in document.trace.run.offers
    return (
        "" if takes else f"{document.trace.model.title} hands out its weights itself: they have no gradient."
    )


def no_grown_rollout(document: Document) -> str:
    """A rollout leads down one stream of tokens; of two, Chefer's rules do."""
    trace = document.trace
    if trace is None or len(trace.streams) < 2:
        return no_grown_weights(document)
    return f"{trace.model.title} reads one row of tokens and writes another: this rollout leads through one."


def no_maps(document: Document) -> str:
    """Grad-CAM takes weights that have gradients, or the last map of a network of convolutions."""
    trace = document.trace
    return no_slopes(document) if trace is None or not trace.layers else no_grown_weights(document)


def no_scores(document: Document) -> str:
    """Nor do all read a part of their input."""
    if document.trace is None or no_target(document):
        return no_target(document)
    asked = "scores" in document.trace.run.offers
    return "" if asked else f"Nothing can be hidden from {document.trace.model.title}."


def no_changes(document: Document) -> str:
    """Heads can be changed where a model calls an attention function of ours."""
    trace = document.trace
    if trace is None:
        return "No model has read it yet."
    return "" if "heads" in trace.run.offers else f"The heads of {trace.model.title} cannot be changed."


def no_sweep(document: Document) -> str:
    """Each head is switched off alone to see what the model says then."""
    if document.trace is None or no_changes(document):
        return no_changes(document)
    return no_target(document) or no_scores(document)


def no_experiments(document: Document) -> str:
    """Something of the input or of the model can be changed."""
    if no_attention(document) or document.trace is None or {"hide", "heads"} & document.trace.run.offers:
        return no_attention(document)
    return f"Neither the heads of {document.trace.model.title} nor what it is given can be changed."


def no_hiding(document: Document) -> str:
    """What is selected can be hidden from most models."""
    trace = document.trace
    if trace is None:
        return "No model has read it yet."
    if "hide" not in trace.run.offers:
        return f"Nothing can be hidden from {trace.model.title}."
    return "" if document.view[Selection].queries else "Select what is to be hidden."


def no_swap(document: Document) -> str:
    from headlight.viewer.session import changing  # a window starts without numpy

    return changing.no_swap(document)


def no_chosen_heads(document: Document) -> str:
    return "" if document.view[ExperimentSettings].heads else "No heads are chosen together."


def no_interventions(document: Document) -> str:
    return "" if document.wanted.interventions else "Nothing is changed."


def unread(document: Document) -> str:
    """What no model reads is there at once, to be selected in and exported."""
    return "No model has read it yet." if document.kind.is_read and document.trace is None else ""


def nothing_to_export(document: Document) -> str:
    """There may be no export of such documents."""
    some = any(export.needs.suits(document.kind) for export in REGISTRY.all(Export).values())
    return unread(document) if some else f"Nothing is exported of {document.kind.one}."


def none_hidden(document: Document) -> str:
    return "" if document.view[CloudSettings].hidden else "No class is hidden."


def no_box_selected(document: Document) -> str:
    from headlight.models.core.tokens import Cuboid  # a window starts without numpy

    boxes = [place for place in document.view[Selection].queries if isinstance(place, Cuboid)]
    return "" if len(boxes) == 1 else "Select one box first."


def nothing_by_hand(document: Document) -> str:
    return "" if document.view[ByHand] != ByHand() else "No number of a weight is set by hand."


def no_answer(document: Document) -> str:
    """Answers are of models with the head of their task."""
    trace = document.trace
    if trace is None:
        return "No model has read it yet."
    from headlight.models.core.answers import listed

    return "" if listed(trace.answers) is not None else f"{trace.model.title} gives no answer to list."


def no_expected(document: Document) -> str:
    """Which tokens belong in a text is said by models with such a head alone."""
    trace = document.trace
    if trace is None:
        return "No model has read it yet."
    from headlight.models.core.answers import NextTokens

    if len(trace.streams) > 1:
        return f"{trace.model.title} has an encoder and a decoder: its layers are no one stream."
    said = trace.answer(NextTokens) is not None
    return "" if said else f"{trace.model.title} does not say which tokens belong in a text."


def writes_nothing(document: Document) -> str:
    """Whose model writes shows with its first trace; a document that is to be written is known to."""
    trace = document.trace
    if trace is None:
        return "" if document.wanted.options.writing is not None else "No model has read it yet."
    writes = "write" in trace.run.offers
    return "" if writes else f"{trace.model.title} writes nothing: it does not say which token follows."


def nothing_written(document: Document) -> str:
    written = document.trace.written if document.trace is not None else None
    return "" if written is not None and written.ids else "The model has written nothing yet."


def no_second_network(document: Document) -> str:
    return "" if document.view[FieldSettings].compare is not None else "No second network is chosen."


def stack_instead(document: Document) -> str:
    """Of a cloud: what a stack of convolutions reaches is shown, not its layers."""
    method = IN_SPACE.method(document, document.view)
    return "A stack over voxels is shown." if _STACK in method.settings else ""


def no_stack(document: Document) -> str:
    """The stack is built over a cloud's voxels only while their reach is shown."""
    over_points = document.kind.holds(CloudSettings) and not stack_instead(document)
    return "The reach of a stack over voxels is not shown." if over_points else ""
