"""How weights become colours in an exported picture: the settings of the window's maps, as options."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from headlight.viewer.options import Rule, either, option
from headlight.viewer.registry import REGISTRY, ColourMap
from headlight.viewer.session.view import MapSettings, View

USUAL = MapSettings()
_PICTURES_ALONE = Rule(
    ("npz", "csv"),
    "A {ending} file holds numbers, which have no colours.",
    "Leave colours and scale out, or write png or svg.",
)


def _between(least: float, most: float) -> Callable[[str], float]:
    """Reads a number from `least` to `most`."""

    def read(value: str) -> float:
        try:
            if least <= (found := float(value)) <= most:
                return found
        except ValueError:
            pass
        raise argparse.ArgumentTypeError(f"“{value}” is not a number from {least:g} to {most:g}")

    return read


_percentile, _floor, _share = _between(0.1, 100), _between(0, 99.9), _between(0, 1)


def _colour_map(value: str) -> str:
    if value not in (maps := REGISTRY.all(ColourMap)):
        raise argparse.ArgumentTypeError(f"“{value}” is not {either(maps)}")
    return value


def colour_maps(*_: object) -> list[tuple[Any, str]]:
    """All there are, to choose from in the window."""
    return [(name, name) for name in REGISTRY.all(ColourMap)]


def _of_a_picture(help: str, label: str, **said: Any) -> Any:
    return option(help, label, never=_PICTURES_ALONE, **said)


@dataclass(frozen=True)
class Coloured:
    """What can be said of a picture of weights; words and defaults as in MapSettings."""

    colours: str = _of_a_picture(
        f"colour map of a picture ({USUAL.colours})",
        "Colour map",
        default=USUAL.colours,
        parse=_colour_map,
        metavar="NAME",
    )

    def look(self) -> MapSettings:
        """The settings of a map in the window that has the same colours."""
        return replace(USUAL, **{name: getattr(self, name) for name in _shared(type(self))})


def opacity_option(**said: Any) -> Any:
    return _of_a_picture(
        f"how far a map hides the picture below, 0 to 1 ({USUAL.opacity:g})",
        "Overlay opacity",
        default=USUAL.opacity,
        parse=_share,
        metavar="SHARE",
        empty=f"{USUAL.opacity:g}",
        **said,
    )


@dataclass(frozen=True)
class Laid(Coloured):
    """Of weights that lie on a picture."""

    opacity: float = opacity_option()


@dataclass(frozen=True)
class LaidByScale(Laid):
    """Of weights that may differ by magnitudes."""

    log: bool = _of_a_picture("logarithmic scale of a picture", "Logarithmic scale", switch=True)


@dataclass(frozen=True)
class Mapped(LaidByScale):
    """Of weights of which a few may hold nearly all."""

    percentile: float = _of_a_picture(
        f"a picture's weights above this percentile are clipped ({USUAL.percentile:g})",
        "Clip above percentile",
        default=USUAL.percentile,
        parse=_percentile,
        metavar="PERCENT",
        empty=f"{USUAL.percentile:g}",
    )
    floor: float = _of_a_picture(
        "a picture's weights below this percentile are clipped (none)",
        "Clip below percentile",
        default=USUAL.floor,
        parse=_floor,
        metavar="PERCENT",
        empty="none",
    )
    with_sinks: bool = _of_a_picture(
        "sinks, special and artifact tokens set a picture's scale too", "Let sinks set the scale", switch=True
    )

    def look(self) -> MapSettings:
        return replace(super().look(), leave_out=not self.with_sinks)


def chosen(view: View) -> dict[str, Any]:
    """How the window shows its maps, by the names of options."""
    shown = view[MapSettings]
    return {name: getattr(shown, name) for name in _shared(Mapped)} | {"with_sinks": not shown.leave_out}


def _shared(options: type) -> set[str]:
    """The names that options have of MapSettings."""
    return {one.name for one in fields(MapSettings)} & {one.name for one in fields(options)}
