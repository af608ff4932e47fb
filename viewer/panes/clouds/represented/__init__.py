"""One cloud as points, voxels, pillars, range image and views, linked."""
