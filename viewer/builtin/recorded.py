"""Documents of traces that were recorded from Python: of a text, on a picture, in space."""

from headlight.viewer.registry import REGISTRY, Command, Engine, Kind, Layout, Leaf, Needs, Pane, down

_INPUTS = ".inputs.recorded.inputs"
_ENGINE, _BROUGHT = "headlight.models.engines.recorded", "headlight.models.modules.brought"


def _with_steps(layout: Layout) -> Layout:
    """The same page with a slider over recordings above, where there are several."""
    return layout._replace(panes=down(Leaf("steps", 0.075), layout.panes._replace(share=0.925)))


def _kind(of: str, noun: str, plural: str, input_: str, pages: tuple[str, ...], adapter: str) -> Kind:
    """A kind that is looked at as `of` is, on those of its pages that need no model."""
    like = REGISTRY.all(Kind)[of]
    return Kind(
        id=f"recorded-{of}",
        noun=noun,
        plural=plural,
        input=f"{_INPUTS}:{input_}",
        gives=(*(one for one in like.gives if one != "again"), "recorded"),
        layouts=tuple(_with_steps(like.layout(page)) for page in pages),
        adapter=f".host.adapters:{adapter}",
        settings=like.settings,
        options=".host.asked:OfRecording",
        opens=".inputs.recorded.opening:opened",
        reported=like.reported,
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
    _kind("points", "recorded cloud", "recorded clouds", "RecordedCloud", ("attention",), "RECORDED_CLOUDS"),
)
REGISTRY.add(
    *(
        Engine(
            f"recorded-{of}",
            f"recorded-{of}",
            f"{_ENGINE}:RecordedEngine",
            models=f"{_BROUGHT}:OF_{of.upper()}",
        )
        for of in ("text", "image", "points")
    )
)

_STEPS = Needs(("recorded",), holds=".session.able:one_step")

REGISTRY.add(
    Pane("steps", "Steps", ".panes.attention.steps:StepsPane", _STEPS),
    *(
        Command(id_, title, "Map", ".app.commands.steps:walk", (key,), _STEPS, arguments=(by,))
        for id_, title, key, by in (
            ("recording-next", "Next recording of several", "Alt+.", 1),
            ("recording-previous", "Previous recording of several", "Alt+,", -1),
        )
    ),
)
