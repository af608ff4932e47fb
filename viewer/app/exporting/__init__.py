"""The window's dialog of exports."""
