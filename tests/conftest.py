"""What all tests share: no network, and nothing may be left behind: threads, timers, top-level widgets."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import threading
import warnings
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("QT_LOGGING_RULES", "qt.qpa.*=false")

import pytest
from hypothesis import settings

from headlight.viewer import builtin  # noqa: F401  what there is

HERE = Path(__file__).parent

# A law is tried often over the days; each run need not try it a hundred times.
settings.register_profile("suite", max_examples=40, deadline=None)
settings.load_profile("suite")


def pytest_configure() -> None:
    gc.disable()


def pytest_collection(session: pytest.Session) -> None:
    """Several processes that begin together rewrite the assertions of the files in turns: each file is
    rewritten by one of them (some milliseconds an assertion) and read by the others, since each begins at
    another.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args != session.config.getini("testpaths"):
        return
    names = sorted(
        ".".join(path.relative_to(HERE.parent).with_suffix("").parts) for path in HERE.rglob("test_*.py")
    )
    first = len(names) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for name in (*names[first:], *names[:first]):
        with contextlib.suppress(Exception, pytest.skip.Exception), warnings.catch_warnings():
            warnings.simplefilter("error")  # whoever collects it says what is wrong
            importlib.import_module(name)


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not go through it again and again."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest):
    """A test of windows fails if it leaves a thread, a running timer or a widget of its own."""
    if "qtbot" not in request.fixturenames:
        yield
        return
    threads = set(threading.enumerate())
    yield
    left = {thread for thread in threading.enumerate() if thread.is_alive()} - threads
    assert not left, f"threads left behind: {left}"


def _running_timers() -> list:
    import shiboken6
    from PySide6.QtCore import QTimer

    # All objects of Qt that Python knows: thousands, where the collector knows millions of objects.
    return [o for o in shiboken6.getAllValidWrappers() if isinstance(o, QTimer) and o.isActive()]


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item):
    """After all fixtures are gone, qtbot's widgets too: no timer runs and no widget is left."""
    result = yield
    if "qtbot" in getattr(item, "fixturenames", ()):
        from PySide6.QtCore import QCoreApplication, QEvent
        from PySide6.QtWidgets import QApplication

        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        left = [(widget, widget.isVisible()) for widget in QApplication.topLevelWidgets()]
        assert not left, f"widgets left behind, and whether they are seen: {left}"
        timers = _running_timers()
        for timer in timers:
            timer.stop()
        assert not timers, f"timers left running: {[t.parent() for t in timers]}"
    return result
