"""What can be written to files: of texts and pictures, whose tokens stand in rows, and of clouds."""

from headlight.viewer.registry import REGISTRY, Export, Needs

_ROWS, _POINTS = Needs(("read", "cells"), trace=True), Needs(("read", "positions"), trace=True)
_ROWS_ATTENTION = Needs(("read", "cells"), layers=True)
_POINTS_ATTENTION = Needs(("read", "positions"), layers=True)
_PIXELS = Needs(("read", "pixels"), trace=True)

REGISTRY.add(
    Export(
        "tokens",
        "Tokens, and what the model saw",
        ("npz", "csv"),
        ".export.tokens:tokens",
        _ROWS,
    ),
    Export(
        "cloud-tokens",
        "Tokens, and what the model saw",
        ("npz", "csv"),
        ".export.clouds:tokens",
        _POINTS,
        word="tokens",
    ),
    Export(
        "attention",
        "Attention",
        ("npz", "csv", "png", "svg"),
        ".export.attention:attention",
        _ROWS_ATTENTION,
        ".export.attention:AttentionOptions",
        ".export.attention:attention_filled",
    ),
    Export(
        "cloud-attention",
        "Attention",
        ("npz", "csv", "png", "svg"),
        ".export.clouds:attention",
        _POINTS_ATTENTION,
        ".export.clouds:AttentionOptions",
        ".export.clouds:attention_filled",
        word="attention",
    ),
    Export(
        "rollout",
        "Rollout",
        ("npz", "csv", "png", "svg"),
        ".export.attention:rollout",
        _ROWS_ATTENTION,
        ".export.attention:RolloutOptions",
        ".export.attention:rollout_filled",
    ),
    Export(
        "cloud-rollout",
        "Rollout",
        ("npz", "csv"),
        ".export.clouds:rollout",
        _POINTS_ATTENTION,
        ".export.clouds:RolloutOptions",
        ".export.clouds:rollout_filled",
        word="rollout",
    ),
    Export(
        "saliency",
        "Saliency",
        ("npz", "png", "svg"),
        ".export.attention:saliency",
        Needs(("read", "pixels"), trace=True, holds=".export.attention:no_saliency"),
        ".export.looks:Laid",
        ".export.attention:saliency_filled",
    ),
    Export(
        "answer",
        "Answer",
        ("npz", "csv"),
        ".export.answers:answer",
        Needs(("read", "cells"), trace=True, holds=".export.answers:no_answer"),
    ),
    Export(
        "generate",
        "What the model writes",
        ("npz", "csv"),
        ".export.generate:generate",
        Needs(("read", "characters"), trace=True, holds=".export.generate:nothing_written"),
        ".export.generate:GenerateOptions",
        asks=".export.generate:asked",
        alone=".export.generate:of_lines",
    ),
    Export(
        "segmentation",
        "Segmentation",
        ("npz", "csv", "ply"),
        ".export.clouds:segmentation",
        _POINTS,
        filled=".export.clouds:segmentation_filled",
    ),
    Export(
        "receptive-field",
        "Receptive fields",
        ("npz", "csv", "png", "svg"),
        ".export.fields:receptive_field",
        _PIXELS,
        ".export.fields:FieldOptions",
        ".export.fields:field_filled",
    ),
    Export(
        "attention-distance",
        "Attention distance",
        ("npz", "csv"),
        ".export.fields:attention_distance",
        Needs(("read", "pixels"), layers=True),
        ".export.fields:DistanceOptions",
        ".export.fields:distance_filled",
    ),
    Export("stack", "Layers and their fields", ("npz", "csv"), ".export.stacks:layers", Needs(("built",))),
)
