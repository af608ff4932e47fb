"""The page of boxes: what a detector found in a cloud, in space, from above, in the range image, listed."""
