"""Widgets that leave methods to their subclasses."""

from __future__ import annotations

from abc import ABCMeta
from typing import Any

from PySide6.QtWidgets import QWidget


class AbstractWidget(ABCMeta, type(QWidget)):
    """The metaclass of a QWidget with abstract methods: TypeError for an object that lacks one.

    `abc` leaves that to `object.__new__`, which Qt's classes do not call.
    """

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls.__abstractmethods__:
            raise TypeError(f"{cls.__name__} lacks {', '.join(sorted(cls.__abstractmethods__))}")
        return super().__call__(*args, **kwargs)
