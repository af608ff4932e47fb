"""Files that begin with TUNE and hold the names of notes."""

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.inputs import TextInput
from headlight.viewer.inputs.source import Source

NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def read(source: Source) -> TextInput:
    """The notes, as a text. HeadlightError for what is none."""
    source.file.seek(0)
    lines = source.file.read(100_000).decode("utf-8", "replace").splitlines()
    notes = " ".join(lines[1:]).split()
    if not notes or (wrong := next((note for note in notes if note not in NOTES), "")):
        raise HeadlightError(
            f"{source.name} holds {wrong or 'nothing'}, which is no note.", f"Write {', '.join(NOTES)}."
        )
    return TextInput(source.name, " ".join(notes))
