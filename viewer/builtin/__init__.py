"""All that there is in Headlight, declared by the call that a plugin uses too; importing it declares it."""

from headlight.viewer.builtin import (
    commands,
    documents,
    engines,
    explaining,
    exports,
    heard,
    looks,
    methods,
    panes,
    readers,
    recorded,
)

__all__ = [
    "commands",
    "documents",
    "engines",
    "explaining",
    "exports",
    "heard",
    "looks",
    "methods",
    "panes",
    "readers",
    "recorded",
]
