"""What the command line asks of the window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headlight.viewer import builtin  # noqa: F401  declares what there is
from headlight.viewer.options import option
from headlight.viewer.registry import REGISTRY, Page


@dataclass(frozen=True)
class WindowOptions:
    """None leaves a thing as it is.

    engine: what runs `headlight engine` there, with its standard streams as its own. page: on which documents
    open that have it. given: how they are read, by the names of options.
    """

    theme: str | None = option("as chosen the last time", choices=dict.fromkeys(("dark", "light", "system")))
    screenshot: Path | None = option("wait until all is drawn, save, exit", metavar="OUT.png")
    engine: str | None = option(
        "a command that leads to another machine's Headlight, which computes then",
        metavar='"ssh HOST"',
    )
    page: str | None = option(
        "what is looked at first (what the model offers)",
        choices={one.id: one.title for one in REGISTRY.all(Page).values()},
    )
    given: Mapping[str, Any] = field(default_factory=dict)
