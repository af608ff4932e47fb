"""Classes of points and pixels: what they are called, and in which colours they are painted."""
