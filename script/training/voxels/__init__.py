"""The training of the 3D CNN on voxels of the same rooms."""
