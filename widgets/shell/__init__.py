"""The window's own parts: frames, tabs, messages, the palette, the welcome page."""
