"""Keeps PySide from reading the source of every module that is imported after it."""

from __future__ import annotations

import sys


def leave_sources_unread() -> None:
    """PySide looks for its own name in them, to know where its switchable features matter; here nobody
    switches any. It takes one part in eighteen of the window's start and a tenth of an import of scipy or
    torch, and `linecache` keeps what was read. A PySide that does otherwise is left alone.
    """
    import PySide6.QtCore  # noqa: F401  which brings it

    feature = sys.modules.get("shibokensupport.feature")
    if hasattr(feature, "_mod_uses_pyside"):
        feature._mod_uses_pyside = lambda module: False
