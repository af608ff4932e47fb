"""Files of what was computed, without a window. No Qt."""
