"""The window and the command line: start-up, bars, docks, menus, keys."""
