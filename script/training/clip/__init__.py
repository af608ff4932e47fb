"""A small CLIP of things and written words: its objects, views, pictures, captions, training."""
