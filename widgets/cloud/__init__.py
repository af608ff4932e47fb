"""A point cloud in space."""
