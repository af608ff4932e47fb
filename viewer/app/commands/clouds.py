"""What the user can do with a cloud: colours, reach, views, the lasso, in what it is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from headlight.viewer.app.commands.acts import Acts
from headlight.viewer.app.commands.command import Command
from headlight.viewer.inputs.cloud import UPS
from headlight.viewer.session.view import CloudSettings, ColourBy

TITLES: dict[ColourBy, tuple[str, str]] = {
    "prediction": ("prediction", "P"),
    "truth": ("ground truth", "T"),
    "error": ("error", "X"),
    "rgb": ("RGB", "C"),
    "height": ("height", "Z"),
    "confidence": ("confidence", ""),
    "entropy": ("entropy", ""),
    "stage": ("stage", ""),
    "attention": ("attention", ""),
    "critical": ("critical points", ""),
    "bound": ("upper bound", ""),
}
"""What a view is coloured by, and the key that colours the first so (with Shift, the second)."""
LOOKS = {
    "top": "Shift+Up",
    "bottom": "Shift+Down",
    "left": "Shift+Left",
    "right": "Shift+Right",
    "front": "Shift+Home",
    "back": "Shift+End",
    "iso": "Home",
}
SIZES = (1.0, 12.0)
STEP = 0.5
CATEGORY = "Cloud"


def cloud_commands(w: Acts) -> list[Command]:
    """All of them; each can be run only while a cloud is shown."""
    return [*_colours(w), *_reach(w), *_looks(w), *_drawing(w)]


def _colours(w: Acts) -> list[Command]:
    def colour(setting: str, by: ColourBy) -> Callable[[], None]:
        return lambda: w.session.change(CloudSettings, **{setting: by})

    def can(by: ColourBy) -> Callable[[], bool]:
        return lambda: w.can.colourings().get(by, "no") == ""

    def is_by(setting: str, by: ColourBy) -> Callable[[], bool]:
        return lambda: w.can.is_cloud() and getattr(w.session.view[CloudSettings], setting) == by

    listed = []
    for setting, which, shift in (("first", "first", ""), ("second", "second", "Shift+")):
        for by, (title, key) in TITLES.items():
            keys = (shift + key,) if key else ()
            name = f"{which.capitalize()} view: {title}"
            run = colour(setting, by)
            listed.append(Command(f"{which}-{by}", name, CATEGORY, run, keys, can(by), is_by(setting, by)))
    return listed


def _reach(w: Acts) -> list[Command]:
    titles = {
        "attention": ("Reach: attention of one layer", "A", w.can.has_layers),
        "composed": ("Reach: attention composed through all layers", "R", w.can.has_layers),
        "hops": ("Reach: hops from neighbour to neighbour", "N", w.can.has_layers),
        "gradient": ("Reach: gradient", "G", w.can.has_layers),
        "voxels": ("Reach: a stack of convolutions over voxels", "V", w.can.is_segmented),
    }
    return [
        Command(
            *(
                f"reach-{reach}",
                title,
                CATEGORY,
                lambda reach=reach: w.session.change(CloudSettings, reach=reach),
            ),
            *((key,), lambda enabled=enabled: w.can.is_cloud() and enabled()),
            lambda reach=reach: w.can.is_cloud() and w.session.view[CloudSettings].reach == reach,
        )
        for reach, (title, key, enabled) in titles.items()
    ]


def _looks(w: Acts) -> list[Command]:
    return [
        Command(
            *(f"look-{name}", f"Look from the {name}" if name != "iso" else "Look from a corner", CATEGORY),
            *(lambda name=name: w.look(name), (key,), w.can.is_cloud),
        )
        for name, key in LOOKS.items()
    ]


def _drawing(w: Acts) -> list[Command]:
    def settings():
        return w.session.view[CloudSettings]

    def resize(step: float) -> None:
        size = min(max(settings().point_size + step, SIZES[0]), SIZES[1])
        w.session.change(CloudSettings, gesture="point size", point_size=size)

    def project() -> None:
        flat = settings().projection == "orthographic"
        w.session.change(CloudSettings, projection="perspective" if flat else "orthographic")

    def up() -> None:
        document = w.session.current
        frame = document.wanted.frame
        ways = list(UPS.values())
        following = ways[(ways.index(frame.up) + 1) % len(ways)]
        w.runs.reframe(document, replace(frame, up=following))

    def on(check: Callable[[], bool]) -> Callable[[], bool]:
        return lambda: w.can.is_cloud() and check()

    return [
        Command(
            *("lasso", "Lasso: a drag selects points", CATEGORY, w.toggle_lasso, ("L",)),
            *(w.can.is_segmented, on(w.has_lasso)),
        ),
        Command(
            *("orthographic", "Orthographic projection", CATEGORY, project, ("O",), w.can.is_cloud),
            on(lambda: settings().projection == "orthographic"),
        ),
        Command(
            *("eye-dome", "Eye-dome lighting", CATEGORY),
            lambda: w.session.change(CloudSettings, eye_dome=not settings().eye_dome),
            *(("E",), w.can.is_cloud, on(lambda: settings().eye_dome)),
        ),
        Command(
            *("cutaway", "Cut away the walls in between", CATEGORY),
            lambda: w.session.change(CloudSettings, cutaway=not settings().cutaway),
            *(("W",), w.can.is_cloud, on(lambda: settings().cutaway)),
        ),
        Command("points-larger", "Larger points", CATEGORY, lambda: resize(STEP), (".",), w.can.is_cloud),
        Command("points-smaller", "Smaller points", CATEGORY, lambda: resize(-STEP), (",",), w.can.is_cloud),
        Command(
            *("show-classes", "Show all classes", CATEGORY),
            lambda: w.session.change(CloudSettings, hidden=frozenset()),
            *(("Shift+H",), on(lambda: bool(settings().hidden))),
        ),
        Command(
            *("palette-s3dis", "The class colours of S3DIS", CATEGORY),
            lambda: w.session.change(
                CloudSettings, palette="soft" if settings().palette == "s3dis" else "s3dis"
            ),
            *((), w.can.is_cloud, on(lambda: settings().palette == "s3dis")),
        ),
        Command("up-axis", "Another axis points up", CATEGORY, up, ("U",), w.can.is_cloud),
    ]
