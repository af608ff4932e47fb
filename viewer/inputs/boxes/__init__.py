"""Boxes around things, as files beside a cloud hold them: KITTI's labels, nuScenes' tables, plain ones."""
