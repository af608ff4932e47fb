"""The same thing in other surroundings: parts of pictures, and points of a cloud."""
