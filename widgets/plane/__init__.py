"""A plane under a camera: the picture and the matrix."""
