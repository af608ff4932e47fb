"""What the user can do on the page of receptive fields: what is drawn, over how many inputs, which layer."""

from __future__ import annotations

from collections.abc import Callable

from headlight.viewer.app.commands.acts import Acts
from headlight.viewer.app.commands.command import Command
from headlight.viewer.session.view import INPUTS, FieldSettings

CATEGORY = "Field"
SWITCHES = {
    "box": ("Draw the theoretical field", "B"),
    "heat": ("Draw the effective field", "E"),
    "contours": ("Draw contours of 50 % and 95 %", "C"),
    "row": ("Draw the row of the attention head", "A"),
    "windows": ("Draw the edges of attention windows", "W"),
}


def field_commands(w: Acts) -> list[Command]:
    """All of them; each can be run only while receptive fields of a picture are shown."""
    return [*_switches(w), *_inputs(w), *_layers(w)]


def _switches(w: Acts) -> list[Command]:
    def turn(name: str) -> Callable[[], None]:
        return lambda: w.session.change(
            FieldSettings, **{name: not getattr(w.session.view[FieldSettings], name)}
        )

    listed = [
        Command(
            *(f"field-{name}", title, CATEGORY, turn(name), (key,), w.can.has_fields),
            lambda name=name: bool(getattr(w.session.view[FieldSettings], name)),
        )
        for name, (title, key) in SWITCHES.items()
    ]
    return [
        *listed,
        Command(
            *("field-self", "Attention distance without a patch's weight on itself", CATEGORY),
            lambda: w.session.change(
                FieldSettings, include_self=not w.session.view[FieldSettings].include_self
            ),
            *((), w.can.has_fields, lambda: not w.session.view[FieldSettings].include_self),
        ),
    ]


def _inputs(w: Acts) -> list[Command]:
    def settings():
        return w.session.view[FieldSettings]

    counts = [
        Command(
            *(f"field-inputs-{count}", f"Effective field over {count} inputs", CATEGORY),
            lambda count=count: w.session.change(FieldSettings, inputs=count),
            *((), w.can.has_fields, lambda count=count: settings().inputs == count),
        )
        for count in INPUTS
    ]
    return [
        *counts,
        Command(
            *("field-noise", "Effective field over noise", CATEGORY),
            lambda: w.session.change(
                FieldSettings, source="picture" if settings().source == "noise" else "noise"
            ),
            *(("N",), w.can.has_fields, lambda: settings().source == "noise"),
        ),
    ]


def _layers(w: Acts) -> list[Command]:
    def step(by: int) -> Callable[[], None]:
        return lambda: w.deck.panes["layers"].step(by)

    return [
        Command("field-layer-next", "Next layer", CATEGORY, step(1), (".",), w.can.has_fields),
        Command("field-layer-previous", "Previous layer", CATEGORY, step(-1), (",",), w.can.has_fields),
        Command(
            *("field-operations", "List all operations, not blocks alone", CATEGORY),
            lambda: w.session.change(
                FieldSettings, all_operations=not w.session.view[FieldSettings].all_operations
            ),
            *(("O",), w.can.has_fields, lambda: w.session.view[FieldSettings].all_operations),
        ),
    ]
