"""The kinds of documents, their pages, and what stands where on each."""

from headlight.viewer.builtin.masks import LAYOUT as _MASKS
from headlight.viewer.registry import REGISTRY, Kind, Layout, Leaf, Needs, Page, across, down

REGISTRY.add(
    Page("attention", "Attention"),
    Page("fields", "Receptive fields"),
    Page("cost", "Cost"),
    Page("heads", "Find heads"),
    Page("compare", "Compare"),
    Page("predicted", "Next token"),
    Page("weight", "One weight"),
    Page("generation", "Generation"),
    Page("arcs", "Arcs"),
    Page("representations", "Representations"),
    Page("boxes", "Boxes"),
    Page("shape", "Shape"),
    Page("published", "Published figures"),
    Page("artifacts", "Artifacts"),
    Page("prototypes", "Prototypes"),
    Page("context", "Context"),
    Page("zero-shot", "Zero-shot"),
    Page("experiments", "Experiments"),
    Page("methods", "Methods"),
    Page("masks", "Masks"),
)

_LOG = Leaf("log", shown=False)
_COST = Layout(
    "cost",
    across(
        down(Leaf("cost", 0.8), _LOG),
        down(Leaf("cost-settings", 0.58), Leaf("numbers", 0.42)),
    ),
    numbers=".panes.cost.cost:SECTIONS",
)
_SENTENCE = Layout(
    "attention",
    across(
        down(
            Leaf("sentence", 0.225),
            across(
                down(Leaf("heads", 0.5), Leaf("attentions", 0.5), share=0.31),
                Leaf("matrix", 0.42),
                down(Leaf("relevance"), _LOG, share=0.27),
                share=0.775,
            ),
        ),
        down(Leaf("settings", 0.464), Leaf("answer", 0.2), Leaf("numbers", 0.336)),
    ),
    numbers=".panes.attention.rows:OF_TEXT",
    table="sentence",
)
_GENERATION = Layout(
    "generation",
    across(
        down(Leaf("sentence", 0.3), across(Leaf("heads", 0.4), Leaf("matrix", 0.6), share=0.7), share=0.5),
        down(Leaf("generation"), _LOG, share=0.27),
        down(Leaf("going-on", 0.45), Leaf("numbers", 0.55), share=0.23),
    ),
    numbers=".panes.attention.rows:OF_WRITTEN",
    table="sentence",
    needs=Needs(holds=".session.able:writes_nothing"),
)
_PICTURE = Layout(
    "attention",
    across(
        Leaf("picture", 0.47),
        down(
            Leaf("heads", 0.46),
            across(down(Leaf("matrix"), _LOG, share=0.53), Leaf("relevance", 0.47), share=0.54),
            share=0.53,
        ),
        down(Leaf("settings", 0.464), Leaf("answer", 0.2), Leaf("numbers", 0.336)),
    ),
    numbers=".panes.attention.rows:OF_PICTURE",
    table="picture",
    needs=Needs(holds=".session.able:no_attention"),
)
_HEADS_OF_TEXT, _HEADS_OF_PICTURE = (
    Layout(
        "heads",
        across(
            down(Leaf("ranking", 0.54), Leaf("projection", 0.46), share=0.27),
            down(Leaf("scatter", 0.5), Leaf("matrix", 0.5), share=0.47),
            down(Leaf(many, 0.6), _LOG, Leaf("numbers", 0.4), share=0.26),
        ),
        numbers=".panes.heads.base:SECTIONS",
        table="ranking",
        needs=Needs(holds=".session.able:no_attention"),
    )
    for many in ("corpus", "pictures")
)
_EXPERIMENTS_ON_TEXT, _EXPERIMENTS_ON_PICTURE = (
    Layout(
        "experiments",
        across(*panes),
        numbers=".panes.explain.experiments.base:SECTIONS",
        table="outputs",
        needs=Needs(holds=".session.able:no_attention"),
    )
    for panes in (
        (  # four columns at most: five have no room in a small window, and twelve heads none below each other
            down(
                Leaf("sentence", 0.2),
                across(
                    down(Leaf("interventions", 0.46), Leaf("outputs", 0.54), share=0.3),
                    Leaf("heads", 0.26),
                    down(Leaf("matrix-before", 0.5), Leaf("matrix", 0.5), _LOG, share=0.44),
                    share=0.8,
                ),
                share=0.74,
            ),
            down(Leaf("sweep", 0.58), Leaf("numbers", 0.42), share=0.26),
        ),
        (
            across(
                down(Leaf("interventions", 0.34), Leaf("outputs", 0.66), share=0.275),
                down(Leaf("heads", 0.45), Leaf("sweep", 0.55), share=0.385),
                down(
                    Leaf("picture-before", 0.5),
                    Leaf("picture", 0.5),
                    Leaf("matrix", shown=False),
                    _LOG,
                    share=0.34,
                ),
                share=0.79,
            ),
            down(Leaf("numbers"), share=0.21),
        ),
    )
)
_EXPERIMENTS_ON_CLOUD = Layout(
    "experiments",
    across(
        down(Leaf("interventions", 0.36), Leaf("outputs", 0.64), share=0.28),
        down(Leaf("cloud"), _LOG, share=0.5),
        down(Leaf("classes", 0.66), Leaf("numbers", 0.34), share=0.22),
    ),
    numbers=".panes.explain.experiments.base:OF_CLOUD",
    table="outputs",
)
_ARCS = Layout(
    "arcs",
    across(
        Leaf("arcs", 0.72),
        down(Leaf("heads", 0.6), _LOG, Leaf("numbers", 0.4), share=0.28),
    ),
    numbers=".panes.arcs.arcs:SECTIONS",
    needs=Needs(holds=".session.able:no_attention"),
)
_ARTIFACTS = Layout(
    "artifacts",
    across(
        down(Leaf("norms"), _LOG, share=0.29),
        down(Leaf("norms-on-input", 0.54), Leaf("without", 0.46), share=0.41),
        down(Leaf("outliers", 0.25), Leaf("shares", 0.33), Leaf("numbers", 0.42), share=0.3),
    ),
    numbers=".panes.explain.artifacts.base:SECTIONS",
    table="outliers",
    needs=Needs(holds=".session.able:no_attention"),
)
_PROTOTYPES = Layout(
    "prototypes",
    across(
        down(Leaf("classes-by-example"), _LOG, share=0.27),
        Leaf("likeness", 0.46),
        down(Leaf("vote", 0.6), Leaf("numbers", 0.4), share=0.27),
    ),
    numbers=".panes.explain.prototypes.base:SECTIONS",
    table="vote",
)
_CONTEXT = Layout(
    "context",
    across(
        down(Leaf("region"), _LOG, share=0.36),
        Leaf("in-context", 0.44),
        down(Leaf("answer", 0.4), Leaf("numbers", 0.6), share=0.2),
    ),
    numbers=".panes.explain.context.pictures:SECTIONS",
    table="in-context",
)
_POINTS_IN_CONTEXT = Layout(
    "context",
    across(
        down(Leaf("cloud"), _LOG, share=0.56),
        down(Leaf("alone"), share=0.24),
        down(Leaf("classes", 0.6), Leaf("numbers", 0.4), share=0.2),
    ),
    numbers=".panes.explain.context.alone:SECTIONS",
    table="alone",
    needs=Needs(holds=".session.able:labels_no_points"),
)
_PICTURE_AND_TEXT = Layout(
    "attention",
    across(
        Leaf("picture-and-text", 0.44),
        down(
            Leaf("heads", 0.46),
            across(down(Leaf("matrix"), _LOG, share=0.53), Leaf("relevance", 0.47), share=0.54),
            share=0.32,
        ),
        down(Leaf("settings", 0.464), Leaf("answer", 0.2), Leaf("numbers", 0.336)),
    ),
    numbers=".panes.attention.rows:OF_BOTH",
    table="picture-and-text",
)
_WEIGHT_OF_BOTH = Layout(
    "weight",
    across(
        down(Leaf("picture-and-text", 0.56), Leaf("matrix", 0.44), share=0.31),
        down(Leaf("arithmetic", 0.7), Leaf("heads", 0.3), share=0.46),
        down(Leaf("by-hand", 0.46), _LOG, Leaf("numbers", 0.54), share=0.23),
    ),
    numbers=".panes.weight.base:SECTIONS",
    table="arithmetic",
    needs=Needs(holds=".session.able:no_attention"),
)
_GENERATION_OF_BOTH = Layout(
    "generation",
    across(
        Leaf("picture-and-text", 0.36),
        down(Leaf("heads", 0.42), Leaf("matrix", 0.58), share=0.2),
        down(Leaf("generation"), _LOG, share=0.22),
        down(Leaf("going-on", 0.45), Leaf("numbers", 0.55), share=0.22),
    ),
    numbers=".panes.attention.rows:OF_BOTH_WRITTEN",
    table="picture-and-text",
    needs=Needs(holds=".session.able:writes_nothing"),
)
_COMPARED = Layout(
    "compare",
    across(
        down(Leaf("texts", 0.56), Leaf("curves", 0.44), share=0.37),
        Leaf("difference", 0.37),
        down(Leaf("heads", 0.5), _LOG, Leaf("numbers", 0.5), share=0.26),
    ),
    numbers=".panes.compare.base:SECTIONS",
    table="curves",
    needs=Needs(holds=".session.able:no_attention"),
)
_EXPECTED = Layout(
    "predicted",
    across(
        down(
            Leaf("lens", 0.55),
            across(Leaf("added", 0.5), down(Leaf("matrix"), _LOG, share=0.5), share=0.45),
            share=0.72,
        ),
        down(Leaf("saying", 0.36), Leaf("parts", 0.34), Leaf("numbers", 0.3), share=0.28),
    ),
    numbers=".panes.predicted.base:SECTIONS",
    table="lens",
    needs=Needs(holds=".session.able:no_expected"),
)
_WEIGHT_OF_TEXT, _WEIGHT_OF_PICTURE = (
    Layout(
        "weight",
        across(*taken_apart, down(Leaf("by-hand", 0.46), _LOG, Leaf("numbers", 0.54), share=0.23)),
        numbers=".panes.weight.base:SECTIONS",
        table="arithmetic",
        needs=Needs(holds=".session.able:no_attention"),
    )
    for taken_apart in (
        (
            down(Leaf("sentence", 0.22), Leaf("heads", 0.28), Leaf("matrix", 0.5), share=0.31),
            Leaf("arithmetic", 0.46),
        ),
        (
            down(Leaf("picture", 0.44), Leaf("matrix", 0.56), share=0.31),
            down(Leaf("arithmetic", 0.7), Leaf("heads", 0.3), share=0.46),
        ),
    )
)
_FIELDS = Layout(
    "fields",
    across(
        down(
            across(Leaf("field"), Leaf("field-second"), share=0.6),
            across(
                down(Leaf("layers"), _LOG, share=0.36),
                Leaf("growth", 0.36),
                Leaf("distance", 0.28),
                share=0.4,
            ),
        ),
        down(Leaf("field-settings", 0.464), Leaf("answer", 0.2), Leaf("numbers", 0.336)),
    ),
    numbers=".panes.fields.field:SECTIONS",
    table="layers",
)
_ZERO_SHOT = Layout(
    "zero-shot",
    across(
        down(Leaf("text-on-picture", 0.76), down(Leaf("words"), _LOG, share=0.24), share=0.5),
        down(Leaf("class-texts", 0.57), Leaf("label", 0.43), share=0.28),
        down(Leaf("numbers"), share=0.22),
    ),
    numbers=".panes.pictures.towers.base:SECTIONS",
)
_CLOUD = Layout(
    "attention",
    across(
        down(
            across(Leaf("cloud"), Leaf("cloud-second"), share=0.7),
            # A stack over voxels takes the place of what shows attention.
            across(
                down(Leaf("neighbourhood"), _LOG, share=0.32),
                Leaf("maps", 0.38),
                Leaf("stack", 0.70),
                Leaf("confusion", 0.30),
                share=0.3,
            ),
        ),
        down(Leaf("classes", 0.66), Leaf("numbers", 0.34)),
    ),
    numbers=".panes.clouds.neighbourhood:SECTIONS",
    table="neighbourhood",
)
_REPRESENTED = Layout(
    "representations",
    across(
        down(
            across(Leaf("represented-points"), Leaf("represented-space"), share=0.4),
            Leaf("represented-range", 0.22),
            across(
                Leaf("represented-above", 0.4),
                down(Leaf("represented-views"), _LOG, share=0.6),
                share=0.38,
            ),
        ),
        down(Leaf("represented-settings", 0.58), Leaf("numbers", 0.42)),
    ),
    numbers=".panes.clouds.represented.base:SECTIONS",
)
_BOXES = Layout(
    "boxes",
    across(
        down(
            across(Leaf("boxes-space"), Leaf("boxes-above", 0.8), share=0.54),
            Leaf("boxes-range", 0.18),
            across(
                Leaf("boxes-list", 0.38),
                down(Leaf("boxes-agreement"), _LOG, share=0.34),
                Leaf("boxes-confusion", 0.28),
                share=0.28,
            ),
        ),
        down(Leaf("boxes-settings", 0.56), Leaf("numbers", 0.44)),
    ),
    numbers=".panes.clouds.boxes.base:SECTIONS",
    table="boxes-list",
    foremost=Needs(holds=".session.able:no_found_boxes"),
)
_OF_BOXES = (".session.view:BoxSettings", "headlight.models.core.answers:BoxEdits")
_SHAPE = Layout(
    "shape",
    across(
        down(Leaf("cloud", 0.64), Leaf("shape-answers", 0.36), share=0.46),
        down(Leaf("shape-views"), _LOG, share=0.32),
        down(Leaf("classes", 0.66), Leaf("numbers", 0.34), share=0.22),
    ),
    numbers=".panes.clouds.neighbourhood:SECTIONS",
    needs=Needs(holds=".slices.clouds.objects:no_object"),
    foremost=Needs(trace=True, holds=".slices.clouds.objects:no_object"),
)
_PUBLISHED = Layout(
    "published",
    across(down(Leaf("published", 0.8), _LOG), down(Leaf("numbers"))),
    numbers=".panes.published.figures:SECTIONS",
    table="published",
)
_STACK = Layout(
    "fields",
    across(
        down(Leaf("stack", 0.64), down(Leaf("stack-layers"), _LOG, share=0.36), share=0.34),
        down(
            across(Leaf("stack-steps"), Leaf("stack-field"), share=0.64),
            across(Leaf("stack-growth"), Leaf("numbers"), share=0.36),
            share=0.66,
        ),
    ),
    numbers=".panes.stack.field:SECTIONS",
    table="stack-layers",
)

