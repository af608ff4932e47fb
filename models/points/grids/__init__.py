"""Networks that see a representation of a cloud, not its points: a range image, or voxels."""
