"""Documents of sounds: looked at as pictures with texts are, the picture being a spectrogram."""

from headlight.viewer.registry import (
    REGISTRY,
    Begin,
    Engine,
    Kind,
    Layout,
    Leaf,
    Needs,
    Node,
    Pane,
    Reader,
)

_SOUNDS = ".inputs.sounds"
_LIKE = REGISTRY.all(Kind)["picture-text"]
_LAYER_3 = tuple(bytes((0xFF, second)) for second in (0xFA, 0xFB, 0xF2, 0xF3, 0xE2, 0xE3))
"""How a frame of MPEG-1, 2 and 2.5 begins, with and without a checksum."""
_PAGES = ("attention", "generation", "weight")
_PICTURE, _SOUND = "picture-and-text", "heard"


def _heard(node: Node) -> Node:
    """The same place, where the sound stands for the picture."""
    if isinstance(node, Leaf):
        return node._replace(name=_SOUND) if node.name == _PICTURE else node
    return node._replace(parts=tuple(_heard(part) for part in node.parts))


def _page(layout: Layout) -> Layout:
    table = _SOUND if layout.table == _PICTURE else layout.table
    return layout._replace(panes=_heard(layout.panes), table=table)


def _sound(
    id: str, name: str, endings: tuple[str, ...], magic: tuple[bytes, ...] | str, read: str = "encoded"
) -> Reader:
    read = f"{_SOUNDS}.{read}:read"
    return Reader(id, "sound", f"{name} sound", endings, read, magic, binary=True, names=(name,))


REGISTRY.add(
    Kind(
        id="sound",
        noun="sound",
        plural="sounds",
        input=f"{_SOUNDS}.sound:SoundInput",
        gives=("read", "again", "cells", "both", "heard", "written"),
        layouts=tuple(_page(layout) for layout in _LIKE.layouts if layout.page in _PAGES),
        adapter=".host.adapters:SOUNDS",
        settings=_LIKE.settings,
        options=".host.asked:OfSound",
        opens=f"{_SOUNDS}.sound:opened",
        reported=".export.report.kinds:SOUNDS",
    )
)
REGISTRY.add(
    _sound("wav", "WAV", ("wav", "wave"), f"{_SOUNDS}.wav:is_wav", "wav"),
    _sound("flac", "FLAC", ("flac",), (b"fLaC",)),
    _sound("ogg", "Ogg", ("ogg", "oga", "opus"), (b"OggS",)),
    _sound("mp3", "MP3", ("mp3",), (b"ID3", *_LAYER_3)),
    _sound("aiff", "AIFF", ("aif", "aiff", "aifc"), f"{_SOUNDS}.encoded:is_aiff"),
)
REGISTRY.add(
    Engine("heard", "sound", "headlight.models.engines.paired.heard.opening:SoundEngine"),
    Pane(
        _SOUND,
        "Sound",
        ".panes.attention.heard:HeardPane",
        Needs(("heard",), ("attention", "generation", "weight"), trace=True),
        export=Begin("", "png"),
    ),
)
