"""The kinds of documents, and their pages."""

from headlight.viewer.builtin import layouts as at
from headlight.viewer.builtin.masks import LAYOUT as _MASKS
from headlight.viewer.registry import REGISTRY, Kind, Page

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

_OF_BOXES = (".session.view:BoxSettings", "headlight.models.core.answers:BoxEdits")
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
# are "pictured" or of what is "heard"; "words": some tokens are, whatever the others; "written": a model may
# go on with it; "positions"; "layers": a stack of convolutions that can be built; "built": there is nothing
# else; "recorded": it was, and is as it is.
REGISTRY.add(
    Kind(
        id="text",
        noun="text",
        plural="texts",
        input=".inputs.inputs:TextInput",
        gives=("read", "again", "cells", "characters", "words", "written"),
        layouts=(
            at.SENTENCE,
            at.GENERATION,
            at.HEADS_OF_TEXT,
            at.WEIGHT_OF_TEXT,
            at.EXPECTED,
            at.ARCS,
            at.COMPARED,
            at.METHODS,
            at.ARTIFACTS,
            at.EXPERIMENTS_ON_TEXT,
            at.COST,
            at.PUBLISHED,
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
            *(
                at.PICTURE,
                at.HEADS_OF_PICTURE,
                at.WEIGHT_OF_PICTURE,
                at.FIELDS,
                at.METHODS,
                at.EXPERIMENTS_ON_PICTURE,
            ),
            *(
                _MASKS,
                at.ZERO_SHOT,
                at.PROTOTYPES,
                at.CONTEXT,
                at.ARTIFACTS,
                at.COST,
                at.PUBLISHED,
            ),
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
        gives=("read", "again", "cells", "both", "pictured", "words", "written"),
        layouts=(
            *(at.PICTURE_AND_TEXT, at.GENERATION_OF_BOTH, at.HEADS_OF_BOTH, at.WEIGHT_OF_BOTH, at.METHODS),
            at.EXPERIMENTS_ON_BOTH,
        ),
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
            *(
                at.CLOUD,
                at.SHAPE,
                at.REPRESENTED,
                at.BOXES,
                at.METHODS,
                at.POINTS_IN_CONTEXT,
            ),
            *(at.EXPERIMENTS_ON_CLOUD, at.PUBLISHED),
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
        layouts=(at.STACK,),
        adapter=".host.adapters:STACKS",
        settings=(_CONVOLUTIONS, _FIELD),
    ),
)
