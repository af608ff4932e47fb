"""Tunes for Headlight: a reader of files, an engine with its model, and a method. An example of a plugin."""

from headlight.viewer.registry import Engine, Method, Needs, Reader, Registry


def declare(registry: Registry) -> None:
    """Say what there is; what does the work is named and imported when it is first needed."""
    registry.add(
        Reader("tune", "text", "tune", ("tune",), "tunes.reading:read", (b"TUNE\n",), names=("tunes",)),
        Engine("echo", "text", "tunes.engine:Echo", "tunes.engine:is_echo", "tunes.engine:MODELS"),
        Method(
            id="leaps",
            title="Leaps",
            noun="how far it is from a note to all others",
            compute="tunes.method:leaps",
            of="layers",
            needs=Needs(("characters",), ("attention",), trace=True),
            unit="semitones",
            shares=False,
        ),
    )
