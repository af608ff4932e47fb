"""Files of pictures: bytes → ImageInput."""

from __future__ import annotations

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.inputs import Film, ImageInput, megabytes
from headlight.viewer.inputs.pictures.apart import decoded
from headlight.viewer.inputs.source import Source
from headlight.viewer.registry import Reader

MAX_IMAGE_BYTES = 200_000_000


def opened(reader: Reader, source: Source) -> ImageInput:
    source.file.seek(0)
    # One byte more than is allowed shows a file that has grown, or one that tells no size.
    data = b"" if source.size > MAX_IMAGE_BYTES else source.file.read(MAX_IMAGE_BYTES + 1)
    size = max(source.size, len(data))
    if size > MAX_IMAGE_BYTES:
        raise HeadlightError(
            f"{source.name} has {megabytes(size)}, and images are read up to {megabytes(MAX_IMAGE_BYTES)}.",
            "Choose a smaller one.",
        )
    found = decoded(data, source, reader)
    film = None if found.film is None else Film(*found.film)
    return ImageInput(source.name, found.pixels, found.notices, found.measured, film)
