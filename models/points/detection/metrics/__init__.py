"""How well found boxes agree with true ones: nuScenes' and KITTI's figures, and who is matched with whom."""
