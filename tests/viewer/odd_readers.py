"""Readers that do to their process what damaged files can do to native code."""

from __future__ import annotations

import errno
import os
import time

import numpy as np

from headlight.viewer.inputs.clouds.parts import Parts

POINTS = np.random.default_rng(0).random((1000, 3))


def dies(*_):
    os.abort()


def hangs(*_):
    time.sleep(600)


def is_slow(source):
    for share in range(1000):
        source.report(share / 1000)
        time.sleep(0.02)


def takes_all_memory(*_):
    np.ones(1 << 40, np.uint8)


def fills(source):
    raise OSError(errno.ENOSPC, "No space left on device")


def chokes(*_):
    raise BaseException("a panic is no Exception")


def chatters(source):
    os.write(1, b"0.5\nlines of a library\n")
    source.report(0.5)
    return Parts(POINTS, names=("wall", "Tür"), notices=["said"])
