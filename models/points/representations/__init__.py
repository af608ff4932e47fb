"""One cloud as networks of three dimensions see it: voxels, pillars, range images, views, depth images."""
