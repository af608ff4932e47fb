"""The page of attention, over pictures and texts."""
