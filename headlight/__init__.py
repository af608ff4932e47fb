"""Headlight, a desktop microscope for attention. Its rooms: viewer, widgets, models."""

import os

_HERE = os.path.dirname(os.path.realpath(__file__))
if not os.path.isdir(os.path.join(_HERE, "viewer")):
    # A checkout, in which the rooms lie beside this folder. An installed Headlight has them in it.
    __path__.append(os.path.dirname(_HERE))
