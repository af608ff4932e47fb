"""The window and the command line: start-up, bars, docks, menus, keys."""

import headlight.viewer.builtin  # noqa: F401
