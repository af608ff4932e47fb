"""The page of attention, over point clouds."""
