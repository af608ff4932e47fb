"""Documents of traces that were recorded from Python: of a text, on a picture, in space."""

from headlight.viewer.registry import REGISTRY, Engine, Kind

_INPUTS = ".inputs.recorded.inputs"
_ENGINE = "headlight.models.engines.recorded"


def _kind(of: str, noun: str, plural: str, input_: str, pages: tuple[str, ...], adapter: str) -> Kind:
    """A kind that is looked at as `of` is, on those of its pages that need no model."""
    like = REGISTRY.all(Kind)[of]
    return Kind(
        id=f"recorded-{of}",
        noun=noun,
        plural=plural,
        input=f"{_INPUTS}:{input_}",
        gives=(*like.gives, "recorded"),
        layouts=tuple(like.layout(page) for page in pages),
        adapter=f".host.adapters:{adapter}",
        settings=like.settings,
        options=".host.asked:OfRecording",
        opens=".inputs.recorded.opening:opened",
    )


REGISTRY.add(
    _kind(
        *("text", "recorded sequence", "recorded sequences", "RecordedText"),
        ("attention", "heads", "weight", "arcs"),
        "RECORDED",
    ),
    _kind(
        *("image", "recorded picture", "recorded pictures", "RecordedImage"),
        ("attention", "heads", "weight"),
        "RECORDED",
    ),
    _kind("points", "recorded cloud", "recorded clouds", "RecordedCloud", ("attention",), "RECORDED"),
)
REGISTRY.add(
    *(
        Engine(
            f"recorded-{of}",
            f"recorded-{of}",
            f"{_ENGINE}:RecordedEngine",
            models=f"{_ENGINE}:OF_{of.upper()}",
        )
        for of in ("text", "image", "points")
    )
)
