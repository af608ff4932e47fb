"""Readers that do to their process what damaged files can do to native code."""

from __future__ import annotations

import os
import time

import numpy as np


def dies(source):
    os.abort()


def hangs(source):
    time.sleep(600)


def is_slow(source):
    for share in range(1000):
        source.report(share / 1000)
        time.sleep(0.02)


def takes_all_memory(source):
    np.ones(1 << 40, np.uint8)


def chokes(source):
    raise BaseException("a panic is no Exception")