_METHODS = Layout(
    "methods",
    across(
        down(Leaf("beside", 0.58), Leaf("faithful", 0.42), _LOG),
        down(Leaf("methods-settings", 0.58), Leaf("numbers", 0.42), share=0.24),
    ),
    numbers=".panes.explain.methods.base:SECTIONS",
    table="beside",
    needs=Needs(holds=".session.able:no_target"),
)

_MAP = ".session.view:MapSettings"
_BY_HAND = ".session.view:ByHand"
_FOUND = (".session.view:HeadSettings", "headlight.models.core.settings:PatternSettings")
_WRITING = "headlight.models.core.settings:WritingSettings"
_FIELD = ".session.view:FieldSettings"
_ARTIFACT = ".session.inspecting:ArtifactSettings"
_PROTOTYPE = ".session.inspecting:PrototypeSettings"
_AROUND = ".session.inspecting:ContextSettings"
_CUT_OUT = ".session.inspecting:MaskSettings"
_COSTS = ".session.view:CostSettings"
_IN_CLOUD = ".session.view:CloudSettings"
_CONVOLUTIONS = "headlight.models.core.stack:ConvStack"

# What kinds give: "read": a model reads it; "again": that is there, and can read it as often as is asked;
# "cells": tokens in rows, heads in grids; "characters"; "pixels"; "both": characters beside pixels, which
# are "pictured" or of what is "heard"; "written": a model may go on with it; "positions"; "layers": a stack
# of convolutions that can be built; "built": there is nothing else; "recorded": it was, and is as it is.
REGISTRY.add(
    Kind(
        id="text",
        noun="text",
        plural="texts",
        input=".inputs.inputs:TextInput",
        gives=("read", "again", "cells", "characters", "written"),
        layouts=(
            _SENTENCE,
            _GENERATION,
            _HEADS_OF_TEXT,
            _WEIGHT_OF_TEXT,
            _EXPECTED,
            _ARCS,
            _COMPARED,
            _METHODS,
            _ARTIFACTS,
            _EXPERIMENTS_ON_TEXT,
            _COST,
            _PUBLISHED,
        ),
        adapter=".host.adapters:TEXTS",
        reported=".export.report.kinds:TEXTS",
        settings=(
            _MAP,
            _BY_HAND,
            *_FOUND,
            ".session.view:LensSettings",
            _COSTS,
            _WRITING,
            _ARTIFACT,
            ".session.view:CompareSettings",
            ".session.view:ArcsSettings",
        ),
        options=".host.asked:OfText",
    ),
    Kind(
        id="image",
        noun="image",
        plural="images",
        input=".inputs.inputs:ImageInput",
        gives=("read", "again", "cells", "pixels"),
        layouts=(
            *(_PICTURE, _HEADS_OF_PICTURE, _WEIGHT_OF_PICTURE, _FIELDS, _METHODS, _EXPERIMENTS_ON_PICTURE),
            *(_MASKS, _ZERO_SHOT, _PROTOTYPES, _CONTEXT, _ARTIFACTS, _COST, _PUBLISHED),
        ),
        adapter=".host.adapters:IMAGES",
        reported=".export.report.kinds:PICTURES",
        settings=(_MAP, _BY_HAND, *_FOUND, _FIELD, _COSTS, _ARTIFACT, _PROTOTYPE, _AROUND, _CUT_OUT),
        options=".host.asked:OfImage",
        opens=".inputs.picture_files:opened",
    ),
    Kind(
        id="picture-text",
        noun="picture with text",
        plural="pictures with texts",
        input=".inputs.inputs:PictureTextInput",
        gives=("read", "again", "cells", "both", "pictured", "written"),
        layouts=(_PICTURE_AND_TEXT, _GENERATION_OF_BOTH, _WEIGHT_OF_BOTH),
        adapter=".host.adapters:PICTURES_WITH_TEXTS",
        reported=".export.report.kinds:PICTURES_WITH_TEXTS",
        settings=(_MAP, _BY_HAND, *_FOUND, _WRITING),
        options=".host.asked:OfPictureText",
    ),
    Kind(
        id="points",
        noun="point cloud",
        plural="point clouds",
        input=".inputs.cloud:CloudInput",
        gives=("read", "again", "positions", "layers"),
        layouts=(
            *(_CLOUD, _SHAPE, _REPRESENTED, _BOXES, _METHODS, _POINTS_IN_CONTEXT),
            *(_EXPERIMENTS_ON_CLOUD, _PUBLISHED),
        ),
        adapter=".host.adapters:CLOUDS",
        reported=".export.report.kinds:CLOUDS",
        settings=(_IN_CLOUD, _MAP, _CONVOLUTIONS, _FIELD, ".session.view:RepresentSettings", *_OF_BOXES),
        options=".host.asked:OfCloud",
        opens=".inputs.cloud_files:opened",
    ),
    Kind(
        id="stack",
        noun="stack of convolutions",
        plural="stacks of convolutions",
        input=".inputs.inputs:StackInput",
        gives=("layers", "built"),
        layouts=(_STACK,),
        adapter=".host.adapters:STACKS",
        settings=(_CONVOLUTIONS, _FIELD),
    ),
)
