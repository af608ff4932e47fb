"""What scripts show: where it lies, and how a window that is open is told of it. No Qt, no numpy."""
