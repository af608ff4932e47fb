"""What one object is, by several networks."""
