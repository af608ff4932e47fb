"""A screen of its own for each journey: Xvfb of a given size with a window manager on it."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MANAGER = """<?xml version="1.0"?>
<openbox_config xmlns="http://openbox.org/3.4/rc">
  <placement><policy>Smart</policy></placement>
  <mouse>
    <context name="Client"><mousebind button="Left" action="Press">
      <action name="Focus"/><action name="Raise"/></mousebind></context>
    <context name="Titlebar"><mousebind button="Left" action="Drag"><action name="Move"/></mousebind>
      <mousebind button="Left" action="DoubleClick"><action name="ToggleMaximize"/></mousebind></context>
    <context name="Frame"><mousebind button="A-Right" action="Drag">
      <action name="Resize"/></mousebind></context>
  </mouse>
</openbox_config>
"""
"""A manager without keys of its own: windows get the focus and title bars, by which they are moved and
maximised; Alt and the right button resize them."""


@contextmanager
def screen(width: int, height: int) -> Iterator[dict[str, str]]:
    """The environment of a program that is to appear on a screen of this size, under a window manager."""
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24", "+extension", "GLX"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    manager = None
    try:
        with os.fdopen(read) as said:
            number = said.readline().strip()
        with tempfile.TemporaryDirectory(prefix="Łukasz 家 ") as home:
            environment = dict(os.environ, DISPLAY=f":{number}", HOME=home, XDG_CONFIG_HOME=f"{home}/.config")
            environment.update(LIBGL_ALWAYS_SOFTWARE="1", HF_HUB_OFFLINE="1")
            for name in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
                environment.pop(name, None)
            rules = Path(home, "rc.xml")
            rules.write_text(MANAGER)
            manager = subprocess.Popen(
                ["openbox", "--sm-disable", "--config-file", str(rules)],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            _managed(manager, environment["DISPLAY"])
            yield environment
    finally:
        for process in (manager, server):
            if process is not None:
                process.terminate()
                process.wait(10)


def _managed(manager: subprocess.Popen, display: str) -> None:
    """Wait until the window manager says that it is there."""
    from Xlib import X
    from Xlib.display import Display

    connection = Display(display)
    try:
        name = connection.intern_atom("_NET_SUPPORTING_WM_CHECK")
        for _ in range(100):
            assert manager.poll() is None, "no window manager: is openbox installed?"
            if connection.screen().root.get_full_property(name, X.AnyPropertyType) is not None:
                return
            time.sleep(0.05)
        raise AssertionError("the window manager did not come up")
    finally:
        connection.close()
