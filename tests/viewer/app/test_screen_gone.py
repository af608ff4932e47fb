"""A window whose display server ends: at a logout, or with the network to it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil

from tests.viewer.linked import ROOT


def test_the_program_ends_with_its_screen_and_its_engine_with_it(tmp_path):
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1366x768x24", "+extension", "GLX"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as said:
        environment = dict(os.environ, DISPLAY=f":{said.readline().strip()}", HOME=str(tmp_path))
    environment.pop("QT_QPA_PLATFORM", None)
    command = [sys.executable, str(ROOT / "main.py")]
    window = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        while not (begun := psutil.Process(window.pid).children()):  # the engine, after the first paint
            assert window.poll() is None
            time.sleep(0.05)
        server.terminate()
        server.wait()
        assert window.communicate(timeout=60)[1] == "headlight: The screen is gone, and with it the window.\n"
        assert window.returncode == 1
        assert not psutil.wait_procs(begun, timeout=60)[1]
    finally:
        for process in (window, server):
            process.kill()
            process.wait()
