"""What columns of tables were said to be, by the shape of the table, through a restart."""

from __future__ import annotations

import json

from PySide6.QtCore import QSettings

from headlight.viewer.inputs.told.columns import AS_TEXT, ROLES, Roles

KEPT = 100
"""Shapes; the oldest goes when one more comes."""
_LONGEST = 4000
"""Characters of a shape that is kept."""


class Remembered:
    """The user's answers, newest last."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    def known(self) -> dict[str, Roles]:
        """By `Table.shape`; what another version wrote is left out."""
        try:
            kept = json.loads(str(self._settings.value("columns of tables", "{}")))
            return {shape: tuple(roles) for shape, roles in kept.items() if _are_roles(roles)}
        except (AttributeError, TypeError, ValueError):
            return {}

    def remember(self, shape: str, roles: Roles) -> None:
        if len(shape) <= _LONGEST:
            self._keep({**self._without(shape), shape: roles})

    def forget(self, shape: str) -> None:
        self._keep(self._without(shape))

    def forget_all(self) -> None:
        self._keep({})

    def _without(self, shape: str) -> dict[str, Roles]:
        return {other: roles for other, roles in self.known().items() if other != shape}

    def _keep(self, known: dict[str, Roles]) -> None:
        self._settings.setValue("columns of tables", json.dumps(dict([*known.items()][-KEPT:])))


def _are_roles(roles: object) -> bool:
    return isinstance(roles, list) and (tuple(roles) == AS_TEXT or all(one in ROLES for one in roles))
